// Connection over protocol/: TLS 1.3 in TypeScript, with JavaScript's slabs.

import { engineError, InternalError, type PeerOffer, type TlsError } from '../errors.js';
import {
  Alert,
  ContentType,
  HandshakeType,
  NamedGroup,
  nameOf,
  ProtocolVersion,
  SignatureScheme,
  type AlertName,
  type SignatureSchemeName,
} from '../protocol/constants.js';
import { startClient } from '../protocol/client-handshake.js';
import type { ClientConfig, Environment, ServerConfig } from '../protocol/config.js';
import { Endpoint, PeerAlert, type KeyLogLabel } from '../protocol/endpoint.js';
import { ProtocolFault } from '../protocol/faults.js';
import { groupProperties, type GroupProperties } from '../protocol/group-properties.js';
import type { ProtocolAnswer } from '../protocol/handshake-state.js';
import { maxPlaintext } from '../protocol/record-reader.js';
import { recordOverhead } from '../protocol/record-writer.js';
import { startServer } from '../protocol/server-handshake.js';
import { decodeSession, encodeSession, type SessionState } from '../protocol/session-state.js';
import type {
  Answer,
  ChainEntry,
  Ciphertext,
  Connection,
  ConnectionOptions,
  EngineContext,
  EngineEvent,
  HandshakeOutcome,
  Negotiated,
  Progress,
  Question,
  SendProgress,
  TraceEvent,
} from './connection.js';
import { describeChain } from './peer-chain.js';
import { classicalHandshake, judgeFailure, peerOffer, type HelloFacts } from './post-quantum-demand.js';
import { PureEngineContext } from './pure-context.js';
import { CiphertextPool, PlaintextSlab } from './slabs.js';

// Plaintext handed out by one call; the rest stays ciphertext until it is asked for.
const plaintextPerCall = 256 * 1024;
/** The program is told of the newest ones of one call. */
const maxSessionEvents = 8;
const noBytes = new Uint8Array(0);
const smallestFragment = 512;

const nothing = (): void => {};

const plaintextSlab = new PlaintextSlab();
const ciphertextPool = new CiphertextPool();

/** How much of a message a trace may show: what is no secret and says something. */
const tracedMessages: ReadonlySet<number> = new Set([
  HandshakeType.ClientHello,
  HandshakeType.ServerHello,
  HandshakeType.EncryptedExtensions,
  HandshakeType.CertificateRequest,
  HandshakeType.Certificate,
]);
const maxTracedBytes = 32 * 1024;
const headerLength = 4;
/** What a TraceEvent has in place of a content type. */
const recordHeader = 256;

export class PureTlsConnection implements Connection {
  readonly engine = 'typescript';
  readonly #endpoint: Endpoint;
  readonly #environment: Environment;
  readonly #engineVersion: string;
  readonly #options: ConnectionOptions;
  readonly #isServer: boolean;
  readonly #ownContext: PureEngineContext;
  /** Whose certificates and trust are in force. */
  #context: PureEngineContext;
  #serverName: string | undefined;
  #requestsOcsp = false;
  #offeredSession: SessionState | undefined;
  #newestSession: SessionState | undefined;
  #tellsSessions = false;
  #started = false;
  /** The caller was told that the handshake is done. */
  #toldDone = false;
  #error: TlsError | undefined;
  #destroyed = false;
  #events: EngineEvent[] = [];
  #question: Question | undefined;
  #requirePostQuantum: boolean;

