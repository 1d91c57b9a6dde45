// connect(): a client's connection over TCP, a Unix socket or a given Duplex.

import { isIP, type NetConnectOpts, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { invalidArgType, invalidArgValue, outOfRange } from '../errors.js';
import { rejectUnauthorizedByDefault } from './ca-certificates.js';
import { isPath, ownTransport } from './dial-handle.js';
import { redial } from './first-flight.js';
import { joinPolicies } from './policy.js';
import { replacedCheck } from './server-identity.js';
import { checkSecureContext, createCurrentSecureContext } from './secure-context.js';
import { TLSSocket, type TLSSocketOptions } from './socket.js';

export interface ConnectionOptions
  extends
    Omit<TLSSocketOptions, 'isServer' | 'SNICallback' | 'requestCert' | 'pauseOnConnect'>,
    Partial<Omit<TcpNetConnectOpts, 'host' | 'port' | 'signal' | 'onread' | 'allowHalfOpen'>> {
  /** Default `localhost`. */
  host?: string | undefined;
  port?: number | string | undefined;
  /** A Unix socket's path; host and port are ignored. */
  path?: string | undefined;
  /** A socket or any other Duplex that is connected already, or that its owner connects. */
  socket?: Duplex | undefined;
  /** Milliseconds of inactivity until `timeout`; ignored with `socket`. */
  timeout?: number | undefined;
  /** The smallest Diffie-Hellman group that is accepted, in bits. No DHE suite is offered here. Default 1024. */
  minDHSize?: number | undefined;
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
  port: number | string,
  host?: string,
  options?: ConnectionOptions,
  listener?: SecureConnectListener,
): TLSSocket;
export function connect(
  port: number | string,
  options?: ConnectionOptions | SecureConnectListener,
  listener?: SecureConnectListener,
): TLSSocket;
export function connect(
  path: string,
  options?: ConnectionOptions | SecureConnectListener,
  listener?: SecureConnectListener,
): TLSSocket;
export function connect(...args: unknown[]): TLSSocket {
  const { options: given, listener } = readArguments(args);
  const options: ConnectionOptions = {
    rejectUnauthorized: rejectUnauthorizedByDefault(),
    ...given,
  };
  checkPresent(options);
  options.checkServerIdentity ??= replacedCheck();
  const secureContext = checkSecureContext(options.secureContext ?? createCurrentSecureContext(options));
  const servername = usableServername(options.servername);
  const retries = checkRetry(options);
  const { socket: transport } = options;
  const socket = new TLSSocket(transport, {
    ...options,
    secureContext,
    servername,
    // The name on the certificate is that of the host that was asked for.
    host: options.host ?? lookedUpHost(transport),
    isServer: false,
    [redial]: retries ? () => dial(options) : undefined,
  });
  if (listener !== undefined) socket.once('secureConnect', listener);
  if (transport === undefined || transport === null) {
    try {
      if (options.timeout) socket.setTimeout(options.timeout);
      socket.connect(options);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }
  socket._releaseControl();
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

/** A transport of its own for a second attempt. */
function dial(options: ConnectionOptions): Duplex {
  return ownTransport(options, false).connect(options as NetConnectOpts);
}

/** (options), (port, host, options), (port, options), (path, options), each with a listener at the end. */
function readArguments(args: readonly unknown[]): {
  options: ConnectionOptions;
  listener: SecureConnectListener | undefined;
} {
  const [first, second, third] = args;
  const last = args.at(-1);
  const listener = typeof last === 'function' ? (last as SecureConnectListener) : undefined;
  let target: object = {};
  if (typeof first === 'object' && first !== null) target = first;
  else if (isPath(first)) target = { path: first };
  else if (args.length > 0) target = typeof second === 'string' ? { port: first, host: second } : { port: first };
  // What the options say of host and port wins over the arguments before them.
  const more: unknown = typeof second === 'object' && second !== null ? second : third;
  const options = Object.assign({}, target, typeof more === 'object' ? more : undefined, joinPolicies(target, more));
  return { options, listener };
}

/** What is present and undefined is refused as well, as in node:tls. */
function checkPresent(options: ConnectionOptions): void {
  const { checkServerIdentity, minDHSize } = options;
  if ('checkServerIdentity' in options && typeof checkServerIdentity !== 'function') {
    throw invalidArgType('options.checkServerIdentity', 'of type function', checkServerIdentity);
  }
  if (!('minDHSize' in options)) return;
  if (typeof minDHSize !== 'number') throw invalidArgType('options.minDHSize', 'of type number', minDHSize);
  if (!(minDHSize >= 1)) throw outOfRange('options.minDHSize', '>= 1', minDHSize);
}

let warnedOfAddress = false;

/** An IP address is no server name (RFC 6066, Section 3): node:tls warned of it, and refuses it from version 26 on. */
function usableServername(servername: string | undefined): string | undefined {
  if (typeof servername !== 'string' || isIP(servername) === 0) return servername;
  if (Number.parseInt(process.versions.node, 10) >= 26) {
    throw Object.assign(
      new TypeError(
        "The property 'options.servername' Setting the TLS ServerName to an IP address is not permitted.. " +
          `Received ${inspect(servername)}`,
      ),
      { code: 'ERR_INVALID_ARG_VALUE' },
    );
  }
  if (!warnedOfAddress) {
    warnedOfAddress = true;
    process.emitWarning(
      'Setting the TLS ServerName to an IP address is not permitted by RFC 6066. This will be ignored in a future version.',
      'DeprecationWarning',
      'DEP0123',
    );
  }
  return servername;
}

/** The name that a given socket was connected to. */
function lookedUpHost(transport: Duplex | undefined): string | undefined {
  const host: unknown = transport && Reflect.get(transport, '_host');
  return typeof host === 'string' ? host : undefined;
}
