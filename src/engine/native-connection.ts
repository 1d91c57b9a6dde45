// Connection over AWS-LC's libssl: drives native/connection.cc with JavaScript's slabs.

import type { NativeBinding } from '../binding.js';
import type { NativeTcpHandle } from '../binding/tcp-contract.js';
import { NativeEvent, NativeProgress, ProgressRegister, type NativeConnection } from '../binding/tls-contract.js';
import { engineError, verificationProblem, type TlsError } from '../errors.js';
import { Alert, NamedGroup, nameOf, ProtocolVersion, SignatureScheme } from '../protocol/constants.js';
import type {
  Answer,
  ChainError,
  Ciphertext,
  Connection,
  ConnectionOptions,
  EngineContext,
  EngineEvent,
  Progress,
  PskCallback,
  Question,
  Restriction,
  SendProgress,
  TraceEvent,
} from './connection.js';
import { NativeEngineContext } from './native-context.js';
import { alertName, NativeFacts } from './native-facts.js';
import { classicalHandshake, judgeFailure } from './post-quantum-demand.js';
import { inParts } from './parts.js';
import { CiphertextPool, PlaintextSlab } from './slabs.js';

// Plaintext handed out by one call; the rest stays ciphertext until it is asked for.
const plaintextPerCall = 256 * 1024;
const noBytes = new Uint8Array(0);
const noId = Buffer.alloc(0);

/** What a call achieves that may not be made: the engine is at work, or gone. */
const nothingHappened: Progress = Object.freeze({
  ciphertext: [],
  plaintext: [],
  events: [],
  handshakeDone: false,
  more: false,
  closeNotify: false,
  awaits: undefined,
  error: undefined,
});

const noCommonSchemes = 'NO_COMMON_SIGNATURE_ALGORITHMS';

const noPlaintext = Buffer.alloc(0);

/** What a send came to; one object for all, valid until the next. */
interface SocketProgress {
  /** Where it stopped in the chunk. */
  taken: number;
  /** Bytes of ciphertext. */
  sent: number;
  /** 0, 1 where the rest waits for the kernel, or a negative errno. */
  status: number;
  error: TlsError | undefined;
}

const socketProgress: SocketProgress = { taken: 0, sent: 0, status: 0, error: undefined };

/** The settings of a handshake that was begun are the addon's. */
const begunOptions: ConnectionOptions = {
  isServer: true,
  verifyPeer: false,
  requirePeer: false,
  suspendOnClientHello: false,
  servername: undefined,
  alpn: undefined,
  poolsOutput: true,
};

const plaintextSlab = new PlaintextSlab();
const ciphertextPool = new CiphertextPool();

export class NativeTlsConnection extends NativeFacts implements Connection {
  readonly #binding: NativeBinding;
  readonly #registers: Int32Array;
  /** Of the addon: the connection decrypts from its slab and sends on it. */
  #socket: NativeTcpHandle | undefined;
  readonly #poolsOutput: boolean;
  /** Ciphertext that was received and not read by libssl yet. */
  #input: Uint8Array[] = [];
  #inputOffset = 0;
  #handshakeDone = false;
  #error: TlsError | undefined;
  /** The program's pskCallback runs on top of the engine: what comes in meanwhile waits. */
  #inPskCallback = false;
  #destroyed = false;
  #traceSink: ((event: TraceEvent) => void) | undefined;
  #onTraceLost: ((count: number) => void) | undefined;
  /** Made by a call whose result has no room for them. */
  #laterEvents: EngineEvent[] = [];
  #requirePostQuantum = false;
  #context: NativeEngineContext;
  #signature: Question | undefined;
  /** Bits of NativeProgress of a call that the addon has made already. */
  #achieved = 0;
  /** Libssl is not called before the answer is there. */
  #unanswered: Question | undefined;

  /** A server's connection whose handshake the addon has begun on a socket of its own. */
  static adopt(
    binding: NativeBinding,
    context: NativeEngineContext,
    socket: NativeTcpHandle,
    requirePostQuantum: boolean,
  ): NativeTlsConnection {
    const adopted = new NativeTlsConnection(binding, context, begunOptions, socket);
    adopted.#socket = socket;
    adopted.#requirePostQuantum = requirePostQuantum;
    return adopted;
  }

