// What a peer sends, to standard output: as it is, or with --json in events.

import type { TLSSocket } from '../index.js';
import type { Reporter } from './reporter.js';

/** A reader of ours that is slow slows the peer down. */
export function printData(socket: TLSSocket, reporter: Reporter, connection?: number): void {
  const which = connection === undefined ? {} : { connection };
  socket.on('data', (chunk: Buffer) => {
    if (reporter.json) {
      reporter.event('data', { ...which, length: chunk.length, base64: chunk.toString('base64') });
    } else process.stdout.write(chunk);
    if (process.stdout.writableNeedDrain) pauseUntilDrained(socket);
  });
  socket.once('close', () => waiting.delete(socket));
}

/** Of all connections, one listener. */
const waiting = new Set<TLSSocket>();

function pauseUntilDrained(socket: TLSSocket): void {
  socket.pause();
  if (waiting.size === 0) process.stdout.once('drain', resumeAll);
  waiting.add(socket);
}

function resumeAll(): void {
  const resumed = [...waiting];
  waiting.clear();
  for (const socket of resumed) socket.resume();
}
