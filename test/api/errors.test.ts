// Bad input and bad peers: each a typed error with a code and the right alert, never a crash, a hang or a leaked handle.

import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import {
  connect,
  createSecureContext,
  createServer,
  CertificateError,
  HandshakeTimeoutError,
  InvalidMessageError,
  PeerIncompatibleError,
  TlsError,
  TLSSocket,
  UnexpectedEofError,
  type ConnectionOptions,
} from 'pqtls';
import { Authority } from '#src/cli/demo-authority.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';
import { shownError } from '../support/shown-error.js';
import { engineUnderTest } from '../support/engine-under-test.js';

/** Handles that keep a process alive; a leak shows as one that stays. */
async function openHandles(): Promise<string[]> {
  let kinds: string[] = [];
  for (let round = 0; round < 200; round++) {
    await turn();
    kinds = process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Timeout/.test(kind));
    if (kinds.length === 0) break;
  }
  return kinds;
}

/** A plain TCP server that does as it likes. */
async function rawServer(t: Test, onConnection: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

void t.test('garbage instead of TLS, to a server', async (t) => {
  const cases: [string, string, string][] = [
    ['GET / HTTP/1.1\r\n\r\n', 'ERR_SSL_HTTP_REQUEST', 'a plain HTTP request'],
    ['CONNECT a:1 HTTP/1.1\r\n\r\n', 'ERR_SSL_HTTPS_PROXY_REQUEST', 'a proxy request'],
    ['\x00\x01\x02\x03\x04\x05\x06\x07'.repeat(64), 'ERR_SSL_WRONG_VERSION_NUMBER', 'bytes'],
  ];
  for (const [bytes, code, what] of cases) {
    const { server, port } = await listen(t);
    const failed = errorOf(server, 'tlsClientError');
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.end(bytes);
    const error = await failed;
    t.type(error, InvalidMessageError, what);
    t.match(error, { code, phase: 'handshake', engine: engineUnderTest }, what);
    await once(socket, 'close');
  }
});

void t.test('a ClientHello whose length lies, one byte at a time, and random records', async (t) => {
  const { server, port } = await listen(t);
  const bad = [
    Buffer.concat([Buffer.from('160301000401000000', 'hex')]),
    Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(0x1f9, 0xff)]),
    Buffer.concat([Buffer.from('16030100050100fffff0', 'hex')]),
    Buffer.from('15030300020228', 'hex'),
    Buffer.from('1703030005aabbccddee', 'hex'),
  ];
  for (const bytes of bad) {
    const failed = errorOf(server, 'tlsClientError');
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    for (const byte of bytes) socket.write(Uint8Array.of(byte));
    socket.end();
    const error = await failed;
    t.ok(error instanceof TlsError, `${error.constructor.name} ${error.code}`);
    t.match(error, { code: /^(ERR_SSL_|ECONNRESET)/ });
    await once(socket, 'close');
  }
});

void t.test('garbage instead of TLS, to a client', async (t) => {
  const cases = {
    'HTTP/1.1 400 Bad Request\r\n\r\n': /answered in plain HTTP/,
    'SSH-2.0-OpenSSH_9.9\r\n': /does not speak TLS/,
    ['\xff'.repeat(2000)]: /does not speak TLS/,
  };
  for (const [bytes, message] of Object.entries(cases)) {
    const port = await rawServer(t, (socket) => socket.end(bytes, 'latin1'));
    const client = await dial(t, port);
    const error = await errorOf(client);
    t.type(error, InvalidMessageError);
    t.match(error, { code: 'ERR_SSL_WRONG_VERSION_NUMBER', phase: 'handshake', message });
    await once(client, 'close');
  }
});