  /** @param begun made by the addon, with its settings; `options` has no others then */
  constructor(
    binding: NativeBinding,
    context: NativeEngineContext,
    options: ConnectionOptions,
    begun?: NativeConnection,
  ) {
    const { isServer, verifyPeer, requirePeer, suspendOnClientHello, servername, alpn } = options;
    const settings = [isServer, verifyPeer, requirePeer, suspendOnClientHello, servername, alpn] as const;
    super(binding, begun ?? new binding.Connection(context.native, ...settings), isServer);
    this.#binding = binding;
    this.#context = context;
    this.#registers = binding.progress;
    this.#poolsOutput = options.poolsOutput;
    if (options.requirePostQuantum === true) this.#demandPostQuantum();
    if (options.restriction !== undefined) this.#restrict(options.restriction);
  }

  start(): Progress {
    return this.receive(undefined);
  }

  receive(chunk: Uint8Array | undefined): Progress {
    return this.#receive(chunk);
  }

  /** From here on on a socket of the addon. */
  attach(socket: NativeTcpHandle): void {
    // The addon's own connections have theirs.
    if (this.native !== socket) socket.attach(this.native);
    this.#socket = socket;
  }

  /**
   * Goes on after a handshake in the addon: what it came to, as bits of NativeProgress, and what it did not read of the
   * slab, from `offset` to `end`.
   */
  proceed(flags: number, offset: number, end: number): Progress {
    this.#achieved = flags;
    if (offset === end || (flags & NativeProgress.handshakeDone) === 0) return this.#receive(this.#slab(offset, end));
    // What follows a handshake that is done is decrypted where it stands.
    const done = this.#receive(undefined);
    if (done.error !== undefined || done.awaits !== undefined || this.#destroyed) return done;
    const read = this.receiveRead(offset, end);
    if (read instanceof Uint8Array) return { ...done, plaintext: read.length === 0 ? [] : [read] };
    return { ...read, handshakeDone: done.handshakeDone, events: [...done.events, ...read.events] };
  }

  /**
   * What a socket of the addon has read, which stands in the slab from `offset` to `end`: the plaintext alone where
   * nothing else came of it, empty where it needs more.
   */
  receiveRead(offset: number, end: number): Buffer | Progress {
    const socket = this.#socket;
    const isPlain = this.#handshakeDone && this.#input.length === 0 && this.#error === undefined;
    if (!isPlain || socket === undefined || this.#laterEvents.length > 0) return this.#receive(this.#slab(offset, end));
    const slab = plaintextSlab.acquire(end - offset);
    // That an answer could not be sent is not looked at: reading tells why.
    const flags = socket.decrypt(offset, end, slab);
    const length = this.#register('plaintext');
    const consumed = this.#register('consumed');
    const plaintext = plaintextSlab.take(slab, length);
    if (flags === 0 && offset + consumed === end) return plaintext ?? noPlaintext;
    return this.#afterDecrypting(flags, offset + consumed, end, plaintext === undefined ? [] : [plaintext]);
  }

  #afterDecrypting(flags: number, offset: number, end: number, plaintext: Buffer[]): Progress {
    const sent = this.#register('ciphertext');
    if ((flags & NativeProgress.failed) !== 0) this.#fail();
    const closeNotify = (flags & NativeProgress.closeNotify) !== 0;
    const first: Progress = {
      ...nothingHappened,
      sent,
      plaintext,
      events: this.#events(flags),
      closeNotify,
      error: this.#error,
    };
    if (closeNotify || this.#error !== undefined) return first;
    const rest = this.#receive(this.#slab(offset, end));
    return { ...rest, sent, plaintext: [...plaintext, ...rest.plaintext], events: [...first.events, ...rest.events] };
  }

  #slab(offset: number, end: number): Uint8Array | undefined {
    return offset === end ? undefined : this.#binding.tcpSlab?.subarray(offset, end);
  }

  /** Encrypts and sends what the socket takes of `chunk`, from `offset` on. Undefined where there is no socket of the addon. */
  sendOnSocket(chunk: Uint8Array, offset: number): SocketProgress | undefined {
    const socket = this.#socket;
    if (socket === undefined || !this.#handshakeDone || this.#error !== undefined) return undefined;
    const flags = socket.encrypt(chunk, offset);
    if (flags !== 0) {
      this.#laterEvents = this.#events(flags);
      if ((flags & NativeProgress.failed) !== 0) this.#fail();
    }
    return this.#socketProgress();
  }

  /** close_notify. Undefined where there is no socket of the addon. */
  shutdownOnSocket(): SocketProgress | undefined {
    const socket = this.#socket;
    if (socket === undefined || !this.#handshakeDone || this.#error !== undefined) return undefined;
    const flags = socket.closeNotify();
    if (flags !== 0) this.#laterEvents = this.#events(flags);
    return this.#socketProgress();
  }

  #socketProgress(): SocketProgress {
    socketProgress.taken = this.#register('consumed');
    socketProgress.sent = this.#register('ciphertext');
    socketProgress.status = this.#register('socketStatus');
    socketProgress.error = this.#error;
    return socketProgress;
  }

  #receive(chunk: Uint8Array | undefined): Progress {
    if (chunk !== undefined && chunk.length > 0) this.#input.push(...inParts(chunk));
    const progress = this.#suspended() ?? this.#read();
    if (this.#socket !== undefined && chunk !== undefined && this.#input.length > 0) {
      // The slab of the thread that it stands in is filled again before the next call, by whatever connection reads then.
      const last = this.#input.length - 1;
      if (this.#input[last] === chunk) this.#input[last] = Uint8Array.from(chunk);
    }
    return progress;
  }

  /** What is received now waits. */
  #suspended(): Progress | undefined {
    if (this.#inPskCallback) return nothingHappened;
    return this.#unanswered && { ...nothingHappened, awaits: this.#unanswered };
  }

  #read(): Progress {
    const achieved = this.#achieved;
    this.#achieved = 0;
    const ciphertext: Ciphertext[] = [];
    const plaintext: Buffer[] = [];
    let produced = 0;
    let seen = 0;
    let question: Question | undefined;
    for (let isFirst = true; ; isFirst = false) {
      let flags = isFirst ? achieved : 0;
      let consumed = 0;
      let length = 0;
      let decrypted: Buffer | undefined;
      const isMade = flags !== 0;
      if (!isMade) {
        const bytes = this.#input[0] ?? noBytes;
        const output = ciphertextPool.acquire();
        const slab = plaintextSlab.acquire(bytes.length - this.#inputOffset);
        flags = this.native.receive(bytes, this.#inputOffset, slab, 0, output);
        consumed = this.#register('consumed');
        length = this.#register('plaintext');
        decrypted = plaintextSlab.take(slab, length);
        // pskCallback may have ended it.
        if (this.#destroyed) {
          ciphertextPool.release(output);
          return nothingHappened;
        }
        this.#consume(bytes, consumed);
        this.#collect(output, flags, ciphertext);
      }
      seen |= flags;
      if ((flags & NativeProgress.handshakeDone) !== 0 && this.#requirePostQuantum) {
        this.#refuseClassical(ciphertext);
        if (this.#error !== undefined) {
          seen &= ~NativeProgress.handshakeDone;
          break;
        }
      }
      if (decrypted !== undefined) {
        plaintext.push(decrypted);
        produced += length;
      }
      if ((flags & NativeProgress.failed) !== 0) {
        this.#fail();
        break;
      }
      question = this.#question(flags);
      if (question !== undefined || (flags & NativeProgress.closeNotify) !== 0) break;
      const unread = (flags & NativeProgress.plaintextPending) !== 0 || this.#input.length > 0;
      if (!unread || produced >= plaintextPerCall) break;
      // Nothing was read and nothing came of it: never wait for it in a loop.
      if (consumed === 0 && length === 0 && !isMade) break;
    }
    if ((seen & NativeProgress.closeNotify) !== 0 || this.#error !== undefined) this.#dropInput();
    const handshakeDone = (seen & NativeProgress.handshakeDone) !== 0;
    if (handshakeDone) this.#handshakeDone = true;
    return {
      ciphertext,
      events: this.#events(seen),
      plaintext,
      handshakeDone,
      more: question === undefined && produced >= plaintextPerCall,
      closeNotify: (seen & NativeProgress.closeNotify) !== 0,
      awaits: question,
      error: this.#error,
    };
  }

  send(chunk: Uint8Array, offset: number): SendProgress {
    const output = ciphertextPool.acquire();
    const flags = this.native.send(chunk, offset, output);
    const taken = this.#register('consumed');
    const length = this.#register('ciphertext');
    this.#laterEvents = this.#events(flags);
    if ((flags & NativeProgress.failed) !== 0) this.#fail();
    if (length > 0) return { ciphertext: this.#wrap(output, length), taken, error: this.#error };
    ciphertextPool.release(output);
    return { ciphertext: undefined, taken, error: this.#error };
  }

  resume(answer: Answer): Progress {
    this.#unanswered = undefined;
    if (answer.kind === 'signature') {
      if (this.#signature !== undefined) this.giveSignature(undefined);
    } else if (answer.kind === 'client-hello') {
      const { context } = answer;
      if (context instanceof NativeEngineContext) this.#context = context;
      if (answer.restriction !== undefined) this.#restrict(answer.restriction);
      if (answer.requirePostQuantum === true) this.#demandPostQuantum();
      this.native.answerClientHello(
        context instanceof NativeEngineContext ? context.native : null,
        answer.alert ?? 0,
        answer.ocspResponse,
        answer.alpn,
      );
    } else if (answer.kind === 'resume-session') {
      this.native.answerSession(answer.session);
    } else {
      this.native.answerVerification(answer.alert ?? 0);
    }
    return this.receive(undefined);
  }

  giveSignature(signature: Uint8Array | undefined): boolean {
    this.#signature = undefined;
    return this.native.answerSignature(signature);
  }

  shutdown(): Progress {
    const ciphertext: Ciphertext[] = [];
    const output = ciphertextPool.acquire();
    const flags = this.native.shutdown(output);
    this.#collect(output, flags, ciphertext);
    this.#laterEvents = this.#events(flags);
    return {
      ciphertext,
      events: [],
      plaintext: [],
      handshakeDone: false,
      more: false,
      closeNotify: false,
      awaits: undefined,
      error: this.#error,
    };
  }

  enableTrace(sink: (event: TraceEvent) => void, onLost: (count: number) => void): void {
    this.#traceSink = sink;
    this.#onTraceLost = onLost;
    this.native.enableTrace();
  }

  useContext(context: EngineContext): boolean {
    if (!(context instanceof NativeEngineContext) || !this.native.useContext(context.native)) return false;
    this.#context = context;
    return true;
  }

  setPskCallback(callback: PskCallback): void {
    this.native.setPskCallback((argument, maximumKey, maximumIdentity) => {
      this.#inPskCallback = true;
      try {
        return callback(argument, maximumKey, maximumIdentity);
      } finally {
        this.#inPskCallback = false;
      }
    });
  }

  destroy(): void {
    this.#destroyed = true;
    this.#dropInput();
    this.native.destroy();
  }

  #restrict({ minVersion, groups }: Restriction): void {
    this.native.restrict(
      minVersion === undefined ? 0 : ProtocolVersion[minVersion],
      Uint16Array.from(groups, (name) => NamedGroup[name]),
    );
  }

  #register(name: keyof typeof ProgressRegister): number {
    return this.#registers[ProgressRegister[name]] ?? 0;
  }

  /** A socket of the addon takes output at once. */
  #wrap(buffer: Buffer, length: number): Ciphertext {
    return ciphertextPool.wrap(buffer, length, this.#poolsOutput, this.#socket === undefined ? undefined : 0);
  }

  #dropInput(): void {
    this.#input = [];
    this.#inputOffset = 0;
  }

  #consume(chunk: Uint8Array, consumed: number): void {
    this.#inputOffset += consumed;
    if (this.#input.length > 0 && this.#inputOffset >= chunk.length) {
      this.#input.shift();
      this.#inputOffset = 0;
    }
  }

  /** Takes what a call wrote, and what did not fit into its buffer. */
  #collect(output: Buffer, flags: number, into: Ciphertext[]): void {
    let buffer = output;
    let pending = flags;
    for (;;) {
      const length = this.#register('ciphertext');
      if (length > 0) into.push(this.#wrap(buffer, length));
      else ciphertextPool.release(buffer);
      if ((pending & NativeProgress.outputPending) === 0) return;
      buffer = ciphertextPool.acquire();
      pending = this.native.flush(buffer);
    }
  }

  /** The trace goes where it belongs at once; the rest is for the program. */
  #events(flags: number): EngineEvent[] {
    const events = this.#laterEvents;
    this.#laterEvents = [];
    if ((flags & NativeProgress.hasEvents) === 0) return events;
    const taken = this.native.takeEvents();
    for (const { kind, bytes, id = noId, blocking = false } of taken) {
      if (kind === NativeEvent.trace) this.#traceSink?.(readTraceEvent(bytes));
      else if (kind === NativeEvent.keylog) events.push({ kind: 'keylog', bytes });
      else if (kind === NativeEvent.session) events.push({ kind: 'session', session: bytes });
      else events.push({ kind: 'new-session', id, session: bytes, blocking });
    }
    if (taken.untraced !== undefined) this.#onTraceLost?.(taken.untraced);
    return events;
  }

  #question(flags: number): Question | undefined {
    if ((flags & NativeProgress.awaitsClientHello) !== 0) {
      const hello = this.native.clientHello();
      return (this.#unanswered = {
        kind: 'client-hello',
        buffered: () => this.#buffered(),
        hello: {
          serverName: hello.serverName,
          protocols: hello.protocols,
          groups: hello.groups.map((id) => nameOf(NamedGroup, id)),
          signatureSchemes: hello.signatureSchemes.map((id) => nameOf(SignatureScheme, id)),
          ocspRequested: hello.ocspRequested,
        },
      });
    }
    if ((flags & NativeProgress.awaitsVerification) !== 0) {
      const result = this.native.verifyResult();
      const resumed = (result & 1) !== 0;
      const code = result >> 1;
      const chainError: ChainError | undefined =
        code === 0 ? undefined : verificationProblem(code, this.native.verifyMessage());
      const { native } = this;
      return {
        kind: 'verify',
        chainError,
        chain: () => native.peerCertificates(),
        hasName: (name) => native.matchesName(name),
        resumed,
      };
    }
    if ((flags & NativeProgress.awaitsSession) !== 0) {
      const id = this.native.wantedSession();
      return (this.#unanswered = { kind: 'resume-session', id, buffered: () => this.#buffered() });
    }
    if ((flags & NativeProgress.awaitsSignature) !== 0) return (this.#signature ??= this.#signatureQuestion());
    return undefined;
  }

  #buffered(): number {
    return this.#input.reduce((sum, { length }) => sum + length, 0);
  }

  #signatureQuestion(): Question {
    const buffered = (): number => this.#buffered();
    const awaited = this.native.awaitedSignature();
    if (awaited === undefined || awaited instanceof Promise) {
      return { kind: 'signature', ranOn: 'threadpool', buffered, done: awaited };
    }
    const { scheme, data } = awaited;
    return {
      kind: 'signature',
      ranOn: 'callback',
      buffered,
      signer: this.#context.signer,
      scheme: nameOf(SignatureScheme, scheme),
      data,
    };
  }

