// What goes wrong around a connection: slow readers, listeners that throw, streams that behave as they like.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect, createSecureContext, createServer, InvalidMessageError, TLSSocket } from 'pqtls';
import { Authority } from '#src/cli/demo-authority.js';
import { engineUnderTest } from '../support/engine-under-test.js';
import { PatternCheck, sendPattern } from '../support/pattern.js';
import { projectDir } from '../support/project.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';
import { shownError } from '../support/shown-error.js';

void t.test('a reader that is slower than the close of the transport gets everything', async (t) => {
  const { authority } = await credentials();
  const bytes = 1_000_000;
  const { port } = await listen(t, { allowHalfOpen: true }, (socket) => {
    void sendPattern(socket, bytes).then(() => socket.end());
    socket.resume();
  });
  for (const allowHalfOpen of [false, true]) {
    const transport = net.connect({ port, host: '127.0.0.1', allowHalfOpen });
    const client = connect({ socket: transport, ca: authority.cert, servername: 'localhost' });
    const check = new PatternCheck();
    for await (const chunk of client) {
      check.accept(chunk as Buffer);
      await sleep(1);
    }
    t.equal(check.received, bytes, `transport with allowHalfOpen ${allowHalfOpen}`);
    // Half-open, it may stay so: what an iteration leaves of it differs by Node.
    client.destroy();
  }
  const ended = await dial(t, port);
  ended.end('request');
  const check = new PatternCheck();
  await pipeline(ended, async function (source) {
    for await (const chunk of source) {
      check.accept(chunk as Buffer);
      await sleep(1);
    }
  });
  t.equal(check.received, bytes, 'after our own end, through pipeline()');
});

void t.test("a chunk's memory is its own", async (t) => {
  const { client, served } = await connectedPair(t);
  served.write(Buffer.alloc(16_000, 1));
  const [first] = (await once(client, 'data')) as [Buffer];
  t.equal(first.buffer.byteLength, first.length, 'no other bytes are behind it');
  structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] });
  served.write(Buffer.alloc(100, 2));
  const [second] = (await once(client, 'data')) as [Buffer];
  t.ok(
    second.every((byte) => byte === 2),
    'a transferred chunk takes nothing away from the next',
  );
});

/** An end of a pair that calls back at once and keeps what it was given until it is read, as stream.duplexPair() does. */
class Holding extends Duplex {
  peer: Holding | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.peer?.push(chunk);
    callback();
  }

  override _final(callback: () => void): void {
    this.peer?.push(null);
    callback();
  }
}

void t.test('a Duplex that holds on to what it was given', async (t) => {
  const { authority, leaf } = await credentials();
  const [near, far] = [new Holding(), new Holding()];
  near.peer = far;
  far.peer = near;
  const served = new TLSSocket(far, { isServer: true, secureContext: createSecureContext(leaf) });
  const client = connect({ socket: near, ca: authority.cert, servername: 'localhost' });
  await once(client, 'secureConnect');
  near.pause();
  const bytes = 2_000_000;
  const sent = sendPattern(served, bytes).then(() => served.end());
  const check = new PatternCheck();
  for await (const chunk of client) {
    check.accept(chunk as Buffer);
    await sleep(0);
  }
  await sent;
  t.equal(check.received, bytes);
});

/** Gives its peer everything in one piece, once it is released. */
class Damming extends Holding {
  held: Buffer[] | undefined;

  override _write(chunk: Buffer, encoding: string, callback: () => void): void {
    if (this.held === undefined) {
      super._write(chunk, encoding, callback);
      return;
    }
    this.held.push(chunk);
    callback();
  }

  override _final(callback: () => void): void {
    callback();
  }

  release(): void {
    this.peer?.push(Buffer.concat(this.held ?? []));
    this.peer?.push(null);
  }
}

void t.test('an end of our own while much is unread', async (t) => {
  const { authority, leaf } = await credentials();
  const near = new Holding();
  const far = new Damming();
  near.peer = far;
  far.peer = near;
  const served = new TLSSocket(far, { isServer: true, secureContext: createSecureContext(leaf), allowHalfOpen: true });
  const client = connect({ socket: near, ca: authority.cert, servername: 'localhost', allowHalfOpen: true });
  await once(client, 'secureConnect');
  far.held = [];
  const bytes = 2_000_000;
  await sendPattern(served, bytes);
  served.end();
  await once(served, 'finish');
  far.release();
  // One chunk of 2 MB is more than the engine hands out in one call.
  await once(client, 'readable');
  client.end('over');
  await once(client, 'finish');
  const check = new PatternCheck();
  for await (const chunk of client) {
    check.accept(chunk as Buffer);
    await sleep(0);
  }
  t.equal(check.received, bytes);
  served.destroy();
});

