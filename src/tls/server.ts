// Server: a net.Server that speaks TLS on every connection it accepts.

import type { EventEmitter } from 'node:events';
import { Server as NetServer, type Socket } from 'node:net';
import { invalidArgType } from '../errors.js';
import { TlsAcceptor, type TlsServerOptions } from './acceptor.js';
import type { SecureContext, SecureContextOptions } from './secure-context.js';
import type { TLSSocket } from './socket.js';

export type { TlsServerOptions } from './acceptor.js';

type SecureConnectionListener = (socket: TLSSocket) => void;
type ClientErrorListener = (error: Error & { code?: string }, socket: TLSSocket) => void;
type AnyListener = Parameters<EventEmitter['on']>[1];

/**
 * A TLS server. Emits `secureConnection` with a TLSSocket for every finished handshake, and `tlsClientError` with the
 * error and the socket for every one that failed.
 */
export class Server extends NetServer {
  readonly #acceptor: TlsAcceptor;

  constructor(options: TlsServerOptions = {}, listener?: (socket: TLSSocket) => void) {
    if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'of type object', options);
    // The TCP side stays open for writing until close_notify is out.
    super({ ...options, allowHalfOpen: true, pauseOnConnect: false });
    this.#acceptor = new TlsAcceptor(this, options);
    if (listener !== undefined) this.on('secureConnection', listener);
    this.on('connection', (socket: Socket) => this.#acceptor.accept(socket));
  }

  /**
   * Adds a context for a server name; `*` stands for one label. The one that was added last is looked at first.
   */
  addContext(servername: string, context: SecureContext | SecureContextOptions): void {
    this.#acceptor.addContext(servername, context);
  }

  /** Replaces the context for connections to come; those that are open keep theirs. */
  setSecureContext(options: SecureContextOptions): void {
    this.#acceptor.setSecureContext(options);
  }

  /** The 48 bytes that seal session tickets now. Secret. */
  getTicketKeys(): Buffer {
    return this.#acceptor.getTicketKeys();
  }

  /**
   * Sets the 48 bytes that seal and open session tickets from now on, in the contexts of setSecureContext() as well.
   * Tickets of other keys lead to full handshakes.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; Error `ERR_INTERNAL_ASSERTION` for another length, as in node:tls
   */
  setTicketKeys(keys: NodeJS.ArrayBufferView): void {
    this.#acceptor.setTicketKeys(keys);
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

/**
 * Creates a TLS server. Certificates, groups and versions come from the options or from `secureContext`.
 *
 * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
 */
export function createServer(listener?: (socket: TLSSocket) => void): Server;
export function createServer(options: TlsServerOptions, listener?: (socket: TLSSocket) => void): Server;
export function createServer(
  options?: TlsServerOptions | ((socket: TLSSocket) => void),
  listener?: (socket: TLSSocket) => void,
): Server {
  return typeof options === 'function' ? new Server({}, options) : new Server(options, listener);
}
