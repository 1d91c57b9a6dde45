// `sign`: private keys that are elsewhere, on both sides, in TLS 1.3 and 1.2; and answers that are none.

import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { TlsError } from 'pqtls';
import {
  connect,
  createSecureContext,
  SignError,
  TLSSocket,
  type ConnectionOptions,
  type SignCallback,
  type SignRequest,
  type TlsServerOptions,
} from 'pqtls';
import { certificates } from '../support/certificates.js';
import { duplexPair } from '../support/duplex-pair.js';
import { selfSigned } from '../support/mldsa-certificate.js';
import { mldsaSignerOf, signerOf } from '../support/signers.js';
import { connectedPair, errorOf, listen } from '../support/tls-server.js';

const { ca, leaf, rsa, client: clientLeaf } = await certificates();
const pems = [ca.cert];
const later =
  (sign: (request: SignRequest) => Uint8Array): SignCallback =>
  async (request) => {
    await turn();
    return sign(request);
  };

function serverWith(sign: SignCallback, more: TlsServerOptions = {}): TlsServerOptions {
  return { key: undefined, cert: leaf.cert, sign, ...more };
}

async function echoes(t: Test, server: TlsServerOptions, client: ConnectionOptions = {}) {
  const pair = await connectedPair(t, server, { ca: pems, ...client });
  pair.served.pipe(pair.served);
  pair.client.write('ping');
  const [answer] = (await once(pair.client, 'data')) as [Buffer];
  t.equal(String(answer), 'ping');
  return pair;
}

for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
  for (const [name, identity, keyType] of [
    ['P-256', leaf, 'ec'],
    ['RSA-2048', rsa, 'rsa'],
  ] as const) {
    void t.test(`a server's ${name} key elsewhere, ${version}`, async (t) => {
      const requests: SignRequest[] = [];
      const sign = signerOf(identity.key);
      const { client, served } = await echoes(
        t,
        serverWith(
          later((request) => {
            requests.push(request);
            return sign(request);
          }),
          { cert: identity.cert },
        ),
        { maxVersion: version },
      );
      t.equal(client.getProtocol(), version);
      t.equal(served.getHandshakeInfo()?.signatureRanOn, 'callback');
      t.equal(client.getHandshakeInfo()?.signatureRanOn, undefined);
      t.equal(served.getHandshakeInfo()?.transport, client.getHandshakeInfo()?.transport);
      t.equal(requests.length, 1);
      const [request] = requests;
      t.match(request, { keyType, isServer: true, scheme: served.getHandshakeInfo()?.signatureScheme });
      t.equal(request?.certificate.equals(new X509Certificate(identity.cert).raw), true);
      t.equal(request?.signal.aborted, false);
      if (version === 'TLSv1.3') t.ok([130, 146].includes(request?.data.length ?? 0), `${request?.data.length} bytes`);
    });
  }

  void t.test(`a client's key elsewhere, ${version}`, async (t) => {
    let asked: SignRequest | undefined;
    const sign = signerOf(clientLeaf.key);
    const { client, served } = await echoes(
      t,
      { key: leaf.key, cert: leaf.cert, requestCert: true, ca: ca.cert, maxVersion: version },
      { cert: clientLeaf.cert, sign: later((request) => ((asked = request), sign(request))) },
    );
    t.equal(served.authorized, true);
    t.equal(asked?.isServer, false);
    t.equal(client.getHandshakeInfo()?.signatureRanOn, 'callback');
  });
}

void t.test('an ML-DSA key elsewhere', async (t) => {
  const { cert, key } = selfSigned('ML-DSA-65');
  const { served } = await echoes(t, serverWith(mldsaSignerOf('ML-DSA-65', key), { cert }), { ca: cert });
  t.match(served.getHandshakeInfo(), { signatureScheme: 'mldsa65', signatureRanOn: 'callback' });
});

