// A server's handshake, state by state. RFC 9846, Appendix A.2.

import {
  chooseServerCredential,
  noCredential,
  receiveCertificate,
  sendCertificate,
  sendCertificateVerify,
  verifyCertificateVerify,
  type ChosenCredential,
} from './certificates.js';
import type { SuiteParameters } from './cipher-suites.js';
import { readOffer, type ReadOffer } from './client-hello-offer.js';
import { copyOf, sameBytes } from './codec.js';
import {
  ExtensionType,
  HandshakeType,
  helloRetryRequestRandom,
  ProtocolVersion,
  RetiredProtocolVersion,
  SignatureScheme,
} from './constants.js';
import type { ServerConfig, TlsContext } from './config.js';
import type { Endpoint } from './endpoint.js';
import { writeRequestedGroup, writeServerShare } from './extensions/key-share.js';
import { writeSelectedVersion } from './extensions/number-lists.js';
import { writeSelectedIdentity } from './extensions/pre-shared-key.js';
import { ProtocolFault } from './faults.js';
import { receiveFinished, sendFinished } from './finished.js';
import type { HandshakeMessage } from './handshake-joiner.js';
import { deriveApplicationSecrets, deriveHandshakeKeys, type HandshakeKeys } from './handshake-secrets.js';
import { AwaitAnswer, expectMessage, HandshakeState } from './handshake-state.js';
import { EarlySecret, type HandshakeSecret, type MasterSecret } from './key-schedule.js';
import { answerKeyShare, groupOf } from './key-share.js';
import { writeCertificateRequest } from './messages/certificate.js';
import { readClientHello, type ClientHello } from './messages/client-hello.js';
import { writeEncryptedExtensions } from './messages/encrypted-extensions.js';
import { writeServerHello } from './messages/server-hello.js';
import { awaitVerdict } from './peer-verdict.js';
import { maxPlaintext } from './record-reader.js';
import { chooseGroup, chooseProtocol, chooseSuite, protocolName } from './server-choices.js';
import { ticketMaker } from './server-tickets.js';
import { ServerHandshake, type SessionHooks } from './server-context.js';
import { findSession, type ResumedSession } from './server-sessions.js';
import { ExpectTraffic } from './traffic-state.js';

export function startServer(endpoint: Endpoint, config: ServerConfig, hooks: SessionHooks): HandshakeState {
  const server = new ServerHandshake(endpoint, config, hooks);
  endpoint.handshake = server;
  // No client of TLS 1.3 needs anything else of the record's version.
  endpoint.writer.minorVersion = 3;
  return new ExpectClientHello(server);
}

class ExpectClientHello extends HandshakeState {
  readonly #server: ServerHandshake;

  constructor(server: ServerHandshake) {
    super();
    this.#server = server;
  }

  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.ClientHello);
    const server = this.#server;
    const { endpoint, config } = server;
    const { facts } = endpoint;
    const hello = readClientHello(message.bytes);
    facts.clientHelloLength = message.bytes.length;
    facts.clientRandom = hello.random;
    const offer = readOfferTelling(endpoint, hello);
    endpoint.reader.allowsChangeCipherSpec = true;
    if (config.asksForHello !== true) return choose(server, hello, offer);
    endpoint.question = { kind: 'client-hello' };
    return new AwaitAnswer('client-hello', (answer) => {
      if (answer.alert !== undefined) throw new ProtocolFault('CONNECTION_REJECTED', answer.alert);
      server.answer = answer;
      return choose(server, hello, offer);
    });
  }
}

function readOfferTelling(endpoint: Endpoint, hello: ClientHello): ReadOffer {
  const offer = readOffer(hello);
  endpoint.facts.offer = offer.told;
  endpoint.facts.peerSchemes = offer.signatureSchemes ?? [];
  // RFC 9846, Appendix E.5: SSL 3.0 and 2.0, whatever else it says.
  if (hello.legacyVersion <= RetiredProtocolVersion.SSLv3) throw new ProtocolFault('UNSUPPORTED_PROTOCOL');
  const speaks13 =
    hello.extensions.has(ExtensionType.supported_versions) && offer.told.versions.includes(ProtocolVersion['TLSv1.3']);
  if (!speaks13) throw new ProtocolFault('UNSUPPORTED_PROTOCOL');
  endpoint.facts.chosenVersion = ProtocolVersion['TLSv1.3'];
  // RFC 9846, Section 4.1.2.
  if (hello.compressionMethods.length !== 1 || hello.compressionMethods[0] !== 0) {
    throw new ProtocolFault('INVALID_COMPRESSION_LIST');
  }
  // RFC 9846, Section 9.2: one of the two needs the other.
  if (offer.groups === undefined) throw new ProtocolFault('MISSING_EXTENSION');
  if (offer.shares === undefined) throw new ProtocolFault('MISSING_KEY_SHARE');
  return offer;
}

