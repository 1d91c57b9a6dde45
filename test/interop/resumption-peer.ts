// The other end of a resumption test: node:tls of whatever Node runs this file. Configured by one JSON argument.
//
// As a server it prints `{"port":N}`; for each connection, both roles print whether it was resumed.

import { once } from 'node:events';
import * as tls from 'node:tls';

export interface ResumptionPeerConfig {
  readonly role: 'server' | 'client';
  readonly visits: number;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly port?: number;
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
}

export interface ResumptionReport {
  readonly reused: boolean;
  readonly authorized: boolean;
  readonly ephemeral: unknown;
}

function report(socket: tls.TLSSocket, isClient: boolean): void {
  const ephemeral = isClient ? socket.getEphemeralKeyInfo() : null;
  const line: ResumptionReport = { reused: socket.isSessionReused(), authorized: socket.authorized, ephemeral };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const config = JSON.parse(process.argv[2] ?? '{}') as ResumptionPeerConfig;
const { maxVersion, ca } = config;
const ecdhCurve = 'X25519MLKEM768:P-256';
if (config.role === 'server') {
  let left = config.visits;
  const server = tls.createServer({ cert: config.cert, key: config.key, maxVersion, ecdhCurve }, (socket) => {
    report(socket, false);
    socket.on('error', () => {});
    socket.resume();
    setImmediate(() => socket.write('x'));
    left -= 1;
    if (left === 0) server.close();
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (server.address() as { port: number }).port })}\n`);
  });
} else {
  let session: Buffer | undefined;
  for (let visit = 0; visit < config.visits; visit++) {
    const client = tls.connect({
      port: config.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
      maxVersion,
      ecdhCurve,
      session,
    });
    client.on('session', (got: Buffer) => {
      session = got;
    });
    await once(client, 'secureConnect');
    report(client, true);
    await once(client, 'data');
    client.end();
    await once(client, 'close');
  }
}
