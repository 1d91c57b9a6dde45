// Server: a net.Server that speaks TLS on every connection it accepts.

import { captureRejectionSymbol, type EventEmitter } from 'node:events';
import { Server as NetServer, type Socket } from 'node:net';
import { invalidArgType } from '../errors.js';
import { TlsAcceptor, type TlsServerOptions } from './acceptor.js';
import { acceptNatively } from './native-accept.js';
import type { SecureContext, SecureContextOptions } from './secure-context.js';
import type { TLSSocket } from './socket.js';

export type { TlsServerOptions } from './acceptor.js';

type SecureConnectionListener = (socket: TLSSocket) => void;
type ClientErrorListener = (error: Error & { code?: string }, socket: TLSSocket) => void;
type AnyListener = Parameters<EventEmitter['on']>[1];

// Where a server keeps its acceptor: it may be a plain object on which Server was called (util.inherits).
const acceptors = new WeakMap<object, TlsAcceptor>();

function acceptorOf(server: object): TlsAcceptor {
  const acceptor = acceptors.get(server);
  if (acceptor === undefined) throw new TypeError('This is no Server: its constructor was not called');
  return acceptor;
}

// What net.Server, or its EventEmitter, does with a listener that rejects.
function rejected(this: TlsServer, ...rejection: unknown[]): void {
  const inherited: unknown = Reflect.get(NetServer.prototype, captureRejectionSymbol);
  if (typeof inherited === 'function') Reflect.apply(inherited, this, rejection);
  else this.emit('error', rejection[0]);
}

/** What `Server` makes: see there. */
class TlsServer extends NetServer {
  /** Clients are asked for a certificate; a change counts for connections to come. */
  declare requestCert: boolean;
  /** Clients without a trusted certificate are refused where one is asked for. */
  declare rejectUnauthorized: boolean;

  /**
   * Adds a context for a server name; `*` stands for one label. The one that was added last is looked at first.
   *
   * @throws Error `ERR_TLS_REQUIRED_SERVER_NAME`
   */
  addContext(servername: string, context: SecureContext | SecureContextOptions): void {
    acceptorOf(this).addContext(servername, context);
  }

  /**
   * Replaces the context for connections to come; those that are open keep theirs.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`, and what createSecureContext() throws
   */
  setSecureContext(options: SecureContextOptions): void {
    if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'of type object', options);
    acceptorOf(this).setSecureContext(options);
  }

  /** A `secureConnection` listener that rejects ends its socket. */
  override [captureRejectionSymbol](...rejection: [error: Error, event: unknown, ...args: unknown[]]): void {
    const [error, event, socket] = rejection;
    if (event === 'secureConnection' && isDestroyable(socket)) socket.destroy(error);
    else Reflect.apply(rejected, this, rejection);
  }

  /** The 48 bytes that seal session tickets now. Secret. */
  getTicketKeys(): Buffer {
    return acceptorOf(this).getTicketKeys();
  }

  /**
   * Sets the 48 bytes that seal and open session tickets from now on, in the contexts of setSecureContext() as well.
   * Tickets of other keys lead to full handshakes.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; Error `ERR_INTERNAL_ASSERTION` for another length, as in node:tls
   */
  setTicketKeys(keys: NodeJS.ArrayBufferView): void {
    acceptorOf(this).setTicketKeys(keys);
  }

  /** @internal What node:cluster asks a worker's server for when it begins to listen, and keeps for the port. */
  _getServerData(): { ticketKeys: string } {
    return { ticketKeys: this.getTicketKeys().toString('hex') };
  }

  /** @internal What the port's first worker gave: any worker can resume the sessions of the others. */
  _setServerData(data: { ticketKeys: string }): void {
    this.setTicketKeys(Buffer.from(data.ticketKeys, 'hex'));
  }

  override on(event: 'secureConnection', listener: SecureConnectionListener): this;
  override on(event: 'tlsClientError', listener: ClientErrorListener): this;
  override on(event: string, listener: AnyListener): this;
  override on(event: string, listener: AnyListener): this {
    return super.on(event, listener);
  }

  override once(event: 'secureConnection', listener: SecureConnectionListener): this;
  override once(event: 'tlsClientError', listener: ClientErrorListener): this;
  override once(event: string, listener: AnyListener): this;
  override once(event: string, listener: AnyListener): this {
    return super.once(event, listener);
  }

  override addListener(event: 'secureConnection', listener: SecureConnectionListener): this;
  override addListener(event: 'tlsClientError', listener: ClientErrorListener): this;
  override addListener(event: string, listener: AnyListener): this;
  override addListener(event: string, listener: AnyListener): this {
    return super.addListener(event, listener);
  }
}

function isDestroyable(value: unknown): value is TLSSocket {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'destroy') === 'function';
}

export type Server = TlsServer;

export interface ServerConstructor {
  new (listener?: SecureConnectionListener): Server;
  new (options?: TlsServerOptions, listener?: SecureConnectionListener): Server;
  (listener?: SecureConnectionListener): Server;
  (options?: TlsServerOptions, listener?: SecureConnectionListener): Server;
  readonly prototype: Server;
}

/**
 * A TLS server. Emits `secureConnection` with a TLSSocket for every finished handshake, and `tlsClientError` with the
 * error and the socket for every one that failed. It may be called without `new` and on an object of its own
 * (`Server.call(this, options)`), as node:tls's may, and so it is no class.
 */
export const Server: ServerConstructor = (() => {
  function Server(this: unknown, options?: unknown, listener?: unknown): unknown {
    if (!(this instanceof TlsServer)) return Reflect.construct(Server, [options, listener]);
    initialize(this, options, listener);
    return this;
  }
  // The methods are those of the class.
  Server.prototype = TlsServer.prototype;
  Object.defineProperty(TlsServer.prototype, 'constructor', { value: Server, configurable: true, writable: true });
  return Object.setPrototypeOf(Server, NetServer) as ServerConstructor;
})();

function initialize(server: TlsServer, first: unknown, second: unknown): void {
  const listener = typeof first === 'function' ? first : second;
  const options = (typeof first === 'function' ? {} : (first ?? {})) as TlsServerOptions;
  if (typeof options !== 'object' || Array.isArray(options)) throw invalidArgType('options', 'of type object', options);
  const acceptor = new TlsAcceptor(server, options);
  acceptors.set(server, acceptor);
  server.requestCert = Boolean(options.requestCert);
  server.rejectUnauthorized = options.rejectUnauthorized !== false;
  // A function in all Nodes, and no class.
  Reflect.apply(NetServer as unknown as (options: object, listener: unknown) => void, server, [
    options,
    (socket: Socket) => acceptor.accept(socket, server),
  ]);
  acceptNatively(server, {
    engine: acceptor.engine,
    prepare: () => acceptor.prepare(server),
    accept: (transport) => acceptor.accept(transport, server),
    resume: (transport, prepared, step, age) => acceptor.resume(transport, prepared, step, age),
  });
  // on() refuses what is no function.
  if (listener) server.on('secureConnection', listener as SecureConnectionListener);
}

/**
 * Creates a TLS server. Certificates, groups and versions come from the options or from `secureContext`.
 *
 * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
 */
export function createServer(listener?: SecureConnectionListener): Server;
export function createServer(options?: TlsServerOptions, listener?: SecureConnectionListener): Server;
export function createServer(
  options?: TlsServerOptions | SecureConnectionListener,
  listener?: SecureConnectionListener,
): Server {
  return typeof options === 'function' ? new Server(options) : new Server(options, listener);
}
