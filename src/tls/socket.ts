// TLSSocket: a net.Socket-shaped stream whose bytes go through a TLS engine over a socket or any other Duplex.

import { AsyncResource } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  isQuestion,
  type Answer,
  type Connection,
  type EngineEvent,
  type Progress,
  type Question,
  type Restriction,
} from '../engine/connection.js';
import { NativeTlsConnection } from '../engine/native-connection.js';
import { createConnection, reportKeys, setUpConnection } from './connection-setup.js';
import {
  beginHandshake,
  handshakeEnded,
  handshakeFailed,
  handshakeRetried,
  type HandshakeTrace,
} from '../diagnostics.js';
import { NativeProgress } from '../binding/tls-contract.js';
import { invalidArgType } from '../errors.js';
import { checkSocketOptions, checkTransport } from './options.js';
import { checkRecordOptions } from './record-options.js';
import { takeOver, type BegunHandshake } from './begun-handshake.js';
import { CiphertextWriter } from './ciphertext-writer.js';
import { fromDialled, ownTransport } from './dial-handle.js';
import { decide, refuseWithoutCertificate, type DecidingSocket } from './handshake-decisions.js';
import { FirstFlight, redial } from './first-flight.js';
import { metricsOfThisThread as metrics } from './metrics.js';
import { NegotiatedSocket, state, type ConnectionState, type Established } from './negotiated-socket.js';
import { classicalGroupsOf, connectionSecurity, joinPolicies, type ConnectionSecurity } from './policy.js';
import { checkEngineOf, checkSecureContext, createCurrentSecureContext, type SecureContext } from './secure-context.js';
import { canceled, toBytes } from './pending-writes.js';
import {
  AwaitedTickets,
  aroundHandshake,
  checkSession,
  onFirstListener,
  ServerSessions,
  unwrapSession,
  wrapSession,
  type VerifiedIdentity,
} from './session.js';
import { stopsReading } from './signing.js';
import { afterReactions } from './reactions.js';
import { soon } from './soon.js';
import { longestTimeout, preparedSecurity, type TLSSocketOptions } from './socket-options.js';
import { dropTransport, earlyEnd, letGo, onceClosed, timedOut } from './transport-end.js';
import { takeReads, type DataListener } from './taken-reads.js';
import { onTransport, TcpTransport } from './tcp-transport.js';
import { isPlainSocket, type Transport, type TransportEvent } from './transport.js';
import { transport } from './transport-socket.js';
import { PlaintextWriter } from './plaintext-writer.js';
import { userBuffer, type UserBuffer } from './user-buffer.js';

export type { SniCallback, TLSSocketOptions } from './socket-options.js';

const noBytes = new Uint8Array(0);
type WriteCallback = (error?: Error | null) => void;

