// The addon's sockets and listeners alone, without the checks above them: a wrong argument ends no process.

import { once } from 'node:events';
import * as net from 'node:net';
import { loadBinding } from '#src/binding.js';
import t from 'tap';

const state = loadBinding();
const reason = state.loaded ? 'no TCP in this addon' : state.reason;
const native = state.loaded && state.binding.TcpHandle !== undefined ? state.binding : undefined;

/** Descriptors of a socket that is connected and of one that is bound. */
async function descriptors(): Promise<{ connected: number; bound: number; close(): void }> {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  const descriptorOf = (of: object): number => (Reflect.get(of, '_handle') as { fd: number }).fd;
  return {
    connected: descriptorOf(socket),
    bound: descriptorOf(server),
    close() {
      socket.destroy();
      server.close();
    },
  };
}

if (native?.TcpHandle === undefined || native.TcpListener === undefined) {
  t.pass('nothing to test', { skip: reason });
} else {
  const { Connection, TcpHandle, TcpListener, TrustStore } = native;
  const ignore = (): void => {};
  native.setTcpDispatcher?.(ignore, ignore);

  t.test('what only looks like a connection is not attached', async (t) => {
    const given = await descriptors();
    const handle = new TcpHandle(given.connected, false);
    const inherits = Object.create(Connection.prototype) as object;
    const ofAnotherClass = Object.setPrototypeOf(new TrustStore(), Connection.prototype) as object;
    for (const wrong of [undefined, {}, new TrustStore(), inherits, ofAnotherClass, handle]) {
      t.throws(() => handle.attach(wrong as never), TypeError);
    }
    t.equal(handle.readStart(), 0);
    handle.close();
    given.close();
  });

  t.test('what is no descriptor is refused', async (t) => {
    // Objects of another kind, which come as externals.
    const others = [native.createHash(0), native.createXof(0)];
    for (const wrong of [...others, undefined, null, {}, 'x', -1, 1e9]) {
      t.throws(() => new TcpHandle(wrong as never, false), `a socket of ${typeof wrong}`);
      t.throws(() => new TcpListener(wrong as never, false), `a listener of ${typeof wrong}`);
    }
  });

  t.test('methods with any arguments', async (t) => {
    const given = await descriptors();
    const handle = new TcpHandle(given.connected, false);
    const listener = new TcpListener(given.bound, false);
    const values = [undefined, null, true, -1, 2 ** 33, 'x', {}, () => 0, new Uint8Array(3), new Uint16Array(3), NaN];
    for (const object of [handle, listener] as object[]) {
      const prototype = Object.getPrototypeOf(object) as Record<string, (...args: unknown[]) => unknown>;
      const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor' && name !== 'close');
      for (let round = 0; round < 12 * values.length; round++) {
        const args = Array.from({ length: round % 12 }, (_, index) => values[(round * 7 + index * 3) % values.length]);
        for (const name of names) {
          try {
            prototype[name]?.apply(object, args);
          } catch {
            // As it may.
          }
        }
      }
    }
    handle.close();
    listener.close();
    given.close();
    t.pass('the process goes on');
  });
}
