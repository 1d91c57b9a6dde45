// What a socket does with writes, ends and destruction before, in and after the handshake; the same on both.

import { once } from 'node:events';
import type * as net from 'node:net';
import t from 'tap';
import { connect } from 'pqtls';
import { closed, outcome } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';

const quiet = ['error', 'end', 'finish', 'close'];

sameOnBoth('destroy before the connection is there', async ({ listenRaw, dial, watch, log }) => {
  const socket = watch('client', dial(await listenRaw(() => {})), ['connect', ...quiet]);
  const done = closed(socket);
  socket.destroy();
  log(socket.destroyed, socket.connecting, socket.pending, socket.readyState);
  await done;
});

sameOnBoth('destroy in the handshake, with and without an error', async ({ listenRaw, dial, watch }) => {
  const port = await listenRaw(() => {});
  for (const error of [undefined, new Error('mine')]) {
    const socket = watch('client', dial(port), ['secureConnect', ...quiet]);
    socket.once('connect', () => socket.destroy(error));
    await closed(socket);
  }
});

sameOnBoth(
  'writes that were pending when it was destroyed',
  async ({ listenRaw, listen, dial, log }) => {
    const port = await listenRaw(() => {});
    const giveUp = (socket: net.Socket): void => {
      socket.write('a', (error) => log(error));
      socket.write('b', (error) => log(error));
      socket.destroy();
    };
    const connecting = dial(port);
    giveUp(connecting);
    await closed(connecting);
    const shaking = dial(port);
    shaking.once('connect', () => giveUp(shaking));
    await closed(shaking);
    const { port: silent } = await listen({}, (socket) => socket.pause());
    const socket = dial(silent, {}, () => {
      socket.write(Buffer.alloc(30_000_000), (error) => log(error));
      socket.write('more', (error) => log(error));
      setImmediate(() => socket.destroy());
    });
    await closed(socket);
  },
  22,
);

sameOnBoth('write and end before the handshake', async ({ listen, dial, watch, log }) => {
  const { server, port } = await listen();
  const received = new Promise<string>((resolve) => {
    server.on('secureConnection', (socket) => {
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('end', () => resolve(text));
    });
  });
  const socket = watch('client', dial(port), ['secureConnect', 'finish', 'close']);
  log(socket.write('a', () => log('written')));
  socket.end('z', () => log('ended'));
  log(socket.writable, socket.writableEnded, socket.writableLength, socket.bytesWritten);
  log(await received);
  await closed(socket);
});

sameOnBoth('destroySoon sends what was written', async ({ listen, dial, log }) => {
  const { server, port } = await listen();
  const accepted = once(server, 'secureConnection') as Promise<[net.Socket]>;
  const socket = dial(port);
  socket.write('abc');
  socket.destroySoon();
  const [served] = await accepted;
  served.on('data', (chunk) => log(chunk));
  await closed(served);
  log(socket.destroyed);
});

sameOnBoth('writes after the end', async ({ listen, dial, watch, log }) => {
  const { port } = await listen({}, (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  const attempts: ((socket: net.Socket) => void)[] = [(socket) => socket.end(), (socket) => socket.destroy()];
  for (const stop of attempts) {
    const socket = watch('client', dial(port), ['error', 'close']);
    socket.once('secureConnect', () => {
      stop(socket);
      socket.write('late', (error) => log(error));
    });
    await closed(socket);
  }
  const { port: ending } = await listen({}, (socket) => socket.end());
  const socket = watch('client', dial(ending), ['error']);
  socket.on('end', () => setImmediate(() => socket.write('late', (error) => log(error))));
  socket.resume();
  await closed(socket);
});

sameOnBoth('resetAndDestroy is for TCP', async ({ listen, dial, log }) => {
  const { port } = await listen({}, (socket) => socket.on('error', () => {}));
  const socket = dial(port);
  await once(socket, 'secureConnect');
  log(outcome(() => socket.resetAndDestroy()));
});

void t.test('a signal that was aborted before', async (t) => {
  const socket = connect({ port: 1, signal: AbortSignal.abort() });
  const [error] = (await once(socket, 'error')) as [Error];
  t.equal(error.name, 'AbortError');
  await closed(socket);
});

sameOnBoth('the idle timer', async ({ listen, dial, watch, log }) => {
  const { port } = await listen({}, (socket) => socket.resume());
  const socket = watch('client', dial(port, { timeout: 30 }), ['timeout', 'close']);
  log(socket.timeout);
  socket.once('timeout', () => socket.end());
  await closed(socket);
  log(socket.timeout);
  // Longer than the timer: it must be silent now.
  await new Promise((resolve) => setTimeout(resolve, 90));
});
