// pqtls/http2: Node's own HTTP/2 over our sockets.

import { once } from 'node:events';
import nodeHttp2 from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import * as net from 'node:net';
import nodeTls from 'node:tls';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { connect as connectTls, TLSSocket } from 'pqtls';
import http2, {
  connect,
  constants,
  createSecureServer,
  sensitiveHeaders,
  type Http2SecureServer,
  type SecureServerOptions,
} from 'pqtls/http2';
import { get, Agent } from 'pqtls/https';
import { credentials, errorOf } from '../support/tls-server.js';
import { answerOf, bodyOf, listening } from '../support/web.js';

const { authority, leaf } = await credentials();
const ca = authority.cert;

async function serve(
  t: Test,
  options: SecureServerOptions = {},
): Promise<{ server: Http2SecureServer; port: number; url: string }> {
  const server = createSecureServer({ ...leaf, ...options });
  const port = await listening(t, server);
  return { server, port, url: `https://localhost:${port}` };
}

function session(t: Test, url: string, options = {}): ClientHttp2Session {
  const client = connect(url, { ca, ...options });
  t.teardown(() => client.destroy());
  return client;
}

/** What TLS a session's socket tells of. */
function tlsOf(http2Session: { socket: net.Socket | nodeTls.TLSSocket } | undefined): TLSSocket {
  return http2Session?.socket as unknown as TLSSocket;
}

async function answer(stream: ClientHttp2Stream): Promise<{ headers: nodeHttp2.IncomingHttpHeaders; body: string }> {
  // From the start: since Node 24 an iteration that begins when all of a short answer is there ends with an error, over
  // node:tls too.
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  const ended = once(stream, 'end');
  const [headers] = (await once(stream, 'response')) as [nodeHttp2.IncomingHttpHeaders];
  await ended;
  return { headers, body: Buffer.concat(parts).toString() };
}

void t.test('streams are post-quantum, and both ends can tell', async (t) => {
  const { server, url, port } = await serve(t);
  const served = once(server, 'session') as Promise<[ServerHttp2Session]>;
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 });
    stream.end(tlsOf(stream.session).getHandshakeInfo()?.group?.name);
  });
  const client = session(t, url);
  t.equal(client.connecting, true);
  t.equal(client.encrypted, undefined);
  const [, socket] = (await once(client, 'connect')) as [unknown, TLSSocket];
  t.equal(client.connecting, false);
  t.equal(socket.getHandshakeInfo()?.group?.name, 'X25519MLKEM768', 'connect comes after the handshake');
  const { headers, body } = await answer(client.request({ ':path': '/' }));
  t.equal(headers[':status'], 200);
  t.equal(body, 'X25519MLKEM768');
  for (const side of [client, (await served)[0]]) {
    t.equal(side.encrypted, true);
    t.equal(side.alpnProtocol, 'h2');
    const tls = tlsOf(side);
    t.equal(tls.encrypted, true);
    t.equal(tls.alpnProtocol, 'h2');
    t.equal(tls.getProtocol(), 'TLSv1.3');
    t.equal(tls.remoteAddress, '127.0.0.1');
  }
  t.equal(tlsOf(client).authorized, true);
  t.equal(tlsOf(client).remotePort, port);
  t.equal(client.originSet?.length, 1);
});

