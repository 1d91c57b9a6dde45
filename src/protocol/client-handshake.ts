// A client's handshake, state by state. RFC 9846, Appendix A.1.

import {
  chooseClientCredential,
  receiveCertificate,
  sendCertificate,
  sendCertificateVerify,
  verifyCertificateVerify,
} from './certificates.js';
import { suiteOf, type SuiteParameters } from './cipher-suites.js';
import { writeClientHello } from './client-hello-writer.js';
import { copyOf, sameBytes } from './codec.js';
import {
  CipherSuite,
  downgradeSentinel,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
  RetiredProtocolVersion,
  SignatureScheme,
} from './constants.js';
import type { ClientConfig } from './config.js';
import type { Endpoint } from './endpoint.js';
import { parseProtocols, readChosenProtocol } from './extensions/application-protocols.js';
import { readCookie } from './extensions/cookie.js';
import type { ExtensionList } from './extensions/extension-list.js';
import { readRequestedGroup, readServerShare } from './extensions/key-share.js';
import { readRecordSizeLimit, readSelectedVersion, readUint16List } from './extensions/number-lists.js';
import { readSelectedIdentity } from './extensions/pre-shared-key.js';
import { ProtocolFault } from './faults.js';
import { receiveFinished, sendFinished } from './finished.js';
import { isPostQuantumId } from './group-properties.js';
import type { HandshakeMessage } from './handshake-joiner.js';
import { deriveApplicationSecrets, deriveHandshakeKeys, type HandshakeKeys } from './handshake-secrets.js';
import { expectMessage, HandshakeState } from './handshake-state.js';
import { EarlySecret, resumptionKey, type HandshakeSecret } from './key-schedule.js';
import { ActiveKeyShare, groupOf } from './key-share.js';
import { readCertificateRequest, type CertificateRequest } from './messages/certificate.js';
import { readClientHello } from './messages/client-hello.js';
import { readEncryptedExtensions } from './messages/encrypted-extensions.js';
import { longestTicket, longestTicketLifetime, type NewSessionTicket } from './messages/new-session-ticket.js';
import { readServerHello, type ServerHello } from './messages/server-hello.js';
import { awaitVerdict } from './peer-verdict.js';
import { isFresh, type SessionState } from './session-state.js';
import { ExpectTraffic } from './traffic-state.js';

/** What the states of one handshake share. */
class ClientHandshake {
  readonly endpoint: Endpoint;
  readonly config: ClientConfig;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  /** IANA numbers. */
  readonly groups: readonly number[];
  readonly compression: readonly number[];
  readonly protocols: readonly string[];
  /** A session that is offered; undefined where none is, or where its hash does not fit any more. */
  session: SessionState | undefined;
  shares: ActiveKeyShare[] = [];
  cookie: Uint8Array | undefined;
  /** Types of the extensions of the last ClientHello. */
  offered: ReadonlySet<number> = new Set();
  /** Those of the current stage. */
  secrets: (Uint8Array | { destroy(): void })[] = [];
  /** Given sessions as tickets come. */
  readonly onSession: (session: SessionState) => void;

  constructor(endpoint: Endpoint, config: ClientConfig, onSession: (session: SessionState) => void) {
    const { primitives, codec } = config.environment;
    this.endpoint = endpoint;
    this.config = config;
    this.onSession = onSession;
    this.random = primitives.randomBytes(32);
    // For middleboxes, which want a session to be resumed. RFC 9846, Appendix E.4.
    this.sessionId = primitives.randomBytes(32);
    const names = config.groups ?? endpoint.context.groups;
    this.groups = names.map((name) => NamedGroup[name]).filter((id) => groupOf(id) !== undefined);
    this.compression = codec === undefined ? [] : endpoint.context.compression;
    this.protocols = config.protocols === undefined ? [] : parseProtocols(config.protocols);
    this.session = this.#offerable(config.session);
  }

