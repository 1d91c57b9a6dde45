// ws, express, fastify and undici over pqtls, each with the real package.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import t from 'tap';
import * as undiciPackage from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import { connect as connectTls, type TLSSocket } from 'pqtls';
import { connect as connectHttp2, createSecureServer, type Http2SecureServer } from 'pqtls/http2';
import { Agent, createServer, get } from 'pqtls/https';
import undici, { Agent as UndiciAgent, buildConnector, install } from 'pqtls/undici';
import { credentials } from '../support/tls-server.js';
import { answerOf, bodyOf, listening } from '../support/web.js';

const { authority, leaf } = await credentials();
const ca = authority.cert;
const group = (socket: unknown): string => (socket as TLSSocket).getHandshakeInfo()?.group?.name ?? 'none';

void t.test('ws: server and client', async (t) => {
  const server = createServer(leaf);
  const port = await listening(t, server);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, req) => {
    socket.send(group(req.socket));
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const clients = [
    () => new WebSocket(`wss://localhost:${port}`, { agent: new Agent({ ca }) }),
    () =>
      new WebSocket(`wss://localhost:${port}`, {
        createConnection: () => connectTls({ host: 'localhost', port, ca, servername: 'localhost' }),
      }),
  ];
  for (const start of clients) {
    const client = start();
    const messages: string[] = [];
    client.on('message', (data: Buffer) => messages.push(data.toString()));
    await once(client, 'message');
    const large = 'pq'.repeat(512 * 1024);
    client.send(large);
    await once(client, 'message');
    t.equal(messages[0], 'X25519MLKEM768');
    t.equal(messages[1], large);
    client.close();
    await once(client, 'close');
  }
});

void t.test('express', async (t) => {
  const app = express();
  app.use(express.json());
  app.post('/echo', (req, res) => {
    res.json({ secure: req.secure, protocol: req.protocol, group: group(req.socket), body: req.body as unknown });
  });
  const port = await listening(t, createServer(leaf, app));
  const dispatcher = new UndiciAgent({ connect: { ca } });
  t.teardown(() => dispatcher.close());
  const answer = await undiciPackage.request(`https://localhost:${port}/echo`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ a: 1 }),
  });
  t.strictSame(await answer.body.json(), {
    secure: true,
    protocol: 'https',
    group: 'X25519MLKEM768',
    body: { a: 1 },
  });
});