void t.test("read() inside of 'data' neither reorders nor loses", async (t) => {
  const { client, served } = await connectedPair(t, {}, { highWaterMark: 1024 * 1024 });
  const bytes = 8_000_000;
  const check = new PatternCheck();
  client.on('data', (chunk: Buffer) => {
    check.accept(chunk);
    client.read(0);
  });
  const done = once(client, 'end');
  await sendPattern(served, bytes, 1_000_000);
  served.end();
  await done;
  t.equal(check.received, bytes);
});

void t.test('listeners that throw lose nothing for those who go on', (t) => {
  const program = `
    import { once } from 'node:events';
    import { connect, createServer } from 'pqtls';
    import { Authority } from './dist/cli/demo-authority.js';
    process.on('uncaughtException', () => {});
    const authority = await Authority.create();
    const server = createServer(await authority.issue(), (socket) => { socket.end(Buffer.alloc(1_000_000, 7)); socket.resume(); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect({ port: server.address().port, host: '127.0.0.1', ca: authority.cert, servername: 'localhost' });
    client.on('secureConnect', () => { throw new Error('one'); });
    let received = 0;
    client.on('data', (chunk) => { received += chunk.length; throw new Error('two'); });
    let written = false;
    client.write('early', () => { written = true; });
    client.on('end', () => { console.log(received, written); process.exit(0); });
    setTimeout(() => { console.log('hangs after', received); process.exit(1); }, 20_000).unref();`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: projectDir,
    encoding: 'utf8',
  });
  t.equal(stdout.trim(), '1000000 true');
  t.end();
});

