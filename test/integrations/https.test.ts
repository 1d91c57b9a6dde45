// pqtls/https: Node's own https code over our sockets.

import { once } from 'node:events';
import * as http from 'node:http';
import nodeHttps from 'node:https';
import * as net from 'node:net';
import nodeTls from 'node:tls';
import t, { type Test } from 'tap';
import { connect, TLSSocket } from 'pqtls';
import https, { Agent, createServer, get, globalAgent, request, Server, type ServerOptions } from 'pqtls/https';
import { Authority } from '#src/cli/demo-authority.js';
import { credentials, errorOf } from '../support/tls-server.js';
import { answerOf, bodyOf, listening } from '../support/web.js';

const { authority, leaf } = await credentials();
const ca = authority.cert;

async function serve(
  t: Test,
  listener: http.RequestListener,
  options: ServerOptions = {},
): Promise<{ server: Server; port: number; url: string }> {
  const server = createServer({ ...leaf, ...options }, listener);
  const port = await listening(t, server);
  return { server, port, url: `https://localhost:${port}/` };
}

function agentFor(t: Test, options = {}): Agent {
  const agent = new Agent({ ca, keepAlive: true, ...options });
  t.teardown(() => agent.destroy());
  return agent;
}

const tellGroup: http.RequestListener = (req, res) => {
  const socket = req.socket as TLSSocket;
  res.end(JSON.stringify({ group: socket.getHandshakeInfo()?.group?.name, servername: socket.servername }));
};

void t.test('a request and its answer are post-quantum, and both ends can tell', async (t) => {
  const { url } = await serve(t, tellGroup);
  const { response, socket, body } = await answerOf(get(url, { agent: agentFor(t) }));
  t.equal(response.statusCode, 200);
  t.strictSame(JSON.parse(body), { group: 'X25519MLKEM768', servername: 'localhost' });
  t.ok(socket instanceof TLSSocket);
  t.equal(socket.getHandshakeInfo()?.group?.name, 'X25519MLKEM768');
  t.equal(socket.encrypted, true);
  t.equal(socket.authorized, true);
});

