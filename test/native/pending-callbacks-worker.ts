// A worker whose handshakes wait for answers of every callback of a server, until it is terminated.

import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { connect, createSecureContext, createServer, type ConnectionOptions, type TlsServerOptions } from 'pqtls';

const { cert, key, ca, seed } = workerData as { cert: string; key: string; ca: string; seed: number };
const secureContext = createSecureContext({ cert, key });
const psk = { psk: Buffer.alloc(32, 1), identity: 'worker' };
const kinds = ['SNICallback', 'ALPNCallback', 'pskCallback', 'newSession', 'resumeSession', 'OCSPRequest'] as const;
type Kind = (typeof kinds)[number];
const seen = new Map<Kind, number>();
let turn = seed;

/** Told of while AWS-LC waits; some are never answered, others after a moment, when the thread may be gone. */
function wait(kind: Kind, answer: () => void): void {
  seen.set(kind, (seen.get(kind) ?? 0) + 1);
  if (seen.size === kinds.length && [...seen.values()].every((count) => count >= 2)) parentPort?.postMessage('ready');
  turn += 1;
  if (turn % 7 === 0) return;
  if (turn % 3 === 0) setImmediate(answer);
  else setTimeout(answer, turn % 5);
}

/** ALPNCallback and pskCallback answer at once: a moment of work makes it likely that the thread ends within. */
function work<T>(kind: Kind, answer: T): T {
  wait(kind, () => {});
  for (let round = 0; round < 3; round += 1) createSecureContext({ ca: [] });
  return answer;
}

async function listening(options: TlsServerOptions): Promise<ReturnType<typeof createServer>> {
  const server = createServer({ cert, key, ...options }, (socket) => socket.pipe(socket));
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const sni = await listening({
  SNICallback: (_name, done) => wait('SNICallback', () => done(null, secureContext)),
  ALPNCallback: ({ protocols }) => work('ALPNCallback', protocols[0]),
});
sni.on('OCSPRequest', (_cert: Buffer, _issuer: Buffer, done: (error: null, response: Buffer) => void) =>
  wait('OCSPRequest', () => done(null, Buffer.from('response'))),
);
// External PSKs and sessions by ID are TLS 1.2's.
const suites = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-PSK-CHACHA20-POLY1305' } as const;
const keyed = await listening({ ...suites, pskCallback: () => work('pskCallback', psk.psk) });
const stored = await listening({ maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET });
const store = new Map<string, Buffer>();
stored.on('newSession', (id: Buffer, data: Buffer, done: () => void) => {
  store.set(id.toString('hex'), data);
  wait('newSession', done);
});
stored.on('resumeSession', (id: Buffer, done: (error: null, data: Buffer | null) => void) =>
  wait('resumeSession', () => done(null, store.get(id.toString('hex')) ?? null)),
);

const ports = [sni, keyed, stored].map((server) => (server.address() as AddressInfo).port);
let session: Buffer | undefined;

// In milliseconds without a byte. On an emulated processor a step of a handshake takes longer than is waited at first.
let patience = 40;

/** One client after the other; what is not answered is given up. */
async function dial(port: number | undefined, options: () => ConnectionOptions): Promise<never> {
  for (;;) {
    const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options() });
    client.on('error', () => {});
    client.on('session', (fresh: Buffer) => (session = fresh));
    client.on('secureConnect', () => client.end('ping'));
    client.setTimeout(patience, () => {
      patience = Math.min(patience * 1.5, 4000);
      client.destroy();
    });
    client.resume();
    await new Promise((resolve) => client.once('close', resolve));
  }
}

await Promise.all([
  ...Array.from({ length: 3 }, () => dial(ports[0], () => ({ ALPNProtocols: ['a', 'b'], requestOCSP: true }))),
  dial(ports[1], () => ({ ...suites, pskCallback: () => psk, checkServerIdentity: () => undefined })),
  ...Array.from({ length: 2 }, () => dial(ports[2], () => ({ session, maxVersion: 'TLSv1.2' }))),
]);
