// TlsAcceptor: what a server does with a raw socket until it emits `secureConnection` or `tlsClientError`.

import type { EventEmitter } from 'node:events';
import type { ServerOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EngineName } from '../engine/connection.js';
import { invalidArgType } from '../errors.js';
import type { AlpnCallback } from './handshake-decisions.js';
import { handshakeFollower, type HandshakeFollower } from './handshake-trace.js';
import {
  checkAlpnCallback,
  checkEnableTrace,
  checkFunction,
  checkHandshakeTimeout,
  checkPskOptions,
  encodeAlpn,
} from './options.js';
import type { ServerPskCallback } from './pre-shared-keys.js';
import {
  connectionSecurity,
  joinPolicies,
  readDemand,
  refuseWeakerContext,
  strictest,
  type PolicyOptions,
} from './policy.js';
import { runAhead, takeOver, termsAhead, type BegunHandshake, type PreparedHandshake } from './begun-handshake.js';
import { adoptConnection } from './connection-setup.js';
import type { HandshakeStep, TcpTransport } from './tcp-transport.js';
import type { Transport } from './transport.js';
import { checkRecordOptions, type RecordOptions } from './record-options.js';
import {
  checkEngineOf,
  checkSecureContext,
  createCurrentSecureContext,
  SecureContext,
  type SecureContextOptions,
} from './secure-context.js';
import { checkGivenTicketKeys, defaultSessionIdContext } from './session-options.js';
import { mayShowNone, preparedSecurity } from './socket-options.js';
import { TLSSocket, type SniCallback, type TLSSocketOptions } from './socket.js';

export interface TlsServerOptions extends SecureContextOptions, RecordOptions, ServerOpts {
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
  /** @internal */
  [handshakeFollower]?: HandshakeFollower | undefined;
  /** @internal */
  [mayShowNone]?: boolean | undefined;
}

/** Whether clients are asked for a certificate, and whether one is required. */
export type ClientCertificates = Pick<TlsServerOptions, 'requestCert' | 'rejectUnauthorized'>;

type ServerSettings = ClientCertificates &
  PolicyOptions &
  RecordOptions &
  Pick<TlsServerOptions, 'SNICallback' | 'ALPNProtocols' | 'ALPNCallback' | 'pskCallback' | 'pskIdentityHint'> &
  Pick<
    TlsServerOptions,
    'enableTrace' | 'pauseOnConnect' | 'handshakeTimeout' | typeof handshakeFollower | typeof mayShowNone
  >;

const defaultHandshakeTimeout = 120_000;

/**
 * TLS on the sockets of any server: contexts, SNI, and options that were checked once. Used by Server and by the servers
 * of https and http2, which are Node's own but for this.
 */