void t.test('several certificates: the request says whose key', async (t) => {
  const mldsa = selfSigned('ML-DSA-65');
  const byCertificate = new Map<string, (request: SignRequest) => Uint8Array>([
    [fingerprint(leaf.cert), signerOf(leaf.key)],
    [fingerprint(rsa.cert), signerOf(rsa.key)],
    [fingerprint(mldsa.cert), mldsaSignerOf('ML-DSA-65', mldsa.key)],
  ]);
  const sign: SignCallback = (request) => {
    const own = byCertificate.get(createHash('sha256').update(request.certificate).digest('hex'));
    if (own === undefined) throw new Error('the certificate is none of ours');
    return own(request);
  };
  const all = [rsa.cert, leaf.cert, mldsa.cert];
  for (const cert of [all, [...all].reverse()]) {
    for (const [sigalgs, scheme] of [
      ['ecdsa_secp256r1_sha256', 'ecdsa_secp256r1_sha256'],
      // The client's CA has a P-256 key.
      ['rsa_pss_rsae_sha256:ecdsa_secp384r1_sha384', 'rsa_pss_rsae_sha256'],
      ['mldsa65', 'mldsa65'],
    ] as const) {
      const { served } = await echoes(t, serverWith(sign, { cert }), { sigalgs, ca: [ca.cert, mldsa.cert] });
      t.equal(served.getHandshakeInfo()?.signatureScheme, scheme);
    }
  }
});