/** Suite and group; a HelloRetryRequest where the client sent no share of it. */
function choose(server: ServerHandshake, hello: ClientHello, offer: ReadOffer): HandshakeState {
  const { endpoint, config } = server;
  const { clientOrder } = server.ownContext;
  const suite = chooseSuite(server.ownContext.suites, hello.cipherSuites, clientOrder);
  const groups = config.groups ?? server.ownContext.groups;
  const group = chooseGroup(endpoint.groups ?? groups, offer.groups ?? [], clientOrder);
  endpoint.facts.chosenGroup = group;
  if (offer.shares?.some((share) => share.group === group) === true) {
    return findPsk(server, hello, offer, { suite, group });
  }
  endpoint.expectEndOfFlight();
  endpoint.facts.helloRetryRequest = true;
  endpoint.transcript.add(hello.bytes);
  endpoint.transcript.start(suite.hash);
  endpoint.transcript.replaceByItsHash();
  endpoint.send(
    writeServerHello(helloRetryRequestRandom, hello.sessionId, suite.id, (writer) => {
      writeSelectedVersion(writer);
      writeRequestedGroup(writer, group);
    }),
  );
  if (hello.sessionId.length > 0) endpoint.sendChangeCipherSpec();
  if (offer.earlyData) endpoint.reader.earlyData = 'skip-application-data';
  return new ExpectSecondClientHello(server, hello, { suite, group });
}

/** What a server has chosen. */
interface Choice {
  readonly suite: SuiteParameters;
  /** IANA number. */
  readonly group: number;
}

/** What a second ClientHello may not change, because something was decided by it. RFC 9846, Section 4.1.2. */
const lasting = [
  ExtensionType.server_name,
  ExtensionType.supported_groups,
  ExtensionType.signature_algorithms,
  ExtensionType.application_layer_protocol_negotiation,
  ExtensionType.supported_versions,
  ExtensionType.psk_key_exchange_modes,
  ExtensionType.status_request,
  ExtensionType.compress_certificate,
];

class ExpectSecondClientHello extends HandshakeState {
  readonly #server: ServerHandshake;
  readonly #first: ClientHello;
  readonly #choice: Choice;

  constructor(server: ServerHandshake, first: ClientHello, choice: Choice) {
    super();
    this.#server = server;
    this.#first = first;
    this.#choice = choice;
  }

  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.ClientHello);
    const hello = readClientHello(message.bytes);
    this.#compare(hello);
    const { endpoint } = this.#server;
    endpoint.reader.earlyData = 'none';
    const offer = readOfferTelling(endpoint, hello);
    if (offer.earlyData) throw new ProtocolFault('INCONSISTENT_CLIENT_HELLO');
    // Exactly the share that was asked for. RFC 9846, Section 4.2.8.
    const [share, ...others] = offer.shares ?? [];
    if (share?.group !== this.#choice.group || others.length > 0) throw new ProtocolFault('WRONG_CURVE');
    return findPsk(this.#server, hello, offer, this.#choice);
  }

  #compare(hello: ClientHello): void {
    const first = this.#first;
    const isSame =
      sameBytes(hello.random, first.random) &&
      sameBytes(hello.sessionId, first.sessionId) &&
      hello.cipherSuites.join() === first.cipherSuites.join() &&
      lasting.every((type) => isSameExtension(hello.extensions.get(type), first.extensions.get(type)));
    if (!isSame) throw new ProtocolFault('INCONSISTENT_CLIENT_HELLO');
  }
}

function isSameExtension(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameBytes(a, b);
}

/** A session to resume, which the program may have to be asked for. */
function findPsk(server: ServerHandshake, hello: ClientHello, offer: ReadOffer, choice: Choice): HandshakeState {
  return findSession(server, hello, offer, choice.suite, (resumed) => accept(server, hello, offer, choice, resumed));
}