  #offerable(session: SessionState | undefined): SessionState | undefined {
    if (session === undefined || !isFresh(session, this.config.environment.now())) return undefined;
    if (session.ticket.length > longestTicket) return undefined;
    if (this.endpoint.requirePostQuantum && !session.postQuantum) return undefined;
    return this.#sharesHash(
      session,
      this.endpoint.context.suites.map((name) => CipherSuite[name]),
    )
      ? session
      : undefined;
  }

  #sharesHash(session: SessionState, suites: readonly number[]): boolean {
    const suite = suiteOf(session.cipherSuite);
    return suite !== undefined && suites.some((id) => suiteOf(id)?.hash === suite.hash);
  }

  /** Keeps what a HelloRetryRequest has decided. */
  afterRetry(suite: SuiteParameters): void {
    if (this.session !== undefined && !this.#sharesHash(this.session, [suite.id])) this.session = undefined;
  }

  startShares(groups: readonly number[]): void {
    for (const share of this.shares) share.destroy();
    this.shares = groups.map((id) => {
      const name = groupOf(id);
      if (name === undefined) throw new ProtocolFault('ENGINE_FAILED');
      return new ActiveKeyShare(this.config.environment.keyExchange, name);
    });
  }

  sendHello(): void {
    const { endpoint, config } = this;
    const { random, sessionId, groups, shares, cookie, session, compression } = this;
    const content = { random, sessionId, groups, shares, cookie, session, compression };
    const message = writeClientHello(config, content, endpoint.transcript);
    this.offered = new Set(readClientHello(message).extensions.keys());
    const { facts } = endpoint;
    facts.clientRandom = random;
    if (facts.clientHelloLength === 0) facts.clientHelloLength = message.length;
    facts.offer = {
      versions: [ProtocolVersion['TLSv1.3']],
      groups,
      signatureSchemes: endpoint.context.schemes.map((name) => SignatureScheme[name]),
      keyShares: shares.map(({ group, share }) => ({ group, length: share.length })),
      serverName: config.serverName ?? '',
      protocols: this.protocols,
      ocspRequested: config.requestOcsp === true,
    };
    endpoint.send(message);
    endpoint.flush();
    endpoint.reader.allowsChangeCipherSpec = true;
    endpoint.writer.minorVersion = 3;
  }

  /** What was not offered may not be answered; what belongs into another message neither. RFC 9846, Section 4.2. */
  checkExtensions(extensions: ExtensionList, allowed: readonly number[], unasked: readonly number[] = []): void {
    for (const type of extensions.keys()) {
      if (!this.offered.has(type) && !unasked.includes(type)) throw new ProtocolFault('UNEXPECTED_EXTENSION');
      if (!allowed.includes(type)) throw new ProtocolFault('MISPLACED_EXTENSION');
    }
  }

  destroyShares(): void {
    for (const share of this.shares) share.destroy();
    this.shares = [];
  }

  /** Wipes what no key of the endpoint's is yet. */
  destroy(): void {
    this.destroyShares();
    for (const secret of this.secrets) {
      if (secret instanceof Uint8Array) secret.fill(0);
      else secret.destroy();
    }
    this.secrets = [];
  }
}

/** The groups of which shares are sent: the first, and the first of the other class, in case the server has not that. */
function firstShares(groups: readonly number[]): number[] {
  const [first] = groups;
  if (first === undefined) throw new ProtocolFault('ENGINE_FAILED');
  const other = groups.find((group) => isPostQuantumId(group) !== isPostQuantumId(first));
  return other === undefined ? [first] : [first, other];
}

/** Sends the ClientHello. */
export function startClient(
  endpoint: Endpoint,
  config: ClientConfig,
  onSession: (session: SessionState) => void,
): HandshakeState {
  const client = new ClientHandshake(endpoint, config, onSession);
  endpoint.handshake = client;
  client.startShares(firstShares(client.groups));
  client.sendHello();
  return new ExpectServerHello(client, undefined);
}

const helloExtensions = [ExtensionType.supported_versions, ExtensionType.key_share, ExtensionType.pre_shared_key];
const retryExtensions = [ExtensionType.supported_versions, ExtensionType.key_share, ExtensionType.cookie];

class ExpectServerHello extends HandshakeState {
  readonly #client: ClientHandshake;
  /** What a HelloRetryRequest chose. */
  readonly #retry: { readonly suite: SuiteParameters; readonly group: number | undefined } | undefined;

