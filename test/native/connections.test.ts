// Lifetimes of native connections: thousands of them leave nothing behind, and a worker may end in the middle of one.

import { once } from 'node:events';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { connect, createSecureContext, createServer } from 'pqtls';
import { Authority } from '#src/cli/demo-authority.js';
import { keepsFreedMemory, memoryGrowth } from '../support/memory.js';

/** Unlike once(), it does not reject for an 'error' that comes before. */
function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

void t.test('handshakes that succeed', { skip: keepsFreedMemory }, async (t) => {
  const authority = await Authority.create();
  const server = createServer(await authority.issue(), (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secureContext = createSecureContext({ ca: authority.cert });
  const grown = await memoryGrowth(1600, async () => {
    const client = connect({ host: '127.0.0.1', port, secureContext, servername: 'localhost' });
    client.end('ping');
    client.resume();
    await once(client, 'close');
  });
  // An SSL is about 20 KiB in AWS-LC: 1600 leaked ones would be 32 MiB on each side. Garbage that waits for its turn is
  // up to 20 MiB.
  t.ok(grown < 30, `grew by ${grown.toFixed(1)} MiB over 1600 connections`);
  server.close();
  await once(server, 'close');
});

void t.test('handshakes that fail', { skip: keepsFreedMemory }, async (t) => {
  const authority = await Authority.create();
  const stranger = await Authority.create('stranger');
  const server = createServer(await authority.issue());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secureContext = createSecureContext({ ca: stranger.cert });
  let refused = 0;
  server.on('tlsClientError', () => refused++);
  const grown = await memoryGrowth(600, async () => {
    const client = connect({ host: '127.0.0.1', port, secureContext, servername: 'localhost' });
    client.on('error', () => {});
    await closed(client);
    const garbage = net.connect(port, '127.0.0.1');
    garbage.on('error', () => {});
    garbage.end('not TLS at all');
    garbage.resume();
    await closed(garbage);
  });
  t.ok(grown < 12, `grew by ${grown.toFixed(1)} MiB over 1200 connections`);
  while (refused < 1800) await sleep(5);
  t.equal(refused, 1800, 'every one was told of');
  server.close();
  await once(server, 'close');
});

void t.test('workers that are terminated in mid-handshake', async (t) => {
  const authority = await Authority.create();
  const leaf = await authority.issue();
  const script = fileURLToPath(new URL('handshake-worker.js', import.meta.url));
  for (let round = 0; round < 6; round++) {
    const workers = Array.from(
      { length: 3 },
      () => new Worker(script, { execArgv: [], workerData: { ...leaf, ca: authority.cert } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    await sleep(round * 6);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  t.pass('18 workers ended, none took the process with it');
});

void t.test('workers that are terminated while callbacks are awaited', async (t) => {
  const authority = await Authority.create();
  const leaf = await authority.issue();
  const script = fileURLToPath(new URL('pending-callbacks-worker.js', import.meta.url));
  const round = async (seed: number): Promise<void> => {
    const workers = [seed, seed + 1].map(
      (each) => new Worker(script, { execArgv: [], workerData: { ...leaf, ca: authority.cert, seed: each } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    await sleep(seed % 6);
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  let seed = 0;
  for (; seed < 6; seed += 1) await round(seed);
  t.pass('12 workers ended, none took the process with it');
});