void t.test('the module has the shape of node:https', async (t) => {
  t.strictSame(Object.keys(https).sort(), Object.keys(nodeHttps).sort());
  t.equal(https.globalAgent, globalAgent);
  t.ok(globalAgent instanceof nodeHttps.Agent);
  t.ok(globalAgent instanceof http.Agent);
  t.equal(globalAgent.options.keepAlive, nodeHttps.globalAgent.options.keepAlive);
  t.equal(globalAgent.options.scheduling, nodeHttps.globalAgent.options.scheduling);
  t.equal(Reflect.get(globalAgent, 'defaultPort'), 443);
  const server = new Server(leaf);
  for (const kind of [Server, nodeHttps.Server, nodeTls.Server, net.Server]) t.ok(server instanceof kind);
  t.ok((Server as unknown as (options: ServerOptions) => Server)(leaf) instanceof Server, 'callable without new');
  t.ok((Agent as unknown as () => Agent)() instanceof Agent, 'callable without new');
  for (const [name, value] of Object.entries(new nodeHttps.Server(leaf))) {
    if (typeof value === 'number') t.equal(Reflect.get(server, name), value, name);
  }
  t.throws(() => new Agent({ proxyEnv: { HTTPS_PROXY: 'http://localhost:1' } } as object), {
    code: 'ERR_PQTLS_UNSUPPORTED',
  });
  for (const bad of ['x', 1, true]) {
    t.throws(() => createServer(bad as never), { code: 'ERR_INVALID_ARG_TYPE' });
    t.throws(() => nodeHttps.createServer(bad as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

void t.test('globalAgent serves requests that name no agent, and may be assigned', async (t) => {
  const { url } = await serve(t, tellGroup);
  const { socket } = await answerOf(request(url, { ca }).end());
  t.ok(socket instanceof TLSSocket);
  const own = agentFor(t);
  https.globalAgent = own;
  t.teardown(() => {
    https.globalAgent = globalAgent;
    globalAgent.destroy();
  });
  const { socket: second } = await answerOf(https.get(url));
  t.ok(second instanceof TLSSocket);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(Object.keys(own.freeSockets).length, 1);
  const { socket: third } = await answerOf(https.get(url, { agent: false, ca }));
  t.ok(third instanceof TLSSocket);
});

void t.test('keep-alive uses one connection for many requests; maxSockets holds', async (t) => {
  let connections = 0;
  const { server, url } = await serve(t, (_req, res) => res.end('ok'));
  server.on('secureConnection', () => (connections += 1));
  const agent = agentFor(t, { maxSockets: 1 });
  for (let round = 0; round < 3; round += 1) {
    const sent = get(url, { agent });
    await answerOf(sent);
    t.equal(sent.reusedSocket, round > 0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(Array.from({ length: 5 }, () => answerOf(get(url, { agent }))));
  t.equal(connections, 1);
});

void t.test('sessions are kept and resumed, one for each name of a connection', async (t) => {
  const { server, url } = await serve(t, tellGroup);
  const resumed: boolean[] = [];
  server.on('secureConnection', (socket) => resumed.push(socket.isSessionReused()));
  const ask = async (agent: Agent, options = {}): Promise<boolean> => {
    const { socket } = await answerOf(get(url, { agent, ...options }));
    return socket.isSessionReused();
  };
  const agent = agentFor(t, { keepAlive: false });
  t.equal(await ask(agent), false);
  t.equal(await ask(agent), true);
  t.equal(await ask(agent, { groups: 'X25519' }), false, 'other options, other session');
  t.equal(await ask(agent), true);
  const without = agentFor(t, { keepAlive: false, maxCachedSessions: 0 });
  t.equal(await ask(without), false);
  t.equal(await ask(without), false);
  t.strictSame(resumed, [false, true, false, true, false, false], 'the server says the same');
});

void t.test('a session that fails is forgotten', async (t) => {
  const { url } = await serve(t, (req, res) => (req.url === '/' ? res.end() : res.socket?.destroy()));
  const agent = agentFor(t, { keepAlive: false });
  await answerOf(get(url, { agent }));
  const cache = (agent as unknown as { _sessionCache: { list: string[] } })._sessionCache;
  t.equal(cache.list.length, 1);
  const refusing = get(url, { agent, rejectUnauthorized: true, servername: 'other.test' });
  t.equal((await errorOf(refusing)).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  t.equal(cache.list.length, 1, 'only what worked is kept');
});

void t.test('getName keeps apart what may not share a connection', async (t) => {
  const agent = agentFor(t);
  const node = new nodeHttps.Agent();
  const plain = { host: 'a', port: 1, ca, rejectUnauthorized: false, servername: 'b', minVersion: 'TLSv1.3' } as const;
  t.equal(agent.getName(plain), node.getName(plain), "node:https's own name where nothing of ours is given");
  const names = [
    agent.getName({ host: 'a' }),
    agent.getName({ host: 'a', groups: 'X25519' }),
    agent.getName({ host: 'a', groups: ['X25519MLKEM768'] }),
    agent.getName({ host: 'a', postQuantum: 'require' } as object),
    agent.getName({ host: 'a', policy: 'strict' }),
    agent.getName({ host: 'a', checkServerIdentity: () => undefined }),
    agent.getName({ host: 'a', checkServerIdentity: () => undefined }),
  ];
  t.equal(new Set(names).size, names.length);
  const { server, url } = await serve(t, tellGroup);
  let connections = 0;
  server.on('secureConnection', () => (connections += 1));
  const groups: string[] = [];
  for (const option of ['X25519', 'X25519MLKEM768', 'X25519']) {
    const { body } = await answerOf(get(url, { agent, groups: option }));
    groups.push((JSON.parse(body) as { group: string }).group);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.strictSame(groups, ['X25519', 'X25519MLKEM768', 'X25519']);
  t.equal(connections, 2);
});

void t.test('a certificate that is not trusted, or not for this name, fails the request', async (t) => {
  const { url, port } = await serve(t, tellGroup);
  t.equal((await errorOf(get(url, { agent: new Agent() }))).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const wrongName = get({ host: '127.0.0.1', port, agent: new Agent({ ca }), headers: { host: 'other.test' } });
  t.equal((await errorOf(wrongName)).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  const { socket } = await answerOf(get(url, { agent: new Agent(), rejectUnauthorized: false }));
  t.equal(socket.authorized, false);
});

void t.test('large bodies go both ways', async (t) => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'pq');
  const { url } = await serve(t, (req, res) => req.pipe(res));
  const sent = request(url, { agent: agentFor(t), method: 'POST' });
  sent.end(body);
  const { body: echoed } = await answerOf(sent);
  t.ok(body.equals(Buffer.from(echoed)));
});

void t.test('pipelined requests are answered in order', async (t) => {
  const { port } = await serve(t, (req, res) => {
    setTimeout(() => res.end(req.url), req.url === '/1' ? 30 : 0);
  });
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const ask = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  socket.write(ask('/1') + ask('/2') + ask('/3', 'Connection: close\r\n'));
  const answers = (await bodyOf(socket)).match(/\r\n\r\n\/\d/g);
  t.strictSame(
    answers?.map((answer) => answer.trim()),
    ['/1', '/2', '/3'],
  );
});

void t.test('upgrade hands out the socket on both sides', async (t) => {
  const { server, url } = await serve(t, () => t.fail('no request'));
  server.on('upgrade', (_req, socket: TLSSocket, head) => {
    t.equal(socket.getHandshakeInfo()?.group?.name, 'X25519MLKEM768');
    t.equal(head.length, 0);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const sent = request(url, { agent: agentFor(t), headers: { connection: 'Upgrade', upgrade: 'echo' } }).end();
  const [response, socket] = (await once(sent, 'upgrade')) as [http.IncomingMessage, TLSSocket];
  t.equal(response.statusCode, 101);
  socket.end('over the upgraded connection');
  t.equal(await bodyOf(socket), 'over the upgraded connection');
});

void t.test('an abort on either side ends the other', async (t) => {
  const { server, url } = await serve(t, (req, res) => {
    if (req.url === '/server') res.socket?.destroy();
    else res.write('some');
  });
  const agent = agentFor(t);
  t.equal((await errorOf(get(`${url}server`, { agent }))).code, 'ECONNRESET');

  const requested = once(server, 'request') as Promise<[http.IncomingMessage]>;
  const controller = new AbortController();
  const sent = get(url, { agent, signal: controller.signal });
  const failed = errorOf(sent);
  const [req] = await requested;
  req.on('error', () => undefined);
  const closed = new Promise((resolve) => req.on('close', resolve));
  controller.abort();
  t.equal((await failed).name, 'AbortError');
  await closed;
  t.equal(req.destroyed, true);
  t.strictSame(Object.keys(agent.sockets), []);
});

void t.test("Node's timeouts of headers and requests hold", async (t) => {
  const { server, port } = await serve(t, () => t.fail('no request'), {
    headersTimeout: 60,
    requestTimeout: 60,
    connectionsCheckingInterval: 20,
  });
  t.equal(server.headersTimeout, 60);
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
  t.match(await bodyOf(socket), /^HTTP\/1\.1 408 /);
});

void t.test('server.setTimeout and keepAliveTimeout see the activity of our sockets', async (t) => {
  const { server, url } = await serve(t, (req, res) => {
    if (req.url === '/') res.end();
  });
  server.keepAliveTimeout = 40;
  const agent = agentFor(t);
  const { socket } = await answerOf(get(url, { agent }));
  await once(socket, 'close');
  server.setTimeout(40);
  t.equal((await errorOf(get(`${url}never`, { agent }))).code, 'ECONNRESET');
});

void t.test('closeIdleConnections and closeAllConnections', async (t) => {
  const { server, url } = await serve(t, (req, res) => {
    if (req.url === '/') res.end();
  });
  const agent = agentFor(t);
  const { socket } = await answerOf(get(url, { agent }));
  const requested = once(server, 'request');
  const pending = get(`${url}pending`, { agent: agentFor(t) });
  const failed = errorOf(pending);
  await requested;
  server.closeIdleConnections();
  await once(socket, 'close');
  t.equal(pending.destroyed, false);
  server.closeAllConnections();
  t.equal((await failed).code, 'ECONNRESET');
});

void t.test('a failed handshake is a tlsClientError and a clientError', async (t) => {
  const { server, port } = await serve(t, () => t.fail('no request'));
  const told = Promise.all([once(server, 'tlsClientError'), once(server, 'clientError')]);
  const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
  socket.on('error', () => undefined);
  const [[first], [second]] = (await told) as [[NodeJS.ErrnoException], [NodeJS.ErrnoException]];
  t.equal(first.code, 'ERR_SSL_HTTP_REQUEST');
  t.equal(second, first);
  socket.destroy();
});

void t.test('addContext and setSecureContext take effect', async (t) => {
  const [first, second] = [await Authority.create(), await Authority.create()];
  const { server, url, port } = await serve(t, tellGroup);
  server.addContext('localhost', await first.issue());
  const named = await answerOf(get(url, { agent: agentFor(t, { ca: first.cert }) }));
  t.equal(named.socket.authorized, true);
  server.setSecureContext(await second.issue());
  const agent = agentFor(t, { ca: second.cert, checkServerIdentity: () => undefined });
  const unnamed = await answerOf(get({ host: '127.0.0.1', port, agent }));
  t.equal(unnamed.socket.authorized, true);
});

void t.test('through a proxy, by CONNECT: TLS in TCP, and TLS in TLS', async (t) => {
  const { port, url } = await serve(t, tellGroup);
  const forward = (_req: http.IncomingMessage, client: net.Socket, head: Buffer): void => {
    const upstream = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  };
  for (const [proxy, module] of [
    [http.createServer(), http],
    [createServer(leaf), https],
  ] as const) {
    proxy.on('connect', forward);
    const proxyPort = await listening(t, proxy);
    const tunnel = module.request({
      ...{ host: 'localhost', port: proxyPort, method: 'CONNECT', path: `localhost:${port}`, agent: false, ca },
    });
    tunnel.end();
    const [, socket] = (await once(tunnel, 'connect')) as [unknown, net.Socket];
    const inner = { createConnection: () => connect({ socket, ca, servername: 'localhost' }) };
    const { socket: secured, body } = await answerOf(get(url, { ...inner, ca }));
    t.equal((JSON.parse(body) as { group: string }).group, 'X25519MLKEM768');
    t.equal(secured.getHandshakeInfo()?.postQuantum, true);
    socket.destroy();
  }
});

void t.test("TLS over a socket on which somebody still waits for 'readable', as node:tls", async (t) => {
  const { port } = await serve(t, tellGroup);
  for (const connectOver of [nodeTls.connect, connect] as (typeof connect)[]) {
    const raw = net.connect(port, '127.0.0.1');
    await once(raw, 'connect');
    const take = (): unknown => raw.read();
    raw.on('readable', take);
    const socket = connectOver({ socket: raw, ca, servername: 'localhost' });
    raw.on('readable', take);
    await once(socket, 'secureConnect');
    socket.end('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    t.match(await bodyOf(socket), /^HTTP\/1\.1 200 /);
  }
});

void t.test('node:https speaks with it, both ways', async (t) => {
  const { url } = await serve(t, tellGroup);
  const { body } = await answerOf(nodeHttps.get(url, { ca, agent: false }));
  t.match(JSON.parse(body), { servername: 'localhost' });
  const server = nodeHttps.createServer(leaf, (_req, res) => res.end('from node:tls'));
  const port = await listening(t, server);
  const answer = await answerOf(get(`https://localhost:${port}/`, { agent: agentFor(t) }));
  t.equal(answer.body, 'from node:tls');
});
