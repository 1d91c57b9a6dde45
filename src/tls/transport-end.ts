// How a connection ends with its transport: one that ends too early, and the time for a last alert.

import type { Duplex } from 'node:stream';
import { HandshakeTimeoutError, UnexpectedEofError } from '../errors.js';
import { metricsOfThisThread as metrics } from './metrics.js';
import { TcpTransport } from './tcp-transport.js';
import { isSocket, type Transport } from './transport.js';

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

/** The handshake took too long. */
export function timedOut(engine: string): HandshakeTimeoutError {
  return new HandshakeTimeoutError('TLS handshake timeout', {
    code: 'ERR_TLS_HANDSHAKE_TIMEOUT',
    phase: 'handshake',
    engine,
  });
}

/** A TLSSocket: somebody has taken it over, or not. */
interface OwnedSocket extends Duplex {
  readonly _controlReleased: boolean;
}

/**
 * The transport failed after the handshake. What the network did is an error of this connection itself; one with which a
 * program destroyed the transport is passed on, and the connection closes without one of its own, as in node:tls.
 */
export function dropTransport(socket: OwnedSocket, below: Transport, error: Error, isServer: boolean): void {
  if (isSocket(below) && 'syscall' in error) {
    socket.destroy(error);
    return;
  }
  metrics.failed(isServer, false, error);
  try {
    // Of a socket that nobody has taken over, node:tls tells its own alone.
    socket.emit(socket._controlReleased ? 'error' : '_tlsError', error);
  } finally {
    socket.destroy();
  }
}

/** Destroys the transport, once an alert that is on its way had its time. */
export function letGo(transport: Transport, { alerted, secure }: { alerted: boolean; secure: boolean }): void {
  // A net.Socket keeps its address where somebody asked for it before the end; whoever logs a failed handshake will.
  if (!secure && isSocket(transport)) void transport.remoteAddress;
  if (alerted && transport.writable) linger(transport);
  else transport.destroy();
}

/** Lets the alert reach the peer: a reset would overtake it. */
function linger(transport: Transport): void {
  const timer = setTimeout(() => transport.destroy(), lingerMs);
  timer.unref();
  transport.once('close', () => clearTimeout(timer));
  transport.resume();
  transport.end(() => transport.destroy());
}

/** Calls back once the transport is closed. To be called before it is destroyed. */
export function onceClosed(transport: Transport, callback: () => void): void {
  let told = false;
  const closed = (): void => {
    if (told) return;
    told = true;
    callback();
  };
  transport.once('close', closed);
  // It always tells.
  if (transport instanceof TcpTransport && !transport.closed) return;
  // For a transport that is closed already, or that emits no 'close' (emitClose: false). A handle's own comes after the
  // first of these two.
  setImmediate(() =>
    setImmediate(() => {
      if (transport.closed) closed();
    }),
  );
}
