// A worker that makes one handshake after the other until it is terminated.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { connect, createServer } from 'pqtls';

const { cert, key, ca } = workerData as { cert: string; key: string; ca: string };
const server = createServer({ cert, key }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
parentPort?.postMessage('ready');
for (;;) {
  const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  await once(client, 'secureConnect');
  client.end('ping');
  client.resume();
  await once(client, 'close');
}
