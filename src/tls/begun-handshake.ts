// A server's handshake that the addon runs on a socket of its own, before there is a TLSSocket.

import { channel } from 'node:diagnostics_channel';
import { handshakeChannels } from '../diagnostics.js';
import type { NativeTlsConnection } from '../engine/native-connection.js';
import { createConnection, isTraced } from './connection-setup.js';
import { isKeyLogRequested } from './key-log-file.js';
import { ServerSessions } from './session.js';
import type { TLSSocket } from './socket.js';
import { preparedSecurity, type TLSSocketOptions } from './socket-options.js';
import { TcpTransport } from './tcp-transport.js';
import type { Transport } from './transport.js';

/** What a TLSSocket goes on with. */
export interface BegunHandshake {
  readonly connection: NativeTlsConnection;
  /** Of performance.now(). */
  readonly startedAt: number;
}

/** The key of what a TLSSocket does with a begun handshake, once its server listens to it. */
export const takeOver: unique symbol = Symbol('pqtls.takeOver');

const noBytes = new Uint8Array(0);
const handshakeStarted = channel(handshakeChannels.start);

/**
 * Runs a handshake until there is something to tell the program, its end at the latest; then `open` makes the TLSSocket.
 * False, and nothing happened, where a TLSSocket is needed from the start: on another transport, and where somebody
 * follows the handshake.
 */
export function runAhead(
  transport: Transport,
  options: TLSSocketOptions,
  open: (begun: BegunHandshake) => TLSSocket | undefined,
): boolean {
  const { secureContext: context, [preparedSecurity]: security } = options;
  if (!(transport instanceof TcpTransport) || context === undefined || security === undefined) return false;
  if (context.context.callsJavaScript || isFollowed(options)) return false;
  const { restriction } = security;
  const connection = createConnection(options, transport, { context, security, restriction });
  const begun = { connection, startedAt: performance.now() };
  let timer: NodeJS.Timeout | undefined;
  const goOn = (achieved: number, unread: Uint8Array): void => {
    clearTimeout(timer);
    const socket = open(begun);
    if (socket === undefined) connection.destroy();
    else socket[takeOver](begun, achieved, unread);
  };
  const { handshakeTimeout = 0 } = options;
  if (handshakeTimeout > 0) {
    timer = setTimeout(() => {
      transport.stopHandshake();
      goOn(0, noBytes);
    }, handshakeTimeout);
  }
  transport.handshake(connection.native, goOn);
  return true;
}

/** Somebody wants to know of every step, or takes part in it. */
function isFollowed(options: TLSSocketOptions): boolean {
  const { server, pskCallback, enableTrace } = options;
  return (
    Boolean(pskCallback) ||
    handshakeStarted.hasSubscribers ||
    (server?.listenerCount('keylog') ?? 0) > 0 ||
    ServerSessions.wanted(server) ||
    isTraced(enableTrace) ||
    isKeyLogRequested()
  );
}