export class TlsAcceptor {
  readonly #server: EventEmitter;
  // One of each for all sockets, which are `this` there.
  readonly #onError: (this: TLSSocket, error: Error) => void;
  readonly #onClose: (this: TLSSocket) => void;
  readonly #onSecure: (this: TLSSocket) => void;
  readonly #settings: ServerSettings;
  #context: SecureContext;
  /** undefined where the next connection has others. */
  #lastOptions: TLSSocketOptions | undefined;
  #prepared: PreparedHandshake | undefined;
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
    /* eslint-disable no-restricted-syntax -- Once for a server. */
    this.#onError = function (error) {
      if (!this._controlReleased) server.emit('tlsClientError', error, this);
    };
    // Ended by the program, without an error. An Error costs microseconds, and most connections need none.
    this.#onClose = function () {
      if (!this._controlReleased && this.errored === null) server.emit('tlsClientError', hangUp(), this);
    };
    // The listener of errors stays, as in node:tls: one that the program does not listen to ends no server.
    this.#onSecure = function () {
      this._releaseControl();
      server.emit('secureConnection', this);
    };
    /* eslint-enable no-restricted-syntax */
    checkFunction('options.SNICallback', options.SNICallback);
    checkAlpnCallback(options);
    checkPskOptions('options.pskCallback', options);
    checkEnableTrace(options.enableTrace);
    checkHandshakeTimeout(options.handshakeTimeout);
    this.#settings = settingsOf(options);
    this.#context = checkEngineOf(
      options,
      checkSecureContext(options.secureContext ?? createCurrentSecureContext(this.#withSessionOptions(options))),
    );
    checkRecordOptions(options, this.#context);
    // Refuses what every connection would be refused for.
    connectionSecurity(options, this.#context, true);
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
    const chosen = context instanceof SecureContext ? context : createCurrentSecureContext(this.#inherit(context));
    checkEngineOf(this, chosen);
    refuseWeakerContext(connectionSecurity(this.#settings, this.#context, true), chosen);
    const escaped = servername.replace(/([.^$+?\-\\[\]{}])/g, '\\$1').replaceAll('*', '[^.]*');
    this.#lastOptions = undefined;
    this.#byName.unshift({
      pattern: new RegExp(`^${escaped}$`, 'i'),
      context: chosen,
    });
  }

  /** Replaces the context for connections to come; those that are open keep theirs. */
  setSecureContext(options: SecureContextOptions): void {
    const context = createCurrentSecureContext(this.#withSessionOptions(this.#inherit(options)));
    refuseWeakerContext(connectionSecurity(this.#settings, this.#context, true), context);
    this.#lastOptions = undefined;
    this.#context = context;
  }

  /** Options of a further context, under this server's own policy where they name none, and never less strict. */
  #inherit(options: SecureContextOptions): SecureContextOptions {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
    const own = connectionSecurity(this.#settings, this.#context, true);
    // The policy of the process comes by itself, and more leniently.
    const isOfProcess = own.policyName === readDemand({}).policy?.name;
    const postQuantum = strictest(own.postQuantum, readDemand(options).postQuantum);
    const policy = options.policy ?? (isOfProcess ? undefined : own.policyName);
    return { ...options, policy, postQuantum, engine: options.engine ?? this.#context.context.engine };
  }

  /** Of every connection. */
  get engine(): EngineName {
    return this.#context.context.engine;
  }

  /** The 48 bytes that seal session tickets now. Secret. */
  getTicketKeys(): Buffer {
    return this.#context.context.getTicketKeys();
  }

  /** See Server#setTicketKeys(). */
  setTicketKeys(keys: NodeJS.ArrayBufferView): void {
    const bytes = checkGivenTicketKeys(keys);
    this.#context.context.setTicketKeys(bytes);
    this.#ticketKeys = Uint8Array.from(bytes);
  }

  /** What was given once stays, as in node:tls. */
  #withSessionOptions(options: SecureContextOptions): SecureContextOptions {
    if (Array.isArray(options)) throw invalidArgType('options', 'of type object', options);
    this.#ticketKeys = options.ticketKeys ?? this.#ticketKeys;
    this.#sessionTimeout = options.sessionTimeout || this.#sessionTimeout;
    return {
      ...options,
      ...joinPolicies(options),
      ticketKeys: this.#ticketKeys,
      sessionTimeout: this.#sessionTimeout,
      sessionIdContext: options.sessionIdContext || defaultSessionIdContext(),
    };
  }

  /** The same object for all connections until something changes. */
  #socketOptions({ requestCert, rejectUnauthorized }: ClientCertificates): TLSSocketOptions {
    const last = this.#lastOptions;
    if (last && last.requestCert === requestCert && last.rejectUnauthorized === rejectUnauthorized) return last;
    const options = {
      ...this.#settings,
      requestCert,
      rejectUnauthorized,
      // The context has its own, which may be another one by now.
      policy: undefined,
      isServer: true,
      server: this.#server,
      secureContext: this.#context,
      SNICallback: this.#settings.SNICallback ?? (this.#byName.length > 0 ? this.#findContext : undefined),
      [preparedSecurity]: connectionSecurity(this.#settings, this.#context, true),
    } as const;
    this.#lastOptions = options;
    return options;
  }

  /**
   * Starts a handshake on a socket that a server has just accepted.
   *
   * @param certificates what is asked of this client; default: the options
   */
  accept(transport: Transport, certificates?: ClientCertificates): void {
    const options = this.#socketOptions(certificates ?? this.#settings);
    const isAhead = runAhead(transport, options, (begun) => this.#goOn(transport, options, begun));
    if (!isAhead) this.#open(transport, options);
  }

  /**
   * What the addon begins the handshakes of connections to come with, the same object until something changes; undefined
   * where a TLSSocket is needed from the start.
   */
  prepare(certificates?: ClientCertificates): PreparedHandshake | undefined {
    const options = this.#socketOptions(certificates ?? this.#settings);
    const terms = termsAhead(options);
    if (terms === undefined) return undefined;
    const answersOcsp = this.#server.listenerCount('OCSPRequest') > 0;
    const last = this.#prepared;
    if (last?.options === options && last.answersOcsp === answersOcsp) return last;
    return (this.#prepared = { options, answersOcsp, ...terms });
  }

  /** Goes on with a handshake that the addon has begun; `age` in milliseconds. */
  resume(transport: TcpTransport, prepared: PreparedHandshake, step: HandshakeStep, age: number): void {
    const { nativeContext: context, security } = prepared;
    const connection = adoptConnection(transport, { context, security });
    this.#goOn(transport, prepared.options, { connection, startedAt: performance.now() - age, step });
  }

  #goOn(transport: Transport, options: TLSSocketOptions, begun: BegunHandshake): void {
    const socket = this.#open(transport, options, begun);
    if (socket === undefined) begun.connection.destroy();
    else socket[takeOver](begun);
  }

  #open(transport: Transport, options: TLSSocketOptions, begun?: BegunHandshake): TLSSocket | undefined {
    let socket: TLSSocket;
    try {
      socket = new TLSSocket(transport as Duplex, options, begun);
    } catch (error) {
      // Out of memory, say: one connection's trouble must not end the server.
      transport.destroy();
      this.#server.emit('tlsClientError', error, transport);
      return undefined;
    }
    if (this.#server.listenerCount('keylog') > 0) {
      socket.on('keylog', (line: Buffer) => this.#server.emit('keylog', line, socket));
    }
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('secure', this.#onSecure);
    return socket;
  }

  readonly #findContext: SniCallback = (servername, callback) => {
    callback(null, this.#byName.find(({ pattern }) => pattern.test(servername))?.context);
  };
}

/** What every connection gets. Read once: what becomes of the caller's object later is nothing to this server. */
function settingsOf(options: TlsServerOptions): ServerSettings {
  const { requestCert, rejectUnauthorized, SNICallback, ALPNCallback } = options;
  const { pskCallback, pskIdentityHint, enableTrace, pauseOnConnect } = options;
  return {
    ...joinPolicies(options),
    requestCert,
    rejectUnauthorized,
    SNICallback,
    ALPNProtocols: encodeAlpn(options.ALPNProtocols),
    ALPNCallback,
    pskCallback,
    pskIdentityHint,
    enableTrace,
    [handshakeFollower]: options[handshakeFollower],
    [mayShowNone]: options[mayShowNone],
    pauseOnConnect,
    handshakeTimeout: options.handshakeTimeout || defaultHandshakeTimeout,
  };
}

function hangUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}
