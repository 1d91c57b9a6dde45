// How a connection ends with its transport: one that ends too early, and the time for a last alert.

import type { Duplex } from 'node:stream';
import { UnexpectedEofError } from '../errors.js';

// How long a peer has to take our last alert before the transport is torn down, in milliseconds.
const lingerMs = 2000;

/** The transport ended in the handshake; in node:tls's words, as programs compare them. */
export function earlyEnd(isServer: boolean, engine: string, options: object): UnexpectedEofError {
  const message = isServer
    ? 'socket hang up'
    : 'Client network socket disconnected before secure TLS connection was established';
  const error = new UnexpectedEofError(message, { code: 'ECONNRESET', phase: 'handshake', engine });
  if (isServer) return error;
  const { path, host, port, localAddress } = options as Record<string, unknown>;
  return Object.assign(error, { path, host, port, localAddress });
}

/** Lets the alert reach the peer: a reset would overtake it. */
export function linger(transport: Duplex): void {
  const timer = setTimeout(() => transport.destroy(), lingerMs);
  timer.unref();
  transport.once('close', () => clearTimeout(timer));
  transport.resume();
  transport.end(() => transport.destroy());
}

/** Calls back once the transport is closed. To be called before it is destroyed. */
export function onceClosed(transport: Duplex, callback: () => void): void {
  let told = false;
  const closed = (): void => {
    if (told) return;
    told = true;
    callback();
  };
  transport.once('close', closed);
  // For a transport that is closed already, or that emits no 'close' (emitClose: false). A handle's own comes after the
  // first of these two.
  setImmediate(() =>
    setImmediate(() => {
      if (transport.closed) closed();
    }),
  );
}