void t.test('fastify: HTTP/1 and HTTP/2 by serverFactory', async (t) => {
  const first = Fastify({ serverFactory: (handler) => createServer(leaf, handler) as never });
  const second = Fastify({
    http2: true,
    serverFactory: (handler) => createSecureServer({ ...leaf, allowHTTP1: true }, handler as never) as never,
  });
  for (const app of [first, second] as ReturnType<typeof Fastify>[]) {
    app.get('/', async ({ raw, protocol }: { raw: IncomingMessage; protocol: string }) => {
      return { group: group(raw.socket), protocol, version: raw.httpVersion };
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    t.teardown(async () => {
      await app.close();
    });
  }
  const portOf = (app: { server: { address(): unknown } }): number => (app.server.address() as AddressInfo).port;
  const expected = { group: 'X25519MLKEM768', protocol: 'https' };
  const answer = await answerOf(get(`https://localhost:${portOf(first)}/`, { agent: new Agent({ ca }) }));
  t.strictSame(JSON.parse(answer.body), { ...expected, version: '1.1' });

  const session = connectHttp2(`https://localhost:${portOf(second)}`, { ca });
  const stream = session.request({ ':path': '/' });
  t.strictSame(JSON.parse(await bodyOf(stream)), { ...expected, version: '2.0' });
  session.destroy();
  const fallback = await answerOf(get(`https://localhost:${portOf(second)}/`, { agent: new Agent({ ca }) }));
  t.strictSame(JSON.parse(fallback.body), { ...expected, version: '1.1' });
});

void t.test('undici: HTTP/1 and HTTP/2, keep-alive, errors', async (t) => {
  let connections = 0;
  const server: Http2SecureServer = createSecureServer({ ...leaf, allowHTTP1: true }, (req, res) => {
    res.end(`${req.httpVersion} ${group(req.socket)}`);
  });
  server.on('secureConnection', () => (connections += 1));
  const port = await listening(t, server);
  const url = `https://localhost:${port}`;
  for (const [allowH2, version] of [
    [false, '1.1'],
    [true, '2.0'],
  ] as const) {
    connections = 0;
    const dispatcher = new UndiciAgent({ allowH2, connect: { ca } });
    for (let round = 0; round < 3; round += 1) {
      const { body } = await undiciPackage.request(url, { dispatcher });
      t.equal(await body.text(), `${version} X25519MLKEM768`);
      // undici takes the connection back after the body's end.
      await new Promise((resolve) => setImmediate(resolve));
    }
    t.equal(connections, 1, 'one connection');
    await dispatcher.close();
  }
  const client = new undiciPackage.Client(url, { connect: buildConnector({ ca, groups: 'X25519' }) });
  const { body } = await client.request({ path: '/', method: 'GET' });
  t.equal(await body.text(), '1.1 X25519');
  await client.close();

  const untrusting = new UndiciAgent();
  await t.rejects(undiciPackage.request(url, { dispatcher: untrusting }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  await untrusting.close();
  for (const maxCachedSessions of [-1, 1.5]) {
    t.throws(() => buildConnector({ maxCachedSessions }), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  t.equal(undici.Agent, UndiciAgent);
});

void t.test('undici: sessions are kept and resumed', async (t) => {
  const resumed: boolean[] = [];
  const server = createServer(leaf, (_req, res) => res.end('ok'));
  server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  const port = await listening(t, server);
  for (const [maxCachedSessions, expected] of [
    [undefined, [false, true, true]],
    [0, [false, false, false]],
  ] as const) {
    const dispatcher = new UndiciAgent({ connect: { ca, maxCachedSessions } });
    for (let round = 0; round < 3; round += 1) {
      const { body } = await undiciPackage.request(`https://localhost:${port}`, { dispatcher, reset: true });
      await body.text();
    }
    t.strictSame(resumed.splice(0), expected);
    await dispatcher.close();
  }
});

void t.test('undici: a connection that does not come about in time', async (t) => {
  const { createServer: createTcpServer } = await import('node:net');
  const port = await listening(t, createTcpServer());
  const dispatcher = new UndiciAgent({ connectTimeout: 50, connect: { ca } });
  const error = await undiciPackage.request(`https://localhost:${port}`, { dispatcher }).catch((e: unknown) => e);
  t.match(error, { code: 'UND_ERR_CONNECT_TIMEOUT' });
  await dispatcher.close();
});

void t.test("undici: cleartext goes through undici's own connector", async (t) => {
  const { createServer: createHttpServer } = await import('node:http');
  const port = await listening(
    t,
    createHttpServer((_req, res) => res.end('cleartext')),
  );
  const dispatcher = new UndiciAgent();
  const { body } = await undiciPackage.request(`http://localhost:${port}`, { dispatcher });
  t.equal(await body.text(), 'cleartext');
  await dispatcher.close();
});

void t.test('install(): global fetch, and that of undici', async (t) => {
  const port = await listening(
    t,
    createServer(leaf, (req, res) => res.end(group(req.socket))),
  );
  const before = undiciPackage.getGlobalDispatcher();
  const agent = install({ connect: { ca } });
  t.equal(undiciPackage.getGlobalDispatcher(), agent);
  t.equal(await (await fetch(`https://localhost:${port}`)).text(), 'X25519MLKEM768');
  t.equal(await (await undiciPackage.fetch(`https://localhost:${port}`)).text(), 'X25519MLKEM768');
  undiciPackage.setGlobalDispatcher(before);
  await agent.close();
});