function fingerprint(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

void t.test("the context of an SNICallback brings its own 'sign'", async (t) => {
  const inner = createSecureContext({ cert: rsa.cert, sign: later(signerOf(rsa.key)) });
  const { served } = await echoes(t, {
    key: leaf.key,
    cert: leaf.cert,
    SNICallback: (_name, answer) => answer(null, inner),
  });
  t.match(served.getHandshakeInfo(), { signatureScheme: 'rsa_pss_rsae_sha256', signatureRanOn: 'callback' });
});

void t.test('over a net.Socket and over a Duplex', async (t) => {
  const sign = later(signerOf(leaf.key));
  const context = createSecureContext({ cert: leaf.cert, sign });
  const [near, far] = duplexPair();
  const served = new TLSSocket(far, { isServer: true, secureContext: context });
  const client = connect({ socket: near, ca: ca.cert, servername: 'localhost' });
  await once(served, 'secure');
  t.match(served.getHandshakeInfo(), { transport: 'stream', signatureRanOn: 'callback' });
  client.destroy();
  served.destroy();

  const server = net.createServer((socket) => {
    const tls = new TLSSocket(socket, { isServer: true, secureContext: context });
    tls.on('error', () => {});
    tls.once('secure', () => tls.end(`${tls.getHandshakeInfo()?.transport} ${tls.getHandshakeInfo()?.signatureRanOn}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const other = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
  const [text] = (await once(other, 'data')) as [Buffer];
  t.equal(String(text), 'net callback');
  other.destroy();
  server.close();
});

void t.test('answers that are none end the handshake with internal_error, and the server goes on', async (t) => {
  const good = signerOf(leaf.key);
  const strange = signerOf(clientLeaf.key);
  let next: SignCallback = good;
  const { server, port } = await listen(
    t,
    serverWith((request) => next(request)),
  );
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}));
  const thrown = new Error('the KMS is away');
  const faults: [string, SignCallback, string][] = [
    ['throws', () => raise(thrown), 'ERR_PQTLS_SIGN_FAILED'],
    ['rejects', () => Promise.reject(thrown), 'ERR_PQTLS_SIGN_FAILED'],
    ['a string', () => 'signature' as never, 'ERR_PQTLS_SIGN_INVALID'],
    ['undefined, later', () => Promise.resolve(undefined as never), 'ERR_PQTLS_SIGN_INVALID'],
    ['no bytes', () => new Uint8Array(0), 'ERR_PQTLS_SIGN_INVALID'],
    ['too long', () => new Uint8Array(100_000), 'ERR_PQTLS_SIGN_INVALID'],
    ['longer than the key', (request) => Buffer.concat([good(request), Buffer.alloc(40)]), 'ERR_PQTLS_SIGN_INVALID'],
    ['of another key', strange, 'ERR_PQTLS_SIGN_INVALID'],
    ['of another message', (request) => good({ ...request, data: Buffer.from('no') }), 'ERR_PQTLS_SIGN_INVALID'],
    ['detached', (request) => detached(good(request)), 'ERR_PQTLS_SIGN_INVALID'],
  ];
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    for (const [name, sign, code] of faults) {
      next = sign;
      const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
      const client = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost', maxVersion });
      const [[error], seen] = await Promise.all([failed, errorOf(client)]);
      t.ok(error instanceof SignError, `${name}: ${error.message}`);
      t.match(error, { code, phase: 'handshake', alertSent: 'internal_error' });
      if (code === 'ERR_PQTLS_SIGN_FAILED') t.equal(error.cause, thrown);
      t.match(seen, { alertReceived: 'internal_error' });
      client.destroy();
      next = good;
      const fine = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost', maxVersion });
      await once(fine, 'secureConnect');
      fine.destroy();
    }
  }
});

function raise(error: Error): never {
  throw error;
}

function detached(bytes: Uint8Array): Uint8Array {
  const own = Uint8Array.from(bytes);
  structuredClone(own.buffer, { transfer: [own.buffer] });
  return own;
}

void t.test("a client's bad answer", async (t) => {
  const { port } = await listen(t, { key: leaf.key, cert: leaf.cert, requestCert: true, ca: ca.cert });
  const sign = signerOf(leaf.key);
  const client = connect({
    host: '127.0.0.1',
    port,
    ca: ca.cert,
    servername: 'localhost',
    cert: clientLeaf.cert,
    sign,
  });
  const error = await errorOf(client);
  t.match(error, { code: 'ERR_PQTLS_SIGN_INVALID', alertSent: 'internal_error' });
});

void t.test('the close of the connection aborts the signal, and a late answer is dropped', async (t) => {
  let request: SignRequest | undefined;
  let answer: ((signature: Uint8Array) => void) | undefined;
  const waiting = new Promise<void>((asked) => {
    const sign: SignCallback = (given) => {
      request = given;
      asked();
      return new Promise((resolve) => (answer = resolve));
    };
    void listen(t, serverWith(sign)).then(({ server, port }) => {
      server.on('tlsClientError', () => {});
      const client = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
      client.on('error', () => {});
      void waiting.then(() => client.destroy());
    });
  });
  await waiting;
  const signal = request?.signal;
  if (signal?.aborted === false) await once(signal, 'abort');
  t.equal(signal?.aborted, true);
  if (request !== undefined) answer?.(signerOf(leaf.key)(request));
  await turn();
});

void t.test('handshakeTimeout ends the wait', async (t) => {
  let signal: AbortSignal | undefined;
  const sign: SignCallback = (request) => {
    signal = request.signal;
    return new Promise(() => {});
  };
  const { server, port } = await listen(t, serverWith(sign, { handshakeTimeout: 50 }));
  const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const client = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
  client.on('error', () => {});
  const [error] = await failed;
  t.equal(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
  if (signal?.aborted === false) await once(signal, 'abort');
  t.equal(signal?.aborted, true);
  client.destroy();
});

void t.test('options that do not go together', (t) => {
  const sign = signerOf(leaf.key);
  const { cert, key } = leaf;
  t.throws(() => createSecureContext({ cert, key, sign }), { code: 'ERR_PQTLS_SIGN_WITH_KEY', phase: 'config' });
  t.throws(() => createSecureContext({ sign }), { code: 'ERR_PQTLS_SIGN_WITHOUT_CERT', phase: 'config' });
  t.throws(() => createSecureContext({ cert, sign: 'kms' as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => createSecureContext({ cert, key, offload: 'maybe' as never }), { code: 'ERR_INVALID_ARG_VALUE' });
  const suites = { cert: rsa.cert, maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } as const;
  t.throws(() => createSecureContext({ ...suites, sign }), { code: 'ERR_SSL_NO_CIPHER_MATCH', phase: 'config' });
  t.doesNotThrow(() => createSecureContext({ ...suites, key: rsa.key }));
  t.end();
});

void t.test('RSA key transport is not offered', async (t) => {
  const { server, port } = await listen(t, serverWith(signerOf(rsa.key), { cert: rsa.cert }));
  const failed = once(server, 'tlsClientError') as Promise<[TlsError]>;
  const options = { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } as const;
  const client = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost', ...options });
  client.on('error', () => {});
  const [error] = await failed;
  t.equal(error.code, 'ERR_SSL_NO_SHARED_CIPHER');
});

void t.test('a resumed session asks for no signature', async (t) => {
  let asked = 0;
  const sign = signerOf(leaf.key);
  const { server, port } = await listen(
    t,
    serverWith((request) => ((asked += 1), sign(request))),
  );
  server.on('secureConnection', (socket: TLSSocket) => socket.end('x'));
  const first = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
  first.resume();
  const [session] = (await once(first, 'session')) as [Buffer];
  const second = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost', session });
  await once(second, 'secureConnect');
  t.equal(second.isSessionReused(), true);
  t.equal(asked, 1);
  first.destroy();
  second.destroy();
});
