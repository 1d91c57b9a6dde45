// The Node peer of the interop lab: node:tls of whatever Node runs this file, speaking the lab's protocol (../../peer.ts).

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as tls from 'node:tls';
import type { PeerConfig, PeerReport } from '../../peer.js';

const ioTimeoutMs = 15_000;

// OpenSSL's names of the groups by their numbers. RFC 9846, Section 4.2.7.
const groupNames: Readonly<Record<number, string>> = {
  0x17: 'P-256',
  0x18: 'P-384',
  0x19: 'P-521',
  0x1d: 'X25519',
  0x201: 'MLKEM768',
  0x202: 'MLKEM1024',
  0x11eb: 'SecP256r1MLKEM768',
  0x11ec: 'X25519MLKEM768',
  0x11ed: 'SecP384r1MLKEM1024',
};

async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const config = JSON.parse(((await lines.next()) as { value: string }).value) as PeerConfig;
  const options = {
    minVersion: config.version,
    maxVersion: config.version,
    ecdhCurve: config.groups.map((id) => groupNames[id] ?? `unknown group ${id}`).join(':'),
    ca: config.ca,
    cert: config.cert,
    key: config.key,
  } as const;
  if (config.role === 'client') await dial(config, options);
  else await serve(config, options);
}

async function dial(config: PeerConfig, options: tls.ConnectionOptions): Promise<void> {
  let session: Buffer | undefined;
  for (let visit = 0; visit < config.connections; visit++) {
    const socket = tls.connect({ ...options, host: '127.0.0.1', port: config.port, servername: 'localhost', session });
    socket.setTimeout(ioTimeoutMs, () => socket.destroy(new Error('out of time')));
    socket.on('session', (got: Buffer) => (session ??= got));
    await once(socket, 'secureConnect');
    const data = randomBytes(config.bytes);
    const echo = read(socket, config.bytes);
    socket.write(data);
    say(report(socket, data, await echo, true));
    socket.end();
    if (!socket.closed) await once(socket, 'close');
  }
}

async function serve(config: PeerConfig, options: tls.TlsOptions): Promise<void> {
  const server = tls.createServer({ ...options, requestCert: config.requestCert });
  let left = config.connections;
  server.on('tlsClientError', fail);
  server.on('secureConnection', (socket) => {
    socket.setTimeout(ioTimeoutMs, () => socket.destroy(new Error('out of time')));
    socket.on('error', fail);
    read(socket, config.bytes).then((data) => {
      socket.write(data);
      say(report(socket, data, data, false));
    }, fail);
    if (--left === 0) server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  say({ port: (server.address() as { port: number }).port });
}

function report(socket: tls.TLSSocket, sent: Buffer, received: Buffer, isClient: boolean): PeerReport {
  const ephemeral = (isClient ? socket.getEphemeralKeyInfo() : {}) as { name?: string };
  const resumed = socket.isSessionReused();
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return {
    protocol: socket.getProtocol() ?? 'none',
    group: ephemeral.name ?? null,
    cipherSuite: socket.getCipher().standardName,
    resumed,
    // Of a resumed session, node:tls does not tell it.
    peerCertificate: resumed
      ? null
      : (socket.getPeerX509Certificate()?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
    sent: sha256(sent),
    received: sha256(received),
  };
}

async function read(socket: tls.TLSSocket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received >= length) resolve(Buffer.concat(chunks));
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed after ${received} of ${length} bytes`)));
  });
}

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function fail(error: unknown): void {
  say({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  setImmediate(() => process.exit());
}

main().catch(fail);
