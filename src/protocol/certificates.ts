// Certificates in a handshake, on either side: read, checked, chosen, signed for. RFC 9846, Sections 4.5.2 and 4.5.3.

import { copyOf, sameBytes } from './codec.js';
import { messageHeaderLength } from './messages/client-hello.js';
import {
  readCertificate,
  readCompressedCertificate,
  writeCertificate,
  writeCompressedCertificate,
  type CertificateMessage,
} from './messages/certificate.js';
import { readCertificateVerify, signedContent, writeCertificateVerify } from './messages/certificate-verify.js';
import { HandshakeType, SignatureScheme, nameOf, type SignatureSchemeName } from './constants.js';
import type { CertificateCodec } from './certificate-codec.js';
import type { Credential, Environment, TlsContext } from './config.js';
import type { Endpoint } from './endpoint.js';
import { ProtocolFault, type FaultReason } from './faults.js';
import type { HandshakeMessage } from './handshake-joiner.js';
import { AwaitAnswer, type HandshakeState } from './handshake-state.js';

/** Of certificates that were compressed, as of those that were not. */
const maxUncompressed = 102_400;

/** What a peer's certificate has to keep to. */
export interface CertificateTerms {
  readonly ocsp: boolean;
  /** RFC 8879 numbers that it may be compressed with. */
  readonly compression: readonly number[];
}

/** Reads Certificate or CompressedCertificate. */
export function receiveCertificate(endpoint: Endpoint, message: HandshakeMessage, terms: CertificateTerms): void {
  const body =
    message.type === HandshakeType.CompressedCertificate
      ? decompress(endpoint, message.bytes, terms.compression)
      : message.bytes.subarray(messageHeaderLength);
  const { chain, ocspResponse }: CertificateMessage = readCertificate(body, terms);
  // Whoever is trusted and whoever is not: the key of a TLS 1.3 certificate signs. RFC 9846, Section 4.5.2.2.
  const [leaf] = chain;
  endpoint.facts.peerKey = leaf && keyOfLeaf(endpoint.environment, leaf);
  endpoint.facts.peerChain = chain;
  endpoint.facts.ocspResponse = ocspResponse;
}

function keyOfLeaf(environment: Environment, certificate: Uint8Array): Uint8Array {
  const leaf = environment.readLeaf(certificate);
  if (leaf === undefined) throw new ProtocolFault('CANNOT_PARSE_LEAF_CERT');
  if (!leaf.maySign) throw new ProtocolFault('KEY_USAGE_BIT_INCORRECT');
  return leaf.publicKey;
}

/** RFC 8879, Section 4. */
function decompress(endpoint: Endpoint, bytes: Uint8Array, allowed: readonly number[]): Uint8Array {
  const { algorithm, uncompressedLength, compressed } = readCompressedCertificate(bytes);
  if (!allowed.includes(algorithm)) throw new ProtocolFault('UNKNOWN_CERT_COMPRESSION_ALG');
  // No Certificate has no bytes.
  if (uncompressedLength === 0) throw new ProtocolFault('CERT_DECOMPRESSION_FAILED');
  if (uncompressedLength > maxUncompressed) throw new ProtocolFault('UNCOMPRESSED_CERT_TOO_LARGE');
  const body = endpoint.environment.codec?.decompress(algorithm, compressed, uncompressedLength);
  if (body?.length !== uncompressedLength) throw new ProtocolFault('CERT_DECOMPRESSION_FAILED');
  return body;
}

/** Checks the peer's signature over the transcript so far. */
export function verifyCertificateVerify(
  endpoint: Endpoint,
  message: HandshakeMessage,
  signedBy: 'client' | 'server',
): void {
  const { environment, facts, context, transcript } = endpoint;
  const { scheme, signature } = readCertificateVerify(message.bytes);
  const name = nameOf(SignatureScheme, scheme);
  if (!context.schemes.some((offered) => offered === name) || !isForHandshakes(name)) {
    throw new ProtocolFault('WRONG_SIGNATURE_TYPE');
  }
  const { peerKey: key } = facts;
  if (key === undefined) throw new ProtocolFault('ENGINE_FAILED');
  const content = signedContent(signedBy, transcript.digest());
  if (!environment.primitives.verify(name, key, content, signature)) {
    throw new ProtocolFault(environment.fitsKey(name, key) ? 'BAD_SIGNATURE' : 'WRONG_SIGNATURE_TYPE');
  }
  facts.peerSignatureScheme = scheme;
}

/** PKCS #1 v1.5 and SHA-1 may only stand in certificates. RFC 9846, Section 4.2.3. */
function isForHandshakes(name: string): boolean {
  return !name.startsWith('rsa_pkcs1_') && !name.endsWith('_sha1');
}

/** A chain of ours, and the scheme that its key signs with. */
export interface ChosenCredential {
  readonly credential: Credential;
  readonly scheme: SignatureSchemeName;
}

/** A server's: by its own order of schemes, of those that the client takes; undefined where nothing fits. */
export function chooseServerCredential(
  context: TlsContext,
  peerSchemes: readonly number[],
): ChosenCredential | undefined {
  for (const scheme of sharedSchemes(context, peerSchemes)) {
    const credential = context.credentials.find(({ schemes }) => schemes.includes(scheme));
    if (credential !== undefined) return { credential, scheme };
  }
  return undefined;
}

