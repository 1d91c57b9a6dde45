// TLSSocket: a net.Socket-shaped stream whose bytes go through a TLS engine over a socket or any other Duplex.

import { AsyncResource } from 'node:async_hooks';
import { isIP, Socket } from 'node:net';
import { addAbortSignal, type Duplex } from 'node:stream';
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
import { decide, type DecidingSocket } from './handshake-decisions.js';
import { NegotiatedSocket, state, type ConnectionState } from './negotiated-socket.js';
import {
  checkSecureContext,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
} from './secure-context.js';
import { canceled, closedBeforeConnection, toBytes } from './pending-writes.js';
import { ownTransport, transport } from './transport-socket.js';
import { userBuffer, type OnReadOptions, type UserBuffer } from './user-buffer.js';

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
  /** Of a socket without a transport; one that has a transport does as that does. Default false. */
  allowHalfOpen?: boolean | undefined;
  /** Of a socket without a transport: plaintext goes into this buffer, there is no `data`. */
  onread?: OnReadOptions | undefined;
  /** Becomes `server`, where a server's sockets look for it. */
  server?: object | undefined;
  /** A server's socket that is paused when `secureConnection` is emitted. */
  pauseOnConnect?: boolean | undefined;
  highWaterMark?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds until an unfinished handshake fails. Default: none for a client; a Server passes its own. */
  handshakeTimeout?: number | undefined;
}

// How long a peer has to take our last alert before the transport is torn down, in milliseconds.
const lingerMs = 2000;

