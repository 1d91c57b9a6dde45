// TLSSocket: a net.Socket-shaped stream whose bytes go through a TLS engine over a socket or any other Duplex.

import type { EventEmitter } from 'node:events';
import { isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import type { Answer, Connection, EngineEvent, Negotiated, Progress } from '../engine/connection.js';
import { NativeTlsConnection } from '../engine/native-connection.js';
import { requireTlsBinding } from '../engine/select.js';
import { HandshakeTimeoutError, invalidArgType, UnexpectedEofError } from '../errors.js';
import {
  checkFunction,
  checkHandshakeTimeout,
  checkServername,
  checkTransport,
  encodeAlpn,
  refuseAbsentOptions,
} from './options.js';
import { CiphertextWriter } from './ciphertext-writer.js';
import { defineGetter, forwardProperties } from './forwarded-properties.js';
import { decide, type DecidingSocket } from './handshake-decisions.js';
import { NegotiatedSocket, state, type ConnectionState } from './negotiated-socket.js';
import {
  checkSecureContext,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
} from './secure-context.js';
import {
  aroundHandshake,
  checkSession,
  onFirstListener,
  ServerSessions,
  unwrapSession,
  wrapSession,
  type VerifiedIdentity,
} from './session.js';

/** Answers with the context for a server name; without one the server's own is used. */
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void;

export interface TLSSocketOptions extends SecureContextOptions {
  isServer?: boolean | undefined;
  /** Default: made of the other options. */
  secureContext?: SecureContext | undefined;
  /** A server asks for a client's certificate. Default false. */
  requestCert?: boolean | undefined;
  /** Refuse a peer whose certificate is not trusted. Default true. */
  rejectUnauthorized?: boolean | undefined;
  /** Names in order of preference, or wire form. */
  ALPNProtocols?: readonly string[] | Uint8Array | undefined;
  SNICallback?: SniCallback | undefined;
  /** A client's Server Name Indication; a host name, not an IP address. */
  servername?: string | undefined;
  /** Default: checkServerIdentity() of this module. */
  checkServerIdentity?: ((hostname: string, certificate: PeerCertificate) => Error | undefined) | undefined;
  /** The name that a client checks the certificate against. Default: servername, then `localhost`. */
  host?: string | undefined;
  allowHalfOpen?: boolean | undefined;
  highWaterMark?: number | undefined;
  signal?: AbortSignal | undefined;
  /** A client's session to resume: what getSession() or a `session` event gave. */
  session?: Buffer | string | undefined;
  /** Whose newSession and resumeSession a server's socket emits. */
  server?: EventEmitter | undefined;
  /** Milliseconds until an unfinished handshake fails. Default: none for a client; a Server passes its own. */
  handshakeTimeout?: number | undefined;
}

// How long a peer has to take our last alert before the transport is torn down, in milliseconds.
const lingerMs = 2000;

// The most that setTimeout takes, in milliseconds.
const longestTimeout = 0x7fff_ffff;
const noBytes = new Uint8Array(0);
type WriteCallback = (error?: Error | null) => void;

/**
 * A TLS connection as a stream. Over a `net.Socket`, or over any other Duplex.
 *
 * Emits `secureConnect` (client) and `secure` when the handshake is done, then what every net.Socket emits.
 */
export class TLSSocket extends NegotiatedSocket {
  readonly encrypted = true;
  /** The peer's certificate was verified. */
  authorized = false;
  /** Why it was not: an OpenSSL code as in node:tls, or the error of checkServerIdentity. */
  authorizationError: string | Error | null = null;
  /** The agreed application protocol; false where none was agreed, null before the handshake is done. */
  alpnProtocol: string | false | null = null;
  /** The server name of the ClientHello; false where there is none, null before the handshake is done (server side). */
  servername: string | false | null = null;

  readonly #transport: Duplex;
  readonly #connection: Connection;
  readonly #writer: CiphertextWriter;
  readonly #options: TLSSocketOptions;
  readonly #isServer: boolean;
  #startedAt = performance.now();
  #handshakeInfo: (Negotiated & { durationMs: number }) | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  /** Ciphertext may be read: the stream above has room, or the handshake goes on. */
  #reading = true;
  #more = false;
  #awaits = false;
  #transportEnded = false;
  #readEnded = false;
  #closeSent = false;
  /** What the program is still to be told, in order; see #pump. */
  #deliveries: (() => void)[] = [];
  #pumping = false;
  #failed = false;
  #plaintextRead = 0;
  #plaintextWritten = 0;
  readonly #decider: DecidingSocket;
  readonly #sessions: ServerSessions | undefined;
  #offeredIdentity: VerifiedIdentity | undefined;
  /** The stream's first write, and its end, wait for the handshake here. */
  #whenSecure: { readonly run: () => void; readonly cancel: () => void }[] = [];

  constructor(transport: Duplex | undefined, options: TLSSocketOptions = {}) {
    const { allowHalfOpen = false, highWaterMark, signal } = options;
    super({
      allowHalfOpen,
      ...(highWaterMark === undefined ? {} : { highWaterMark }),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#options = options;
    this.#isServer = options.isServer === true;
    refuseAbsentOptions(options);
    checkHandshakeTimeout(options.handshakeTimeout);
    if (transport !== undefined) checkTransport(transport);
    this.#transport = transport ?? new Socket({ allowHalfOpen: true });
    const context = checkSecureContext(options.secureContext ?? createSecureContext(options));
    this.#connection = this.#createConnection(context);
    this.#sessions = this.#createSessions();
    this.#decider = this.#createDecider();
    this.#writer = new CiphertextWriter(this.#transport);
    this.#setConnecting(this.#transport instanceof Socket && this.#transport.connecting);
    this.#attach();
    if (options.session && !this.#isServer) this.setSession(options.session);
  }

  override get [state](): ConnectionState {
    return {
      connection: this.#connection,
      info: this.#handshakeInfo,
      isServer: this.#isServer,
      identity: this.#decider.verifiedIdentity,
    };
  }

  /**
   * Offers a session for resumption, before the handshake. What is no session of ours, or does not fit, is ignored: a full
   * handshake follows.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`
   */
  setSession(session: Buffer | string): void {
    const kept = unwrapSession(checkSession(session));
    if (kept === undefined || this.destroyed || this.#isServer) return;
    this.#offeredIdentity = kept.identity;
    this.#connection.offerSession(kept.session);
  }

  #createSessions(): ServerSessions | undefined {
    if (!this.#isServer) {
      onFirstListener(this, 'session', () => this.#connection.enableSessionEvents());
      return undefined;
    }
    const { server } = this.#options;
    if (!ServerSessions.wanted(server)) return undefined;
    this.#connection.enableSessionEvents();
    return new ServerSessions(server, this, {
      resume: (answer) => this.#resume(answer),
      stored: () => {
        this.#writer.release();
        this.#pump();
      },
    });
  }

  #createDecider(): DecidingSocket {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the accessors below have a `this` of their own
    const socket = this;
    return {
      isServer: this.#isServer,
      engine: this.#connection.engine,
      options: this.#options,
      get authorized() {
        return socket.authorized;
      },
      set authorized(value) {
        socket.authorized = value;
      },
      get authorizationError() {
        return socket.authorizationError;
      },
      set authorizationError(value) {
        socket.authorizationError = value;
      },
      get offeredIdentity() {
        return socket.#offeredIdentity;
      },
      verifiedIdentity: undefined,
      sessions: this.#sessions,
      refusal: undefined,
      resume: (answer) => this.#resume(answer),
    };
  }

  #createConnection(context: SecureContext): Connection {
    const { servername, requestCert, rejectUnauthorized } = this.#options;
    const sni = checkFunction('options.SNICallback', this.#options.SNICallback);
    checkFunction('options.checkServerIdentity', this.#options.checkServerIdentity);
    checkServername(servername);
    const sendName = !this.#isServer && servername !== undefined && servername !== '' && isIP(servername) === 0;
    return new NativeTlsConnection(requireTlsBinding(), context.context, {
      isServer: this.#isServer,
      verifyPeer: this.#isServer ? Boolean(requestCert) : true,
      requirePeer: this.#isServer ? rejectUnauthorized !== false : true,
      suspendOnClientHello: this.#isServer && sni !== undefined,
      servername: sendName ? servername : undefined,
      alpn: encodeAlpn(this.#options.ALPNProtocols),
      // Any other stream may hold on to what it was given after it called back.
      poolsOutput: Object.getPrototypeOf(this.#transport) === Socket.prototype,
      keylog: false,
    });
  }

  #attach(): void {
    const transport = this.#transport;
    transport.on('data', (chunk: unknown) => this.#onCiphertext(chunk));
    transport.on('end', () => this.#onTransportEnd());
    // Once both sides have ended, a peer that is gone already does not matter: node:tls takes no notice either.
    transport.on('error', (error: Error) => this.destroy(this.#readEnded && this.#closeSent ? undefined : error));
    transport.on('close', () => this.#onTransportClose());
    if (transport instanceof Socket) {
      for (const event of ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout']) {
        transport.on(event, (...values: unknown[]) => this.emit(event, ...values));
      }
      if (transport.connecting) {
        transport.once('connect', () => {
          this.#setConnecting(false);
          this.#startedAt = performance.now();
          this.emit('connect');
          this.emit('ready');
          this.#start();
        });
        return;
      }
    }
    // After the constructor, so that the caller's listeners are there.
    process.nextTick(() => this.#start());
  }

  #start(): void {
    if (this.destroyed) return;
    this.#writer.claimTransport();
    if (this.#transport.destroyed || this.#transport.readableEnded) {
      this.#fail(this.#earlyEnd());
      return;
    }
    const timeout = Math.min(this.#options.handshakeTimeout ?? 0, longestTimeout);
    if (timeout > 0) {
      this.#handshakeTimer = setTimeout(() => {
        this.#fail(
          new HandshakeTimeoutError(`TLS handshake timeout: it did not finish within ${timeout} ms`, {
            code: 'ERR_TLS_HANDSHAKE_TIMEOUT',
            phase: 'handshake',
            engine: this.#connection.engine,
          }),
        );
      }, timeout);
    }
    if (this.#isServer) this.#flowControl();
    else this.#handle(this.#connection.start());
  }

  #onCiphertext(chunk: unknown): void {
    if (this.destroyed || this.#failed) return;
    if (!(chunk instanceof Uint8Array)) {
      this.#fail(invalidArgType('socket', 'a Duplex of bytes, without setEncoding() and not in object mode', chunk));
      return;
    }
    this.#touch();
    this.#handle(this.#connection.receive(chunk));
  }

  /** Writes what the engine made for the peer, then tells the program what happened. */
  #handle(progress: Progress): void {
    this.#more = progress.more;
    this.#awaits = progress.awaits !== undefined;
    const { events, handshakeDone, plaintext, awaits, closeNotify, error } = progress;
    const [before, after] = aroundHandshake(events);
    if (events.some(({ kind }) => kind === 'new-session')) this.#writer.hold();
    for (const event of before) this.#deliveries.push(() => this.#onEngineEvent(event));
    if (handshakeDone) this.#deliveries.push(() => this.#onSecure());
    for (const event of after) this.#deliveries.push(() => this.#onEngineEvent(event));
    for (const bytes of plaintext) this.#deliveries.push(() => this.#deliver(bytes));
    if (awaits !== undefined) this.#deliveries.push(() => decide(this.#decider, awaits));
    if (closeNotify) this.#deliveries.push(() => this.#endRead());
    if (error !== undefined) this.#deliveries.push(() => this.#fail(error));
    for (const ciphertext of progress.ciphertext) this.#writer.write(ciphertext);
    this.#pump();
  }

  /**
   * Tells the program one thing after the other. Its listeners may call back into this socket (read, write, destroy) and
   * may throw: neither may reorder or lose what comes after.
   */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.destroyed && !this.#storing()) {
        const next = this.#deliveries.shift();
        if (next !== undefined) next();
        else if (!this.#more) break;
        else if (this.#reading) this.#handle(this.#connection.receive(undefined));
        else break;
      }
      if (!this.destroyed && this.#transportEnded && !this.#more && !this.#storing()) this.#onStreamEnd();
    } finally {
      this.#pumping = false;
      // Only a listener that threw leaves something.
      if (this.#deliveries.length > 0 && !this.#storing()) process.nextTick(() => this.#pump());
      else this.#flowControl();
    }
  }

  #onEngineEvent(event: EngineEvent): void {
    if (event.kind === 'new-session') this.#sessions?.created(event);
    else if (event.kind === 'session') this.emit('session', wrapSession(event.session, this.#decider.verifiedIdentity));
    else this.emit(event.kind, event.bytes);
  }

  /** The end of the handshake waits until the program has stored its session. */
  #storing(): boolean {
    return this.#handshakeInfo === undefined && this.#sessions?.waiting === true;
  }

  #deliver(bytes: Buffer): void {
    this.#plaintextRead += bytes.length;
    if (!this.push(bytes)) this.#reading = false;
  }

  /** A reader that is behind stops TCP; what was received stays ciphertext in the engine. */
  #flowControl(): void {
    if (this.destroyed || this.#transportEnded || this.#transport.destroyed) return;
    const wanted = this.#handshakeInfo === undefined ? !this.#awaits : this.#reading && !this.#more;
    if (wanted && this.#transport.isPaused()) this.#transport.resume();
    else if (!wanted && !this.#transport.isPaused()) this.#transport.pause();
  }

  #onSecure(): void {
    clearTimeout(this.#handshakeTimer);
    const negotiated = this.#connection.negotiated();
    this.#handshakeInfo = { ...negotiated, durationMs: performance.now() - this.#startedAt };
    this.alpnProtocol = negotiated.alpn ?? false;
    if (this.#isServer) this.servername = negotiated.servername ?? false;
    if (
      this.#isServer &&
      this.#options.requestCert &&
      !this.authorized &&
      this.#connection.peerCertificates().length === 0
    ) {
      this.authorizationError = 'UNABLE_TO_GET_ISSUER_CERT';
    }
    this.#deliveries.unshift(() => this.#runWaiting());
    if (!this.#isServer) this.#deliveries.unshift(() => this.emit('secureConnect'));
    else if (negotiated.protocol === 'TLSv1.3') setImmediate(() => this.#sendTickets());
    this.emit('secure');
  }

  /**
   * The engine keeps them for the first write, which may never come. Not before everybody who waits for `secure` has
   * had a turn, as in node:tls: a peer that is closed then would answer with a reset.
   */
  #sendTickets(): void {
    if (this.destroyed || this.#closeSent) return;
    const { ciphertext, error } = this.#connection.send(noBytes, 0);
    if (ciphertext !== undefined) this.#writer.write(ciphertext);
    if (error !== undefined) this.#fail(error);
  }

  #runWaiting(): void {
    for (let next = this.#whenSecure.shift(); next !== undefined; next = this.#whenSecure.shift()) next.run();
  }

  #resume(answer: Answer): void {
    if (this.destroyed || this.#failed) return;
    this.#handle(this.#connection.resume(answer));
  }

  #endRead(): void {
    if (this.#readEnded) return;
    this.#readEnded = true;
    this.push(null);
    // 'end' comes only to a reader; without one the end still has to be noticed, as net.Socket does.
    if (this.readableLength === 0) this.read(0);
  }

  #onTransportEnd(): void {
    this.#transportEnded = true;
    if (!this.#failed) this.#pump();
  }

  /** The transport is at its end and everything that came before was told. */
  #onStreamEnd(): void {
    if (this.#handshakeInfo === undefined) this.#fail(this.#earlyEnd());
    else this.#endRead();
  }

  #onTransportClose(): void {
    if (this.destroyed || this.#failed) return;
    if (this.#handshakeInfo === undefined) this.#fail(this.#earlyEnd());
    // A reader that is slower than the transport's close still gets everything up to the end.
    else if (!this.#transportEnded && !this.#readEnded) this.destroy();
  }

  #earlyEnd(): UnexpectedEofError {
    const who = this.#isServer ? 'Client' : 'Server';
    return new UnexpectedEofError(`${who} closed the connection before the secure TLS connection was established`, {
      code: 'ECONNRESET',
      phase: 'handshake',
      engine: this.#connection.engine,
    });
  }

  /** Ends the connection with an error; an alert that is on its way gets its time to leave. */
  #fail(error: Error): void {
    if (this.#failed || this.destroyed) return;
    this.#failed = true;
    this.destroy(this.#decider.refusal ?? error);
  }

  #setConnecting(connecting: boolean): void {
    // An own property of every net.Socket, read-only in its types.
    (this as { connecting: boolean }).connecting = connecting;
  }

  #touch(): void {
    // net.Socket's own activity timer.
    (this as unknown as { _unrefTimer?(): void })._unrefTimer?.();
  }

  /** @internal */
  override _read(): void {
    this.#reading = true;
    if (this.#handshakeInfo !== undefined && !this.destroyed) this.#pump();
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    this.#send([toBytes(chunk, encoding)], callback);
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: WriteCallback): void {
    const bytes = chunks.map(({ chunk, encoding }) => toBytes(chunk, encoding));
    const total = bytes.reduce((sum, part) => sum + part.length, 0);
    // One record for many small writes; large ones are not worth the copy.
    this.#send(total <= 64 * 1024 ? [Buffer.concat(bytes, total)] : bytes, callback);
  }

  #send(chunks: Uint8Array[], callback: WriteCallback): void {
    if (this.#handshakeInfo === undefined) {
      this.#whenSecure.push({
        run: () => this.#send(chunks, callback),
        cancel: () => callback(canceled()),
      });
      return;
    }
    this.#sendFrom(chunks, 0, 0, callback);
  }

  /** One pooled buffer at a time: the next is encrypted when the transport took the last. */
  #sendFrom(chunks: Uint8Array[], index: number, offset: number, callback: WriteCallback): void {
    let chunk = chunks[index];
    while (chunk !== undefined && offset >= chunk.length) {
      index += 1;
      offset = 0;
      chunk = chunks[index];
    }
    if (chunk === undefined) {
      callback();
      return;
    }
    if (this.destroyed) {
      callback(canceled());
      return;
    }
    const sent = this.#connection.send(chunk, offset);
    if (sent.error !== undefined || sent.ciphertext === undefined) {
      callback(sent.error ?? new Error('The engine made no progress'));
      return;
    }
    const { ciphertext, taken } = sent;
    this.#plaintextWritten += taken;
    this.#touch();
    this.#writer.write(ciphertext, (error) => {
      if (error) callback(error);
      else this.#sendFrom(chunks, index, offset + taken, callback);
    });
  }

  override _final(callback: WriteCallback): void {
    if (this.#handshakeInfo === undefined) {
      this.#whenSecure.push({ run: () => this._final(callback), cancel: () => callback(canceled()) });
      return;
    }
    if (this.destroyed) {
      callback();
      return;
    }
    this.#closeSent = true;
    // Not through #handle: what is still to be read stays as it is.
    for (const ciphertext of this.#connection.shutdown().ciphertext) this.#writer.write(ciphertext);
    this.#writer.afterwards(() => this.#transport.end(() => callback()));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#handshakeTimer);
    this.setTimeout(0);
    this.#setConnecting(false);
    this.#connection.destroy();
    this.#deliveries = [];
    const waiting = this.#whenSecure;
    this.#whenSecure = [];
    for (const { cancel } of waiting) cancel();
    this.#writer.release();
    const transport = this.#transport;
    let told = false;
    const closed = (): void => {
      if (told) return;
      told = true;
      this.emit('close', error !== null && error !== undefined);
    };
    transport.once('close', closed);
    callback(error);
    if (this.#failed && transport.writable) this.#linger();
    else transport.destroy();
    // For a transport that is closed already, or that emits no 'close' (emitClose: false).
    setImmediate(() => {
      if (transport.closed) closed();
    });
  }

  /** Lets the alert reach the peer: a reset would overtake it. */
  #linger(): void {
    const transport = this.#transport;
    const timer = setTimeout(() => transport.destroy(), lingerMs);
    timer.unref();
    transport.once('close', () => clearTimeout(timer));
    transport.resume();
    transport.end(() => transport.destroy());
  }

  override setNoDelay(noDelay?: boolean): this {
    if (this.#transport instanceof Socket) this.#transport.setNoDelay(noDelay);
    return this;
  }

  override setKeepAlive(enable?: boolean, initialDelay?: number): this {
    if (this.#transport instanceof Socket) this.#transport.setKeepAlive(enable, initialDelay);
    return this;
  }

  override ref(): this {
    if (this.#transport instanceof Socket) this.#transport.ref();
    return this;
  }

  override unref(): this {
    if (this.#transport instanceof Socket) this.#transport.unref();
    return this;
  }

  override address(): ReturnType<Socket['address']> {
    return this.#transport instanceof Socket ? this.#transport.address() : {};
  }

  static {
    forwardProperties(this.prototype, (socket) => socket.#transport);
    defineGetter(this.prototype, 'bytesRead', (socket) => socket.#plaintextRead);
    defineGetter(this.prototype, 'bytesWritten', (socket) => socket.#plaintextWritten + socket.writableLength);
  }
}

/** For a write that was pending when the socket was destroyed, as in node:tls. */
function canceled(): Error {
  return Object.assign(new Error('write ECANCELED: the socket was destroyed'), { code: 'ECANCELED', syscall: 'write' });
}

function toBytes(chunk: unknown, encoding: BufferEncoding): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  return chunk as Uint8Array;
}
