// Every parser of what a peer, a program or a file gives, with the inputs that it starts from and the errors that it may throw.

import { parseDer, DerError } from '#src/crypto/tls/der.js';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { nobleSignerFromPem } from '#src/crypto/tls/noble-signer.js';
import { pemBlocks } from '#src/crypto/tls/pem.js';
import { parsePkcs8 } from '#src/crypto/tls/private-key.js';
import { parsePublicKey } from '#src/crypto/tls/public-key.js';
import { publicKeyOf } from '#src/engine/pure-environment.js';
import { UnsupportedError } from '#src/errors.js';
import { suiteOf } from '#src/protocol/cipher-suites.js';
import { readOffer } from '#src/protocol/client-hello-offer.js';
import { CipherSuite, ContentType, ExtensionType, HandshakeType } from '#src/protocol/constants.js';
import { PeerAlert } from '#src/protocol/endpoint.js';
import { readChosenProtocol, readProtocols } from '#src/protocol/extensions/application-protocols.js';
import { readCookie } from '#src/protocol/extensions/cookie.js';
import { readFlag, type ExtensionList } from '#src/protocol/extensions/extension-list.js';
import { readClientShares, readRequestedGroup, readServerShare } from '#src/protocol/extensions/key-share.js';
import {
  readMaxFragmentLength,
  readRecordSizeLimit,
  readSelectedVersion,
  readShortUint16List,
  readsPskWithDhe,
  readUint16List,
} from '#src/protocol/extensions/number-lists.js';
import { readOfferedPsks, readSelectedIdentity } from '#src/protocol/extensions/pre-shared-key.js';
import { readServerName } from '#src/protocol/extensions/server-name.js';
import { readsStatusRequest, readStatus } from '#src/protocol/extensions/status-request.js';
import { ProtocolFault } from '#src/protocol/faults.js';
import { HandshakeJoiner } from '#src/protocol/handshake-joiner.js';
import {
  readCertificate,
  readCertificateRequest,
  readCompressedCertificate,
} from '#src/protocol/messages/certificate.js';
import { readCertificateVerify } from '#src/protocol/messages/certificate-verify.js';
import { readClientHello } from '#src/protocol/messages/client-hello.js';
import { readEncryptedExtensions } from '#src/protocol/messages/encrypted-extensions.js';
import { readKeyUpdate } from '#src/protocol/messages/key-update.js';
import { readNewSessionTicket } from '#src/protocol/messages/new-session-ticket.js';
import { readServerHello } from '#src/protocol/messages/server-hello.js';
import { RecordReader } from '#src/protocol/record-reader.js';
import { RecordWriter } from '#src/protocol/record-writer.js';
import { decodeSession } from '#src/protocol/session-state.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { TrafficKeys } from '#src/protocol/traffic-keys.js';
import { unwrapSession, wrapSession } from '#src/tls/session.js';
import { parseCertificate } from '#src/x509/certificate.js';
import { parseRevocationList } from '#src/x509/revocation-list.js';
import { TrustStore } from '#src/x509/trust-store.js';
import { verifyChain } from '#src/x509/verify-chain.js';
import { Peer } from '../support/endpoints.js';
import { compressing, type Corpus } from './corpus.js';
import { DecryptionError, openPkcs12, openPkcs8 } from './encrypted-files.js';

export interface Parser {
  readonly corpus: readonly Uint8Array[];
  /** Errors that say what is wrong with the input; every other one is a fault of ours. */
  readonly refusals: readonly (abstract new (...args: never[]) => Error)[];
  /** Waited for. */
  readonly run: (bytes: Uint8Array) => unknown;
}

const faults = [ProtocolFault];

/** Records as they lie on the wire, in chunks whose size the first byte says. */
function readRecords(bytes: Uint8Array): void {
  const reader = new RecordReader();
  reader.allowsChangeCipherSpec = true;
  const size = 1 + (bytes[0] ?? 0);
  for (let at = 0; at < bytes.length; at += size) {
    reader.receive(bytes.subarray(at, at + size));
    while (reader.next()) reader.read();
  }
}

const trafficSecret = new Uint8Array(32).fill(1);

function trafficKeys(): TrafficKeys {
  const suite = suiteOf(CipherSuite.TLS_AES_128_GCM_SHA256);
  if (suite === undefined) throw new Error('The suite is gone');
  return new TrafficKeys(nodePrimitives, suite, trafficSecret);
}

/** A peer with the keys may put anything into a record: content, type, zeros. RFC 9846, Section 5.4. */
function readProtectedRecord(bytes: Uint8Array): void {
  const inner = bytes.subarray(0, 16_000);
  const header = Uint8Array.of(ContentType.application_data, 3, 3, 0, 0);
  new DataView(header.buffer).setUint16(3, inner.length + 16);
  const record = new Uint8Array(5 + inner.length + 16);
  record.set(header);
  trafficKeys().seal(header, [inner], record, 5);
  const reader = new RecordReader();
  reader.keys = trafficKeys();
  reader.receive(record);
  if (reader.next()) reader.read();
}

