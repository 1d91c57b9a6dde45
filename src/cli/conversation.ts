// The conversation after a handshake: standard input to the peer, the peer to standard output.

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Transform, type TransformCallback } from 'node:stream';
import type { TLSSocket } from '../index.js';
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

/** Resolves when the peer is done, or has been silent for too long after we were. */
export async function converse(socket: TLSSocket, options: ConversationOptions, reporter: Reporter): Promise<void> {
  const ended = peerEnd(socket);
  receive(socket, reporter);
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
  input.pipe(socket, { end: false });
  try {
    await ended;
  } finally {
    input.unpipe(socket);
    process.stdin.destroy();
  }
  if (!socket.destroyed) {
    socket.end();
    await once(socket, 'close');
  }
  reporter.event('end', closingFacts(socket));
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

/** To standard output; with --json, in events that are bounded as the reads are. */
function receive(socket: TLSSocket, reporter: Reporter): void {
  if (!reporter.json) {
    socket.pipe(process.stdout, { end: false });
    return;
  }
  socket.on('data', (chunk: Buffer) => {
    reporter.event('data', { length: chunk.length, base64: chunk.toString('base64') });
    if (!process.stdout.writableNeedDrain) return;
    socket.pause();
    process.stdout.once('drain', () => socket.resume());
  });
}

function inputOf(socket: TLSSocket, options: ConversationOptions, reporter: Reporter): Readable {
  const filters: Transform[] = [];
  if (options.commands && process.stdin.isTTY) filters.push(commandFilter(socket, reporter));
  if (options.crlf) filters.push(crlfFilter());
  return filters.reduce<Readable>((input, filter) => input.pipe(filter), process.stdin);
}

/** Each LF without a CR before it becomes CR LF. */
function crlfFilter(): Transform {
  let last = 0;
  return filterOf((chunk) => {
    const text = (last === 0x0d ? '\r' : '') + chunk.toString('latin1');
    const converted = text.replaceAll(/\r?\n/g, '\r\n').slice(last === 0x0d ? 1 : 0);
    last = chunk.at(-1) ?? last;
    return Buffer.from(converted, 'latin1');
  });
}

/** As openssl: a command is the first letter of what the terminal gives, which is a line. */
function commandFilter(socket: TLSSocket, reporter: Reporter): Transform {
  return filterOf((chunk) => {
    const letter = String.fromCharCode(chunk[0] ?? 0);
    if (letter === 'Q') socket.end();
    else if (letter === 'R') socket.renegotiate({}, (error) => reporter.warn(error?.message ?? 'Renegotiated'));
    else return chunk;
    return undefined;
  });
}

function filterOf(change: (chunk: Buffer) => Buffer | undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      done(null, change(chunk));
    },
  });
}