  constructor(client: ClientHandshake, retry: { suite: SuiteParameters; group: number | undefined } | undefined) {
    super();
    this.#client = client;
    this.#retry = retry;
  }

  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.ServerHello);
    const hello = readServerHello(message.bytes);
    this.#checkVersion(hello);
    if (!sameBytes(hello.sessionId, this.#client.sessionId))
      throw new ProtocolFault('SERVER_ECHOED_INVALID_SESSION_ID');
    if (hello.compressionMethod !== 0) throw new ProtocolFault('UNSUPPORTED_COMPRESSION_ALGORITHM');
    const suite = this.#checkSuite(hello.cipherSuite);
    return hello.isRetry ? this.#onRetry(message, hello, suite) : this.#onHello(message, hello, suite);
  }

  #checkVersion(hello: ServerHello): void {
    const { facts } = this.#client.endpoint;
    const selected = readSelectedVersion(hello.extensions);
    // RFC 9846, Appendix E.5: SSL 3.0 and 2.0, whatever else it says.
    const isRetired = hello.legacyVersion <= RetiredProtocolVersion.SSLv3;
    facts.chosenVersion = isRetired ? hello.legacyVersion : (selected ?? hello.legacyVersion);
    if (isRetired) throw new ProtocolFault('UNSUPPORTED_PROTOCOL');
    if (selected === undefined) {
      const end = hello.random.subarray(24);
      const isSentinel = sameBytes(end.subarray(0, 7), downgradeSentinel) && (end[7] === 0 || end[7] === 1);
      throw new ProtocolFault(isSentinel ? 'TLS13_DOWNGRADE' : 'UNSUPPORTED_PROTOCOL');
    }
    // A version below, or one that was not offered. RFC 9846, Section 4.2.1.
    if (selected !== ProtocolVersion['TLSv1.3'] || hello.legacyVersion !== ProtocolVersion['TLSv1.2']) {
      throw new ProtocolFault('WRONG_PROTOCOL_VERSION');
    }
  }

  #checkSuite(id: number): SuiteParameters {
    const suite = suiteOf(id);
    const isOffered = suite !== undefined && this.#client.endpoint.context.suites.includes(suite.name);
    if (!isOffered || (this.#retry !== undefined && this.#retry.suite !== suite)) {
      throw new ProtocolFault('WRONG_CIPHER_RETURNED');
    }
    return suite;
  }

  #onRetry(message: HandshakeMessage, { extensions }: ServerHello, suite: SuiteParameters): HandshakeState {
    const client = this.#client;
    const { endpoint } = client;
    // RFC 9846, Section 4.1.4: at most one.
    if (this.#retry !== undefined) throw new ProtocolFault('UNEXPECTED_MESSAGE');
    endpoint.expectEndOfFlight();
    client.checkExtensions(extensions, retryExtensions, [ExtensionType.cookie]);
    const group = readRequestedGroup(extensions);
    const cookie = readCookie(extensions);
    if (group === undefined && cookie === undefined) throw new ProtocolFault('EMPTY_HELLO_RETRY_REQUEST');
    if (cookie !== undefined && cookie.length > longestCookie) throw new ProtocolFault('EXCESSIVE_MESSAGE_SIZE');
    endpoint.facts.chosenGroup = group ?? 0;
    if (group !== undefined) {
      const isSent = client.shares.some((share) => share.group === group);
      if (isSent || !client.groups.includes(group)) throw new ProtocolFault('WRONG_CURVE');
      client.startShares([group]);
    }
    endpoint.facts.helloRetryRequest = true;
    endpoint.transcript.start(suite.hash);
    endpoint.transcript.replaceByItsHash();
    endpoint.transcript.add(message.bytes);
    client.cookie = cookie;
    client.afterRetry(suite);
    endpoint.sendChangeCipherSpec();
    client.sendHello();
    return new ExpectServerHello(client, { suite, group });
  }

  #onHello(message: HandshakeMessage, { extensions }: ServerHello, suite: SuiteParameters): HandshakeState {
    const client = this.#client;
    const { endpoint, config } = client;
    const { facts, transcript } = endpoint;
    client.checkExtensions(extensions, helloExtensions);
    const share = readServerShare(extensions);
    if (share === undefined) throw new ProtocolFault('MISSING_KEY_SHARE');
    facts.chosenGroup = share.group;
    const active = client.shares.find(({ group }) => group === share.group);
    // After a HelloRetryRequest with a group there is a share of that alone.
    if (active === undefined) throw new ProtocolFault('WRONG_CURVE');
    const session = this.#resumed(extensions, suite);
    const sharedSecret = active.complete(share.share);
    facts.suite = suite;
    facts.group = share.group;
    facts.clientShare = active.share.length;
    facts.serverShare = share.share.length;
    client.destroyShares();
    transcript.start(suite.hash);
    transcript.add(message.bytes);
    const early = new EarlySecret(config.environment.primitives, suite.hash, session?.preSharedKey);
    const secret = early.intoHandshakeSecret(sharedSecret);
    sharedSecret.fill(0);
    return enterHandshakeKeys(client, suite, secret, session);
  }

  #resumed(extensions: ExtensionList, suite: SuiteParameters): SessionState | undefined {
    const index = readSelectedIdentity(extensions);
    if (index === undefined) return undefined;
    const { session, endpoint } = this.#client;
    if (index !== 0 || session === undefined) throw new ProtocolFault('PSK_IDENTITY_NOT_FOUND');
    if (suiteOf(session.cipherSuite)?.hash !== suite.hash) throw new ProtocolFault('OLD_SESSION_PRF_HASH_MISMATCH');
    endpoint.facts.resumed = true;
    endpoint.facts.resumedPostQuantum = session.postQuantum;
    endpoint.facts.peerChain = session.peerChain;
    return session;
  }
}

