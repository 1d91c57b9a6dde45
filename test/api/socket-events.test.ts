// Which events come in which order and in which context, and what a listener may do; the same on both.

import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { closed } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';

sameOnBoth('of a client, in TLS 1.3 and 1.2', async ({ listen, dial, watch }) => {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const { port } = await listen({ maxVersion }, (socket) => socket.end('hello'));
    await closed(watch('client', dial(port)));
  }
});

sameOnBoth('of a client that ends first', async ({ listen, dial, watch }) => {
  const { port } = await listen({}, (socket) => socket.resume());
  const socket = watch(
    'client',
    dial(port, {}, () => socket.end('bye')),
  );
  await closed(socket);
});

sameOnBoth('drain and the callbacks of writes', async ({ listen, dial, log, watch }) => {
  const { port } = await listen({}, (socket) => socket.resume());
  const socket = watch('client', dial(port), ['drain', 'finish', 'close']);
  await once(socket, 'secureConnect');
  log(socket.write(Buffer.alloc(200_000), () => log('first')));
  log(socket.write('x', () => log('second')));
  await once(socket, 'drain');
  socket.end(() => log('ended'));
  await closed(socket);
});

sameOnBoth(
  'the end comes after the promises of who got the last data',
  async ({ listen, listenRaw, dial, log, own }) => {
    const { port } = await listen({}, (socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        void (async () => {
          for (let hop = 0; hop < 4; hop++) await Promise.resolve();
          text += chunk;
        })();
      });
      socket.on('end', () => log('the end', text));
      socket.on('close', () => log('closed', text));
    });
    // Data and close_notify arrive with one read.
    let keeps = false;
    const kept: Buffer[] = [];
    const relay = await listenRaw((client) => {
      const upstream = own(net.connect(port, '127.0.0.1'));
      upstream.pipe(client);
      client.on('data', (bytes: Buffer) => (keeps ? kept.push(bytes) : upstream.write(bytes)));
      client.on('end', () => upstream.end(Buffer.concat(kept)));
    });
    const client = dial(relay);
    await once(client, 'secureConnect');
    client.write('a');
    await delay(50);
    keeps = true;
    client.write('b');
    client.end('c');
    await closed(client.resume());
  },
);

sameOnBoth('a write is done after the ticks and the promises beside it', async ({ listen, dial, log, watch }) => {
  const { port } = await listen({}, (socket) => socket.resume());
  const socket = watch('client', dial(port), ['drain', 'finish', 'close']);
  await once(socket, 'secureConnect');
  await delay(50);
  for (const size of [1, 100_000]) {
    socket.write(Buffer.alloc(size), () => {
      log('done', size);
      process.nextTick(() => log('tick of it'));
    });
    process.nextTick(() => log('tick'));
    void Promise.resolve().then(async () => {
      await Promise.resolve();
      log('promise');
    });
    await delay(50);
  }
  socket.end(() => log('ended'));
  await closed(socket);
});

sameOnBoth('setEncoding, pipe and the iterator', async ({ listen, dial, log }) => {
  const { port } = await listen({}, (socket) => socket.pipe(socket));
  const socket = dial(port);
  socket.setEncoding('utf8');
  socket.end('héllo');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  log(text, socket.destroyed);
});

sameOnBoth('AsyncLocalStorage', async ({ tls, listen, dial, own, log, ca }) => {
  const store = new AsyncLocalStorage<string>();
  const { port } = await store.run('server', () =>
    listen({}, (socket) => {
      log('secureConnection', store.getStore());
      socket.on('data', (chunk) => {
        log('served data', store.getStore());
        socket.end(chunk);
      });
    }),
  );
  const follow = async (label: string, socket: net.Socket): Promise<void> => {
    socket.on('secureConnect', () => {
      log(label, 'secureConnect', store.getStore());
      socket.write('y');
    });
    socket.on('data', () => log(label, 'data', store.getStore()));
    await closed(socket);
  };
  await store.run('client', () => follow('own', dial(port)));
  const raw = store.run('raw', () => own(net.connect(port, '127.0.0.1')));
  await store.run('wrap', () => follow('given', own(tls.connect({ socket: raw, ca, servername: 'localhost' }))));
});

sameOnBoth(
  'nobody listens to errors but the program, once a socket is its own',
  async ({ tls, listen, dial, log, own }) => {
    const { server, port } = await listen();
    const accepted = once(server, 'secureConnection') as Promise<[net.Socket]>;
    const socket = dial(port);
    log(socket.listenerCount('error'));
    log((await accepted)[0].listenerCount('error'));
    // One that nobody took over yet ends no process.
    const raw = own(net.connect(port, '127.0.0.1'));
    await once(raw, 'connect');
    const wrapped = own(new tls.TLSSocket(raw, {}));
    log(wrapped.listenerCount('error'));
    wrapped.destroy(new Error('unheard'));
    await closed(wrapped);
    log('closed');
  },
  '20.20',
);