void t.test('a transport that is paused, at its end or gone', async (t) => {
  const { leaf } = await credentials();
  const secureContext = createSecureContext(leaf);
  const upgraded: TLSSocket[] = [];
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    upgraded.push(new TLSSocket(socket, { isServer: true, secureContext }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await dial(t, (server.address() as net.AddressInfo).port);
  await once(client, 'secureConnect');
  t.pass('a paused transport is resumed');
  for (const socket of [client, ...upgraded]) socket.destroy();
  server.close();

  const gone = new Holding();
  gone.destroy();
  t.same(await once(connect({ socket: gone }), 'close'), [false], 'nothing was tried');
  const over = new Holding();
  over.push(null);
  over.resume();
  await once(over, 'end');
  t.match(shownError(await errorOf(connect({ socket: over }))), { class: 'UnexpectedEofError', code: 'ECONNRESET' });
  t.throws(() => connect({ socket: {} as never }), { code: 'ERR_INVALID_ARG_TYPE' });
});

void t.test("'close' comes over a transport that does not emit it", async (t) => {
  const silent = new Duplex({ emitClose: false, read() {}, write: (_chunk, _encoding, callback) => callback() });
  const socket = connect({ socket: silent });
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
  t.pass('closed');
});

void t.test('destroy() while the transport takes a write', async (t) => {
  const { authority, leaf } = await credentials();
  for (let nth = 1; nth <= 3; nth++) {
    let writes = 0;
    const [near, far] = [new Holding(), new Holding()];
    near.peer = far;
    far.peer = near;
    const served = new TLSSocket(far, { isServer: true, secureContext: createSecureContext(leaf) });
    served.on('error', () => {});
    const client: TLSSocket = connect({ socket: near, ca: authority.cert, servername: 'localhost' });
    const write = near._write.bind(near);
    near._write = (chunk: Buffer, encoding: string, callback: () => void) => {
      writes += 1;
      if (writes === nth) client.destroy();
      write(chunk, encoding, callback);
    };
    client.on('secureConnect', () => client.end('x'));
    await finished(client).catch(() => {});
    served.destroy();
    t.ok(client.destroyed, `write ${nth}`);
  }
});

void t.test('versions follow the cipher suites', async (t) => {
  const { server, port } = await listen(t, { ciphers: 'TLS_AES_256_GCM_SHA384' });
  const failed = errorOf(server, 'tlsClientError');
  const old = await dial(t, port, { maxVersion: 'TLSv1.2' });
  t.match(await errorOf(old), { alertReceived: 'protocol_version' });
  t.match(await failed, { code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' });
  const { client } = await connectedPair(t, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=1' });
  t.equal(client.getProtocol(), 'TLSv1.3');
});

void t.test('checkServerIdentity: anything falsy accepts', async (t) => {
  const { port } = await listen(t);
  for (const answer of [undefined, null, false, 0, '']) {
    const client = await dial(t, port, { checkServerIdentity: () => answer as undefined });
    await once(client, 'secureConnect');
    t.equal(client.authorized, true);
    client.destroy();
  }
  const refused = await dial(t, port, { checkServerIdentity: () => 'no' as never });
  t.equal(await errorOf(refused), 'no', 'all else refuses, and is the error itself, as in node:tls');
  t.equal(refused.authorized, false);
});

void t.test('exporters bind their context, whatever view it comes in', async (t) => {
  const { client } = await connectedPair(t);
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const plain = client.exportKeyingMaterial(32, 'EXPORTER-x', bytes);
  t.same(client.exportKeyingMaterial(32, 'EXPORTER-x', new DataView(bytes.buffer)), plain);
  t.same(client.exportKeyingMaterial(32, 'EXPORTER-x', new Uint16Array(bytes.buffer)), plain);
  t.notSame(client.exportKeyingMaterial(32, 'EXPORTER-x'), plain);
  for (const bad of ['text', {}, bytes.buffer]) {
    t.throws(() => client.exportKeyingMaterial(32, 'EXPORTER-x', bad as never), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const length of [0, -1, 1.5]) {
    t.throws(() => client.exportKeyingMaterial(length, 'EXPORTER-x'), { code: 'ERR_OUT_OF_RANGE' });
  }
  t.throws(() => client.exportKeyingMaterial(32, 5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
});

void t.test('weak certificates are refused', async (t) => {
  const { authority } = await credentials();
  for (const [options, code] of [
    [{ kind: 'RSA-1024' }, 'EE_KEY_TOO_SMALL'],
    [{ signatureHash: 'SHA-1' }, 'CA_MD_TOO_WEAK'],
  ] as const) {
    // A server of our own would refuse to show the short key at the default level.
    const { port } = await listen(t, { ...(await authority.issue(options)), ciphers: 'DEFAULT:@SECLEVEL=0' });
    t.match(shownError(await errorOf(await dial(t, port))), { class: 'CertificateError', code });
  }
});

void t.test('bad values of options are refused at once', (t) => {
  t.throws(() => createServer({ secureContext: {} as never }), { code: 'ERR_TLS_INVALID_CONTEXT' });
  t.throws(() => connect({ socket: new Holding(), servername: 'x'.repeat(300) }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => connect({ socket: new Holding(), ALPNProtocols: Uint8Array.of(5, 1) }), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  t.end();
});

void t.test('a truthy requestCert asks; without a certificate the server says why it is not authorized', async (t) => {
  const authority = await Authority.create();
  const { served } = await connectedPair(t, { requestCert: 1 as never, rejectUnauthorized: false, ca: authority.cert });
  t.equal(served.authorized, false);
  t.equal(served.authorizationError, 'UNABLE_TO_GET_ISSUER_CERT');
});

void t.test('a close_notify in the handshake ends it, on both sides', async (t) => {
  const closeNotify = Buffer.from('15030100020100', 'hex');
  const { server, port } = await listen(t);
  const refused = errorOf(server, 'tlsClientError');
  // The connection stays open: nothing but the alert says that it is over.
  const tcp = net.connect(port, '127.0.0.1');
  tcp.on('error', () => {});
  tcp.write(closeNotify);
  t.match(await refused, { code: 'ERR_SSL_UNEXPECTED_MESSAGE', alertSent: 'unexpected_message' });
  tcp.destroy();

  const plain = net.createServer((socket) => socket.once('data', () => socket.write(closeNotify)));
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  t.teardown(() => plain.close());
  const client = await dial(t, (plain.address() as net.AddressInfo).port);
  t.match(await errorOf(client), { code: 'ECONNRESET' });
});

/** A ClientHello with one more byte at the end of its server_name, in a record of its own. */
function withTrailingByte(record: Buffer): Buffer {
  // Record and handshake headers, version, random, session id, cipher suites, compression methods.
  let at = 5 + 4 + 2 + 32;
  at += 1 + record.readUInt8(at);
  at += 2 + record.readUInt16BE(at);
  at += 1 + record.readUInt8(at);
  const name = record.indexOf('localhost');
  // Lengths of the name and its type, of the list, and of the extension stand before it.
  const extension = name - 7;
  const end = extension + 2 + record.readUInt16BE(extension);
  const longer = Buffer.concat([record.subarray(0, end), Buffer.of(0), record.subarray(end)]);
  for (const field of [3, 7, at, extension]) longer.writeUInt16BE(longer.readUInt16BE(field) + 1, field);
  return longer;
}

void t.test('an extension that AWS-LC refuses without a word does not parse', async (t) => {
  const plain = net.createServer();
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  t.teardown(() => plain.close());
  const client = await dial(t, (plain.address() as net.AddressInfo).port, { groups: 'X25519' });
  const [accepted] = (await once(plain, 'connection')) as [net.Socket];
  const [hello] = (await once(accepted, 'data')) as [Buffer];
  client.destroy();

  const { server, port } = await listen(t);
  const refused = errorOf(server, 'tlsClientError');
  const tcp = net.connect(port, '127.0.0.1');
  tcp.on('error', () => {});
  tcp.write(withTrailingByte(hello));
  const error = await refused;
  t.ok(error instanceof InvalidMessageError, error.message);
  // AWS-LC tells its alert alone.
  const told =
    engineUnderTest === 'typescript'
      ? { code: 'ERR_SSL_BAD_EXTENSION', engineReason: 'ERROR_PARSING_EXTENSION' }
      : { code: 'ERR_SSL_LENGTH_MISMATCH', engineReason: 'DECODE_ERROR' };
  t.match(error, { ...told, alertSent: 'decode_error' });
  tcp.destroy();
});
