// One life of a program with a server and a client of the TypeScript engine, which keeps its session in a file. Reads JSON in
// PQTLS_TEST_LIFE: as in node:tls, sessions are bound to the arguments of the process. Prints one line of JSON.

import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'pqtls';

export interface Life {
  readonly cert: string;
  readonly key: string;
  readonly sessionFile: string;
  /** Base64, given to the server as an option or by setTicketKeys(). */
  readonly ticketKeys?: string;
  readonly by?: 'option' | 'method';
}

export interface LifeReport {
  readonly client: boolean;
  readonly server: boolean;
  /** Base64. */
  readonly ticketKeys: string;
  readonly engine: string;
}

const life = JSON.parse(process.env['PQTLS_TEST_LIFE'] ?? '{}') as Life;
const engine = 'typescript';
const keys = life.ticketKeys === undefined ? undefined : Buffer.from(life.ticketKeys, 'base64');
const server = createServer({
  cert: life.cert,
  key: life.key,
  engine,
  ...(keys !== undefined && life.by === 'option' ? { ticketKeys: keys } : {}),
});
if (keys !== undefined && life.by === 'method') server.setTicketKeys(keys);
let serverResumed = false;
server.on('secureConnection', (socket) => {
  serverResumed = socket.isSessionReused();
  socket.end('x');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const socket = connect({
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
  servername: 'localhost',
  ca: life.cert,
  engine,
  ...(existsSync(life.sessionFile) ? { session: readFileSync(life.sessionFile) } : {}),
});
socket.on('session', (session: Buffer) => writeFileSync(life.sessionFile, session));
let clientResumed = false;
socket.on('secureConnect', () => (clientResumed = socket.isSessionReused()));
socket.resume();
await once(socket, 'close');
const report: LifeReport = {
  client: clientResumed,
  server: serverResumed,
  ticketKeys: server.getTicketKeys().toString('base64'),
  engine: socket.getHandshakeInfo()?.engine ?? '',
};
process.stdout.write(JSON.stringify(report));
server.close();
