// Connection over protocol/: TLS 1.3 in TypeScript, with JavaScript's slabs.

import { freeMemory } from '../crypto/tls/free-memory.js';
import { tlsHashLengths } from '../crypto/tls/primitives.js';
import { Alert, NamedGroup, nameOf, SignatureScheme, type AlertName } from '../protocol/constants.js';
import { startClient } from '../protocol/client-handshake.js';
import type { ClientConfig, Environment, ServerConfig } from '../protocol/config.js';
import { Endpoint, type Observer } from '../protocol/endpoint.js';
import type { ProtocolAnswer } from '../protocol/handshake-state.js';
import { maxPlaintext } from '../protocol/record-reader.js';
import { recordOverhead } from '../protocol/record-writer.js';
import { startServer } from '../protocol/server-handshake.js';
import { decodeSession, encodeSession, type SessionState } from '../protocol/session-state.js';
import { asBuffer } from './as-buffer.js';
import { ContentJoiner } from './content-joiner.js';
import type {
  Answer,
  Ciphertext,
  Connection,
  ConnectionOptions,
  EngineContext,
  EngineEvent,
  Progress,
  Question,
  SendProgress,
  TraceEvent,
} from './connection.js';
import { classicalHandshake, judgeFailure } from './post-quantum-demand.js';
import { PureEngineContext } from './pure-context.js';
import { endWith } from './pure-errors.js';
import { PureFacts } from './pure-facts.js';
import { trace } from './pure-trace.js';
import { CiphertextPool } from './slabs.js';

// Plaintext handed out by one call; the rest stays ciphertext until it is asked for.
const plaintextPerCall = 256 * 1024;
/** The program is told of the newest ones of one call. */
const maxSessionEvents = 8;
const noBytes = new Uint8Array(0);
const smallestFragment = 512;
// Of 255 bytes, `tls13 ` is one part. RFC 9846, Section 7.1.
const longestExporterLabel = 255 - 6;

const nothing = (): void => {};

const ciphertextPool = new CiphertextPool();

export class PureTlsConnection extends PureFacts implements Connection {
  readonly #environment: Environment;
  readonly #options: ConnectionOptions;
  readonly #ownContext: PureEngineContext;
  #serverName: string | undefined;
  #requestsOcsp = false;
  #offeredSession: SessionState | undefined;
  #newestSession: SessionState | undefined;
  #tellsSessions = false;
  #started = false;
  /** The caller was told that the handshake is done. */
  #toldDone = false;
  #destroyed = false;
  #events: EngineEvent[] = [];
  #question: Question | undefined;
  #requirePostQuantum: boolean;

  constructor(environment: Environment, engineVersion: string, context: PureEngineContext, options: ConnectionOptions) {
    const requirePostQuantum = options.requirePostQuantum === true;
    const endpoint = new Endpoint({
      environment,
      context: context.tls,
      padTo: options.recordPadding,
      requirePostQuantum: requirePostQuantum || context.requirePostQuantum,
    });
    super(endpoint, context, { isServer: options.isServer, engineVersion });
    this.#environment = environment;
    this.#options = options;
    this.#ownContext = context;
    this.#serverName = options.servername;
    this.#requirePostQuantum = requirePostQuantum;
    this.endpoint.groups = options.restriction?.groups;
  }

  start(): Progress {
    return this.receive(undefined);
  }

