// The addon's sockets and listeners alone, without the checks above them: a wrong argument ends no process.

import { once } from 'node:events';
import * as net from 'node:net';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { NativeTcpEvent } from '#src/binding/tcp-contract.js';
import { loadBinding } from '#src/binding.js';
import t from 'tap';

const state = loadBinding();
const { EALREADY, EBADF, ECANCELED, ECONNREFUSED, EINVAL } = constants.errno;
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
    for (const wrong of [...others, null, {}, 'x', -1, 1e9]) {
      t.throws(() => new TcpHandle(wrong as never, false), `a socket of ${typeof wrong}`);
      t.throws(() => new TcpListener(wrong as never, false), `a listener of ${typeof wrong}`);
    }
    t.throws(() => new TcpListener(undefined as never, false));
  });

  t.test('methods with any arguments', async (t) => {
    const given = await descriptors();
    const handle = new TcpHandle(given.connected, false);
    const listener = new TcpListener(given.bound, false);
    const unconnected = [false, true].map((isPipe) => new TcpHandle(undefined, isPipe));
    const values = [undefined, null, true, -1, 2 ** 33, 'x', {}, () => 0, new Uint8Array(3), new Uint16Array(3), NaN];
    for (const object of [handle, listener, ...unconnected] as object[]) {
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
    for (const made of [handle, listener, ...unconnected]) made.close();
    given.close();
    t.pass('the process goes on');
  });

  t.test('keep-alive probes that the kernel has no room for', async (t) => {
    const given = await descriptors();
    const handle = new TcpHandle(given.connected, false);
    t.equal(handle.setKeepAlive(true, 5, 2, 3), 0);
    // TCP_KEEPINTVL ends at 32767 seconds, TCP_KEEPCNT at 127.
    t.equal(handle.setKeepAlive(true, 5, 32_768, 3), -EINVAL);
    t.equal(handle.setKeepAlive(true, 5, 2, 128), -EINVAL);
    handle.close();
    given.close();
  });

  t.test('a socket connects once, and tells how it went', async (t) => {
    const [refused, alreadyConnecting, badDescriptor] = [ECONNREFUSED, EALREADY, EBADF].map((errno) => -errno);
    const names = new Map<object, string>();
    const told: unknown[][] = [];
    const toldOf = (wanted: string): unknown[][] =>
      told.filter(([name]) => name === wanted).map(([, ...event]) => event);
    native.setTcpDispatcher?.(function (event, value) {
      told.push([names.get(this) ?? 'another test', event, value]);
    }, ignore);
    t.teardown(() => native.setTcpDispatcher?.(ignore, ignore));
    const closing = net.createServer().listen(0, '127.0.0.1');
    await once(closing, 'listening');
    const { port } = closing.address() as net.AddressInfo;
    const abandoned = new TcpHandle(undefined, false);
    names.set(abandoned, 'abandoned');
    t.equal(abandoned.connect(4, '127.0.0.1', port), 0);
    abandoned.close();
    await setTimeout(50);
    t.strictSame(toldOf('abandoned'), [
      [NativeTcpEvent.connected, -ECANCELED],
      [NativeTcpEvent.closed, 0],
    ]);
    closing.close();
    await once(closing, 'close');

    const handle = new TcpHandle(undefined, false);
    names.set(handle, 'handle');
    t.ok(handle.connect(4, '::1', port) < 0, 'an address of the other family');
    t.equal(handle.bind(4, '127.0.0.1', 0, 0), 0);
    t.equal(handle.connect(4, '127.0.0.1', port), 0);
    t.equal(handle.connect(4, '127.0.0.1', port), alreadyConnecting);
    t.equal(handle.bind(4, '127.0.0.1', 0, 0), badDescriptor);
    await setTimeout(50);
    t.strictSame(toldOf('handle'), [[NativeTcpEvent.connected, refused]]);
    handle.close();

    const pipe = new TcpHandle(undefined, true);
    t.equal(pipe.bind(4, '127.0.0.1', 0, 0), badDescriptor);
    t.equal(pipe.connect(4, '127.0.0.1', port), badDescriptor);
    pipe.close();
    await setTimeout(50);
  });
}