/** What our own writer makes is read back, whatever the content is. */
function writeAndRead(bytes: Uint8Array): void {
  const content = bytes.subarray(0, 16_384);
  const writer = new RecordWriter();
  writer.keys = trafficKeys();
  writer.padTo(1 + (bytes[0] ?? 0));
  const output = new Uint8Array(writer.sizeOf(content.length));
  const length = writer.write(ContentType.application_data, content, 0, content.length, output, 0);
  const reader = new RecordReader();
  reader.keys = trafficKeys();
  reader.receive(output.subarray(0, length));
  if (!reader.next() || !reader.read()) throw new Error('There is no record');
  if (Buffer.compare(reader.takeContent(), content) !== 0) throw new Error('It came back otherwise');
}

function joinMessages(bytes: Uint8Array): void {
  const joiner = new HandshakeJoiner();
  const size = 1 + (bytes[0] ?? 0) * 16;
  for (let at = 0; at < bytes.length; at += size) {
    joiner.add(bytes.subarray(at, at + size));
    while (joiner.next() !== undefined);
  }
}

/** A connection: whatever it is sent, it ends by a fault, with its alert, or goes on waiting. */
function feed(peer: Peer, bytes: Uint8Array): void {
  peer.receive(bytes);
  const { error, endpoint } = peer;
  endpoint.destroy();
  if (error instanceof ProtocolFault && error.reason === 'ENGINE_FAILED')
    throw new Error('It counts as a fault of ours');
  const alert = endpoint.alertSent ?? 'none';
  if (error instanceof ProtocolFault && alert !== error.alert) throw new Error(`Sent ${alert} for ${error.alert}`);
  if (endpoint.handshakeDone) throw new Error('A handshake came of it');
  if (error !== undefined) throw error;
}

/** A list with this one extension, as the readers take it. */
function listOf(type: number, body: Uint8Array): ExtensionList {
  return new Map([[type, body]]);
}

type ReadExtension = (list: ExtensionList, type: number) => unknown;

const clientExtensions: Record<string, readonly [number, ReadExtension]> = {
  server_name: [ExtensionType.server_name, readServerName],
  supported_groups: [ExtensionType.supported_groups, readUint16List],
  signature_algorithms: [ExtensionType.signature_algorithms, readUint16List],
  application_layer_protocol_negotiation: [ExtensionType.application_layer_protocol_negotiation, readProtocols],
  status_request: [ExtensionType.status_request, readsStatusRequest],
  compress_certificate: [ExtensionType.compress_certificate, readShortUint16List],
  max_fragment_length: [ExtensionType.max_fragment_length, readMaxFragmentLength],
  record_size_limit: [ExtensionType.record_size_limit, readRecordSizeLimit],
  supported_versions: [ExtensionType.supported_versions, readShortUint16List],
  psk_key_exchange_modes: [ExtensionType.psk_key_exchange_modes, readsPskWithDhe],
  key_share: [ExtensionType.key_share, readClientShares],
  pre_shared_key: [ExtensionType.pre_shared_key, readOfferedPsks],
  cookie: [ExtensionType.cookie, readCookie],
  early_data: [ExtensionType.early_data, readFlag],
};

const serverExtensions: Record<string, readonly [number, ReadExtension]> = {
  'chosen protocol': [
    ExtensionType.application_layer_protocol_negotiation,
    (list) => readChosenProtocol(list, ['h2', 'http/1.1']),
  ],
  'selected version': [ExtensionType.supported_versions, readSelectedVersion],
  'server share': [ExtensionType.key_share, readServerShare],
  'requested group': [ExtensionType.key_share, readRequestedGroup],
  'selected identity': [ExtensionType.pre_shared_key, readSelectedIdentity],
};

const messages: Record<string, readonly [number, (bytes: Uint8Array) => unknown]> = {
  ClientHello: [HandshakeType.ClientHello, (bytes) => readOffer(readClientHello(bytes))],
  ServerHello: [HandshakeType.ServerHello, readServerHello],
  EncryptedExtensions: [HandshakeType.EncryptedExtensions, readEncryptedExtensions],
  Certificate: [HandshakeType.Certificate, (bytes) => readCertificate(bytes.subarray(4), { ocsp: true })],
  CompressedCertificate: [HandshakeType.CompressedCertificate, readCompressedCertificate],
  CertificateRequest: [HandshakeType.CertificateRequest, readCertificateRequest],
  CertificateVerify: [HandshakeType.CertificateVerify, readCertificateVerify],
  NewSessionTicket: [HandshakeType.NewSessionTicket, readNewSessionTicket],
  KeyUpdate: [HandshakeType.KeyUpdate, readKeyUpdate],
};

