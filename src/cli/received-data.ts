// What a peer sends, to standard output: as it is, or with --json in events.

import type { TLSSocket } from '../index.js';
import type { Reporter } from './reporter.js';

/** A reader of ours that is slow slows the peer down. */
export function printData(socket: TLSSocket, reporter: Reporter, connection?: number): void {
  if (!reporter.json) {
    socket.pipe(process.stdout, { end: false });
    return;
  }
  const which = connection === undefined ? {} : { connection };
  socket.on('data', (chunk: Buffer) => {
    reporter.event('data', { ...which, length: chunk.length, base64: chunk.toString('base64') });
    if (!process.stdout.writableNeedDrain) return;
    socket.pause();
    process.stdout.once('drain', () => socket.resume());
  });
}