/** Plaintext, an event or a question of the engine's, its error; the end of the handshake, and of the stream. */
type Delivery = Buffer | EngineEvent | Question | Error | 'handshake' | 'secure' | 'end' | (() => void);

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
  /** On a server's side, the server that accepted it. */
  server: EventEmitter | undefined;

  /** @internal Somebody has taken this socket over. */
  _controlReleased = false;

  #transport: Transport;
  /** Takes ciphertext of a transport that is not the addon's. */
  #onData: DataListener = () => {};
  #connection: Connection;
  #writer!: CiphertextWriter;
  readonly #options: TLSSocketOptions;
  readonly #isServer: boolean;
  /** Where the program is told things: the context in which this socket was made, not the one of its transport. */
  readonly #scope: AsyncResource | undefined;
  readonly #onread: UserBuffer | undefined;
  #started = false;
  /** Of performance.now(). */
  #startedAt: number | undefined;
  /** The handshake is done. */
  #secured = false;
  #durationMs = 0;
  /** Made of the engine's report when somebody asks. */
  #handshakeInfo: Established | undefined;
  readonly #context: SecureContext;
  #security: ConnectionSecurity;
  /** A client's. */
  readonly #firstFlight: FirstFlight | undefined;
  #trace: HandshakeTrace | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  /** Ciphertext may be read: the stream above has room, or the handshake goes on. */
  #reading = true;
  #more = false;
  #awaits = false;
  #transportEnded = false;
  #readEnded = false;
  #closeSent = false;
  /** What the program is still to be told, in order; see #pump. */
  #deliveries: Delivery[] = [];
  /** How the transport ended meanwhile: after them, and after what the engine still has for a reader. */
  #endings: (() => void)[] | undefined;
  #pumping = false;
  /** The program has its turn before it is told more. */
  #reacting = false;
  /** A client's Finished waits for what the program writes when it hears of it. */
  #joins = false;
  /** The program's own buffer waits for resume(). */
  #stalled = false;
  #failed = false;
  /** The addon ran the handshake to its end. */
  readonly #isBegun: boolean;
  /** What a callback threw while the engine was at work. */
  #abandoned: Error | undefined;
  #madeDecider: DecidingSocket | undefined;
  #sessions: ServerSessions | undefined;
  #offeredIdentity: VerifiedIdentity | undefined;
  #newestSession: Buffer | undefined;
  /** When the addon's transport is closed. */
  #tellClosed: (() => void) | undefined;
  #tickets: AwaitedTickets | undefined;
  readonly #plaintext = new PlaintextWriter(this);
  /** The connection, where it decrypts from and sends on a socket of the addon's by itself. */
  #native: NativeTlsConnection | undefined;

  /** @param begun internal: a server's handshake that goes on here; see [takeOver] */
  constructor(socket?: Duplex | null, settings?: TLSSocketOptions, begun: BegunHandshake | undefined = undefined) {
    const given: Transport | undefined = socket || undefined;
    // What is no object has no options, as in node:tls.
    const security = settings?.[preparedSecurity];
    const options = security && settings ? settings : { ...settings, ...joinPolicies(settings) };
    const { highWaterMark, signal } = options;
    const isOurs = given instanceof TcpTransport;
    if (given !== undefined && !isOurs) checkTransport(given);
    const allowHalfOpen = given ? given.allowHalfOpen : Boolean(options.allowHalfOpen);
    super(highWaterMark === undefined ? { allowHalfOpen } : ({ allowHalfOpen, highWaterMark } as object));
    this.#options = options;
    this.server = options.server;
    this.#isServer = Boolean(options.isServer);
    if (security === undefined) checkSocketOptions(options);
    if (given && !isOurs) this.#scope = new AsyncResource('PQTLSSOCKET');
    this.#onread = given ? undefined : userBuffer(options.onread);
    const context = options.secureContext;
    const isChecked = security !== undefined && context !== undefined;
    this.#context = isChecked
      ? context
      : checkEngineOf(options, checkSecureContext(context ?? createCurrentSecureContext(options)));
    if (!isChecked) checkRecordOptions(options, this.#context);
    this.#transport = given ?? ownTransport(options, this.#context.context.engine === 'aws-lc');
    this.#security = security ?? connectionSecurity(options, this.#context, this.#isServer);
    this.#firstFlight = this.#isServer ? undefined : new FirstFlight(options[redial]);
    if (this.#firstFlight?.retries) classicalGroupsOf(this.#security, this.#context);
    this.#connection = begun?.connection ?? this.#createConnection(this.#security.restriction);
    this.#sessions = this.#createSessions();
    if (begun === undefined) this.#setUpConnection();
    this.#isBegun = begun !== undefined && (begun.step.achieved & NativeProgress.handshakeDone) !== 0;
    // Then there are no secrets to come.
    if (!this.#isBegun) reportKeys(this, begun === undefined);
    // Nobody may be listening yet: whoever takes the socket over says so by _releaseControl().
    this.on('error', this._tlsError);
    if (options.session && !this.#isServer) this.setSession(options.session);
    if (options.pauseOnConnect) this.pause();
    if (signal) this.obey(signal);
    // Nothing throws from here on. The transport stays open for writing until close_notify is out.
    if (given) given.allowHalfOpen = true;
    metrics.opened(this.#isServer);
    this.#attach(!given, begun !== undefined);
  }

  override get [transport](): Transport {
    return this.#transport;
  }

  override get [state](): ConnectionState {
    return {
      connection: this.#connection,
      info: this.#secured ? this.#established() : undefined,
      isServer: this.#isServer,
      identity: this.#madeDecider?.verifiedIdentity,
      session: this.#newestSession,
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
    // What was verified belongs to the session that is offered, and to no other.
    if (this.#connection.offerSession(kept.session)) this.#offeredIdentity = kept.identity;
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

  get #decider(): DecidingSocket {
    return (this.#madeDecider ??= this.#createDecider());
  }

  #createDecider(): DecidingSocket {
    return {
      isServer: this.#isServer,
      engine: this.#connection.engine,
      options: this.#options,
      connection: this.#connection,
      socket: this,
      postQuantum: this.#security.postQuantum,
      policyName: this.#security.policyName,
      minVersion: this.#context.minVersion,
      adopt: (security) => {
        this.#security = security;
      },
      offeredIdentity: () => this.#offeredIdentity,
      verifiedIdentity: undefined,
      sessions: this.#sessions,
      refusal: undefined,
      resume: (answer) => this.#resume(answer),
    };
  }

  #createConnection(restriction: Restriction | undefined): Connection {
    const terms = { context: this.#context, security: this.#security, restriction };
    return createConnection(this.#options, this.#transport, terms);
  }

  #attach(own: boolean, isBegun = false): void {
    this.#listen(this.#transport);
    // A socket that is still to be connected is at rest, and counts as connecting when it was given.
    this.followConnection(own, Boolean(this.#firstFlight?.retried), () => {
      // What node:net has connected goes on in the addon.
      const taken = own && this.#connection.engine === 'aws-lc' ? fromDialled(this.#transport) : undefined;
      if (taken !== undefined) this.#listen(taken);
      this.#start();
    });
    // After the constructor, so that the caller's listeners are there.
    if (!own && !isBegun && !this.connecting) process.nextTick(() => this.#start());
  }

  #listen(below: Transport): void {
    this.#transport = below;
    this.#writer = new CiphertextWriter(below);
    if (below instanceof TcpTransport) {
      below.receiver = this;
      this.#attachNative(below);
      return;
    }
    this.#native = undefined;
    // A classical retry, and what is taken over, leave a transport behind.
    const receive = (event: TransportEvent, value?: unknown): void => {
      if (below === this.#transport) this.#onTransport(event, value);
    };
    const onData: DataListener = (chunk) => {
      if (below === this.#transport) this.#onCiphertext(chunk);
    };
    this.#onData = onData;
    below.on('data', onData);
    below.on('end', () => receive('end'));
    below.on('error', (error: Error) => receive('error', error));
    below.on('close', () => receive('close'));
  }

  #attachNative(transport: TcpTransport): void {
    const connection = this.#connection;
    if (!(connection instanceof NativeTlsConnection)) return;
    connection.attach(transport.handle);
    this.#native = connection;
  }

  /** @internal Of a transport of the addon's. */
  [onTransport](from: TcpTransport, event: TransportEvent, value?: number | Error): void {
    if (from !== this.#transport) return;
    if (typeof value !== 'number') this.#onTransport(event, value);
    else if (this.#native === undefined) this.#onCiphertext(from.read(value));
    else this.#onRead(this.#native, value);
  }

  /** What stands in the slab of the thread. */
  #onRead(connection: NativeTlsConnection, length: number): void {
    if (this.destroyed || this.#failed) return;
    this.touch();
    metrics.bytesReceived += length;
    const read = connection.receiveRead(0, length);
    if (!(read instanceof Uint8Array)) {
      this.#handle(read);
    } else if (read.length > 0) {
      this.#deliveries.push(read);
      this.#pump();
    }
  }

  #onTransport(event: TransportEvent, value: unknown): void {
    // What came before is told before, whoever is behind.
    if (this.#reacting && !this.destroyed && (event === 'error' || event === 'close')) {
      (this.#endings ??= []).push(() => this.#onTransport(event, value));
      return;
    }
    if (event === 'end') this.#onTransportEnd();
    else if (event === 'close') this.#onTransportClose();
    else if (value instanceof Error) this.#lost(value, () => this.#onTransportError(value));
  }

  /** Goes on with a handshake that was begun without this socket. */
  [takeOver]({ startedAt, connection, step }: BegunHandshake): void {
    const { achieved, consumed, received } = step;
    const { bytesRead = connection.bytesRead, bytesWritten = connection.bytesWritten } = step;
    this.#startedAt = startedAt;
    metrics.bytesReceived += bytesRead + received - consumed;
    metrics.bytesSent += bytesWritten;
    this.#start(achieved, performance.now() - startedAt);
    if (achieved !== 0 && !this.destroyed) this.#handle(connection.proceed(achieved, consumed, received));
  }

  /** `waited`: milliseconds of handshakeTimeout that have passed. */
  #start(achieved = 0, waited = 0): void {
    if (this.destroyed || this.#started) return;
    this.#started = true;
    this.#startedAt ??= performance.now();
    this.#writer.claimTransport();
    if (this.#transport.destroyed) this.destroy();
    else if (this.#transport.readableEnded) this.#endEarly();
    if (this.destroyed) return;
    const timeout = Math.min(this.#options.handshakeTimeout ?? 0, longestTimeout);
    if (timeout > 0 && (achieved & NativeProgress.handshakeDone) === 0) {
      // None may be left, and Node warns of what is negative.
      const left = Math.max(timeout - waited, 1);
      this.#handshakeTimer = setTimeout(() => {
        const error = timedOut(this.#connection.engine);
        this.#lost(error, () => this.#fail(error));
      }, left);
      // The transport keeps the process alive, as long as it is meant to.
      this.#handshakeTimer.unref();
    }
    this.#trace ??= beginHandshake(this, this.#isServer, this.#options);
    if (achieved !== 0) return;
    if (this.#isServer) this.#flowControl();
    else this.#handle(this.#connection.start());
  }

  #onCiphertext(chunk: unknown): void {
    if (this.destroyed || this.#failed) return;
    if (!(chunk instanceof Uint8Array)) {
      this.#fail(invalidArgType('socket', 'a Duplex of bytes, without setEncoding() and not in object mode', chunk));
      return;
    }
    this.#receive(chunk, false);
  }

  #onTaken(chunk: Uint8Array): void {
    if (!this.destroyed && !this.#failed) this.#receive(chunk, true);
  }

  #receive(chunk: Uint8Array, isUnshared: boolean): void {
    this.touch();
    metrics.bytesReceived += chunk.length;
    this.#handle(this.#connection.receive(chunk, isUnshared));
  }

  /** Writes what the engine made for the peer, then tells the program what happened. */
  #handle(progress: Progress): void {
    if (this.#abandoned !== undefined) {
      for (const ciphertext of progress.ciphertext) ciphertext.release();
      this.destroy(this.#abandoned);
      return;
    }
    metrics.bytesSent += progress.sent ?? 0;
    this.#more = progress.more;
    this.#awaits = stopsReading(progress.awaits);
    const { events, handshakeDone, plaintext, awaits, closeNotify, error } = progress;
    const queue = this.#deliveries;
    const late = events.length > 0 ? this.#queueEvents(events) : events;
    if (handshakeDone) queue.push('handshake');
    if (late.length > 0) queue.push(...late);
    // A client's session of TLS 1.2 is told of first, as in node:tls.
    if (handshakeDone && !this.#isServer) queue.push('secure');
    for (const bytes of plaintext) queue.push(bytes);
    if (awaits !== undefined) queue.push(awaits);
    if (closeNotify) queue.push('end');
    if (error !== undefined) queue.push(error);
    // What a client writes in secureConnect goes out with its Finished.
    this.#joins ||= handshakeDone && !this.#isServer;
    if (this.#joins) this.#writer.hold();
    for (const ciphertext of progress.ciphertext) this.#writer.write(ciphertext);
    this.#pump();
  }

  /** Those of before the handshake's end; returns the others. */
  #queueEvents(events: readonly EngineEvent[]): readonly EngineEvent[] {
    const [before, after] = aroundHandshake(events);
    if (events.some(({ kind }) => kind === 'new-session')) this.#writer.hold();
    this.#deliveries.push(...before);
    return after;
  }

  /** The program reacts before it is told of the next thing. */
  #tellByItself(delivery: Delivery): void {
    this.#tell(delivery);
    const next = this.#deliveries[0] ?? (this.#endings && 'end');
    const comesNext = next !== undefined || (this.#more && this.#reading);
    // A client's handshake and its session of TLS 1.2 are told of in one.
    const isInOne = this.#deliveries.includes('secure');
    if (this.destroyed || !comesNext || isInOne || !comesByItself(delivery, next)) return;
    this.#reacting = true;
    const goOn = (): void => {
      this.#reacting = false;
      this.#pump();
    };
    const below = this.#transport;
    afterReactions(below instanceof TcpTransport ? () => below.runInScope(goOn) : goOn);
  }

  /** One thing that the program is told. No closures: this is where the time of small connections goes. */
  #tell(delivery: Delivery): void {
    if (delivery instanceof Uint8Array) this.#deliver(delivery);
    else if (typeof delivery === 'function') delivery();
    else if (delivery instanceof Error) this.#fail(delivery);
    else if (delivery === 'handshake') this.#onSecure();
    else if (delivery === 'secure') this.emit('secure');
    else if (delivery === 'end') this.#onStreamEnd();
    else if (isQuestion(delivery)) decide(this.#decider, delivery);
    else this.#onEngineEvent(delivery);
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
      while (!this.destroyed && !this.#held()) {
        const next = this.#deliveries.shift();
        if (next !== undefined) this.#tellByItself(next);
        else if (this.#more && this.#reading) this.#handle(this.#connection.receive(undefined));
        else if (!this.#tellEnding()) break;
      }
      if (!this.destroyed && this.#transportEnded && !this.#more && !this.#held()) this.#onStreamEnd();
    } finally {
      this.#pumping = false;
      if (this.#joins) this.#writer.release();
      this.#joins = false;
      // Only a listener that threw leaves something.
      if (this.#deliveries.length > 0 && !this.destroyed && !this.#held()) process.nextTick(() => this.#pump());
      else if (!this.#reacting) this.#flowControl();
    }
  }

  /** Of the transport; false where there is none. */
  #tellEnding(): boolean {
    const tell = this.#endings?.shift();
    if (this.#endings?.length === 0) this.#endings = undefined;
    tell?.();
    return tell !== undefined;
  }

  #onEngineEvent(event: EngineEvent): void {
    if (event.kind === 'new-session') this.#sessions?.created(event);
    else if (event.kind === 'session') {
      this.#newestSession = wrapSession(event.session, this.#madeDecider?.verifiedIdentity);
      this.emit('session', this.#newestSession);
    } else this.emit(event.kind, event.bytes);
  }

  /** Nothing more is told for now. */
  #held(): boolean {
    return this.#stalled || this.#reacting || this.#storing();
  }

  /** The end of the handshake waits until the program has stored its session. */
  #storing(): boolean {
    return !this.#secured && this.#sessions?.waiting === true;
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
      this.#deliveries.unshift(bytes);
      return;
    }
    const { taken, wantsMore } = onread.fill(this, bytes);
    this.countRead(taken);
    if (!wantsMore) this.#reading = false;
    if (taken < bytes.length) this.#deliveries.unshift(bytes.subarray(taken));
  }

  /** A reader that is behind stops TCP; what was received stays ciphertext in the engine. */
  #flowControl(): void {
    if (this.destroyed || this.#transportEnded || this.#transport.destroyed) return;
    const wanted = !this.#secured ? !this.#awaits && !this.#storing() : this.#reading && !this.#more;
    if (wanted && this.#transport.isPaused()) this.#transport.resume();
    else if (!wanted && !this.#transport.isPaused()) this.#transport.pause();
  }

  #setUpConnection(): void {
    // It ends without an alert, as in node:tls.
    setUpConnection(this, this.#connection, this.#options, (error) => (this.#abandoned = error));
  }

  #onSecure(): void {
    clearTimeout(this.#handshakeTimer);
    const outcome = this.#connection.outcome();
    const mayBeRefused = !this.#isServer || this.#options.requestCert;
    const refusal = mayBeRefused ? this.#refuseWithoutCertificate() : undefined;
    if (refusal !== undefined) this.#fail(refusal);
    if (this.destroyed) return;
    this.#secured = true;
    if (isPlainSocket(this.#transport)) takeReads(this.#transport, this.#onData, (chunk) => this.#onTaken(chunk));
    this.#durationMs = performance.now() - (this.#startedAt ?? 0);
    const native = this.#native && { connection: this.#native, transport: this.#transport as TcpTransport };
    this.#plaintext.open({ connection: this.#connection, writer: this.#writer, socket: native });
    this.alpnProtocol = outcome.alpn ?? false;
    this.servername = outcome.servername || false;
    // As in node:tls, whose handshake timer is this one.
    if ((this.#options.handshakeTimeout ?? 0) > 0) this.clearIdleTimer(0);
    metrics.established(this.#isServer, this.#connection.engine, outcome, this.#durationMs);
    if (this.#trace !== undefined) handshakeEnded(this.#trace, () => this.getHandshakeInfo());
    if (this.#plaintext.waits) this.#deliveries.unshift(() => this.#plaintext.flush());
    if (!this.#isServer) {
      this.secureConnecting = false;
      this.emit('secureConnect');
    } else if (outcome.protocol === 'TLSv1.3' && !this.#isBegun) {
      // Those of a handshake of its own the addon sends by itself.
      soon(() => this.#sendTickets());
    }
    if (this.#isServer) this.emit('secure');
  }

  #refuseWithoutCertificate(): Error | undefined {
    return refuseWithoutCertificate(this.#decider, this.#connection.negotiated().cipherSuite);
  }

  #established(): Established {
    return (this.#handshakeInfo ??= {
      ...this.#connection.negotiated(),
      durationMs: this.#durationMs,
      policy: this.#security.policyName,
      postQuantumPolicy: this.#security.postQuantum,
      retriedClassical: Boolean(this.#firstFlight?.retried),
    });
  }

  /**
   * The engine keeps them for the first write. Where that is not there yet, they go by themselves: a client that waits for
   * an acknowledgement of its Finished before it sends data (RFC 896) gets it with them.
   */
  #sendTickets(): void {
    if (this.destroyed || this.#closeSent || this.bytesWritten > 0) return;
    if (this.#sendTicketsOnSocket()) return;
    const { ciphertext, error } = this.#connection.send(noBytes, 0);
    if (ciphertext !== undefined) this.#writer.write(ciphertext);
    if (error !== undefined) this.#fail(error);
  }

  #sendTicketsOnSocket(): boolean {
    const sent = this.#writer.isIdle ? this.#native?.sendOnSocket(noBytes, 0) : undefined;
    if (sent === undefined) return false;
    metrics.bytesSent += sent.sent;
    if (sent.error !== undefined) this.#fail(sent.error);
    else if (sent.status !== 0) (this.#transport as TcpTransport).sent(sent.status, () => {});
    return true;
  }

  #resume(answer: Answer): void {
    if (this.destroyed || this.#failed) return;
    this.#handle(this.#connection.resume(answer));
  }

  #endRead(): void {
    if (this.#readEnded) return;
    this.#readEnded = true;
    // After the promises of who got the last data, which may have come with it: in node:tls each comes by itself.
    queueMicrotask(() => {
      if (this.destroyed) return;
      this.push(null);
      // 'end' comes only to a reader; without one the end still has to be noticed, as net.Socket does.
      if (this.readableLength === 0) this.read(0);
    });
  }

  #onTransportEnd(): void {
    this.#transportEnded = true;
    if (!this.#failed) this.#pump();
  }

  // The transport is at its end and everything that came before was told.
  #onStreamEnd(): void {
    if (this.#secured) {
      this.#endRead();
      return;
    }
    // Told as node:tls does: the end, then what it means.
    this.#endEarly((error) => {
      this.prependOnceListener('end', () => this.#fail(error));
      this.#endRead();
    });
  }

  /** Once both sides have ended, a peer that is gone already does not matter: node:tls takes no notice either. */
  #onTransportError(error: Error): void {
    if (!this.#secured) this.destroy(error);
    else if (this.#readEnded && this.#closeSent) this.destroy();
    else dropTransport(this, this.#transport, error, this.#isServer);
  }

  #onTransportClose(): void {
    this.#tellClosed?.();
    if (this.destroyed || this.#failed) return;
    // Nothing was tried yet, and nothing is told, as in node:tls.
    if (!this.#started) this.destroy();
    else if (!this.#secured) this.#endEarly();
    else if (!this.#transportEnded && !this.#readEnded) this.destroy();
    // A reader that is slower than the transport's close still gets everything up to the end; then nothing is left to write to.
    else if (this.readableEnded) this.destroy();
    else if (this.allowHalfOpen) this.once('end', () => this.destroy());
  }

  #endEarly(giveUp = (error: Error): void => this.#fail(error)): void {
    const error = earlyEnd(this.#isServer, this.#connection.engine, this.#options);
    this.#lost(error, () => giveUp(error));
  }

  /** The transport is lost. Where the ClientHello may be why, that is said, or one classical retry is made. */
  #lost(error: Error, giveUp: () => void): void {
    const settled = this.#isServer || this.#secured || this.#failed || this.destroyed;
    const dial = settled ? undefined : this.#firstFlight?.lost(error, this.#connection);
    if (dial === undefined) {
      giveUp();
      return;
    }
    clearTimeout(this.#handshakeTimer);
    if (this.#trace !== undefined) handshakeRetried(this.#trace, error);
    if (this.destroyed) return;
    metrics.classicalRetries += 1;
    this.#connection.destroy();
    const previous = this.#transport;
    try {
      this.#transport = dial();
    } catch (refusal) {
      this.destroy(refusal as Error);
      return;
    }
    previous.destroy();
    this.#deliveries = [];
    this.#more = this.#awaits = this.#transportEnded = this.#started = false;
    this.#connection = this.#createConnection({ groups: classicalGroupsOf(this.#security, this.#context) });
    this.#setUpConnection();
    if (this.listenerCount('keylog') > 0) this.#connection.enableKeylog();
    // Without a session: what was offered once may have been what made the ClientHello large.
    if (this.listenerCount('session') > 0) this.#connection.enableSessionEvents();
    this.#madeDecider = undefined;
    this.#attach(true);
  }

  /** Ends the connection with an error; an alert that is on its way gets its time to leave. */
  #fail(error: Error): void {
    if (this.#failed || this.destroyed) return;
    this.#failed = true;
    this.destroy(this.#madeDecider?.refusal ?? error);
  }

  /** @internal The error that this socket reports while nobody has taken it over. */
  readonly _tlsError = tlsError;

  /** @internal From here on an error without a listener is an uncaughtException, as of any other stream. */
  _releaseControl(): boolean {
    if (this._controlReleased) return false;
    this._controlReleased = true;
    this.secureConnecting &&= !this.#isServer;
    this.off('error', this._tlsError);
    return true;
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
    if (this.#secured && !this.destroyed) this.#pump();
  }

  override pause(): this {
    if (this.#onread !== undefined && this.#secured) this.#reading = false;
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
    this.#plaintext.write(chunks, callback);
  }

  override _final(callback: WriteCallback): void {
    if (!this.#secured) {
      this.#plaintext.whenSecure(
        () => this._final(callback),
        () => callback(canceled()),
      );
      return;
    }
    if (this.destroyed) {
      callback();
      return;
    }
    const ended = this.#transportEnded || this.#readEnded;
    if (!this.#isServer && this.listenerCount('session') > 0) this.#tickets ??= new AwaitedTickets(this);
    if (!ended && this.#tickets?.awaited(this[state], () => this._final(callback))) return;
    this.#closeSent = true;
    // A session that the program never said it stored holds up no end, as in node:tls.
    this.#writer.release();
    const sent = this.#writer.isIdle ? this.#native?.shutdownOnSocket() : undefined;
    if (sent !== undefined) metrics.bytesSent += sent.sent;
    // What could not be sent, the end can't be either.
    if (sent !== undefined && sent.status > 0) (this.#transport as TcpTransport).sent(sent.status, () => {});
    if (sent !== undefined) {
      this.#transport.end(callback);
      return;
    }
    // Not through #handle: what is still to be read stays as it is.
    for (const ciphertext of this.#connection.shutdown().ciphertext) this.#writer.write(ciphertext);
    this.#writer.afterwards(() => this.#transport.end(() => callback()));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#handshakeTimer);
    metrics.closed(this.#isServer);
    this.servername ??= this.#connection.offeredServerName ?? null;
    if (!this.#secured && this.#trace) handshakeFailed(this.#trace, error ?? undefined);
    if (error !== null && error !== undefined && (this.#trace !== undefined || this.#secured)) {
      metrics.failed(this.#isServer, !this.#secured, error);
    }
    const alerted = this.#failed && this.#connection.alertSent !== undefined;
    this.#connection.destroy();
    this.#deliveries = [];
    this.#plaintext.cancel();
    this.setConnecting(false);
    this.#writer.release();
    const transport = this.#transport;
    // The stream tells of its error in the next tick.
    const tellClosed = (): void => process.nextTick(emitClose, this, error !== null && error !== undefined);
    if (transport instanceof TcpTransport && !transport.closed) this.#tellClosed = tellClosed;
    else onceClosed(transport, tellClosed);
    callback(error);
    letGo(transport, { alerted, secure: this.#secured });
  }
}

/** Chunks of data share a turn, as they share a call of the engine; what follows them has its own. */
function comesByItself(told: Delivery, next: Delivery | undefined): boolean {
  if (told instanceof Uint8Array) return next instanceof Error || next === 'end';
  // What a client wrote before goes out with its Finished.
  if (told === 'handshake') return typeof next !== 'function';
  return (
    told === 'secure' || typeof told === 'function' || (typeof told === 'object' && 'kind' in told && !isQuestion(told))
  );
}

function emitClose(socket: TLSSocket, hadError: boolean): void {
  socket.emit('close', hadError);
}

// One function for all sockets, and not one for each.
function tlsError(this: TLSSocket, error: Error): Error | null {
  this.emit('_tlsError', error);
  return this._controlReleased ? error : null;
}
