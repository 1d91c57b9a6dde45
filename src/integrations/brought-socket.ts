// A socket that a program brings to a session: where post-quantum is required, it must be as well.

import type { Duplex } from 'node:stream';
import { NotPostQuantumError } from '../errors.js';
import { readDemand, type PolicyOptions } from '../tls/policy.js';
import { TLSSocket } from '../tls/socket.js';

/**
 * Returns the socket. One whose handshake is still to come is destroyed at its end, before anything is sent, where that
 * turns out to be classical.
 *
 * @throws NotPostQuantumError for a socket that is not of pqtls or has a classical key exchange; it is destroyed
 */
export function requireAsAsked(socket: Duplex, options: PolicyOptions): Duplex {
  if (readDemand(options).postQuantum !== 'require') return socket;
  if (!(socket instanceof TLSSocket)) throw refused(socket, 'createConnection returned no TLSSocket of pqtls');
  if (socket.getHandshakeInfo() !== undefined) {
    const fault = faultOf(socket);
    if (fault !== undefined) throw refused(socket, fault);
    return socket;
  }
  const check = (): void => {
    const fault = faultOf(socket);
    if (fault !== undefined) refused(socket, fault, true);
  };
  // The one comes first on a client, the other is all that there is on a server; both before what waits to be sent.
  socket.prependOnceListener('secureConnect', check);
  socket.prependOnceListener('secure', check);
  return socket;
}

function faultOf(socket: TLSSocket): string | undefined {
  const info = socket.getHandshakeInfo();
  if (info === undefined || info.postQuantum) return undefined;
  return `the socket of createConnection agreed on ${info.group?.name ?? 'no group'} in ${info.protocol}`;
}

function refused(socket: unknown, what: string, isEvent = false): NotPostQuantumError {
  const error = new NotPostQuantumError(`Post-quantum key exchange is required: ${what}`, { phase: 'config' });
  if (isDestroyable(socket)) socket.destroy(isEvent ? error : undefined);
  return error;
}

function isDestroyable(value: unknown): value is Duplex {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'destroy') === 'function';
}