function protocolParsers(corpus: Corpus): [string, Parser][] {
  const all = [...corpus.messages.values()].flat();
  const streams = [...corpus.clientStreams, ...corpus.serverStreams];
  const protocol = (inputs: readonly Uint8Array[] | undefined, run: Parser['run']): Parser => ({
    corpus: inputs ?? [],
    refusals: faults,
    run,
  });
  return [
    ['records', protocol(streams, readRecords)],
    ['protected record', protocol(all, readProtectedRecord)],
    ['record round trip', protocol(all, writeAndRead)],
    ['handshake joiner', protocol([Buffer.concat(all), ...all], joinMessages)],
    ...Object.entries(messages).map(([name, [type, run]]): [string, Parser] => [
      name,
      protocol(corpus.messages.get(type), run),
    ]),
    ...extensionParsers(clientExtensions, corpus.clientExtensions, protocol),
    ...extensionParsers(serverExtensions, corpus.serverExtensions, protocol),
    ['certificate status', protocol([Uint8Array.of(1, 0, 0, 2, 48, 0), ...all], readStatus)],
    ['client connection', connection(corpus.serverStreams, () => Peer.client(compressing, { groups: ['X25519'] }))],
    ['server connection', connection(corpus.clientStreams, () => Peer.server(compressing, { groups: ['X25519'] }))],
  ];
}

function extensionParsers(
  table: typeof clientExtensions,
  bodies: ReadonlyMap<number, readonly Uint8Array[]>,
  protocol: (inputs: readonly Uint8Array[] | undefined, run: Parser['run']) => Parser,
): [string, Parser][] {
  return Object.entries(table).map(([name, [type, read]]) => [
    name,
    protocol(bodies.get(type) ?? [...bodies.values()].flat(), (bytes) => read(listOf(type, bytes), type)),
  ]);
}

function connection(corpus: readonly Uint8Array[], make: () => Peer | Promise<Peer>): Parser {
  return { corpus, refusals: [ProtocolFault, PeerAlert], run: async (bytes) => feed(await make(), bytes) };
}

/** Never throws, and verifies nothing that was changed. */
function verifyChanged(certificates: readonly Uint8Array[]): Parser['run'] {
  const trusted = new TrustStore(certificates);
  return (bytes) => {
    const { error } = verifyChain([bytes, ...certificates], {
      trusted,
      purpose: 'serverAuth',
      time: Date.now(),
      verifySignature: nodePrimitives.verifySignature,
    });
    const isChanged = certificates.every((certificate) => Buffer.compare(certificate, bytes) !== 0);
    if (isChanged && error === undefined) throw new Error('It verifies');
  };
}

function otherParsers(corpus: Corpus): [string, Parser][] {
  const tickets = new TicketKeys(nodePrimitives, () => Date.now());
  const texts = corpus.pem;
  const der = [...corpus.certificates, ...corpus.publicKeys, ...corpus.privateKeys];
  const never = (inputs: readonly Uint8Array[], run: Parser['run']): Parser => ({ corpus: inputs, refusals: [], run });
  const derErrors = (inputs: readonly Uint8Array[], run: Parser['run']): Parser => ({
    corpus: inputs,
    refusals: [DerError],
    run,
  });
  const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  return [
    ['session', never(corpus.sessions, decodeSession)],
    ['ticket', never(corpus.tickets, (bytes) => tickets.open(bytes))],
    ['DER', derErrors(der, (bytes) => parseDer(bytes))],
    ['certificate', derErrors(corpus.certificates, parseCertificate)],
    ['certificate chain', never(corpus.certificates, verifyChanged(corpus.certificates))],
    ["certificate's key", never(corpus.certificates, publicKeyOf)],
    ['revocation list', derErrors(corpus.revocationLists, parseRevocationList)],
    ['public key', never(corpus.publicKeys, parsePublicKey)],
    ['private key', derErrors(corpus.privateKeys, parsePkcs8)],
    ['encrypted private key', { corpus: corpus.encryptedKeys, refusals: [DerError, DecryptionError], run: openPkcs8 }],
    ['PKCS#12', { corpus: corpus.pkcs12, refusals: [DerError, DecryptionError, UnsupportedError], run: openPkcs12 }],
    ['kept session', never(corpus.sessions.map(asKept), unwrapSession)],
    ['PEM', never(texts, (bytes) => pemBlocks(textOf(bytes)))],
    [
      'PEM private key',
      { corpus: texts, refusals: [DerError, UnsupportedError], run: (bytes) => nobleSignerFromPem(textOf(bytes)) },
    ],
  ];
}

const asKept = (session: Uint8Array): Uint8Array => wrapSession(session, { name: 'localhost', byProgram: false });

export function parsersFor(corpus: Corpus): ReadonlyMap<string, Parser> {
  return new Map([...protocolParsers(corpus), ...otherParsers(corpus)]);
}
