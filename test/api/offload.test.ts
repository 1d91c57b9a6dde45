// `offload`: which signatures run on the threadpool, and what others on the same thread notice of them.

import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import { connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import t from 'tap';
import {
  connect,
  createSecureContext,
  TLSSocket,
  type ConnectionOptions,
  type OffloadMode,
  type SecureContext,
} from 'pqtls';
import { certificates } from '../support/certificates.js';
import { duplexPair } from '../support/duplex-pair.js';
import { selfSigned } from '../support/mldsa-certificate.js';
import { connectedPair, dial, listen } from '../support/tls-server.js';

const { ca, leaf, rsa, client: clientLeaf } = await certificates();
const mldsa = selfSigned('ML-DSA-65');

const identities = {
  'P-256': { cert: leaf.cert, key: leaf.key, ca: ca.cert },
  'RSA-2048': { cert: rsa.cert, key: rsa.key, ca: ca.cert },
  'ML-DSA-65': { ...mldsa, ca: mldsa.cert },
} as const;

// What runs where while nothing else is open, and while another connection is established: one at a time.
const expected: Record<OffloadMode, Record<keyof typeof identities, [alone: string, beside: string]>> = {
  never: { 'P-256': ['inline', 'inline'], 'RSA-2048': ['inline', 'inline'], 'ML-DSA-65': ['inline', 'inline'] },
  auto: { 'P-256': ['inline', 'inline'], 'RSA-2048': ['inline', 'threadpool'], 'ML-DSA-65': ['inline', 'inline'] },
  always: {
    'P-256': ['threadpool', 'threadpool'],
    'RSA-2048': ['threadpool', 'threadpool'],
    'ML-DSA-65': ['threadpool', 'threadpool'],
  },
};

for (const mode of ['never', 'auto', 'always'] as const) {
  for (const name of ['P-256', 'RSA-2048', 'ML-DSA-65'] as const) {
    void t.test(`${mode}, ${name}`, async (t) => {
      const { ca: trusted, ...own } = identities[name];
      const options = { ...own, offload: mode };
      for (const where of expected[mode][name]) {
        // The second finds the first established.
        const { served } = await connectedPair(t, options, { ca: trusted });
        t.equal(served.getHandshakeInfo()?.signatureRanOn, where);
      }
    });
  }
}

// Where the signatures of handshakes of one turn of the event loop ran.
async function placesOfOneTurn(secureContext: SecureContext, count: number): Promise<(string | undefined)[]> {
  const pairs = Array.from({ length: count }, () => overDuplex(secureContext));
  await Promise.all(pairs.map(async ({ served }) => once(served, 'secure')));
  const places = pairs.map(({ served }) => served.getHandshakeInfo()?.signatureRanOn);
  for (const { client, served } of pairs) {
    client.destroy();
    served.destroy();
  }
  return places;
}

void t.test("'auto' is the default, and moves what others would have to wait for", async (t) => {
  for (const name of ['RSA-2048', 'ML-DSA-65', 'P-256'] as const) {
    const { cert, key } = identities[name];
    const secureContext = createSecureContext({ cert, key });
    t.same(await placesOfOneTurn(secureContext, 1), ['inline'], `${name}: nobody waits`);
    const established = overDuplex(secureContext);
    await once(established.served, 'secure');
    await new Promise((resolve) => setImmediate(resolve));
    const first = name === 'RSA-2048' ? 'threadpool' : 'inline';
    const moved = name === 'P-256' ? 'inline' : 'threadpool';
    t.same(await placesOfOneTurn(secureContext, 3), [first, moved, moved], `${name}: an established one would`);
    established.client.destroy();
    established.served.destroy();
    t.same(await placesOfOneTurn(secureContext, 1), ['inline'], `${name}: it is gone`);
  }
});

for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
  void t.test(`both sides on the threadpool, ${maxVersion}`, async (t) => {
    const offload = 'always';
    const { client, served } = await connectedPair(
      t,
      { cert: rsa.cert, key: rsa.key, requestCert: true, ca: ca.cert, offload, maxVersion },
      { ca: ca.cert, cert: clientLeaf.cert, key: clientLeaf.key, offload },
    );
    t.equal(client.getHandshakeInfo()?.signatureRanOn, 'threadpool');
    t.equal(served.getHandshakeInfo()?.signatureRanOn, 'threadpool');
    t.equal(served.authorized, true);
  });
}

