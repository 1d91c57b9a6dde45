// The other end of an interop test: node:tls of whatever Node runs this file. Configured by one JSON argument.
//
// As a server it prints `{"port":N}`; both roles print one line with what they saw when a connection is over.

import * as tls from 'node:tls';
import { exchangePattern } from '../support/pattern.js';

export interface PeerConfig {
  readonly role: 'server' | 'client';
  /** node:tls's `ecdhCurve`: the only group that the peer can agree on. */
  readonly group: string;
  /** Bytes of the pattern to send each way. */
  readonly bytes: number;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly port?: number;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface PeerReport {
  readonly protocol: string | null;
  readonly cipher: string;
  readonly ephemeral: unknown;
  readonly received: number;
  readonly openssl: string;
}

async function exchange(socket: tls.TLSSocket, bytes: number): Promise<void> {
  const isClient = socket.getPeerCertificate().raw !== undefined;
  const protocol = socket.getProtocol();
  const cipher = socket.getCipher().standardName;
  const ephemeral = isClient ? socket.getEphemeralKeyInfo() : null;
  const received = await exchangePattern(socket, bytes);
  const report: PeerReport = { protocol, cipher, ephemeral, received, openssl: process.versions.openssl };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (isClient) socket.end();
}

function fail(error: Error): void {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}

const config = JSON.parse(process.argv[2] ?? '{}') as PeerConfig;
const common = { ecdhCurve: config.group, maxVersion: config.maxVersion ?? 'TLSv1.3' } as const;
if (config.role === 'server') {
  const server = tls.createServer({ ...common, cert: config.cert, key: config.key }, (socket) => {
    socket.on('error', fail);
    exchange(socket, config.bytes).catch(fail);
    server.close();
  });
  server.on('tlsClientError', (error) => {
    fail(error);
    server.close();
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (server.address() as { port: number }).port })}\n`);
  });
} else {
  const socket = tls.connect({
    ...common,
    host: '127.0.0.1',
    port: config.port,
    ca: config.ca,
    servername: 'localhost',
  });
  socket.on('error', fail);
  socket.on('secureConnect', () => {
    exchange(socket, config.bytes).catch(fail);
  });
}
