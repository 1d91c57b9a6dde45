// One end of a TLS 1.3 connection: records in, records out, between the handshake's states and whoever does I/O. RFC 9846.

import { copyOf } from './codec.js';
import { Alert, AlertLevel, ContentType, nameOf, type AlertName, type NamedGroupName } from './constants.js';
import type { SuiteParameters } from './cipher-suites.js';
import type { EndpointConfig, Environment, TlsContext } from './config.js';
import { ProtocolFault } from './faults.js';
import { noFacts, type HandshakeFacts } from './handshake-facts.js';
import { isPostQuantumId } from './group-properties.js';
import { HandshakeJoiner } from './handshake-joiner.js';
import { HandshakeState, type ProtocolAnswer, type ProtocolQuestion } from './handshake-state.js';
import { exportKeyingMaterial, nextTrafficSecret } from './key-schedule.js';
import { writeKeyUpdate } from './messages/key-update.js';
import { OutputBuffer } from './output-buffer.js';
import { RecordReader } from './record-reader.js';
import { RecordWriter } from './record-writer.js';
import { TrafficKeys } from './traffic-keys.js';
import { TranscriptHash } from './transcript.js';

/** Labels of the NSS key log format. */
export type KeyLogLabel =
  | 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'
  | 'SERVER_HANDSHAKE_TRAFFIC_SECRET'
  | 'CLIENT_TRAFFIC_SECRET_0'
  | 'SERVER_TRAFFIC_SECRET_0'
  | 'EXPORTER_SECRET';

/** Who follows what happens; set only where somebody wants to. */
export interface Observer {
  /** Secret. */
  secret?: ((label: KeyLogLabel, clientRandom: Uint8Array, secret: Uint8Array) => void) | undefined;
  message?: ((sent: boolean, contentType: number, bytes: Uint8Array) => void) | undefined;
  /** Given the header of a record. */
  record?: ((sent: boolean, header: Uint8Array) => void) | undefined;
}

/** The peer ended the connection. RFC 9846, Section 6.2. */
export class PeerAlert extends Error {
  readonly alert: number;

  constructor(alert: number) {
    super(nameOf(Alert, alert));
    this.alert = alert;
  }
}

// Of alerts that end nothing.
const maxWarnings = 4;
/** In a row, without application data between them. */
const maxKeyUpdates = 32;
const maxTickets = 64;

const changeCipherSpec = Uint8Array.of(ContentType.change_cipher_spec, 3, 3, 0, 1, 1);

export class Endpoint {
  readonly environment: Environment;
  readonly facts: HandshakeFacts = noFacts();
  readonly observer: Observer = {};
  readonly transcript: TranscriptHash;
  readonly reader = new RecordReader();
  readonly writer = new RecordWriter();
  /** In force; a server may take another one for the name that a client asks for. */
  context: TlsContext;
  requirePostQuantum: boolean;
  /** A server's, where the program has narrowed them for the name that a client asks for. */
  groups: readonly NamedGroupName[] | undefined;
  /** What the handshake waits for. */
  question: ProtocolQuestion | undefined;
  handshakeDone = false;
  /** The peer sends nothing more. */
  closed = false;
  alertSent: AlertName | undefined;
  /** IANA number. */
  alertReceived: number | undefined;
  /**
   * What a handshake holds besides, wiped along with the rest. Not as a function: V8 allocates a function literal that is assigned
   * to a property in its old space, from where it keeps all that it refers to through every scavenge.
   */
  handshake: { destroy(): void } | undefined;
  /** Makes what a server sends by itself when the handshake is done: its tickets. */
  makeTickets: (() => void) | undefined;

  readonly #joiner = new HandshakeJoiner();
  readonly #output = new OutputBuffer();
  readonly #recordsPerKey: number | undefined;
  /** Messages that are no records yet. */
  readonly #flight = new OutputBuffer();
  #state: HandshakeState = new HandshakeStateBeforeStart();
  #readSecret: Uint8Array | undefined;
  #writeSecret: Uint8Array | undefined;
  #exporterSecret: Uint8Array | undefined;
  #warnings = 0;
  #keyUpdates = 0;
  #tickets = 0;
  /** The peer wants new keys of us. */
  #keyUpdateOwed = false;
  #closeSent = false;
  /** undefined where it was never due, false where it has gone. */
  #owesChangeCipherSpec: boolean | undefined;

