// What TLS runs over: a socket of the addon, a net.Socket, or any other Duplex.

import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { TcpTransport } from './tcp-transport.js';

export type { TransportEvent } from './tcp-transport.js';

/** Emits `data`, `end`, `error` and `close` as a Duplex does. */
export interface Transport extends EventEmitter {
  allowHalfOpen: boolean;
  readonly destroyed: boolean;
  readonly closed: boolean;
  readonly readableEnded: boolean;
  readonly writable: boolean;
  isPaused(): boolean;
  pause(): unknown;
  resume(): unknown;
  write(bytes: Uint8Array, callback: (error?: Error | null) => void): unknown;
  end(callback: () => void): unknown;
  destroy(error?: Error): unknown;
}

/** A socket of the operating system's: it has addresses, and fails with what the network did. */
export function isSocket(transport: unknown): transport is Socket | TcpTransport {
  return transport instanceof TcpTransport || transport instanceof Socket;
}

/** net.Socket itself, not what extends it: it keeps nothing of what it was given, once it called back, nor of what it read. */
export function isPlainSocket(transport: unknown): transport is Socket {
  return transport instanceof Socket && Object.getPrototypeOf(transport) === Socket.prototype;
}

export type TransportKind = 'native' | 'net' | 'stream';

export function kindOf(transport: Transport): TransportKind {
  if (transport instanceof TcpTransport) return 'native';
  return transport instanceof Socket ? 'net' : 'stream';
}