  constructor(environment: Environment, engineVersion: string, context: PureEngineContext, options: ConnectionOptions) {
    this.#environment = environment;
    this.#engineVersion = engineVersion;
    this.#options = options;
    this.#isServer = options.isServer;
    this.#ownContext = this.#context = context;
    this.#serverName = options.servername;
    this.#requirePostQuantum = options.requirePostQuantum === true;
    this.#endpoint = new Endpoint({
      environment,
      context: context.tls,
      requirePostQuantum: this.#requirePostQuantum || context.requirePostQuantum,
    });
    this.#endpoint.groups = options.restriction?.groups;
  }

  start(): Progress {
    return this.receive(undefined);
  }

  #begin(): void {
    this.#started = true;
    const endpoint = this.#endpoint;
    const { alpn, verifyPeer, requirePeer, suspendOnClientHello } = this.#options;
    const common = {
      environment: this.#environment,
      context: endpoint.context,
      protocols: alpn,
      groups: endpoint.groups,
    };
    if (!this.#isServer) {
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
    if (this.#tellsSessions) this.#addEvent({ kind: 'session', session: Buffer.from(encodeSession(session)) });
  }

  #onNewSession(id: Uint8Array, session: Uint8Array): void {
    this.#addEvent({ kind: 'new-session', id: Buffer.from(id), session: Buffer.from(session), blocking: false });
  }

  #addEvent(event: EngineEvent): void {
    const sessions = this.#events.filter(({ kind }) => kind !== 'keylog');
    const [oldest] = sessions;
    if (sessions.length >= maxSessionEvents && oldest !== undefined)
      this.#events.splice(this.#events.indexOf(oldest), 1);
    this.#events.push(event);
  }

  receive(chunk: Uint8Array | undefined): Progress {
    const plaintext: Buffer[] = [];
    if (this.#error !== undefined || this.#destroyed) return this.#progress(plaintext, false);
    const { reader } = this.#endpoint;
    if (chunk !== undefined) reader.receive(chunk);
    let more = false;
    try {
      if (!this.#started) this.#begin();
      if (this.#question === undefined) more = this.#readRecords(plaintext);
      this.#endpoint.flush();
    } catch (error) {
      this.#fail(error);
    }
    return this.#progress(plaintext, more);
  }

  /** Returns whether there is more to be had than one call hands out. */
  #readRecords(plaintext: Buffer[]): boolean {
    const endpoint = this.#endpoint;
    const { reader } = endpoint;
    let produced = 0;
    let slab: Buffer | undefined;
    let used = 0;
    try {
      for (;;) {
        if (endpoint.question !== undefined || endpoint.closed) return false;
        const size = reader.next();
        if (size < 0) return false;
        if (produced >= plaintextPerCall) return true;
        if (slab === undefined || used + size > slab.length) {
          if (slab !== undefined) handOut(slab, used, plaintext);
          used = 0;
          slab = plaintextSlab.acquire(reader.buffered + size);
        }
        const length = endpoint.readRecord(slab, used);
        used += length;
        produced += length;
      }
    } finally {
      if (slab !== undefined) handOut(slab, used, plaintext);
    }
  }

  /** What came of a call. */
  #progress(plaintext: Buffer[], more: boolean): Progress {
    const endpoint = this.#endpoint;
    let handshakeDone = false;
    if (endpoint.handshakeDone && !this.#toldDone && this.#error === undefined) {
      this.#toldDone = true;
      handshakeDone = !this.#refusesClassical();
    }
    const question = this.#error === undefined ? this.#ask() : undefined;
    const output = endpoint.takeOutput();
    const ciphertext: Ciphertext[] = output.length === 0 ? [] : [{ bytes: output, release: nothing }];
    if (this.#error !== undefined) this.#endpoint.destroy();
    const events = this.#events;
    this.#events = [];
    return {
      ciphertext,
      plaintext,
      events,
      handshakeDone,
      more: more && this.#error === undefined,
      closeNotify: endpoint.closed && endpoint.alertReceived === Alert.close_notify && !this.#destroyed,
      awaits: question,
      error: this.#error,
    };
  }

  #ask(): Question | undefined {
    const { question, facts, reader } = this.#endpoint;
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
        const { error } = this.#context.trust.judge(facts.peerChain, !this.#isServer);
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
          signer: this.#context.signer,
          scheme: nameOf(SignatureScheme, question.scheme),
          data: Uint8Array.from(question.content),
        });
    }
  }

  /** The last word on a handshake that is over: whatever was agreed to, a classical group or session ends it here. */
  #refusesClassical(): boolean {
    const endpoint = this.#endpoint;
    if (!this.#requirePostQuantum || endpoint.isPostQuantum) return false;
    endpoint.sendAlert('handshake_failure');
    const details = { engine: this.engine, alertSent: 'handshake_failure' };
    const group = nameOf(NamedGroup, endpoint.facts.group);
    this.#error = classicalHandshake('TLSv1.3', group, details, this.peerOffer());
    return true;
  }

  send(chunk: Uint8Array, offset: number): SendProgress {
    const endpoint = this.#endpoint;
    if (this.#error !== undefined || this.#destroyed || endpoint.closeSent) return this.#sent(undefined, 0);
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
    const endpoint = this.#endpoint;
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
    const bytes = this.#endpoint.takeOutput();
    return bytes.length === 0 ? undefined : { bytes, release: nothing };
  }

  #sent(ciphertext: Ciphertext | undefined, taken: number): SendProgress {
    return { ciphertext, taken, error: this.#error };
  }

  resume(answer: Answer): Progress {
    if (this.#error !== undefined || this.#destroyed || this.#question === undefined) return this.#progress([], false);
    this.#question = undefined;
    const plaintext: Buffer[] = [];
    let more = false;
    try {
      this.#endpoint.resume(this.#answer(answer));
      more = this.#readRecords(plaintext);
      this.#endpoint.flush();
    } catch (error) {
      this.#fail(error);
    }
    return this.#progress(plaintext, more);
  }

  #answer(answer: Answer): ProtocolAnswer {
    const endpoint = this.#endpoint;
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
    const { question } = this.#endpoint;
    return question?.kind === 'signature' && signature !== undefined && question.give(signature);
  }

  offerSession(bytes: Uint8Array): boolean {
    if (this.#isServer || this.#started) return false;
    const session = decodeSession(bytes);
    // Without a chain there is nothing to verify again.
    if (session === undefined || session.peerChain.length === 0 || session.ticket.length === 0) return false;
    if (this.#endpoint.requirePostQuantum && !session.postQuantum) return false;
    this.#offeredSession = session;
    return true;
  }

  /** The newest, or the one that was resumed where the server gave no other. */
  get #currentSession(): SessionState | undefined {
    return this.#newestSession ?? (this.#endpoint.facts.resumed ? this.#offeredSession : undefined);
  }

  session(): Buffer | undefined {
    const session = this.#currentSession;
    return session === undefined ? undefined : Buffer.from(encodeSession(session));
  }

  sessionTicket(): Buffer | undefined {
    const session = this.#currentSession;
    return session === undefined ? undefined : Buffer.from(session.ticket);
  }

  enableSessionEvents(): void {
    this.#tellsSessions = true;
  }

  shutdown(): Progress {
    if (this.#error === undefined && !this.#destroyed) {
      try {
        this.#endpoint.close();
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
      error: this.#error,
    };
  }

  negotiated(): Negotiated {
    const { facts } = this.#endpoint;
    const suite = facts.suite?.name;
    if (suite === undefined) {
      const details = { code: 'ERR_PQTLS_INTERNAL', phase: 'handshake', engine: this.engine } as const;
      throw new InternalError('The handshake is not done', details);
    }
    return {
      protocol: 'TLSv1.3',
      cipherSuite: suite,
      cipherName: suite,
      group: {
        name: nameOf(NamedGroup, facts.group),
        id: facts.group,
        ...propertiesOf(facts.group),
        clientShare: facts.clientShare,
        serverShare: facts.serverShare,
      },
      signatureScheme: schemeName(facts.signatureScheme),
      signatureRanOn: facts.signatureScheme === 0 ? undefined : facts.signedByProgram ? 'callback' : 'inline',
      peerSignatureScheme: schemeName(facts.peerSignatureScheme),
      helloRetryRequest: facts.helloRetryRequest,
      resumed: facts.resumed,
      sessionKeyExchange: this.#endpoint.isPostQuantum ? 'post-quantum' : 'classical',
      earlyData: false,
      alpn: facts.protocol,
      servername: facts.offer.serverName || undefined,
      engine: this.engine,
      engineVersion: this.#engineVersion,
      clientHelloLength: facts.clientHelloLength,
    };
  }

  outcome(): HandshakeOutcome {
    const { group, resumed, helloRetryRequest, protocol, offer } = this.#endpoint.facts;
    const servername = offer.serverName || undefined;
    return { protocol: 'TLSv1.3', group, resumed, helloRetryRequest, alpn: protocol, servername };
  }

  peerOffer(): PeerOffer {
    return peerOffer(this.#isServer, this.#helloFacts());
  }

  #helloFacts(): HelloFacts {
    const { offer, chosenVersion, chosenGroup } = this.#endpoint.facts;
    return { ...offer, chosenVersion, chosenGroup };
  }

  get offeredServerName(): string | undefined {
    if (!this.#isServer || this.#error?.engineReason === 'UNSUPPORTED_PROTOCOL') return undefined;
    return this.#endpoint.facts.offer.serverName || undefined;
  }

  get clientHelloLength(): number {
    return this.#endpoint.facts.clientHelloLength;
  }

  get offeredGroups(): readonly string[] {
    return this.#endpoint.facts.offer.groups.map((id) => nameOf(NamedGroup, id));
  }

  peerCertificates(): readonly Buffer[] {
    return this.#endpoint.facts.peerChain.map((der) => Buffer.from(der));
  }

  peerChain(): readonly ChainEntry[] {
    const { peerChain } = this.#endpoint.facts;
    if (peerChain.length === 0) return [];
    return describeChain(this.#context.trust.judge(peerChain, !this.#isServer).path);
  }

  ownCertificate(): Buffer | undefined {
    const [leaf] = this.#ownChain();
    return leaf === undefined ? undefined : Buffer.from(leaf);
  }

  ownIssuer(): Buffer | undefined {
    const [leaf, next] = this.#ownChain();
    if (leaf === undefined) return undefined;
    const issuer = next ?? this.#context.trust.issuerOf(leaf);
    return issuer === undefined ? undefined : Buffer.from(issuer);
  }

  /** Before one was chosen, the first. */
  #ownChain(): readonly Uint8Array[] {
    const { facts, context } = this.#endpoint;
    return facts.ownChain.length > 0 ? facts.ownChain : (context.credentials[0]?.chain ?? []);
  }

  ocspResponse(): Buffer | undefined {
    const { ocspResponse } = this.#endpoint.facts;
    return ocspResponse === undefined ? undefined : Buffer.from(ocspResponse);
  }

  finished(ofPeer: boolean): Buffer | undefined {
    const { ownFinished, peerFinished } = this.#endpoint.facts;
    const data = ofPeer ? peerFinished : ownFinished;
    return data === undefined ? undefined : Buffer.from(data);
  }

  sharedSchemes(): readonly string[] {
    const { facts, context } = this.#endpoint;
    const ours = context.schemes;
    const shared = ours.filter((name) => facts.peerSchemes.includes(SignatureScheme[name]));
    if (this.#isServer) return shared;
    // In the order of the server's request.
    const order = (name: SignatureSchemeName): number => facts.peerSchemes.indexOf(SignatureScheme[name]);
    return shared.sort((a, b) => order(a) - order(b));
  }

  get alertSent(): string | undefined {
    return this.#endpoint.alertSent;
  }

  get alertReceived(): string | undefined {
    const { alertReceived } = this.#endpoint;
    return alertReceived === undefined ? undefined : nameOf(Alert, alertReceived);
  }

  enableKeylog(): void {
    this.#endpoint.observer.secret = (label: KeyLogLabel, clientRandom, secret) => {
      const line = `${label} ${Buffer.from(clientRandom).toString('hex')} ${Buffer.from(secret).toString('hex')}\n`;
      this.#events.push({ kind: 'keylog', bytes: Buffer.from(line) });
    };
  }

  enableTrace(sink: (event: TraceEvent) => void): void {
    this.#endpoint.observer.message = (sent, contentType, bytes) => {
      const shown = bytes.subarray(0, tracedLength(contentType, bytes));
      const version = ProtocolVersion['TLSv1.3'];
      sink({ sent, version, contentType, length: bytes.length, bytes: Buffer.from(shown) });
    };
    this.#endpoint.observer.record = (sent, header) => {
      sink({ sent, version: 0, contentType: recordHeader, length: header.length, bytes: Buffer.from(header) });
    };
  }

  useContext(context: EngineContext): boolean {
    if (!(context instanceof PureEngineContext)) return false;
    if (this.#isServer && context.tls.credentials.length === 0) return false;
    this.#context = context;
    this.#endpoint.context = this.#ownContext.withCredentialsOf(context);
    return true;
  }

  setServername(name: string): boolean {
    if (this.#started) return false;
    this.#serverName = name === '' ? undefined : name;
    return true;
  }

  setMaxSendFragment(size: number): boolean {
    if (size < smallestFragment || size > maxPlaintext) return false;
    this.#endpoint.writer.limitFragment(size);
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

  get bytesRead(): number {
    return this.#endpoint.reader.bytesRead;
  }

  get bytesWritten(): number {
    return this.#endpoint.writer.bytesWritten;
  }

  exportKeyingMaterial(length: number, label: string, context: Uint8Array = noBytes): Buffer {
    return Buffer.from(this.#endpoint.exportKeyingMaterial(latin1Of(label), context, length));
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#endpoint.destroy();
    this.#newestSession?.preSharedKey.fill(0);
    this.#offeredSession?.preSharedKey.fill(0);
  }

  #fail(thrown: unknown): void {
    if (this.#error !== undefined) return;
    const error = this.#errorOf(thrown);
    this.#error = this.#requirePostQuantum ? judgeFailure(error, this.#isServer, this.#helloFacts()) : error;
  }

  /** The one place where what ends a connection becomes an alert and an error. */
  #errorOf(thrown: unknown): TlsError {
    const endpoint = this.#endpoint;
    const phase = endpoint.handshakeDone ? 'data' : 'handshake';
    if (thrown instanceof PeerAlert) {
      const alertReceived = nameOf(Alert, thrown.alert) as AlertName;
      return this.#engineError(reasonOfAlert(thrown.alert), { phase, alertSent: undefined, alertReceived });
    }
    if (thrown instanceof ProtocolFault) {
      endpoint.sendAlert(thrown.alert);
      const { alertSent } = endpoint;
      return this.#engineError(thrown.reason, { phase, alertSent, alertReceived: undefined });
    }
    endpoint.sendAlert('internal_error');
    return new InternalError('The TypeScript engine failed inside', {
      code: 'ERR_PQTLS_INTERNAL',
      phase,
      engine: this.engine,
      alertSent: endpoint.alertSent,
      cause: thrown,
    });
  }

  #engineError(
    reason: string,
    details: {
      phase: 'handshake' | 'data';
      alertSent: AlertName | undefined;
      alertReceived: AlertName | undefined;
    },
  ): TlsError {
    const { handshakeDone } = this.#endpoint;
    return engineError({ engine: this.engine, library: 'SSL routines', reason, ...details, isTls13: handshakeDone });
  }
}

function handOut(slab: Buffer, length: number, into: Buffer[]): void {
  const bytes = plaintextSlab.take(slab, length);
  if (bytes !== undefined) into.push(bytes);
}

/** Of an Answer's number, where 0 goes on. */
function alertOf(alert: number | undefined): AlertName | undefined {
  return alert === undefined || alert === 0 ? undefined : (nameOf(Alert, alert) as AlertName);
}

// OpenSSL's names tell the alerts that SSL 3.0 had from those of TLS.
const sslv3Alerts: ReadonlySet<number> = new Set([
  Alert.unexpected_message,
  Alert.bad_record_mac,
  Alert.handshake_failure,
  Alert.bad_certificate,
  Alert.unsupported_certificate,
  Alert.certificate_revoked,
  Alert.certificate_expired,
  Alert.certificate_unknown,
  Alert.illegal_parameter,
]);

function reasonOfAlert(alert: number): string {
  const name = nameOf(Alert, alert);
  if (name.startsWith('0x')) return '';
  return `${sslv3Alerts.has(alert) ? 'SSLV3' : 'TLSV1'}_ALERT_${name.toUpperCase()}`;
}

function tracedLength(contentType: number, bytes: Uint8Array): number {
  if (contentType === ContentType.alert) return 2;
  if (contentType !== ContentType.handshake) return 0;
  const [type = -1] = bytes;
  if (tracedMessages.has(type)) return maxTracedBytes;
  return type === HandshakeType.CertificateVerify ? headerLength + 2 : headerLength;
}

function propertiesOf(group: number): GroupProperties {
  const name = nameOf(NamedGroup, group);
  const none: GroupProperties = { postQuantum: false, hybrid: false };
  return (groupProperties as Record<string, GroupProperties>)[name] ?? none;
}

function schemeName(id: number): string | undefined {
  return id === 0 ? undefined : nameOf(SignatureScheme, id);
}

/** UTF-8, of one character a byte, as protocol/ keeps names. */
function latin1Of(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