void t.test('the module has what node:http2 has', async (t) => {
  t.strictSame(Object.keys(http2).sort(), Object.keys(nodeHttp2).sort());
  t.equal(constants, nodeHttp2.constants);
  t.equal(sensitiveHeaders, nodeHttp2.sensitiveHeaders);
  const server = createSecureServer(leaf);
  const node = nodeHttp2.createSecureServer(leaf);
  for (const kind of [node.constructor, nodeTls.Server, net.Server]) {
    t.ok(server instanceof (kind as typeof net.Server), kind.name);
  }
  for (const bad of ['x', 1, [], null]) {
    t.throws(() => connect('https://localhost', bad as never), { code: 'ERR_INVALID_ARG_TYPE' });
    t.throws(() => createSecureServer(bad as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  t.throws(() => connect('ftp://localhost'), { code: 'ERR_HTTP2_UNSUPPORTED_PROTOCOL' });
  t.throws(() => connect('nonsense'), { code: 'ERR_INVALID_URL' });
});

void t.test('the compatibility API', async (t) => {
  const { server, url } = await serve(t);
  server.on('request', (req, res) => {
    const socket = req.socket as unknown as TLSSocket;
    res.setHeader('x-group', socket.getHandshakeInfo()?.group?.name ?? 'none');
    res.setHeader('x-encrypted', String(socket.encrypted));
    req.pipe(res);
  });
  const stream = session(t, url).request({ ':method': 'POST', ':path': '/' });
  stream.end('a body');
  const { headers, body } = await answer(stream);
  t.match(headers, { 'x-group': 'X25519MLKEM768', 'x-encrypted': 'true' });
  t.equal(body, 'a body');
});

void t.test('many streams and large bodies', async (t) => {
  const { server, url } = await serve(t);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond();
    stream.pipe(stream);
  });
  const client = session(t, url);
  const sent = Buffer.alloc(1024 * 1024, 'pq').toString();
  const bodies = await Promise.all(
    Array.from({ length: 8 }, () => {
      const stream = client.request({ ':method': 'POST', ':path': '/' });
      stream.end(sent);
      return answer(stream);
    }),
  );
  t.ok(bodies.every(({ body }) => body === sent));
});

void t.test('allowHTTP1 serves both protocols on one port', async (t) => {
  const { server, url, port } = await serve(t, { allowHTTP1: true });
  server.on('request', (req, res) => {
    res.end(`${req.httpVersion} ${(req.socket as unknown as TLSSocket).getHandshakeInfo()?.group?.name}`);
  });
  t.equal((await answer(session(t, url).request({ ':path': '/' }))).body, '2.0 X25519MLKEM768');
  const agent = new Agent({ ca, ALPNProtocols: ['http/1.1'] });
  t.equal((await answerOf(get(url, { agent }))).body, '1.1 X25519MLKEM768');
  const upgraded = once(server, 'upgrade');
  server.on('upgrade', (_req, socket: TLSSocket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  const socket = connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  t.match(await bodyOf(socket), /^HTTP\/1\.1 101 /);
  await upgraded;
});

void t.test('who speaks no HTTP/2', async (t) => {
  const { server, url, port } = await serve(t);
  const failed = once(server, 'tlsClientError') as Promise<[NodeJS.ErrnoException]>;
  const error = await errorOf(get(url, { agent: new Agent({ ca, ALPNProtocols: ['http/1.1'] }) }));
  t.equal(error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  t.equal((await failed)[0].code, 'ERR_SSL_NO_APPLICATION_PROTOCOL');
  const unknown = once(server, 'unknownProtocol') as Promise<[TLSSocket]>;
  const socket = connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  const [served] = await unknown;
  t.ok(served instanceof TLSSocket, 'the event has the TLSSocket itself');
  served.end();
  await bodyOf(socket);
});

void t.test('a certificate that is not trusted fails the session', async (t) => {
  const { url } = await serve(t);
  const client = session(t, url, { ca: undefined });
  const stream = client.request({ ':path': '/' });
  stream.on('error', () => undefined);
  t.equal((await errorOf(client)).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const connectAsync = promisify(connect) as unknown as (url: string, options: object) => Promise<ClientHttp2Session>;
  await t.rejects(connectAsync(url, {}), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  const connected = await connectAsync(url, { ca });
  t.equal(connected.alpnProtocol, 'h2');
  connected.destroy();
});

void t.test('createConnection: a socket of ours, connected or not, and any other', async (t) => {
  const { server, url, port } = await serve(t);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond();
    stream.end('ok');
  });
  const options = { host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['h2'] };
  const connected = connectTls(options);
  await once(connected, 'secureConnect');
  const foreign = nodeTls.connect({ ...options, ALPNProtocols: ['h2'] });
  for (const socket of [connected, connectTls(options), foreign]) {
    const client = session(t, url, { createConnection: () => socket });
    t.equal((await answer(client.request({ ':path': '/' }))).body, 'ok');
    t.equal(client.encrypted, true);
    t.equal(client.alpnProtocol, 'h2');
  }
});

void t.test('createConnection: post-quantum is required of what it returns', async (t) => {
  const { server, url, port } = await serve(t, { groups: 'X25519:X25519MLKEM768' });
  const plain = nodeHttp2.createServer();
  const paths: unknown[] = [];
  for (const some of [server, plain]) {
    some.on('stream', (stream: ServerHttp2Stream, headers: nodeHttp2.IncomingHttpHeaders) => {
      paths.push(headers[':path']);
      stream.respond();
      stream.end('ok');
    });
  }
  const code = 'ERR_PQTLS_NOT_POST_QUANTUM';
  const options = { host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['h2'] };
  const classical = { ...options, groups: 'X25519' };
  const connected = connectTls(classical);
  await once(connected, 'secureConnect');
  const plainPort = await listening(t, plain);
  for (const asked of [{ postQuantum: 'require' }, { policy: 'strict' }, Object.create({ postQuantum: 'require' })]) {
    const unfit = [nodeTls.connect(options), net.connect(plainPort, '127.0.0.1'), connected];
    for (const socket of unfit) {
      socket.on('error', () => {});
      const refused = (): unknown => connect(url, Object.assign(asked as object, { createConnection: () => socket }));
      t.throws(refused, { code });
      t.ok(socket.destroyed);
    }
    const early = connect(url, Object.assign(asked as object, { createConnection: () => connectTls(classical) }));
    const request = early.request({ ':path': '/early' });
    request.on('error', () => {});
    t.equal((await errorOf(early)).code, code);
    const fit = connect(url, Object.assign(asked as object, { createConnection: () => connectTls(options) }));
    t.equal((await answer(fit.request({ ':path': '/fit' }))).body, 'ok');
    fit.destroy();
  }
  t.strictSame(paths, ['/fit', '/fit', '/fit'], 'nothing went over the others');
});

void t.test('close waits for streams, destroy does not; an end of the peer is seen', async (t) => {
  const { server, url } = await serve(t);
  const streams: ServerHttp2Stream[] = [];
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    stream.respond();
    streams.push(stream);
  });
  const client = session(t, url);
  const stream = client.request({ ':path': '/' });
  await once(stream, 'response');
  client.close();
  t.equal(client.closed, true);
  t.equal(client.destroyed, false);
  streams[0]?.end('late');
  t.equal(await bodyOf(stream), 'late');
  await once(client, 'close');

  const second = session(t, url);
  const cut = second.request({ ':path': '/' });
  await once(cut, 'response');
  const closed = new Promise((resolve) => second.on('close', resolve));
  cut.on('error', () => undefined);
  streams[1]?.session?.destroy();
  await closed;
  t.equal(second.destroyed, true);
});

void t.test('a session that is unreferenced lets the process end; ping and settings work', async (t) => {
  const { url } = await serve(t);
  const client = session(t, url);
  await once(client, 'connect');
  const [error, duration] = await new Promise<[Error | null, number]>((resolve) =>
    client.ping((failure, ms) => resolve([failure, ms])),
  );
  t.equal(error, null);
  t.ok(duration >= 0);
  client.unref();
  client.ref();
  await new Promise<void>((resolve) => client.settings({ enablePush: false }, () => resolve()));
});

void t.test('node:http2 speaks with it, both ways; cleartext stays as it is', async (t) => {
  const { server, url } = await serve(t);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond();
    stream.end('ok');
  });
  const client = nodeHttp2.connect(url, { ca });
  t.equal((await answer(client.request({ ':path': '/' }))).body, 'ok');
  client.destroy();
  for (const node of [nodeHttp2.createSecureServer(leaf), nodeHttp2.createServer()]) {
    const port = await listening(t, node);
    node.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond();
      stream.end('ok');
    });
    const scheme = node instanceof nodeTls.Server ? 'https' : 'http';
    const other = session(t, `${scheme}://localhost:${port}`);
    t.equal((await answer(other.request({ ':path': '/' }))).body, 'ok', scheme);
    t.equal(other.encrypted, scheme === 'https');
  }
});

void t.test('a session that ends before its handshake does leaves no connection', async (t) => {
  const live = new Set<net.Socket>();
  const silent = net.createServer((socket) => {
    live.add(socket);
    socket.on('error', () => {}).on('close', () => live.delete(socket));
    socket.resume();
  });
  const port = await listening(t, silent);
  for (const how of ['destroy', 'close'] as const) {
    for (const connected of [false, true]) {
      const client = session(t, `https://localhost:${port}`);
      client.on('error', (error) => t.fail(error.message));
      if (connected) await once(silent, 'connection');
      client[how]();
      await once(client, 'close');
      t.ok(client.destroyed, `${how}()`);
    }
  }
  while (live.size > 0) await once([...live][0] as net.Socket, 'close');
});