/** Sends everything from ServerHello to Finished. */
function accept(
  server: ServerHandshake,
  hello: ClientHello,
  offer: ReadOffer,
  choice: Choice,
  resumed: ResumedSession | undefined,
): HandshakeState {
  const { endpoint, config, answer } = server;
  const { facts, transcript, context } = endpoint;
  const { suite, group } = choice;
  const protocol = chooseProtocol(config.protocols, offer.protocols, answer.protocol);
  const chosen = resumed === undefined ? credentialFor(context, offer) : undefined;
  const name = groupOf(group);
  const clientShare = offer.shares?.find((entry) => entry.group === group);
  if (name === undefined || clientShare === undefined) throw new ProtocolFault('ENGINE_FAILED');
  const { primitives, keyExchange } = config.environment;
  const { share, sharedSecret } = answerKeyShare(keyExchange, name, clientShare.share);
  facts.suite = suite;
  facts.group = group;
  facts.clientShare = clientShare.share.length;
  facts.serverShare = share.length;
  facts.protocol = protocol === undefined ? undefined : protocolName(protocol);
  // The chain that it would show, for a session that shows none.
  facts.ownChain = (chosen?.credential ?? context.credentials[0])?.chain ?? [];
  transcript.add(hello.bytes);
  transcript.start(suite.hash);
  endpoint.send(
    writeServerHello(primitives.randomBytes(32), hello.sessionId, suite.id, (writer) => {
      writeSelectedVersion(writer);
      writeServerShare(writer, { group, share });
      if (resumed !== undefined) writeSelectedIdentity(writer, resumed.index);
    }),
  );
  if (hello.sessionId.length > 0) endpoint.sendChangeCipherSpec();
  const early = new EarlySecret(primitives, suite.hash, resumed?.session.preSharedKey);
  const secret = early.intoHandshakeSecret(sharedSecret);
  sharedSecret.fill(0);
  const keys = enterHandshakeKeys(server, suite, secret);
  if (offer.earlyData && !facts.helloRetryRequest) endpoint.reader.earlyData = 'skip-undecryptable';
  endpoint.reader.allowsPlainAlert = true;
  sendEncryptedExtensions(server, offer, protocol);
  const flight = { server, offer, keys, resumed };
  if (chosen === undefined) return finishFlight(flight);
  if (config.requestCertificate === true) {
    const schemes = context.schemes.map((scheme) => SignatureScheme[scheme]);
    endpoint.send(writeCertificateRequest(schemes, compressionOf(endpoint), context.authorities));
  }
  const { ocspResponse } = answer;
  sendCertificate(
    endpoint,
    chosen.credential.chain,
    offer.compression,
    offer.told.ocspRequested ? ocspResponse : undefined,
  );
  return sendCertificateVerify(endpoint, 'server', chosen, () => finishFlight(flight));
}

function credentialFor(context: TlsContext, { signatureSchemes }: ReadOffer): ChosenCredential {
  // RFC 9846, Section 4.2.3.
  if (signatureSchemes === undefined) throw new ProtocolFault('MISSING_EXTENSION');
  const chosen = chooseServerCredential(context, signatureSchemes);
  if (chosen === undefined) throw new ProtocolFault(noCredential(context, signatureSchemes));
  return chosen;
}

function compressionOf(endpoint: Endpoint): readonly number[] {
  return endpoint.environment.codec === undefined ? [] : endpoint.context.compression;
}

function sendEncryptedExtensions(server: ServerHandshake, offer: ReadOffer, protocol: Uint8Array | undefined): void {
  const { endpoint, config } = server;
  const limit = config.recordSizeLimit ?? maxPlaintext + 1;
  const { recordSizeLimit } = offer;
  // Not beside the other one. RFC 8449, Section 5.
  const maxFragmentLength = recordSizeLimit === undefined ? offer.maxFragmentLength : undefined;
  endpoint.send(
    writeEncryptedExtensions({
      // Not in a resumed handshake. RFC 6066, Section 3.
      acknowledgesName: offer.told.serverName !== '' && !endpoint.facts.resumed,
      protocol,
      recordSizeLimit: recordSizeLimit === undefined ? undefined : limit,
      maxFragmentLength,
    }),
  );
  // Of both directions. RFC 6066, Section 4.
  const both = maxFragmentLength === undefined ? undefined : maxFragmentLength + 1;
  const theirs = recordSizeLimit ?? both;
  if (theirs === undefined) return;
  endpoint.writer.limitForPeer(theirs);
  endpoint.reader.sizeLimit = both ?? limit;
}

