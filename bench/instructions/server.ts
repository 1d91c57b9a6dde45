// The server whose instructions are counted: echoes on one port for each certificate, and marks the counts when it is asked.

import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import nodeTls from 'node:tls';
import pqtls from '#src/index.js';

export interface ServerTask {
  readonly library: 'pqtls' | 'node:tls';
  /** Files of PEM: a command line is shown to everybody, and stands in every profile. */
  readonly certificates: readonly { readonly certFile: string; readonly keyFile: string }[];
}

/** `begin` collects garbage and marks; `end` waits until the last connection is closed and marks, which begins the next count. */
export type ServerQuestion = 'begin' | 'end';

export interface ServerAnswer {
  /** One for each certificate. */
  readonly ports?: readonly number[];
  /** Since the start. */
  readonly connections: number;
  /** Of pqtls: those that getHandshakeInfo() says were carried otherwise than by the addon's TCP. */
  readonly notNative: number;
}

const task = JSON.parse(process.argv[2] ?? '') as ServerTask;
let connections = 0;
let notNative = 0;
let open = 0;
let whenClosed: (() => void) | undefined;

function say(answer: Pick<ServerAnswer, 'ports'> = {}): void {
  process.send?.({ ...answer, connections, notNative } satisfies ServerAnswer);
}

function echo(socket: nodeTls.TLSSocket): void {
  connections += 1;
  open += 1;
  if (task.library === 'pqtls') {
    const info = (socket as unknown as InstanceType<typeof pqtls.TLSSocket>).getHandshakeInfo();
    if (info?.transport !== 'native') notNative += 1;
  }
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => socket.write(bytes));
  socket.on('end', () => socket.end());
  socket.on('close', () => {
    open -= 1;
    if (open === 0) whenClosed?.();
  });
}

async function answer(question: ServerQuestion): Promise<void> {
  if (question === 'begin') (globalThis as { gc?: () => void }).gc?.();
  else if (open > 0) await new Promise<void>((resolve) => (whenClosed = resolve));
  // Callgrind's marker (callgrind.ts): nobody makes files here.
  process.umask(0o022);
  say();
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 4096, () => resolve((server.address() as { port: number }).port));
  });
}

const tls = task.library === 'pqtls' ? (pqtls as unknown as typeof nodeTls) : nodeTls;
const servers = task.certificates.map(({ certFile, keyFile }) => {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  return tls.createServer({ cert, key, ecdhCurve: 'X25519MLKEM768' }, echo);
});
const ports = await Promise.all(servers.map(listen));
process.on('message', (question: ServerQuestion) => void answer(question));
process.on('disconnect', () => process.exit());
say({ ports });