void t.test('a peer that closes in mid-handshake', async (t) => {
  const half = await rawServer(t, (socket) => socket.once('data', () => socket.end()));
  const client = await dial(t, half);
  const error = await errorOf(client);
  t.type(error, UnexpectedEofError);
  t.match(error, { code: 'ECONNRESET', phase: 'handshake' });

  const reset = await rawServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  t.match(await errorOf(await dial(t, reset)), { code: 'ECONNRESET' });

  const { server, port } = await listen(t);
  for (const bytes of ['', '16030100', '160301020001']) {
    const failed = errorOf(server, 'tlsClientError');
    const socket = net.connect(port, '127.0.0.1');
    socket.end(Buffer.from(bytes, 'hex'));
    t.match(shownError(await failed), { class: 'UnexpectedEofError', code: 'ECONNRESET' }, `after '${bytes}'`);
  }
});

void t.test('a server that cuts its flight at any byte', async (t) => {
  const { leaf } = await credentials();
  const context = createSecureContext(leaf);
  // What a server sends is recorded from one that is fed a ClientHello, then replayed in part.
  for (const length of [1, 5, 6, 90, 127, 1000, 1300]) {
    const port = await rawServer(t, (socket) => {
      socket.once('data', (hello: Buffer) => {
        const flight: Buffer[] = [];
        const inner = new net.Socket();
        const capture = Object.assign(inner, {
          _read() {},
          _write(chunk: Buffer, _encoding: string, callback: () => void) {
            flight.push(chunk);
            callback();
            socket.end(Buffer.concat(flight).subarray(0, length));
          },
        });
        const served = new TLSSocket(capture, { isServer: true, secureContext: context });
        served.on('error', () => {});
        capture.push(hello);
      });
    });
    const client = await dial(t, port);
    const error = await errorOf(client);
    t.match(error, { code: 'ECONNRESET', phase: 'handshake' }, `${length} bytes`);
  }
});

void t.test('certificates that are not to be trusted', async (t) => {
  const { authority } = await credentials();
  const stranger = await Authority.create('stranger');
  const yesterday = new Date(Date.now() - 86_400_000);
  const lastWeek = new Date(Date.now() - 7 * 86_400_000);
  const rows = [
    {
      what: 'an unknown CA',
      leaf: await stranger.issue(),
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      alert: 'unknown_ca',
    },
    {
      what: 'a name that does not match',
      leaf: await authority.issue({ names: ['other.test'] }),
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      alert: 'bad_certificate',
    },
    {
      what: 'an expired certificate',
      leaf: await authority.issue({ notBefore: lastWeek, notAfter: yesterday }),
      code: 'CERT_HAS_EXPIRED',
      alert: 'certificate_expired',
    },
    {
      what: 'a certificate of tomorrow',
      leaf: await authority.issue({ notBefore: new Date(Date.now() + 86_400_000) }),
      code: 'CERT_NOT_YET_VALID',
      alert: 'bad_certificate',
    },
  ];
  for (const { what, leaf, code, alert } of rows) {
    const { server, port } = await listen(t, leaf);
    const seen = errorOf(server, 'tlsClientError');
    const client = await dial(t, port);
    client.on('secureConnect', () => t.fail('must not connect'));
    const error = await errorOf(client);
    t.equal(error.code, code, what);
    t.type(error, CertificateError);
    t.match(error, { phase: 'handshake', engine: engineUnderTest, alertSent: alert });
    t.equal(client.authorized, false);
    t.match(
      shownError(await seen),
      { class: 'AlertReceivedError', alertReceived: alert },
      `the server hears of ${what}`,
    );

    const trusting = await dial(t, port, { rejectUnauthorized: false });
    await once(trusting, 'secureConnect');
    t.equal(trusting.authorized, false);
    t.equal(trusting.authorizationError, code);
    trusting.destroy();
  }
});

