// A socket that a program brings to a session or a request: where post-quantum is required, it must be as well.

import type { Duplex } from 'node:stream';
import { NotPostQuantumError } from '../errors.js';
import { readDemand, type PolicyOptions } from '../tls/policy.js';
import { TLSSocket } from '../tls/socket.js';

/**
 * Why a socket is refused; undefined where it may be used. One whose handshake is still to come is destroyed at its end,
 * before anything is sent, where that turns out to be classical.
 *
 * @param source what brought it, for the error
 */
export function refusalOf(socket: Duplex, options: PolicyOptions, source: string): NotPostQuantumError | undefined {
  if (readDemand(options).postQuantum !== 'require') return undefined;
  if (!(socket instanceof TLSSocket)) return refused(`${source} brought no TLSSocket of pqtls`);
  if (socket.getHandshakeInfo() !== undefined) return faultOf(socket, source);
  const check = (): void => {
    const fault = faultOf(socket, source);
    if (fault !== undefined) socket.destroy(fault);
  };
  // The one comes first on a client, the other is all that there is on a server; both before what waits to be sent.
  socket.prependOnceListener('secureConnect', check);
  socket.prependOnceListener('secure', check);
  return undefined;
}

function faultOf(socket: TLSSocket, source: string): NotPostQuantumError | undefined {
  const info = socket.getHandshakeInfo();
  if (info === undefined || info.postQuantum) return undefined;
  return refused(`the socket of ${source} agreed on ${info.group?.name ?? 'no group'} in ${info.protocol}`);
}

function refused(what: string): NotPostQuantumError {
  return new NotPostQuantumError(`Post-quantum key exchange is required: ${what}`, { phase: 'config' });
}