function enterHandshakeKeys(server: ServerHandshake, suite: SuiteParameters, secret: HandshakeSecret): HandshakeKeys {
  const { endpoint } = server;
  const keys = deriveHandshakeKeys(endpoint, suite, secret);
  server.secrets = [secret, keys.client, keys.server];
  endpoint.setReadSecret(suite, copyOf(keys.client));
  endpoint.setWriteSecret(suite, copyOf(keys.server));
  return keys;
}

/** A flight that is being sent. */
interface Flight {
  readonly server: ServerHandshake;
  readonly offer: ReadOffer;
  readonly keys: HandshakeKeys;
  readonly resumed: ResumedSession | undefined;
}

/** Finished, and the keys of what follows. */
function finishFlight(flight: Flight): HandshakeState {
  const { server, keys, resumed } = flight;
  const { endpoint, config } = server;
  const { suite } = keys;
  sendFinished(endpoint, keys.server);
  const { master, client: clientSecret, server: serverSecret } = deriveApplicationSecrets(endpoint, keys.secret);
  endpoint.setWriteSecret(suite, serverSecret);
  server.secrets.push(master, clientSecret);
  const end = { flight, master, clientSecret };
  const wantsCertificate = resumed === undefined && config.requestCertificate === true;
  return wantsCertificate ? new ExpectCertificate(end) : new ExpectFinished(end);
}

/** What the end of a handshake needs. */
interface HandshakeEnd {
  readonly flight: Flight;
  readonly master: MasterSecret;
  readonly clientSecret: Uint8Array;
}

/** What the states share in which the client ends the handshake. */
abstract class ClientFlightState extends HandshakeState {
  protected readonly end: HandshakeEnd;

  constructor(end: HandshakeEnd) {
    super();
    this.end = end;
  }
}

class ExpectCertificate extends ClientFlightState {
  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.Certificate, HandshakeType.CompressedCertificate);
    const { endpoint, config } = this.end.flight.server;
    receiveCertificate(endpoint, message, { ocsp: false, compression: compressionOf(endpoint) });
    endpoint.transcript.add(message.bytes);
    if (endpoint.facts.peerChain.length > 0) return new ExpectCertificateVerify(this.end);
    // RFC 9846, Section 4.5.2.4.
    if (config.requireCertificate === true) throw new ProtocolFault('PEER_DID_NOT_RETURN_A_CERTIFICATE');
    return new ExpectFinished(this.end);
  }
}

class ExpectCertificateVerify extends ClientFlightState {
  override handle(message: HandshakeMessage): HandshakeState {
    expectMessage(message, HandshakeType.CertificateVerify);
    const { endpoint } = this.end.flight.server;
    verifyCertificateVerify(endpoint, message, 'client');
    endpoint.transcript.add(message.bytes);
    return awaitVerdict(endpoint, false, () => new ExpectFinished(this.end));
  }
}

class ExpectFinished extends ClientFlightState {
  override handle(message: HandshakeMessage): HandshakeState {
    const { flight, clientSecret } = this.end;
    const { server, keys, resumed } = flight;
    const { endpoint, config } = server;
    receiveFinished(endpoint, message, keys.client);
    endpoint.setReadSecret(keys.suite, copyOf(clientSecret));
    endpoint.reader.allowsChangeCipherSpec = false;
    // The certificate of a session is judged anew.
    const isAsked = resumed !== undefined && config.requestCertificate === true && endpoint.facts.peerChain.length > 0;
    return isAsked ? awaitVerdict(endpoint, true, () => this.#complete()) : this.#complete();
  }

  #complete(): HandshakeState {
    const { flight, master } = this.end;
    const { server, offer, keys, resumed } = flight;
    const { endpoint } = server;
    const resumption = master.resumption(endpoint.transcript.digest());
    server.destroy();
    server.secrets.push(resumption);
    endpoint.handshakeDone = true;
    // A client that resumed keeps the tickets that it has, unless their key is going.
    const wantsTickets = offer.takesTickets && (resumed === undefined || resumed.renew);
    if (wantsTickets) endpoint.makeTickets = ticketMaker(server, keys.suite, resumption);
    return new ExpectTraffic(endpoint, undefined);
  }
}