  #demandPostQuantum(): void {
    this.#requirePostQuantum = true;
    this.native.requirePostQuantumSessions();
  }

  /** The last word on a handshake that is over: whatever the engine agreed to, a classical group or session ends it here. */
  #refuseClassical(ciphertext: Ciphertext[]): void {
    const { protocol, group, sessionKeyExchange } = this.negotiated();
    if (protocol === 'TLSv1.3' && group?.postQuantum === true && sessionKeyExchange !== 'classical') return;
    const output = ciphertextPool.acquire();
    this.#collect(output, this.native.abort(Alert.handshake_failure, output), ciphertext);
    const details = { engine: this.engine, alertSent: 'handshake_failure' };
    this.#error = classicalHandshake(protocol, group?.name, details, this.peerOffer());
  }

  /** OpenSSL tells this from a certificate that does not fit the schemes in common. */
  #sharesNoScheme(): boolean {
    return this.isServer && this.native.sharedSchemes().length === 0;
  }

  #fail(): void {
    if (this.#error !== undefined) return;
    const failure = this.native.failure();
    // AWS-LC spells its general reasons in words: `internal error`.
    const reason = failure.reason.toUpperCase().replaceAll(' ', '_');
    const error = engineError({
      engine: this.engine,
      library: failure.library,
      reason: reason === noCommonSchemes && this.#sharesNoScheme() ? 'NO_SHARED_SIGNATURE_ALGORITHMS' : reason,
      alertSent: alertName(failure.alertSent),
      alertReceived: alertName(failure.alertReceived),
      phase: this.#handshakeDone ? 'data' : 'handshake',
      isTls13: this.#handshakeDone && this.isTls13,
    });
    this.#error = this.#requirePostQuantum ? judgeFailure(error, this.isServer, this.native.clientHello()) : error;
  }
}

// Mirrors Connection::Trace in native/connection_settings.cc.
function readTraceEvent(bytes: Buffer): TraceEvent {
  return {
    sent: bytes.readUInt8(0) === 1,
    version: bytes.readUInt16BE(1),
    contentType: bytes.readUInt16BE(3),
    length: bytes.readUInt32BE(5),
    bytes: bytes.subarray(9),
  };
}
