// Server: a net.Server that speaks TLS on every connection it accepts.

import type { EventEmitter } from 'node:events';
import { Server as NetServer, type ServerOpts, type Socket } from 'node:net';
import { invalidArgType } from '../errors.js';
import type { AlpnCallback } from './handshake-decisions.js';
import {
  checkAlpnCallback,
  checkEnableTrace,
  checkFunction,
  checkHandshakeTimeout,
  checkPskOptions,
  encodeAlpn,
  refuseAbsentOptions,
} from './options.js';
import type { ServerPskCallback } from './pre-shared-keys.js';
import { checkSecureContext, createSecureContext, SecureContext, type SecureContextOptions } from './secure-context.js';
import { TLSSocket, type SniCallback, type TLSSocketOptions } from './socket.js';

export interface TlsServerOptions extends SecureContextOptions, ServerOpts {
  secureContext?: SecureContext | undefined;
  /** Ask clients for a certificate. Default false. */
  requestCert?: boolean | undefined;
  /** Refuse clients without a trusted certificate where one is asked for. Default true. */
  rejectUnauthorized?: boolean | undefined;
  ALPNProtocols?: readonly string[] | Uint8Array | undefined;
  /** Default: looks in the contexts of addContext(). */
  SNICallback?: SniCallback | undefined;
  /** Chooses among the protocols that a client offers, in place of ALPNProtocols. */
  ALPNCallback?: AlpnCallback | undefined;
  /** The key of a client's identity, in TLS 1.2 only. */
  pskCallback?: ServerPskCallback<TLSSocket> | undefined;
  /** At most 128 bytes. */
  pskIdentityHint?: string | undefined;
  /** Writes what happens on every connection to stderr, without secrets. Default false. */
  enableTrace?: boolean | undefined;
  /** Milliseconds until an unfinished handshake fails with `tlsClientError`. Default 120 000. */
  handshakeTimeout?: number | undefined;
}

const defaultHandshakeTimeout = 120_000;

type SecureConnectionListener = (socket: TLSSocket) => void;
type ClientErrorListener = (error: Error & { code?: string }, socket: TLSSocket) => void;
type AnyListener = Parameters<EventEmitter['on']>[1];

/**
 * A TLS server. Emits `secureConnection` with a TLSSocket for every finished handshake, and `tlsClientError` with the
 * error and the socket for every one that failed.
 */
export class Server extends NetServer {
  readonly #options: TlsServerOptions;
  #context: SecureContext;
  readonly #byName: { readonly pattern: RegExp; readonly context: SecureContext }[] = [];

  constructor(options: TlsServerOptions = {}, listener?: (socket: TLSSocket) => void) {
    if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'of type object', options);
    // The TCP side stays open for writing until close_notify is out.
    super({ ...options, allowHalfOpen: true, pauseOnConnect: false });
    this.#options = options;
    refuseAbsentOptions(options);
    checkFunction('options.SNICallback', options.SNICallback);
    encodeAlpn(options.ALPNProtocols);
    checkAlpnCallback(options);
    checkPskOptions('options.pskCallback', options);
    checkEnableTrace(options.enableTrace);
    checkHandshakeTimeout(options.handshakeTimeout);
    this.#context = checkSecureContext(options.secureContext ?? createSecureContext(options));
    if (listener !== undefined) this.on('secureConnection', listener);
    this.on('connection', (socket: Socket) => this.#accept(socket));
  }

  /**
   * Adds a context for a server name; `*` stands for one label. The one that was added last is looked at first.
   */
  addContext(servername: string, context: SecureContext | SecureContextOptions): void {
    if (typeof servername !== 'string' || servername === '') {
      throw Object.assign(new Error('"servername" is required parameter for Server.addContext'), {
        code: 'ERR_TLS_REQUIRED_SERVER_NAME',
      });
    }
    const escaped = servername.replace(/([.^$+?\-\\[\]{}])/g, '\\$1').replaceAll('*', '[^.]*');
    this.#byName.unshift({
      pattern: new RegExp(`^${escaped}$`, 'i'),
      context: context instanceof SecureContext ? context : createSecureContext(context),
    });
  }

  /** Replaces the context for connections to come; those that are open keep theirs. */
  setSecureContext(options: SecureContextOptions): void {
    this.#context = createSecureContext(options);
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

  #accept(transport: Socket): void {
    const { requestCert, rejectUnauthorized, ALPNProtocols, handshakeTimeout, allowHalfOpen, highWaterMark } =
      this.#options;
    const options: TLSSocketOptions = {
      isServer: true,
      secureContext: this.#context,
      requestCert,
      rejectUnauthorized,
      ALPNProtocols,
      SNICallback: this.#options.SNICallback ?? (this.#byName.length > 0 ? this.#findContext : undefined),
      handshakeTimeout: handshakeTimeout ?? defaultHandshakeTimeout,
      ALPNCallback: this.#options.ALPNCallback,
      pskCallback: this.#options.pskCallback,
      pskIdentityHint: this.#options.pskIdentityHint,
      enableTrace: this.#options.enableTrace,
      server: this,
      allowHalfOpen,
      highWaterMark,
    };
    let socket: TLSSocket;
    try {
      socket = new TLSSocket(transport, options);
    } catch (error) {
      // Out of memory, say: one connection's trouble must not end the server.
      transport.destroy();
      this.emit('tlsClientError', error, transport);
      return;
    }
    if (this.listenerCount('keylog') > 0) {
      socket.on('keylog', (line: Buffer) => this.emit('keylog', line, socket));
    }
    const onError = (error: Error): void => {
      this.emit('tlsClientError', error, socket);
    };
    socket.once('error', onError);
    socket.once('secure', () => {
      socket.off('error', onError);
      if (this.#options.pauseOnConnect === true) socket.pause();
      this.emit('secureConnection', socket);
    });
  }

  readonly #findContext: SniCallback = (servername, callback) => {
    callback(null, this.#byName.find(({ pattern }) => pattern.test(servername))?.context);
  };
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