void t.test('verification is on by default: no ca means the roots of Node', async (t) => {
  const { port } = await listen(t);
  const client = await dial(t, port, { ca: undefined });
  t.match(await errorOf(client), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});

void t.test('checkServerIdentity: its own error is the one', async (t) => {
  const { port } = await listen(t);
  const refusing = await dial(t, port, {
    checkServerIdentity: () => Object.assign(new Error('pin'), { code: 'E_PIN' }),
  });
  t.match(await errorOf(refusing), { message: 'pin', code: 'E_PIN' });
  const names: string[] = [];
  const asking = await dial(t, port, {
    checkServerIdentity: (name, certificate) => {
      names.push(name, certificate.subjectaltname ?? '');
      return undefined;
    },
  });
  await once(asking, 'secureConnect');
  t.same(names, ['localhost', 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1']);
});

void t.test('nothing in common', async (t) => {
  const rows: { what: string; server: object; client: ConnectionOptions; code: string; alert: string }[] = [
    {
      what: 'groups',
      server: { groups: ['SecP384r1MLKEM1024'] },
      client: { groups: ['X25519'] },
      code: 'ERR_SSL_NO_SUITABLE_KEY_SHARE',
      alert: 'handshake_failure',
    },
    {
      what: 'versions',
      server: { minVersion: 'TLSv1.3' },
      client: { maxVersion: 'TLSv1.2' },
      code: 'ERR_SSL_UNSUPPORTED_PROTOCOL',
      alert: 'protocol_version',
    },
  ];
  for (const { what, server: options, client: clientOptions, code, alert } of rows) {
    const { server, port } = await listen(t, options);
    const failed = errorOf(server, 'tlsClientError');
    const client = await dial(t, port, clientOptions);
    t.match(shownError(await errorOf(client)), { class: 'AlertReceivedError', alertReceived: alert }, what);
    const error = await failed;
    t.type(error, PeerIncompatibleError);
    t.match(error, { code, alertSent: alert }, what);
  }
});

void t.test('a handshake that does not finish times out', async (t) => {
  const { server, port } = await listen(t, { handshakeTimeout: 100 });
  const failed = errorOf(server, 'tlsClientError');
  const silent = net.connect(port, '127.0.0.1');
  silent.resume();
  const error = await failed;
  t.type(error, HandshakeTimeoutError);
  t.match(error, { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
  await once(silent, 'close');

  const deaf = await rawServer(t, () => {});
  const client = await dial(t, deaf, { handshakeTimeout: 100 });
  t.type(await errorOf(client), HandshakeTimeoutError);
});

void t.test('one whose time was over before anybody looked times out without a warning', async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error): number => warnings.push(warning);
  process.on('warning', warn);
  t.teardown(() => process.off('warning', warn));
  const { server, port } = await listen(t, { handshakeTimeout: 100 });
  const failed = errorOf(server, 'tlsClientError');
  const silent = net.connect(port, '127.0.0.1');
  silent.resume();
  await once(silent, 'connect');
  // The server has accepted it by then.
  await sleep(20);
  const until = performance.now() + 200;
  while (performance.now() < until);
  t.match(await failed, { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
  await once(silent, 'close');
  t.same(warnings, []);
});

void t.test('a record that was tampered with', async (t) => {
  const { server, port } = await listen(t);
  const proxy = await rawServer(t, (socket) => {
    const upstream = net.connect(port, '127.0.0.1');
    upstream.on('error', () => {});
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.pipe(socket);
    let armed = false;
    socket.on('data', (chunk: Buffer) => {
      if (armed) chunk.writeUInt8(chunk.readUInt8(chunk.length - 1) ^ 1, chunk.length - 1);
      upstream.write(chunk);
      armed = server.listenerCount('arm') === 0;
    });
    server.on('arm', () => {});
    server.on('secureConnection', () => {
      server.removeAllListeners('arm');
      armed = true;
    });
  });
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = await dial(t, proxy);
  const [served] = await accepted;
  const failed = errorOf(served);
  client.write('to be tampered with');
  t.match(shownError(await failed), { class: 'DecryptError', alertSent: 'bad_record_mac', phase: 'data' });
  t.match(shownError(await errorOf(client)), { class: 'AlertReceivedError', alertReceived: 'bad_record_mac' });
});

void t.test('an address where nobody listens', async (t) => {
  const { server, port } = await listen(t);
  server.close();
  await once(server, 'close');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = await dial(t, port);
  t.match(await errorOf(client), { code: 'ECONNREFUSED' });
});

void t.test('options that are wrong throw at once', async (t) => {
  const { authority, leaf } = await credentials();
  const other = await authority.issue();
  const rows: [string, () => unknown, { code?: string; name?: string; phase?: string; message?: RegExp }][] = [
    [
      'an unknown group',
      () => createSecureContext({ groups: 'X25519MLKEM786' }),
      { code: 'ERR_INVALID_ARG_VALUE', message: /Known groups: .*X25519MLKEM768/ },
    ],
    ['an empty list', () => createSecureContext({ groups: [] }), { code: 'ERR_INVALID_ARG_VALUE' }],
    ['a group twice', () => createSecureContext({ groups: 'P-256:secp256r1' }), { code: 'ERR_INVALID_ARG_VALUE' }],
    ['groups of a wrong type', () => createSecureContext({ groups: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' }],
    [
      'a version',
      () => createSecureContext({ minVersion: 'SSLv3' as never }),
      { code: 'ERR_TLS_INVALID_PROTOCOL_VERSION' },
    ],
    [
      'a certificate that does not parse',
      () => createSecureContext({ cert: 'no PEM', key: leaf.key }),
      { code: 'ERR_OSSL_PEM_NO_START_LINE', phase: 'config' },
    ],
    [
      'a key of another certificate',
      () => createSecureContext({ cert: leaf.cert, key: other.key }),
      { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' },
    ],
    [
      'a key of a wrong type',
      () => createSecureContext({ cert: leaf.cert, key: 1 as never }),
      { code: 'ERR_INVALID_ARG_TYPE' },
    ],
    ['a CA of a wrong type', () => createSecureContext({ ca: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' }],
    ['a cipher', () => createSecureContext({ ciphers: 'TLS_NULL' }), { phase: 'config' }],
    ['a signature scheme', () => createSecureContext({ sigalgs: 'rot13' }), { code: 'ERR_INVALID_ARG_VALUE' }],
    ['ALPN', () => createServer({ ...leaf, ALPNProtocols: [''] }), { code: 'ERR_INVALID_ARG_VALUE' }],
    ['SNICallback', () => createServer({ ...leaf, SNICallback: 'x' as never }), { code: 'ERR_INVALID_ARG_TYPE' }],
    ['handshakeTimeout', () => createServer({ ...leaf, handshakeTimeout: -1 }), { code: 'ERR_OUT_OF_RANGE' }],
    [
      'secureContext',
      () => new TLSSocket(new net.Socket(), { secureContext: {} as never }),
      { code: 'ERR_TLS_INVALID_CONTEXT' },
    ],
    ['connect(true)', () => connect(true as never), { code: 'ERR_INVALID_ARG_TYPE' }],
  ];
  for (const [what, run, expected] of rows) {
    let thrown: unknown;
    try {
      run();
    } catch (error) {
      thrown = error;
    }
    t.match(thrown, expected, what);
  }
});

void t.test('a server without a certificate refuses', async (t) => {
  const server = createServer({});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const failed = errorOf(server, 'tlsClientError');
  const client = await dial(t, (server.address() as AddressInfo).port);
  t.match(shownError(await errorOf(client)), { class: 'AlertReceivedError' });
  t.match(shownError(await failed), { class: 'PeerIncompatibleError' });
  server.close();
});

void t.test('data after the peer ended without close_notify', async (t) => {
  const { client, served } = await connectedPair(t);
  client.resume();
  const ended = once(client, 'end');
  served.destroy();
  await ended;
  t.pass('an end without close_notify is an end, as in node:tls');
});

t.teardown(async () => {
  const left = await openHandles();
  if (left.length > 0) throw new Error(`Handles were leaked: ${left.join(', ')}`);
});
