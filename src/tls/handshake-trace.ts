// Following a handshake: as text on stderr for enableTrace, or step by step for a program of ours. By names and sizes,
// never by content that is secret.

import type { Connection, TraceEvent } from '../engine/connection.js';
import { readTrace, type TraceStep } from './handshake-messages.js';
import type { TLSSocket } from './socket.js';

/** The key under which options hold who follows the handshakes step by step. Internal. */
export const handshakeFollower: unique symbol = Symbol('pqtls.handshakeFollower');

/** Is told of every record, alert and handshake message, in order; must not throw. */
export type HandshakeFollower = (step: TraceStep, socket: TLSSocket) => void;

/** Shows everything from now on on stderr. */
export function startTrace(connection: Connection, isServer: boolean): void {
  const side = isServer ? 'server' : 'client';
  const print = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  connection.enableTrace(
    (event) => print(`pqtls ${side}: ${describeTrace(event, isServer)}`),
    (count) => print(`pqtls ${side}: ... ${count} more`),
  );
}

/** Tells `follower` of everything from now on; what the engine had no room for is a step of its own. */
export function followHandshake(
  connection: Connection,
  isServer: boolean,
  socket: TLSSocket,
  follower: HandshakeFollower,
): void {
  connection.enableTrace(
    (event) => follower(readTrace(event, isServer), socket),
    (count) => follower({ sent: false, kind: 'other', name: 'lost', length: count, details: [] }, socket),
  );
}

/** One event as text: a line, and indented lines of details. */
export function describeTrace(event: TraceEvent, isServer: boolean): string {
  const { sent, kind, name, length, version, warning, details } = readTrace(event, isServer);
  const direction = sent ? 'Sent' : 'Received';
  if (kind === 'record') return `${direction} Record: ${name}, ${length} bytes`;
  if (kind === 'alert') return `${direction} Alert: ${name}${warning === true ? ' (warning)' : ''}`;
  const title = `${direction} ${name}, ${length} bytes${version === undefined ? '' : `, ${version}`}`;
  return [title, ...details.map((detail) => `    ${detail.name}: ${detail.text}`)].join('\n');
}