/** A client's: the chain by the order of the request, as in OpenSSL, and the scheme of its key by our own order. */
export function chooseClientCredential(
  context: TlsContext,
  peerSchemes: readonly number[],
): ChosenCredential | undefined {
  const shared = sharedSchemes(context, peerSchemes);
  const byRequest = shared.toSorted(
    (a, b) => peerSchemes.indexOf(SignatureScheme[a]) - peerSchemes.indexOf(SignatureScheme[b]),
  );
  for (const wanted of byRequest) {
    const credential = context.credentials.find(({ schemes }) => schemes.includes(wanted));
    const scheme = shared.find((one) => credential?.schemes.includes(one));
    if (credential !== undefined && scheme !== undefined) return { credential, scheme };
  }
  return undefined;
}

/** In our order. */
function sharedSchemes(context: TlsContext, peerSchemes: readonly number[]): SignatureSchemeName[] {
  return context.schemes.filter((scheme) => isForHandshakes(scheme) && peerSchemes.includes(SignatureScheme[scheme]));
}

/** Why there is none. */
export function noCredential(context: TlsContext, peerSchemes: readonly number[]): FaultReason {
  if (context.credentials.length === 0) return 'NO_CERTIFICATE_ASSIGNED';
  const shared = context.schemes.some((scheme) => peerSchemes.includes(SignatureScheme[scheme]));
  return shared ? 'NO_COMMON_SIGNATURE_ALGORITHMS' : 'NO_SHARED_SIGNATURE_ALGORITHMS';
}

/** Sends a chain, compressed where the peer takes that. */
export function sendCertificate(
  endpoint: Endpoint,
  chain: readonly Uint8Array[],
  peerCompression: readonly number[],
  ocspResponse?: Uint8Array,
): void {
  const message = writeCertificate(chain, ocspResponse);
  const algorithm = endpoint.context.compression.find((number) => peerCompression.includes(number));
  const { codec } = endpoint.environment;
  endpoint.facts.ownChain = chain;
  if (algorithm === undefined || codec === undefined || chain.length === 0) {
    endpoint.send(message);
    return;
  }
  const body = message.subarray(messageHeaderLength);
  const compressed = compressedOnce(codec, chain, algorithm, body);
  if (compressed === undefined) endpoint.send(message);
  else endpoint.send(writeCompressedCertificate({ algorithm, uncompressedLength: body.length, compressed }));
}

interface CompressedBody {
  readonly body: Uint8Array;
  readonly compressed: Uint8Array | undefined;
}

/** What was sent last of a chain, by algorithm: to compress a chain takes many times a handshake, and any client can ask for it. */
const compressedBodies = new WeakMap<readonly Uint8Array[], Map<number, CompressedBody>>();

function compressedOnce(
  codec: CertificateCodec,
  chain: readonly Uint8Array[],
  algorithm: number,
  body: Uint8Array,
): Uint8Array | undefined {
  const ofChain = compressedBodies.get(chain) ?? new Map<number, CompressedBody>();
  compressedBodies.set(chain, ofChain);
  const known = ofChain.get(algorithm);
  if (known !== undefined && sameBytes(known.body, body)) return known.compressed;
  const compressed = codec.compress(algorithm, body);
  ofChain.set(algorithm, { body: copyOf(body), compressed });
  return compressed;
}

/** Signs the transcript so far, or has it signed by the program, and goes on. */
export function sendCertificateVerify(
  endpoint: Endpoint,
  side: 'client' | 'server',
  { credential, scheme }: ChosenCredential,
  proceed: () => HandshakeState,
): HandshakeState {
  const shared = signedContent(side, endpoint.transcript.digest());
  const number = SignatureScheme[scheme];
  const send = (signature: Uint8Array): HandshakeState => {
    endpoint.facts.signatureScheme = number;
    endpoint.send(writeCertificateVerify({ scheme: number, signature }));
    return proceed();
  };
  if (credential.signer !== undefined) return send(signOr(credential.signer, scheme, shared));
  // It waits for the program.
  const content = copyOf(shared);
  endpoint.facts.signedByProgram = true;
  let given: Uint8Array | undefined;
  const { primitives } = endpoint.environment;
  const give = (signature: Uint8Array): boolean => {
    given = primitives.verify(scheme, credential.spki, content, signature) ? signature : undefined;
    return given !== undefined;
  };
  endpoint.question = { kind: 'signature', scheme: number, content, give };
  return new AwaitAnswer('signature', () => {
    if (given === undefined) throw new ProtocolFault('PRIVATE_KEY_OPERATION_FAILED');
    return send(given);
  });
}

function signOr(signer: NonNullable<Credential['signer']>, scheme: string, content: Uint8Array): Uint8Array {
  try {
    return signer.sign(scheme, content);
  } catch (cause) {
    throw Object.assign(new ProtocolFault('PRIVATE_KEY_OPERATION_FAILED'), { cause });
  }
}