function enterHandshakeKeys(
  client: ClientHandshake,
  suite: SuiteParameters,
  secret: HandshakeSecret,
  session: SessionState | undefined,
): HandshakeState {
  const { endpoint } = client;
  const keys = deriveHandshakeKeys(endpoint, suite, secret);
  client.secrets = [secret, keys.client, keys.server];
  endpoint.setReadSecret(suite, copyOf(keys.server));
  endpoint.oweChangeCipherSpec();
  endpoint.setWriteSecret(suite, copyOf(keys.client));
  return new ExpectEncryptedExtensions(client, keys, session);
}

const encryptedExtensions = [
  ExtensionType.server_name,
  ExtensionType.supported_groups,
  ExtensionType.application_layer_protocol_negotiation,
  ExtensionType.record_size_limit,
];

class ExpectEncryptedExtensions extends HandshakeState {
  readonly #client: ClientHandshake;
  readonly #keys: HandshakeKeys;
  readonly #session: SessionState | undefined;

  constructor(client: ClientHandshake, keys: HandshakeKeys, session: SessionState | undefined) {
    super();
    this.#client = client;
    this.#keys = keys;
    this.#session = session;
  }

  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.EncryptedExtensions);
    const client = this.#client;
    const { endpoint } = client;
    const extensions = readEncryptedExtensions(message.bytes);
    client.checkExtensions(extensions, encryptedExtensions);
    const name = extensions.get(ExtensionType.server_name);
    readUint16List(extensions, ExtensionType.supported_groups);
    // RFC 6066, Section 3: it is empty.
    if (name !== undefined && name.length > 0) throw new ProtocolFault('ERROR_PARSING_EXTENSION');
    endpoint.facts.protocol = readChosenProtocol(extensions, client.protocols);
    this.#limitRecords(extensions);
    endpoint.transcript.add(message.bytes);
    if (this.#session === undefined) return new ExpectCertificateOrRequest(client, this.#keys, undefined);
    return awaitVerdict(endpoint, true, () => new ExpectFinished(client, this.#keys, undefined));
  }

  /** A server that does not know of it sends records of every length. RFC 8449, Section 4. */
  #limitRecords(extensions: ExtensionList): void {
    const { endpoint, config } = this.#client;
    const limit = readRecordSizeLimit(extensions);
    if (limit === undefined) return;
    endpoint.writer.limitForPeer(limit);
    if (config.recordSizeLimit !== undefined) endpoint.reader.sizeLimit = config.recordSizeLimit;
  }
}

/** What the states share in which the server shows who it is. */
abstract class ServerFlightState extends HandshakeState {
  protected readonly client: ClientHandshake;
  protected readonly keys: HandshakeKeys;
  protected readonly request: CertificateRequest | undefined;

