// A worker of tcp-workers.test.ts: makes one object of the addon's TCP after the other until it is terminated.

import { once } from 'node:events';
import * as net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { loadBinding } from '#src/binding.js';

const state = loadBinding();
const { TcpHandle, TcpListener } = state.loaded ? state.binding : {};
const ignore = (): void => {};
if (state.loaded) state.binding.setTcpDispatcher?.(ignore, ignore);
const server = net.createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
await once(socket, 'connect');
const descriptorOf = (of: object): number => (Reflect.get(of, '_handle') as { fd: number }).fd;
parentPort?.postMessage('ready');
while (TcpHandle !== undefined && TcpListener !== undefined) {
  await turn();
  for (let nth = 0; nth < 500; nth++) {
    if (workerData === 'socket') new TcpHandle(descriptorOf(socket), false).close();
    else new TcpListener(descriptorOf(server), false).close();
  }
}
