// connect(): a client's connection over TCP, a Unix socket or a given Duplex.

import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidArgType, invalidArgValue } from '../errors.js';
import { redial } from './first-flight.js';
import { createSecureContext } from './secure-context.js';
import { TLSSocket, type TLSSocketOptions } from './socket.js';

export interface ConnectionOptions
  extends
    Omit<TLSSocketOptions, 'isServer' | 'SNICallback' | 'requestCert'>,
    Partial<Omit<net.TcpNetConnectOpts, 'host' | 'port' | 'signal'>> {
  /** Default `localhost`. */
  host?: string | undefined;
  port?: number | undefined;
  /** A Unix socket's path; host and port are ignored. */
  path?: string | undefined;
  /** A socket or any other Duplex that is connected already, or connects by itself. */
  socket?: Duplex | undefined;
  /** Milliseconds of inactivity until `timeout`. */
  timeout?: number | undefined;
  /**
   * Dial once more with classical groups only when the connection dies before any answer to a large ClientHello, as some
   * middleboxes make it. Whoever is on the path can force that. Never with `postQuantum: 'require'`. Default false.
   */
  retryClassical?: boolean | undefined;
}

type SecureConnectListener = () => void;

/**
 * Connects and starts a TLS handshake; `secureConnect` says that it is done and that the peer's certificate was
 * accepted. The peer is verified by default, chain and name.
 *
 * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
 */
export function connect(options: ConnectionOptions, listener?: SecureConnectListener): TLSSocket;
export function connect(
  port: number,
  host?: string,
  options?: ConnectionOptions,
  listener?: SecureConnectListener,
): TLSSocket;
export function connect(port: number, options?: ConnectionOptions, listener?: SecureConnectListener): TLSSocket;
export function connect(path: string, options?: ConnectionOptions, listener?: SecureConnectListener): TLSSocket;
export function connect(...args: unknown[]): TLSSocket {
  const { options, listener } = readArguments(args);
  const secureContext = options.secureContext ?? createSecureContext(options);
  const { socket: given, timeout, allowHalfOpen, signal, ...rest } = options;
  const retries = checkRetry(options);
  const transport = given ?? dial(rest);
  let socket: TLSSocket;
  try {
    socket = new TLSSocket(transport, {
      ...rest,
      allowHalfOpen,
      signal,
      secureContext,
      isServer: false,
      [redial]: retries ? () => dial(rest) : undefined,
    });
  } catch (error) {
    // Nobody else knows of it.
    if (transport !== given) transport.destroy();
    throw error;
  }
  if (timeout !== undefined) socket.setTimeout(timeout);
  if (listener !== undefined) socket.once('secureConnect', listener);
  return socket;
}

function checkRetry(options: ConnectionOptions): boolean {
  const { retryClassical, socket } = options;
  if (retryClassical === undefined || retryClassical === null || retryClassical === false) return false;
  if (typeof retryClassical !== 'boolean') {
    throw invalidArgType('options.retryClassical', 'of type boolean', retryClassical);
  }
  if (socket === undefined || socket === null) return true;
  throw invalidArgValue('options.retryClassical', 'a given socket cannot be dialled again');
}

function dial(options: ConnectionOptions): net.Socket {
  const { path, host, port, ...rest } = options;
  // The TCP side stays open for writing until close_notify is out.
  const common = { ...rest, allowHalfOpen: true } as object;
  if (path !== undefined && path !== null) return net.connect({ ...common, path } as net.IpcNetConnectOpts);
  return net.connect({ ...common, host: host ?? 'localhost', port } as net.TcpNetConnectOpts);
}

/** (options), (port, host, options), (port, options), (path, options), each with a listener at the end. */
function readArguments(args: readonly unknown[]): {
  options: ConnectionOptions;
  listener: SecureConnectListener | undefined;
} {
  const last = args.at(-1);
  const listener = typeof last === 'function' ? (last as SecureConnectListener) : undefined;
  const values = args.filter((value) => typeof value !== 'function' && value !== undefined && value !== null);
  const options: ConnectionOptions = {};
  for (const [index, value] of values.entries()) {
    if (typeof value === 'object') {
      Object.assign(options, value);
    } else if (index === 0 && (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)))) {
      options.port = Number(value);
    } else if (index === 0 && typeof value === 'string') {
      options.path = value;
    } else if (index === 1 && typeof value === 'string') {
      options.host = value;
    } else {
      throw invalidArgType('options', 'an object, a port or a path', value);
    }
  }
  return { options, listener };
}
