// diagnostics_channel: the names, and what is published on them. It costs nothing where nobody subscribes.

import { channel } from 'node:diagnostics_channel';
import type { HandshakeInfo } from './tls/negotiated-socket.js';
import type { TLSSocket } from './tls/socket.js';

/**
 * One handshake. The same object is published from its start to its end, so that a subscriber can keep what it knows of
 * a handshake in a WeakMap.
 */
export interface HandshakeTrace {
  readonly socket: TLSSocket;
  readonly side: 'client' | 'server';
  /** A client's own `servername` and `host`; a server learns the name in `info`. */
  readonly servername: string | undefined;
  readonly host: string | undefined;
  /** From `pqtls:handshake:end` on. */
  info?: HandshakeInfo | undefined;
  /** From `pqtls:handshake:error` on; undefined where the program destroyed the socket. In `pqtls:handshake:retry` the reason of the retry. */
  error?: Error | undefined;
}

/** The names of the channels. Every started handshake ends with exactly one of `end` and `error`. */
export const handshakeChannels = Object.freeze({
  start: 'pqtls:handshake:start',
  end: 'pqtls:handshake:end',
  error: 'pqtls:handshake:error',
  /** A first flight was not answered and retryClassical dials again; `error` says what happened. */
  retry: 'pqtls:handshake:retry',
});

const started = channel(handshakeChannels.start);
const ended = channel(handshakeChannels.end);
const failed = channel(handshakeChannels.error);
const retried = channel(handshakeChannels.retry);

export function beginHandshake(
  socket: TLSSocket,
  isServer: boolean,
  options: { readonly servername?: string | undefined; readonly host?: string | undefined },
): HandshakeTrace {
  const trace: HandshakeTrace = {
    socket,
    side: isServer ? 'server' : 'client',
    servername: isServer ? undefined : options.servername,
    host: isServer ? undefined : options.host,
  };
  if (started.hasSubscribers) started.publish(trace);
  return trace;
}

export function handshakeEnded(trace: HandshakeTrace, info: () => HandshakeInfo | undefined): void {
  if (!ended.hasSubscribers) return;
  trace.info = info();
  trace.error = undefined;
  ended.publish(trace);
}

export function handshakeFailed(trace: HandshakeTrace, error: Error | undefined): void {
  if (!failed.hasSubscribers) return;
  trace.error = error;
  failed.publish(trace);
}

export function handshakeRetried(trace: HandshakeTrace, error: Error): void {
  if (!retried.hasSubscribers) return;
  trace.error = error;
  retried.publish(trace);
}
