// The conversation after a handshake: standard input to the peer, the peer to standard output.

import { once } from 'node:events';
import type { Readable, Transform } from 'node:stream';
import type { TLSSocket } from '../index.js';
import { ConnectionLostError, UsageError } from './exit-codes.js';
import { commandFilter, crlfFilter } from './input-filters.js';
import { printData } from './received-data.js';
import type { Reporter } from './reporter.js';

export interface ConversationOptions {
  /** Line ends are sent as CR LF. */
  readonly crlf: boolean;
  /** The end of the input ends nothing: the peer has to. */
  readonly ignoreEnd: boolean;
  /** On a terminal, a line that begins with Q ends, R asks for a renegotiation. */
  readonly commands: boolean;
  /** How long a silent peer is waited for after the end of the input. */
  readonly timeoutMs: number;
}

/** Both sides of TLS have ended then, so that only TCP is left, in milliseconds. */
const closeWait = 1000;

/** Resolves when the peer is done, or has been silent for too long after we were. */
export async function converse(socket: TLSSocket, options: ConversationOptions, reporter: Reporter): Promise<void> {
  if (socket.destroyed) {
    throw socket.errored ?? new ConnectionLostError('ECONNRESET', 'The connection was lost after the handshake');
  }
  const ended = peerEnd(socket);
  printData(socket, reporter);
  const input = inputOf(socket, options, reporter);
  input.on('end', () => {
    if (options.ignoreEnd) return;
    socket.end();
    // From now on only the peer has something to say.
    socket.setTimeout(options.timeoutMs, () => {
      reporter.warn(`The peer did not close the connection within ${options.timeoutMs / 1000} s`);
      socket.destroy();
    });
  });
  process.stdin.once('error', (error) => socket.destroy(new UsageError(`Standard input failed: ${error.message}`)));
  input.pipe(socket, { end: false });
  try {
    await ended;
  } finally {
    input.unpipe(socket);
    process.stdin.destroy();
  }
  socket.end();
  await closed(socket, closeWait);
  reporter.event('end', closingFacts(socket));
}

/** After our own end; a peer that keeps its side open is not waited for longer. */
export async function closed(socket: TLSSocket, waitMs: number): Promise<void> {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), waitMs);
  try {
    await once(socket, 'close');
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves at the peer's end or the close, rejects for an error. */
async function peerEnd(socket: TLSSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
    socket.once('error', reject);
  });
}

function closingFacts(socket: TLSSocket): object {
  const info = socket.getHandshakeInfo();
  return {
    bytesRead: info?.bytesRead ?? null,
    bytesWritten: info?.bytesWritten ?? null,
    closeNotify: info?.alertReceived === 'close_notify',
  };
}

function inputOf(socket: TLSSocket, options: ConversationOptions, reporter: Reporter): Readable {
  const filters: Transform[] = [];
  if (options.commands && process.stdin.isTTY) {
    const renegotiate = (): void =>
      void socket.renegotiate({}, (error) => reporter.warn(error?.message ?? 'Renegotiated'));
    filters.push(commandFilter({ Q: () => socket.end(), R: renegotiate }));
  }
  if (options.crlf) filters.push(crlfFilter());
  return filters.reduce<Readable>((input, filter) => input.pipe(filter), process.stdin);
}
