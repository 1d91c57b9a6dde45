// TlsAcceptor: what a server does with a raw socket until it emits `secureConnection` or `tlsClientError`.

import type { EventEmitter } from 'node:events';
import type { ServerOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidArgType } from '../errors.js';
import { checkFunction, checkHandshakeTimeout, encodeAlpn, refuseAbsentOptions } from './options.js';
import { checkSecureContext, createSecureContext, SecureContext, type SecureContextOptions } from './secure-context.js';
import { checkGivenTicketKeys, defaultSessionIdContext } from './session-options.js';
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
  /** Milliseconds until an unfinished handshake fails with `tlsClientError`. Default 120 000. */
  handshakeTimeout?: number | undefined;
}

const defaultHandshakeTimeout = 120_000;

/**
 * TLS on the sockets of any server: contexts, SNI, and options that were checked once. Used by Server and by the servers
 * of https and http2, which are Node's own but for this.
 */
export class TlsAcceptor {
  readonly #server: EventEmitter;
  readonly #options: TlsServerOptions;
  #context: SecureContext;
  #ticketKeys: NodeJS.ArrayBufferView | undefined;
  #sessionTimeout: number | undefined;
  readonly #byName: { readonly pattern: RegExp; readonly context: SecureContext }[] = [];

  /**
   * @param server where `secureConnection` and `tlsClientError` are emitted
   * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
   */
  constructor(server: EventEmitter, options: TlsServerOptions) {
    if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'of type object', options);
    this.#server = server;
    this.#options = options;
    refuseAbsentOptions(options);
    checkFunction('options.SNICallback', options.SNICallback);
    encodeAlpn(options.ALPNProtocols);
    checkHandshakeTimeout(options.handshakeTimeout);
    this.#context = checkSecureContext(options.secureContext ?? createSecureContext(this.#withSessionOptions(options)));
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
    this.#context = createSecureContext(this.#withSessionOptions(options));
  }

  /** The 48 bytes that seal session tickets now. Secret. */
  getTicketKeys(): Buffer {
    return this.#context.context.native.getTicketKeys();
  }

  /** See Server#setTicketKeys(). */
  setTicketKeys(keys: NodeJS.ArrayBufferView): void {
    const bytes = checkGivenTicketKeys(keys);
    this.#context.context.native.setTicketKeys(bytes);
    this.#ticketKeys = Uint8Array.from(bytes);
  }

  /** What was given once stays, as in node:tls. */
  #withSessionOptions(options: SecureContextOptions): SecureContextOptions {
    this.#ticketKeys = options.ticketKeys ?? this.#ticketKeys;
    this.#sessionTimeout = options.sessionTimeout || this.#sessionTimeout;
    return {
      ...options,
      ticketKeys: this.#ticketKeys,
      sessionTimeout: this.#sessionTimeout,
      sessionIdContext: options.sessionIdContext || defaultSessionIdContext(),
    };
  }

  /** Starts a handshake on a socket that a server has just accepted. */
  accept(transport: Duplex): void {
    const { requestCert, rejectUnauthorized, ALPNProtocols, handshakeTimeout, allowHalfOpen, highWaterMark } =
      this.#options;
    const options: TLSSocketOptions = {
      isServer: true,
      server: this.#server,
      secureContext: this.#context,
      requestCert,
      rejectUnauthorized,
      ALPNProtocols,
      SNICallback: this.#options.SNICallback ?? (this.#byName.length > 0 ? this.#findContext : undefined),
      handshakeTimeout: handshakeTimeout ?? defaultHandshakeTimeout,
      allowHalfOpen,
      highWaterMark,
    };
    let socket: TLSSocket;
    try {
      socket = new TLSSocket(transport, options);
    } catch (error) {
      // Out of memory, say: one connection's trouble must not end the server.
      transport.destroy();
      this.#server.emit('tlsClientError', error, transport);
      return;
    }
    // As node:tls and node:net do; Node 20's http2 looks there for its HTTP/1 classes.
    Reflect.set(socket, 'server', this.#server);
    const onError = (error: Error): void => {
      this.#server.emit('tlsClientError', error, socket);
    };
    socket.once('error', onError);
    socket.once('secure', () => {
      socket.off('error', onError);
      if (this.#options.pauseOnConnect === true) socket.pause();
      this.#server.emit('secureConnection', socket);
    });
  }

  readonly #findContext: SniCallback = (servername, callback) => {
    callback(null, this.#byName.find(({ pattern }) => pattern.test(servername))?.context);
  };
}