void t.test('over a Duplex', async (t) => {
  const [near, far] = duplexPair();
  const secureContext = createSecureContext({ cert: rsa.cert, key: rsa.key, offload: 'always' });
  const served = new TLSSocket(far, { isServer: true, secureContext });
  const client = connect({ socket: near, ca: ca.cert, servername: 'localhost' });
  await once(served, 'secure');
  t.match(served.getHandshakeInfo(), { transport: 'stream', signatureRanOn: 'threadpool' });
  client.destroy();
  served.destroy();
});

void t.test('chains of every kind side by side, chosen by the client', async (t) => {
  const chains = { cert: [rsa.cert, leaf.cert, mldsa.cert], key: [rsa.key, leaf.key, mldsa.key] };
  for (const reverse of [false, true]) {
    const cert = reverse ? [...chains.cert].reverse() : chains.cert;
    for (const [sigalgs, scheme] of [
      ['ecdsa_secp256r1_sha256', 'ecdsa_secp256r1_sha256'],
      ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha256'],
      ['mldsa65', 'mldsa65'],
    ] as const) {
      const { served } = await connectedPair(
        t,
        { cert, key: chains.key, offload: 'always' },
        { sigalgs, ca: [ca.cert, mldsa.cert], rejectUnauthorized: false },
      );
      t.match(served.getHandshakeInfo(), { signatureScheme: scheme, signatureRanOn: 'threadpool' });
    }
  }
});

void t.test('RSA key transport of TLS 1.2 goes on', async (t) => {
  const { served } = await connectedPair(
    t,
    { cert: rsa.cert, key: rsa.key, offload: 'always', ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
    { ca: ca.cert, ciphers: 'AES128-GCM-SHA256' },
  );
  t.equal(served.getHandshakeInfo()?.signatureRanOn, undefined);
});

void t.test('AsyncLocalStorage and order are those of an inline handshake', async (t) => {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const { port } = await listen(t, { cert: rsa.cert, key: rsa.key, offload: 'always' }, (socket) => socket.end());
  const options: ConnectionOptions = { host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' };
  const client = storage.run('mine', () =>
    connect({ ...options, offload: 'always', cert: clientLeaf.cert, key: clientLeaf.key }, () => {
      seen.push(storage.getStore());
      process.nextTick(() => seen.push('tick'));
      queueMicrotask(() => seen.push('microtask'));
    }),
  );
  client.resume();
  await once(client, 'close');
  t.same(seen, ['mine', 'tick', 'microtask']);
});

void t.test('a connection that is destroyed while it is signed for', async (t) => {
  const { server, port } = await listen(t, { cert: rsa.cert, key: rsa.key, offload: 'always' });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}));
  for (let nth = 0; nth < 40; nth++) {
    const client = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
    client.on('error', () => {});
    const accepted = once(server, 'connection');
    await once(client, 'connect');
    await accepted;
    if (nth % 2 === 0) await new Promise(setImmediate);
    client.destroy();
  }
  const fine = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
  await once(fine, 'secureConnect');
  fine.destroy();
});

/** What a client of ours sends first. */
async function clientHello(): Promise<Buffer> {
  const [near, far] = duplexPair();
  const client = connect({ socket: near, ca: ca.cert, servername: 'localhost' }).on('error', () => {});
  const [hello] = (await once(far, 'data')) as [Buffer];
  client.destroy();
  return hello;
}

/** Keeps every thread of the pool busy until the returned promise is there. */
function occupyThreadpool(): Promise<unknown> {
  const derive = promisify(pbkdf2);
  return Promise.all(Array.from({ length: 4 }, () => derive('', '', 400_000, 32, 'sha512')));
}