  constructor(client: ClientHandshake, keys: HandshakeKeys, request: CertificateRequest | undefined) {
    super();
    this.client = client;
    this.keys = keys;
    this.request = request;
  }
}

class ExpectCertificateOrRequest extends ServerFlightState {
  override handle(message: HandshakeMessage): HandshakeState {
    const client = this.client;
    const { endpoint, config } = client;
    if (message.type === HandshakeType.CertificateRequest && this.request === undefined) {
      const request = readCertificateRequest(message.bytes);
      endpoint.facts.peerSchemes = request.signatureSchemes;
      endpoint.transcript.add(message.bytes);
      return new ExpectCertificateOrRequest(client, this.keys, request);
    }
    expectMessage(message, HandshakeType.Certificate, HandshakeType.CompressedCertificate);
    receiveCertificate(endpoint, message, { ocsp: config.requestOcsp === true, compression: client.compression });
    // RFC 9846, Section 4.5.2.4.
    if (endpoint.facts.peerChain.length === 0) throw new ProtocolFault('SERVER_CERTIFICATE_EMPTY');
    endpoint.transcript.add(message.bytes);
    return new ExpectCertificateVerify(client, this.keys, this.request);
  }
}

class ExpectCertificateVerify extends ServerFlightState {
  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.CertificateVerify);
    const { endpoint } = this.client;
    verifyCertificateVerify(endpoint, message, 'server');
    endpoint.transcript.add(message.bytes);
    return awaitVerdict(endpoint, false, () => new ExpectFinished(this.client, this.keys, this.request));
  }
}

class ExpectFinished extends ServerFlightState {
  override handle(message: HandshakeMessage): HandshakeState {
    const { suite, secret, server } = this.keys;
    const { endpoint } = this.client;
    receiveFinished(endpoint, message, server);
    const { master, client: clientSecret, server: serverSecret } = deriveApplicationSecrets(endpoint, secret);
    endpoint.setReadSecret(suite, serverSecret);
    this.client.secrets.push(master, clientSecret);
    return this.#sendCredential(() => {
      sendFinished(endpoint, this.keys.client);
      const resumption = master.resumption(endpoint.transcript.digest());
      endpoint.setWriteSecret(suite, copyOf(clientSecret));
      this.client.destroy();
      this.client.secrets.push(resumption);
      endpoint.reader.allowsChangeCipherSpec = false;
      endpoint.handshakeDone = true;
      return new ExpectTraffic(endpoint, (ticket) => keepTicket(this.client, suite, resumption, ticket));
    });
  }

  /** Where it was asked for: an empty chain where nothing fits. RFC 9846, Section 4.5.2. */
  #sendCredential(proceed: () => HandshakeState): HandshakeState {
    const request = this.request;
    if (request === undefined) return proceed();
    const { endpoint } = this.client;
    const chosen = chooseClientCredential(endpoint.context, request.signatureSchemes);
    sendCertificate(endpoint, chosen?.credential.chain ?? [], request.compression);
    return chosen === undefined ? proceed() : sendCertificateVerify(endpoint, 'client', chosen, proceed);
  }
}

/** In bytes: a ClientHello has to have room for it beside a ticket. */
const longestCookie = 16_384;

function keepTicket(
  client: ClientHandshake,
  suite: SuiteParameters,
  resumption: Uint8Array,
  { lifetime, ageAdd, nonce, ticket }: NewSessionTicket,
): void {
  const { endpoint, config } = client;
  // RFC 9846, Section 4.7.1.
  if (lifetime > longestTicketLifetime) throw new ProtocolFault('INVALID_TICKET_LIFETIME');
  if (lifetime === 0 || endpoint.facts.peerChain.length === 0 || ticket.length > longestTicket) return;
  const { primitives } = config.environment;
  const { facts } = endpoint;
  client.onSession({
    cipherSuite: suite.id,
    preSharedKey: resumptionKey(primitives, suite.hash, resumption, nonce),
    createdAt: config.environment.now(),
    lifetime,
    ageAdd,
    postQuantum: endpoint.isPostQuantum,
    serverName: config.serverName ?? '',
    peerChain: facts.peerChain,
    context: new Uint8Array(0),
    ticket,
  });
}