  constructor(config: EndpointConfig) {
    this.environment = config.environment;
    this.context = config.context;
    this.requirePostQuantum = config.requirePostQuantum ?? false;
    this.transcript = new TranscriptHash(config.environment.primitives);
    this.#recordsPerKey = config.recordsPerKey;
    if (config.padTo !== undefined) this.writer.padTo(config.padTo);
  }

  /** The first state, of a handshake that has begun. */
  begin(state: HandshakeState): void {
    this.#state = state;
    this.flush();
  }

  /** Reads the record that `reader.next()` has found, and acts on it. Returns application data, the caller's to keep. */
  readRecord(): Uint8Array | undefined {
    const { reader } = this;
    this.observer.record?.(false, reader.header);
    const { skipped } = reader;
    if (!reader.read()) {
      // Handshake messages may not be interleaved with anything. RFC 9846, Section 5.1.
      if (reader.skipped !== skipped && !this.#joiner.isEmpty) throw new ProtocolFault('UNEXPECTED_RECORD');
      return undefined;
    }
    const { type } = reader;
    const content = reader.takeContent();
    if (type === ContentType.application_data) {
      this.#checkApplicationData();
      if (content.length > 0) this.#keyUpdates = this.#tickets = 0;
      return content;
    }
    if (type === ContentType.handshake) this.#onHandshake(content);
    else if (type === ContentType.alert) this.#onAlert(content);
    else throw new ProtocolFault('UNEXPECTED_RECORD');
    return undefined;
  }

  #checkApplicationData(): void {
    if (!this.handshakeDone) {
      throw new ProtocolFault(
        this.reader.keys === undefined ? 'APPLICATION_DATA_INSTEAD_OF_HANDSHAKE' : 'UNEXPECTED_RECORD',
      );
    }
    // Handshake messages may not be interleaved with anything. RFC 9846, Section 5.1.
    if (!this.#joiner.isEmpty) throw new ProtocolFault('UNEXPECTED_RECORD');
  }

  #onHandshake(content: Uint8Array): void {
    // RFC 9846, Section 5.4.
    if (content.length === 0) throw new ProtocolFault('UNEXPECTED_RECORD');
    this.#joiner.add(content);
    this.#handleMessages();
  }