// No listener of `connection`: the handshake is the addon's alone, where it can be.
void t.test('peers that leave while they are signed for, before there is a socket for them', async (t) => {
  const hello = await clientHello();
  const { server, port } = await listen(t, { cert: rsa.cert, key: rsa.key, offload: 'always' });
  const failures: unknown[] = [];
  server.on('tlsClientError', (error) => failures.push(error));
  for (const leave of [(raw: Socket) => raw.end(), (raw: Socket) => raw.resetAndDestroy()]) {
    const occupied = occupyThreadpool();
    const peers = Array.from({ length: 20 }, () => netConnect(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(peers.map((raw) => once(raw, 'connect')));
    await Promise.all(peers.map((raw) => new Promise((resolve) => raw.write(hello, resolve))));
    await new Promise(setImmediate);
    for (const raw of peers) leave(raw.resume());
    await occupied;
    while (failures.length < peers.length) await once(server, 'tlsClientError');
    failures.length = 0;
  }
  const client = await dial(t, port, { ca: ca.cert });
  await once(client, 'secureConnect');
  client.destroy();
});

void t.test('handshakeTimeout ends the wait for the threadpool', async (t) => {
  const { server, port } = await listen(t, { cert: rsa.cert, key: rsa.key, offload: 'always', handshakeTimeout: 50 });
  const occupied = occupyThreadpool();
  const client = await dial(t, port, { ca: ca.cert });
  client.on('error', () => {});
  const [error] = (await once(server, 'tlsClientError')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
  // Its signature comes when nobody waits for it any more.
  await occupied;
  const next = await dial(t, port, { ca: ca.cert });
  await once(next, 'secureConnect');
  next.destroy();
});

void t.test('a server that closes meanwhile finishes what it has begun', async (t) => {
  const { server, port } = await listen(t, { cert: rsa.cert, key: rsa.key, offload: 'always' }, (socket) =>
    socket.end('served'),
  );
  const occupied = occupyThreadpool();
  const client = await dial(t, port, { ca: ca.cert });
  await once(client, 'connect');
  while (server.connections === 0) await new Promise(setImmediate);
  server.close();
  const [bytes] = (await once(client, 'data')) as [Buffer];
  t.equal(bytes.toString(), 'served');
  client.resume();
  await occupied;
});

function overDuplex(secureContext: SecureContext): { served: TLSSocket; client: TLSSocket; far: Duplex } {
  const [near, far] = duplexPair();
  const served = new TLSSocket(far, { isServer: true, secureContext });
  const client = connect({ socket: near, ca: [ca.cert, mldsa.cert], servername: 'localhost' });
  return { served, client, far };
}

// Answers that an established connection gets while the same thread's server has a ClientHello and has not answered it.
async function answersMeanwhile(offload: OffloadMode): Promise<number> {
  const { cert, key } = rsa;
  const secureContext = createSecureContext({ cert, key, offload });
  const established = overDuplex(secureContext);
  await once(established.served, 'secure');
  let answers = 0;
  established.served.pipe(established.served);
  established.client.on('data', () => {
    answers += 1;
    setImmediate(() => established.client.write('ping'));
  });
  established.client.write('ping');
  const pairs = Array.from({ length: 8 }, () => overDuplex(secureContext));
  const meanwhile = pairs.map(async ({ far, served }) => {
    let hello: number | undefined;
    let answered: number | undefined;
    far.prependOnceListener('data', () => (hello = answers));
    const write = far.write.bind(far) as (...args: unknown[]) => boolean;
    Reflect.set(far, 'write', (...args: unknown[]) => {
      answered ??= answers;
      return write(...args);
    });
    await once(served, 'secure');
    return (answered ?? 0) - (hello ?? 0);
  });
  const counts = await Promise.all(meanwhile);
  for (const { client, served } of [established, ...pairs]) {
    client.destroy();
    served.destroy();
  }
  return counts.reduce((sum, count) => sum + count, 0);
}

void t.test('an established connection is served while others are signed for', async (t) => {
  t.equal(await answersMeanwhile('never'), 0, 'nothing else runs during an inline signature');
  const meanwhile = await answersMeanwhile('always');
  t.ok(meanwhile > 0, `${meanwhile} answers during the signatures of 8 handshakes`);
});

void t.test('a peer that leaves, or sends too much, while it is signed for', async (t) => {
  const sign = () => new Promise<Uint8Array>(() => {});
  const secureContext = createSecureContext({ cert: rsa.cert, sign });
  const [near, far] = duplexPair();
  const served = new TLSSocket(far, { isServer: true, secureContext });
  served.on('error', () => {});
  let hello = Buffer.alloc(0);
  const other = duplexPair();
  connect({ socket: other[0], ca: ca.cert, servername: 'localhost' }).on('error', () => {});
  other[1].on('data', (chunk: Buffer) => (hello = Buffer.concat([hello, chunk])));
  await new Promise((resolve) => setImmediate(resolve));
  near.write(hello);
  const sent = 4096 * 100;
  for (let nth = 0; nth < 100; nth++) near.write(Buffer.alloc(4096, 23));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(far.isPaused(), 'the transport is not read without end');
  t.ok(near.writableLength > sent / 2, `${near.writableLength} bytes of ${sent} are still to be taken`);
  near.destroy();
  served.destroy();
  other[0].destroy();
});