// The most that setTimeout takes, in milliseconds.
const longestTimeout = 0x7fff_ffff;
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
  /** The handshake, and the verdict on the peer's certificate, are not there yet. */
  secureConnecting = true;

  readonly #transport: Duplex;
  readonly #connection: Connection;
  readonly #writer: CiphertextWriter;
  readonly #options: TLSSocketOptions;
  readonly #isServer: boolean;
  /** Where the program is told things: the context in which this socket was made, not the one of its transport. */
  readonly #scope: AsyncResource | undefined;
  readonly #onread: UserBuffer | undefined;
  #released = false;
  #started = false;
  #startedAt = performance.now();
  #handshakeInfo: (Negotiated & { durationMs: number }) | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  /** Ciphertext may be read: the stream above has room, or the handshake goes on. */
  #reading = true;
  #more = false;
  #awaits = false;
  #transportEnded = false;
  #readEnded = false;
  /** What the program is still to be told, in order; see #pump. */
  #deliveries: (() => void)[] = [];
  #pumping = false;
  /** The program's own buffer waits for resume(). */
  #stalled = false;
  #failed = false;
  readonly #decider: DecidingSocket;
  /** The stream's first write, and its end, wait for the handshake here. */
  #whenSecure: { readonly run: () => void; readonly cancel: () => void }[] = [];

  constructor(given?: Duplex | null, settings?: TLSSocketOptions) {
    const options = settings ?? {};
    const { highWaterMark, signal } = options;
    if (given !== undefined && given !== null) checkTransport(given);
    const allowHalfOpen = given ? given.allowHalfOpen : Boolean(options.allowHalfOpen);
    super({
      allowHalfOpen,
      ...(highWaterMark === undefined ? {} : { highWaterMark }),
    });
    this.#options = options;
    Reflect.set(this, 'server', options.server);
    this.#isServer = Boolean(options.isServer);
    refuseAbsentOptions(options);
    checkHandshakeTimeout(options.handshakeTimeout);
    this.#transport = given ?? ownTransport(options);
    // It stays open for writing until close_notify is out.
    if (given) given.allowHalfOpen = true;
    if (given) this.#scope = new AsyncResource('PQTLSSOCKET');
    this.#onread = given ? undefined : userBuffer(options.onread);
    const context = checkSecureContext(options.secureContext ?? createSecureContext(options));
    this.#connection = this.#createConnection(context);
    this.#decider = this.#createDecider();
    this.#writer = new CiphertextWriter(this.#transport);
    // Nobody may be listening yet: whoever takes the socket over says so by _releaseControl().
    this.on('error', this._tlsError);
    this.#attach(!given);
    if (options.pauseOnConnect) this.pause();
    if (signal) this.#obey(signal);
  }

  /** Not by the options of the stream: an aborted signal would destroy what is not made yet. */
  #obey(signal: unknown): void {
    if (!(signal instanceof AbortSignal)) {
      throw invalidArgType('options.signal', 'an instance of AbortSignal', signal);
    }
    if (signal.aborted) process.nextTick(() => addAbortSignal(signal, this));
    else addAbortSignal(signal, this);
  }

  override get [transport](): Duplex {
    return this.#transport;
  }

  override get [state](): ConnectionState {
    return { connection: this.#connection, info: this.#handshakeInfo, isServer: this.#isServer };
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

  #attach(own: boolean): void {
    const below = this.#transport;
    below.on('data', (chunk: unknown) => this.#onCiphertext(chunk));
    below.on('end', () => this.#onTransportEnd());
    below.on('error', (error: Error) => this.destroy(error));
    below.on('close', () => this.#onTransportClose());
    // A socket that is still to be connected is at rest, and counts as connecting when it was given.
    this.followConnection(own, () => this.#start());
    // After the constructor, so that the caller's listeners are there.
    if (!own && !this.connecting) process.nextTick(() => this.#start());
  }

  #start(): void {
    if (this.destroyed || this.#started) return;
    this.#started = true;
    this.#startedAt = performance.now();
    if (this.#transport.destroyed || this.#transport.readableEnded) {
      this.#fail(this.#earlyEnd());
      return;
    }
    const timeout = Math.min(this.#options.handshakeTimeout ?? 0, longestTimeout);
    if (timeout > 0) {
      this.#handshakeTimer = setTimeout(() => {
        this.#fail(
          new HandshakeTimeoutError('TLS handshake timeout', {
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
    this.touch();
    this.#handle(this.#connection.receive(chunk));
  }

  /** Writes what the engine made for the peer, then tells the program what happened. */
  #handle(progress: Progress): void {
    this.#more = progress.more;
    this.#awaits = progress.awaits !== undefined;
    const { events, handshakeDone, plaintext, awaits, closeNotify, error } = progress;
    for (const event of events) this.#deliveries.push(() => this.#onEngineEvent(event));
    if (handshakeDone) this.#deliveries.push(() => this.#onSecure());
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
    if (this.#scope === undefined) this.#deliverAll();
    else this.#scope.runInAsyncScope(() => this.#deliverAll());
  }

  #deliverAll(): void {
    this.#pumping = true;
    try {
      while (!this.destroyed && !this.#stalled) {
        const next = this.#deliveries.shift();
        if (next !== undefined) next();
        else if (!this.#more) break;
        else if (this.#reading) this.#handle(this.#connection.receive(undefined));
        else break;
      }
      if (!this.destroyed && this.#transportEnded && !this.#more && !this.#stalled) this.#onStreamEnd();
    } finally {
      this.#pumping = false;
      // Only a listener that threw leaves something.
      if (this.#deliveries.length > 0 && !this.#stalled) process.nextTick(() => this.#pump());
      else this.#flowControl();
    }
  }

  #onEngineEvent(event: EngineEvent): void {
    this.emit(event.kind, event.bytes);
  }

  #deliver(bytes: Buffer): void {
    if (this.#onread !== undefined) {
      this.#fillUserBuffer(this.#onread, bytes);
      return;
    }
    this.countRead(bytes.length);
    if (!this.push(bytes)) this.#reading = false;
  }

  #fillUserBuffer(onread: UserBuffer, bytes: Buffer): void {
    if (!this.#reading) {
      this.#stalled = true;
      this.#deliveries.unshift(() => this.#deliver(bytes));
      return;
    }
    const { taken, wantsMore } = onread.fill(this, bytes);
    this.countRead(taken);
    if (!wantsMore) this.#reading = false;
    if (taken < bytes.length) this.#deliveries.unshift(() => this.#deliver(bytes.subarray(taken)));
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
    this.servername = negotiated.servername || false;
    // As in node:tls, whose handshake timer is this one.
    if ((this.#options.handshakeTimeout ?? 0) > 0) this.setTimeout(0);
    if (
      this.#isServer &&
      this.#options.requestCert &&
      !this.authorized &&
      this.#connection.peerCertificates().length === 0
    ) {
      this.authorizationError = 'UNABLE_TO_GET_ISSUER_CERT';
    }
    this.#deliveries.unshift(() => this.#runWaiting());
    if (!this.#isServer) {
      this.secureConnecting = false;
      this.emit('secureConnect');
    }
    this.emit('secure');
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
    if (this.#handshakeInfo === undefined) this.prependOnceListener('end', () => this.#fail(this.#earlyEnd()));
    this.#endRead();
  }

  #onTransportClose(): void {
    if (this.destroyed || this.#failed) return;
    if (this.#handshakeInfo === undefined) this.#fail(this.#earlyEnd());
    // A reader that is slower than the transport's close still gets everything up to the end.
    else if (!this.#transportEnded && !this.#readEnded) this.destroy();
  }

  /** In node:tls's words, as programs compare them. */
  #earlyEnd(): UnexpectedEofError {
    const message = this.#isServer
      ? 'socket hang up'
      : 'Client network socket disconnected before secure TLS connection was established';
    const { path, host, port, localAddress } = this.#options as Record<string, unknown>;
    const error = new UnexpectedEofError(message, {
      code: 'ECONNRESET',
      phase: 'handshake',
      engine: this.#connection.engine,
    });
    return this.#isServer ? error : Object.assign(error, { path, host, port, localAddress });
  }

  /** Ends the connection with an error; an alert that is on its way gets its time to leave. */
  #fail(error: Error): void {
    if (this.#failed || this.destroyed) return;
    this.#failed = true;
    this.destroy(this.#decider.refusal ?? error);
  }

  /** @internal The error that this socket reports while nobody has taken it over. */
  readonly _tlsError = (error: Error): Error | null => {
    this.emit('_tlsError', error);
    return this.#released ? error : null;
  };

  /** @internal From here on an error without a listener is an uncaughtException, as of any other stream. */
  _releaseControl(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.secureConnecting &&= !this.#isServer;
    this.off('error', this._tlsError);
    return true;
  }

  /** @internal The one thing that programs ask of node:tls's handle: why the peer is not trusted. */
  get ssl(): { verifyError(): Error | null } | null {
    if (this.destroyed) return null;
    return {
      verifyError: () => {
        const { authorizationError: code } = this;
        return code === null ? null : Object.assign(new Error(String(code)), { code });
      },
    };
  }

  /** @internal For programs that start node:tls's handshake themselves; here it starts by itself. */
  _start(): void {
    if (!this.connecting) this.#start();
  }

  /** @internal */
  override _read(): void {
    if (this.#onread === undefined) this.#readOn();
  }

  #readOn(): void {
    this.#reading = true;
    this.#stalled = false;
    if (this.#handshakeInfo !== undefined && !this.destroyed) this.#pump();
  }

  override pause(): this {
    if (this.#onread !== undefined && this.#handshakeInfo !== undefined) this.#reading = false;
    return super.pause();
  }

  override resume(): this {
    if (this.#onread !== undefined && !this.#reading) this.#readOn();
    return super.resume();
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
    for (const { length } of chunks) this.countDispatched(length);
    if (this.#handshakeInfo === undefined) {
      const { connecting } = this;
      this.#whenSecure.push({
        run: () => this.#sendFrom(chunks, 0, 0, callback),
        cancel: () => callback(connecting ? closedBeforeConnection() : canceled()),
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
    this.touch();
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
    // Not through #handle: what is still to be read stays as it is.
    for (const ciphertext of this.#connection.shutdown().ciphertext) this.#writer.write(ciphertext);
    this.#transport.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#handshakeTimer);
    this.setConnecting(false);
    this.#connection.destroy();
    this.#deliveries = [];
    const waiting = this.#whenSecure;
    this.#whenSecure = [];
    for (const { cancel } of waiting) cancel();
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
    // For a transport that is closed already, or that emits no 'close' (emitClose: false). A handle's own comes after the
    // first of these two.
    setImmediate(() =>
      setImmediate(() => {
        if (transport.closed) closed();
      }),
    );
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
}
