// Many clients at once: their ClientHellos go to the threadpool, or take turns with the connections that are there.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import {
  connect,
  createSecureContext,
  type ConnectionOptions,
  type OffloadMode,
  type Server,
  type TlsServerOptions,
} from 'pqtls';
import { credentials, dial, listen } from '../support/tls-server.js';

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

/** libuv accepts one connection a turn. `gone`: how many of them are over already. */
async function accepted(server: Server, count: number, gone = (): number => 0): Promise<void> {
  while ((await promisify(server.getConnections).call(server)) + gone() < count) await turn();
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

/** Where the server signed for clients whose ClientHellos come at once, when one connection is there already. */
async function burst(t: Test, options: TlsServerOptions, client: ConnectionOptions = {}): Promise<unknown[]> {
  const { server, port } = await listen(t, options);
  const { authority } = await credentials();
  const served = once(server, 'secureConnection');
  await dial(t, port);
  await served;
  const signatures: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    server.on('secureConnection', (socket) => {
      signatures.push(socket.getHandshakeInfo()?.signatureRanOn);
      if (signatures.length === clients) resolve();
    });
  });
  const sockets = Array.from({ length: clients }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await accepted(server, clients + 1);
  const secured = sockets.map(async (socket) => {
    const one = connect({ socket, ca: authority.cert, servername: 'localhost', ...client });
    t.teardown(() => one.destroy());
    const echoed = once(one, 'data');
    one.write('ping');
    await once(one, 'secureConnect');
    t.match(one.getHandshakeInfo(), { helloRetryRequest: client.groups !== undefined, group: { postQuantum: true } });
    t.equal(String((await echoed)[0]), 'ping');
  });
  server.on('secureConnection', (socket) => socket.pipe(socket));
  await Promise.all([...secured, all]);
  return signatures;
}

const count = (places: readonly unknown[], place: string): number => places.filter((one) => one === place).length;

t.test('ClientHellos that wait go to the threadpool, with their signatures', { skip }, async (t) => {
  const automatic = await burst(t, {});
  t.ok(count(automatic, 'threadpool') > 0, `${count(automatic, 'threadpool')} of ${clients}`);
  t.ok(count(automatic, 'inline') > 0, 'the first of a turn stay');
  t.equal(count(await burst(t, { offload: 'always' }), 'threadpool'), clients, 'always: every one');
  t.equal(count(await burst(t, { offload: 'never' }), 'inline'), clients, 'never: none');
});

t.test('a HelloRetryRequest on the threadpool, and the ClientHello after it', { skip }, async (t) => {
  const retried = { groups: ['SecP384r1MLKEM1024'] };
  const places = await burst(t, { offload: 'always', ...retried }, { groups: ['X25519MLKEM768', ...retried.groups] });
  t.equal(count(places, 'threadpool'), clients);
});

t.test('a program that chooses its context, for ClientHellos on the threadpool', { skip }, async (t) => {
  const { leaf } = await credentials();
  const secureContext = createSecureContext(leaf);
  const names: string[] = [];
  await burst(t, {
    offload: 'always',
    SNICallback: (name, answer) => {
      names.push(name);
      setImmediate(answer, null, secureContext);
    },
  });
  t.same([...new Set(names)], ['localhost']);
});

t.test('what is no ClientHello, on the threadpool', { skip }, async (t) => {
  const { server, port } = await listen(t, { offload: 'always' });
  for (const [sent, code] of [
    ['GET / HTTP/1.1\r\n\r\n', 'ERR_SSL_HTTP_REQUEST'],
    ['\x16\x03\x01\x00\x04\x01\x00\x00\x00', 'ERR_SSL_LENGTH_MISMATCH'],
  ] as const) {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(sent, 'latin1');
    const [error] = (await once(server, 'tlsClientError')) as [NodeJS.ErrnoException];
    t.equal(error.code, code);
    socket.destroy();
  }
});

t.test('a ClientHello that comes byte by byte, on the threadpool', { skip }, async (t) => {
  const hello = await clientHello(t);
  const { port } = await listen(t, { offload: 'always' });
  const socket = net.connect(port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.setNoDelay(true);
  for (let at = 0; at < hello.length; at += 100) {
    socket.write(hello.subarray(at, at + 100));
    await turn();
  }
  const [answer] = (await once(socket, 'data')) as [Buffer];
  t.equal(answer[0], 22, 'the flight of the server');
});

for (const offload of ['never', 'always'] as const)
  t.test(`clients that go away while they wait for their turn, offload: ${offload}`, { skip }, async (t) =>
    leaveEarly(t, offload),
  );

async function leaveEarly(t: Test, offload: OffloadMode): Promise<void> {
  const hello = await clientHello(t);
  const { server, port } = await listen(t, { handshakeTimeout: 2000, offload });
  const errors: NodeJS.ErrnoException[] = [];
  server.on('tlsClientError', (error: Error) => errors.push(error));
  const sockets = Array.from({ length: clients }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // On a slow machine the first are overdue before the last is there.
  await accepted(server, clients, () => errors.length);
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
}

t.test('a threadpool that does something else', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-pool-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  // As many as libuv has threads: each waits for a writer.
  const readers = Array.from({ length: 4 }, () => open(fifo, 'r'));
  t.teardown(async () => {
    const writer = openSync(fifo, constants.O_RDWR);
    for (const reader of readers) await (await reader).close();
    closeSync(writer);
    rmSync(folder, { recursive: true });
  });
  t.equal(count(await burst(t, {}), 'inline'), clients, 'every client is answered, by this thread');
  // Its signatures wait for a thread, for as long as the handshake may take.
  await leaveEarly(t, 'always');
});