  #handleMessages(): void {
    while (this.question === undefined) {
      const message = this.#joiner.next();
      if (message === undefined) break;
      this.observer.message?.(false, ContentType.handshake, message.bytes);
      this.#state = this.#state.handle(message);
    }
    this.flush();
  }

  /** Goes on after a question. */
  resume(answer: ProtocolAnswer): void {
    if (this.question === undefined) return;
    this.question = undefined;
    this.#state = this.#state.resume(answer);
    this.#handleMessages();
  }

  #onAlert(content: Uint8Array): void {
    if (!this.#joiner.isEmpty) throw new ProtocolFault('UNEXPECTED_RECORD');
    if (content.length !== 2) throw new ProtocolFault('BAD_ALERT');
    // Its level has no meaning. RFC 9846, Section 6.
    const [, alert = 0] = content;
    this.observer.message?.(false, ContentType.alert, copyOf(content));
    this.alertReceived = alert;
    // Nothing was begun that could be ended.
    if (this.facts.clientHelloLength === 0) throw new ProtocolFault('UNEXPECTED_MESSAGE');
    if (alert === Alert.close_notify) {
      this.closed = true;
      this.reader.drop();
      return;
    }
    if (alert === Alert.user_canceled) {
      // A close_notify follows. RFC 9846, Section 6.1.
      this.#warnings += 1;
      if (this.#warnings > maxWarnings) throw new ProtocolFault('TOO_MANY_WARNING_ALERTS');
      return;
    }
    throw new PeerAlert(alert);
  }

  /** Puts a handshake message into the flight, and into the transcript. */
  send(message: Uint8Array): void {
    this.transcript.add(message);
    this.sendUnhashed(message);
  }

  /** A message after the handshake. */
  sendUnhashed(message: Uint8Array): void {
    this.observer.message?.(true, ContentType.handshake, message);
    this.#flight.add(message);
  }

  /** Makes records of the flight. */
  flush(): void {
    if (this.#flight.length > 0) this.#flight.consume((bytes) => this.#writeAll(ContentType.handshake, bytes));
  }

  #writeAll(type: number, bytes: Uint8Array): void {
    this.#payChangeCipherSpec();
    const { writer } = this;
    const { fragment } = writer;
    for (let at = 0; at < bytes.length; at += fragment) {
      const end = Math.min(at + fragment, bytes.length);
      const output = this.#output.reserve(writer.sizeOf(end - at));
      this.#output.added(writer.write(type, bytes, at, end, output, this.#output.length));
      this.observer.record?.(true, writer.header);
    }
  }

  /**
   * For middleboxes, once: a server after its first message, a client before what it sends next. RFC 9846, Appendix E.4.
   */
  sendChangeCipherSpec(): void {
    this.flush();
    this.#owesChangeCipherSpec ??= true;
    this.#payChangeCipherSpec();
  }

  oweChangeCipherSpec(): void {
    this.flush();
    this.#owesChangeCipherSpec ??= true;
  }

  #payChangeCipherSpec(): void {
    if (this.#owesChangeCipherSpec !== true) return;
    this.#owesChangeCipherSpec = false;
    this.#output.reserve(changeCipherSpec.length).set(changeCipherSpec, this.#output.length);
    this.#output.added(changeCipherSpec.length);
    this.writer.bytesWritten += changeCipherSpec.length;
  }

  /** It is our turn: nothing that was received may be the beginning of another message. */
  expectEndOfFlight(): void {
    if (!this.#joiner.isEmpty) throw new ProtocolFault('EXCESS_HANDSHAKE_DATA');
  }

  /** From here on records are read under this secret. No message may reach over the change. RFC 9846, Section 5.1. */
  setReadSecret(suite: SuiteParameters, secret: Uint8Array): void {
    this.expectEndOfFlight();
    this.reader.keys?.destroy();
    this.#readSecret?.fill(0);
    this.reader.keys = new TrafficKeys(this.environment.primitives, suite, secret);
    this.#readSecret = secret;
  }

  setWriteSecret(suite: SuiteParameters, secret: Uint8Array): void {
    this.flush();
    this.writer.keys?.destroy();
    this.#writeSecret?.fill(0);
    this.writer.keys = new TrafficKeys(this.environment.primitives, suite, secret);
    this.#writeSecret = secret;
  }

  setExporterSecret(secret: Uint8Array): void {
    this.#exporterSecret = secret;
  }

  tellSecret(label: KeyLogLabel, secret: Uint8Array): void {
    this.observer.secret?.(label, this.facts.clientRandom, secret);
  }

  /** A server's ticket. */
  countTicket(): void {
    this.#tickets += 1;
    if (this.#tickets > maxTickets) throw new ProtocolFault('TOO_MANY_SESSION_TICKETS');
  }

  /** The peer changed its keys. RFC 9846, Section 4.7.3. */
  onKeyUpdate(wantsOurs: boolean): void {
    this.#keyUpdates += 1;
    if (this.#keyUpdates > maxKeyUpdates) throw new ProtocolFault('TOO_MANY_KEY_UPDATES');
    const { suite } = this.facts;
    if (suite === undefined || this.#readSecret === undefined) throw new ProtocolFault('ENGINE_FAILED');
    this.setReadSecret(suite, nextTrafficSecret(this.environment.primitives, suite.hash, this.#readSecret));
    // However many they are, one answers them, before our next data. RFC 9846, Section 4.7.3.
    if (wantsOurs) this.#keyUpdateOwed = true;
  }

  /** Takes new keys for what is sent from now on. */
  updateKeys(requestPeer: boolean): void {
    if (this.handshakeDone && !this.#closeSent) this.#updateWriteKeys(requestPeer);
  }

  #updateWriteKeys(requestPeer: boolean): void {
    const { suite } = this.facts;
    if (suite === undefined || this.#writeSecret === undefined) throw new ProtocolFault('ENGINE_FAILED');
    this.#keyUpdateOwed = false;
    this.sendUnhashed(writeKeyUpdate(requestPeer));
    this.setWriteSecret(suite, nextTrafficSecret(this.environment.primitives, suite.hash, this.#writeSecret));
  }

  /**
   * Encrypts what of `chunk`, from `from` on, fits into `output`, which begins with `takeOutput()`. Returns the bytes that
   * were taken; `written` of the result are in `output`.
   */
  seal(chunk: Uint8Array, from: number, output: Uint8Array, offset: number): { taken: number; written: number } {
    const { writer } = this;
    let at = from;
    let to = offset;
    while (at < chunk.length && !this.#isWorn()) {
      const end = Math.min(at + writer.fragment, chunk.length);
      if (to + writer.sizeOf(end - at) > output.length) break;
      to += writer.write(ContentType.application_data, chunk, at, end, output, to);
      this.observer.record?.(true, writer.header);
      at = end;
    }
    sealed.taken = at - from;
    sealed.written = to - offset;
    return sealed;
  }

  /** Before data is sent: tickets, and new keys where the old ones have protected enough. RFC 9846, Section 5.5. */
  prepareToSend(): void {
    const makeTickets = this.makeTickets;
    if (makeTickets !== undefined) {
      this.makeTickets = undefined;
      makeTickets();
    }
    this.flush();
    if (this.#isWorn() || this.#keyUpdateOwed) this.#updateWriteKeys(false);
  }

  #isWorn(): boolean {
    const { keys } = this.writer;
    return keys !== undefined && keys.records >= (this.#recordsPerKey ?? keys.suite.recordLimit);
  }

  get outputLength(): number {
    return this.#output.length;
  }

  /** Records that wait to be sent; the caller's to keep. */
  takeOutput(): Uint8Array {
    return this.#output.take();
  }

  /** Says that nothing more will be sent. RFC 9846, Section 6.1. */
  close(): void {
    if (this.#closeSent) return;
    if (this.handshakeDone) this.prepareToSend();
    this.sendAlert('close_notify');
  }

  /** Every alert but close_notify ends the connection. */
  sendAlert(alert: AlertName): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.alertSent = alert;
    const level = alert === 'close_notify' ? AlertLevel.warning : AlertLevel.fatal;
    const bytes = Uint8Array.of(level, Alert[alert]);
    this.observer.message?.(true, ContentType.alert, bytes);
    this.#writeAll(ContentType.alert, bytes);
  }

  /** Every key exchange that the connection's secrets descend from has a post-quantum component. */
  get isPostQuantum(): boolean {
    const { group, resumed, resumedPostQuantum } = this.facts;
    return isPostQuantumId(group) && (!resumed || resumedPostQuantum);
  }

  /** Whether close_notify or another alert has gone. */
  get closeSent(): boolean {
    return this.#closeSent;
  }

  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array {
    const { suite } = this.facts;
    if (suite === undefined || this.#exporterSecret === undefined) throw new Error('The handshake is not done');
    const { primitives } = this.environment;
    return exportKeyingMaterial(primitives, suite.hash, this.#exporterSecret, label, context, length);
  }

  /** Wipes every secret. */
  destroy(): void {
    this.end();
    this.#exporterSecret?.fill(0);
    this.#exporterSecret = undefined;
  }

  /** Wipes what protects records: nothing is sent or received any more. Data that came before may still be bound to the connection. */
  end(): void {
    this.closed = true;
    this.reader.drop();
    this.reader.keys?.destroy();
    this.writer.keys?.destroy();
    this.#joiner.clear();
    this.#readSecret?.fill(0);
    this.#writeSecret?.fill(0);
    this.#readSecret = this.#writeSecret = undefined;
    this.makeTickets = undefined;
    this.handshake?.destroy();
    this.handshake = undefined;
    this.#flight.clear();
    this.transcript.destroy();
    this.#state = new HandshakeStateBeforeStart();
  }
}

const sealed = { taken: 0, written: 0 };

/** Nothing can come. */
class HandshakeStateBeforeStart extends HandshakeState {}
