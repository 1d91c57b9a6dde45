// Many clients at once: their handshakes take turns with the connections that are there already.

import { once } from 'node:events';
import * as net from 'node:net';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { Server } from 'pqtls';
import { dial, listen } from '../support/tls-server.js';

const clients = 40;
// native/tcp_stream.h has 8; two turns may run into one of ours.
const mostInOneTurn = 16;
const skip = process.env['PQTLS_TRANSPORT'] === 'net' || process.platform === 'win32' ? "the addon's own TCP" : false;

/** What a client sends first. */
async function clientHello(t: Test): Promise<Buffer> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const client = await dial(t, (server.address() as net.AddressInfo).port);
  client.on('error', () => {});
  const [socket] = await accepted;
  const [hello] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return hello;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** libuv accepts one connection a turn. */
async function accepted(server: Server, count: number): Promise<void> {
  while ((await promisify(server.getConnections).call(server)) < count) await turn();
}

t.test('ClientHellos that wait are answered over several turns of the loop', { skip }, async (t) => {
  const hello = await clientHello(t);
  // Inline, as with most certificates.
  const { server, port } = await listen(t, { offload: 'never' }, (socket) => socket.pipe(socket));
  const established = await dial(t, port);
  await once(established, 'secureConnect');
  let pongs = 0;
  established.on('data', () => {
    pongs += 1;
    established.write('ping');
  });

  let answered = 0;
  const sockets = Array.from({ length: clients }, () => net.connect(port, '127.0.0.1'));
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await accepted(server, clients + 1);
  for (const socket of sockets) {
    socket.once('data', () => (answered += 1));
    socket.write(hello);
  }
  established.write('ping');

  const inTurns: number[] = [];
  for (let before = 0; answered < clients; before = answered) {
    await turn();
    if (answered > before) inTurns.push(answered - before);
  }
  t.equal(answered, clients, 'every client is answered');
  t.ok(Math.max(...inTurns) <= mostInOneTurn, `${inTurns.join(', ')} in a turn`);
  t.ok(pongs >= 2, `${pongs} round trips of an established connection meanwhile`);
});

t.test('a client that goes away while it waits for its turn', { skip }, async (t) => {
  const hello = await clientHello(t);
  const { server, port } = await listen(t, { handshakeTimeout: 100 });
  const errors: NodeJS.ErrnoException[] = [];
  server.on('tlsClientError', (error: Error) => errors.push(error));
  const sockets = Array.from({ length: clients }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await accepted(server, clients);
  for (const [index, socket] of sockets.entries()) {
    socket.on('error', () => {});
    socket.write(hello, () => {
      if (index % 3 === 0) socket.resetAndDestroy();
      else if (index % 3 === 1) socket.end();
    });
  }
  // Nobody finishes: each ends with an error, at the latest by the timeout.
  while (errors.length < clients) await once(server, 'tlsClientError');
  t.equal(errors.length, clients, 'each is told of once');
  t.same([...new Set(errors.map(({ code }) => code))].sort(), ['ECONNRESET', 'ERR_TLS_HANDSHAKE_TIMEOUT']);
  for (const socket of sockets) socket.destroy();
});