  #begin(): void {
    this.#started = true;
    const endpoint = this.endpoint;
    const { alpn, verifyPeer, requirePeer, suspendOnClientHello, recordSizeLimit } = this.#options;
    const common = {
      environment: this.#environment,
      context: endpoint.context,
      protocols: alpn,
      groups: endpoint.groups,
      recordSizeLimit,
    };
    if (!this.isServer) {
      const config: ClientConfig = {
        ...common,
        serverName: this.#serverName === undefined ? undefined : latin1Of(this.#serverName),
        requestOcsp: this.#requestsOcsp,
        session: this.#offeredSession,
      };
      endpoint.begin(startClient(endpoint, config, (session) => this.#onSession(session)));
      return;
    }
    const config: ServerConfig = {
      ...common,
      requestCertificate: verifyPeer,
      requireCertificate: verifyPeer && requirePeer,
      asksForHello: suspendOnClientHello,
      keepsSessions: this.#tellsSessions,
    };
    endpoint.begin(startServer(endpoint, config, { onNewSession: (id, session) => this.#onNewSession(id, session) }));
  }

  #onSession(session: SessionState): void {
    this.#newestSession?.preSharedKey.fill(0);
    this.#newestSession = session;
    if (this.#tellsSessions) this.#addEvent({ kind: 'session', session: asBuffer(encodeSession(session)) });
  }

  #onNewSession(id: Uint8Array, session: Uint8Array): void {
    this.#addEvent({ kind: 'new-session', id: Buffer.from(id), session: asBuffer(session), blocking: false });
  }

  #addEvent(event: EngineEvent): void {
    const sessions = this.#events.filter(({ kind }) => kind !== 'keylog');
    const [oldest] = sessions;
    if (sessions.length >= maxSessionEvents && oldest !== undefined)
      this.#events.splice(this.#events.indexOf(oldest), 1);
    this.#events.push(event);
  }

  receive(chunk: Uint8Array | undefined, isUnshared = false): Progress {
    const plaintext: Buffer[] = [];
    if (this.error !== undefined || this.#destroyed) return this.#progress(plaintext, false);
    const { reader, closed } = this.endpoint;
    // What follows a close_notify is ignored. RFC 9846, Section 6.1.
    if (chunk !== undefined && !closed) reader.receive(chunk);
    let more = false;
    try {
      if (!this.#started) this.#begin();
      if (this.#question === undefined) more = this.#readRecords(plaintext);
      if (isUnshared && chunk !== undefined && !reader.holdsChunks) freeMemory(chunk);
      this.endpoint.flush();
    } catch (error) {
      this.#fail(error);
    }
    return this.#progress(plaintext, more);
  }

  /** Returns whether there is more to be had than one call hands out. */
  #readRecords(plaintext: Buffer[]): boolean {
    const endpoint = this.endpoint;
    const { reader } = endpoint;
    const contents = new ContentJoiner(plaintext);
    try {
      for (;;) {
        if (endpoint.question !== undefined || endpoint.closed || !reader.next()) return false;
        if (contents.length >= plaintextPerCall) return true;
        const content = endpoint.readRecord();
        if (content !== undefined) contents.add(content);
        // The end of the handshake is told before what comes with it, which may be wrong.
        if (endpoint.handshakeDone && !this.#toldDone) return reader.buffered > 0;
      }
    } finally {
      contents.end();
    }
  }

  /** What came of a call. */
  #progress(plaintext: Buffer[], more: boolean): Progress {
    const endpoint = this.endpoint;
    let handshakeDone = false;
    if (endpoint.handshakeDone && !this.#toldDone && this.error === undefined) {
      this.#toldDone = true;
      handshakeDone = !this.#refusesClassical();
    }
    const question = this.error === undefined ? this.#ask() : undefined;
    const output = endpoint.takeOutput();
    const ciphertext: Ciphertext[] = output.length === 0 ? [] : [{ bytes: output, release: nothing }];
    if (this.error !== undefined) this.endpoint.end();
    const events = this.#events;
    this.#events = [];
    return {
      ciphertext,
      plaintext,
      events,
      handshakeDone,
      more: more && this.error === undefined,
      closeNotify: endpoint.closed && endpoint.alertReceived === Alert.close_notify && !this.#destroyed,
      awaits: question,
      error: this.error,
    };
  }

  #ask(): Question | undefined {
    const { question, facts, reader } = this.endpoint;
    if (question === undefined) return (this.#question = undefined);
    if (this.#question !== undefined) return this.#question;
    const buffered = (): number => reader.buffered;
    switch (question.kind) {
      case 'client-hello': {
        const { offer } = facts;
        return (this.#question = {
          kind: 'client-hello',
          buffered,
          hello: {
            serverName: offer.serverName,
            protocols: offer.protocols,
            groups: offer.groups.map((id) => nameOf(NamedGroup, id)),
            signatureSchemes: offer.signatureSchemes.map((id) => nameOf(SignatureScheme, id)),
            ocspRequested: offer.ocspRequested,
          },
        });
      }
      case 'verify': {
        const { error } = this.context.trust.judge(facts.peerChain, !this.isServer);
        return (this.#question = {
          kind: 'verify',
          chainError: error,
          chain: () => this.peerCertificates(),
          hasName: () => false,
          resumed: question.resumed,
        });
      }
      case 'resume-session':
        return (this.#question = { kind: 'resume-session', id: Buffer.from(question.id), buffered });
      case 'signature':
        return (this.#question = {
          kind: 'signature',
          ranOn: 'callback',
          buffered,
          signer: this.context.signer,
          scheme: nameOf(SignatureScheme, question.scheme),
          data: Uint8Array.from(question.content),
        });
    }
  }

  /** The last word on a handshake that is over: whatever was agreed to, a classical group or session ends it here. */
  #refusesClassical(): boolean {
    const endpoint = this.endpoint;
    if (!this.#requirePostQuantum || endpoint.isPostQuantum) return false;
    endpoint.sendAlert('handshake_failure');
    const details = { engine: this.engine, alertSent: 'handshake_failure' };
    const group = nameOf(NamedGroup, endpoint.facts.group);
    this.error = classicalHandshake('TLSv1.3', group, details, this.peerOffer());
    return true;
  }

  send(chunk: Uint8Array, offset: number): SendProgress {
    const endpoint = this.endpoint;
    if (this.error !== undefined || this.#destroyed || endpoint.closeSent) return this.#sent(undefined, 0);
    try {
      endpoint.prepareToSend();
      if (offset >= chunk.length) return this.#sent(this.#takeOutput(), 0);
      return this.#seal(chunk, offset);
    } catch (error) {
      this.#fail(error);
      return this.#sent(this.#takeOutput(), 0);
    }
  }

  #seal(chunk: Uint8Array, offset: number): SendProgress {
    const endpoint = this.endpoint;
    const before = endpoint.takeOutput();
    const output = ciphertextPool.acquire();
    // Tickets with long certificate chains leave no room.
    const fits = before.length + maxPlaintext + recordOverhead <= output.length;
    if (!fits) {
      ciphertextPool.release(output);
      return this.#sent({ bytes: before, release: nothing }, 0);
    }
    output.set(before);
    const { taken, written } = endpoint.seal(chunk, offset, output, before.length);
    const length = before.length + written;
    return this.#sent(ciphertextPool.wrap(output, length, this.#options.poolsOutput), taken);
  }

  #takeOutput(): Ciphertext | undefined {
    const bytes = this.endpoint.takeOutput();
    return bytes.length === 0 ? undefined : { bytes, release: nothing };
  }

  #sent(ciphertext: Ciphertext | undefined, taken: number): SendProgress {
    return { ciphertext, taken, error: this.error };
  }

  resume(answer: Answer): Progress {
    if (this.error !== undefined || this.#destroyed || this.#question === undefined) return this.#progress([], false);
    this.#question = undefined;
    const plaintext: Buffer[] = [];
    let more = false;
    try {
      this.endpoint.resume(this.#answer(answer));
      more = this.#readRecords(plaintext);
      this.endpoint.flush();
    } catch (error) {
      this.#fail(error);
    }
    return this.#progress(plaintext, more);
  }

  #answer(answer: Answer): ProtocolAnswer {
    const endpoint = this.endpoint;
    switch (answer.kind) {
      case 'client-hello': {
        if (answer.context !== undefined) this.useContext(answer.context);
        if (answer.restriction !== undefined) endpoint.groups = answer.restriction.groups;
        if (answer.requirePostQuantum === true) this.#requirePostQuantum = endpoint.requirePostQuantum = true;
        const { ocspResponse, alpn: protocol } = answer;
        return { kind: 'client-hello', alert: alertOf(answer.alert), ocspResponse, protocol };
      }
      case 'verify':
        return { kind: 'verify', alert: alertOf(answer.alert) };
      case 'resume-session':
        return { kind: 'resume-session', session: answer.session };
      case 'signature':
        return { kind: 'signature' };
    }
  }

  giveSignature(signature: Uint8Array | undefined): boolean {
    const { question } = this.endpoint;
    return question?.kind === 'signature' && signature !== undefined && question.give(signature);
  }

  offerSession(bytes: Uint8Array): boolean {
    if (this.isServer || this.#started) return false;
    const session = decodeSession(bytes);
    // Without a chain there is nothing to verify again.
    if (session === undefined || session.peerChain.length === 0 || session.ticket.length === 0) return false;
    if (this.endpoint.requirePostQuantum && !session.postQuantum) return false;
    this.#offeredSession = session;
    return true;
  }

  /** The newest, or the one that was resumed where the server gave no other. */
  get #currentSession(): SessionState | undefined {
    return this.#newestSession ?? (this.endpoint.facts.resumed ? this.#offeredSession : undefined);
  }

  session(): Buffer | undefined {
    const session = this.#currentSession;
    return session === undefined ? undefined : asBuffer(encodeSession(session));
  }

  sessionTicket(): Buffer | undefined {
    const session = this.#currentSession;
    return session === undefined ? undefined : Buffer.from(session.ticket);
  }

  enableSessionEvents(): void {
    this.#tellsSessions = true;
  }

  shutdown(): Progress {
    if (this.error === undefined && !this.#destroyed) {
      try {
        this.endpoint.close();
      } catch (error) {
        this.#fail(error);
      }
    }
    const output = this.#takeOutput();
    // What is still to be told of goes with the next call.
    return {
      ciphertext: output === undefined ? [] : [output],
      plaintext: [],
      events: [],
      handshakeDone: false,
      more: false,
      closeNotify: false,
      awaits: undefined,
      error: this.error,
    };
  }

  enableKeylog(): void {
    const tell: Observer['secret'] = (label, clientRandom, secret) => {
      const line = `${label} ${Buffer.from(clientRandom).toString('hex')} ${Buffer.from(secret).toString('hex')}\n`;
      this.#events.push({ kind: 'keylog', bytes: Buffer.from(line) });
    };
    this.endpoint.observer.secret = tell;
  }

  enableTrace(sink: (event: TraceEvent) => void): void {
    trace(this.endpoint, sink);
  }

  useContext(context: EngineContext): boolean {
    if (!(context instanceof PureEngineContext)) return false;
    if (this.isServer && context.tls.credentials.length === 0) return false;
    this.context = context;
    this.endpoint.context = this.#ownContext.withCredentialsOf(context);
    return true;
  }

  setServername(name: string): boolean {
    if (this.#started) return false;
    this.#serverName = name === '' ? undefined : name;
    return true;
  }

  setMaxSendFragment(size: number): boolean {
    if (size < smallestFragment || size > maxPlaintext) return false;
    this.endpoint.writer.limitFragment(size);
    return true;
  }

  requestOcsp(): void {
    this.#requestsOcsp = true;
  }

  /** Pre-shared keys of the program's are of TLS 1.2. */
  setPskIdentityHint(): boolean {
    return true;
  }

  setPskCallback(): void {}

  exportKeyingMaterial(length: number, label: string, context: Uint8Array = noBytes): Buffer {
    const { suite } = this.endpoint.facts;
    const bytes = latin1Of(label);
    // RFC 5869, Section 2.3; RFC 9846, Section 7.1.
    const isTooLong = suite !== undefined && length > 255 * tlsHashLengths[suite.hash];
    if (isTooLong || bytes.length > longestExporterLabel) {
      throw new Error(
        `The keying material could not be exported: ${isTooLong ? 'OUTPUT_TOO_LARGE' : 'LABEL_TOO_LONG'}`,
      );
    }
    return asBuffer(this.endpoint.exportKeyingMaterial(bytes, context, length));
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.endpoint.destroy();
    this.#newestSession?.preSharedKey.fill(0);
    this.#offeredSession?.preSharedKey.fill(0);
    this.#newestSession = this.#offeredSession = undefined;
  }

  #fail(thrown: unknown): void {
    if (this.error !== undefined) return;
    const error = endWith(this.endpoint, thrown);
    this.error = this.#requirePostQuantum ? judgeFailure(error, this.isServer, this.helloFacts()) : error;
  }
}

/** Of an Answer's number, where 0 goes on. */
function alertOf(alert: number | undefined): AlertName | undefined {
  return alert === undefined || alert === 0 ? undefined : (nameOf(Alert, alert) as AlertName);
}

/** UTF-8, of one character a byte, as protocol/ keeps names. */
function latin1Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
