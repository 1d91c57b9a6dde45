// The primitives of one full handshake, both ends, one after the other: what the TypeScript engine's handshake is held to.
//
// The list is the protocol's, not the engine's: what the engine does twice, or for nothing, is not in it. What does not change from one
// connection to the next (the early secret of no pre-shared key, the hash of nothing, parsed keys) is not in it either.

import { createPrivateKey, createPublicKey, sign, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { groupLayouts } from '#src/crypto/parameters.js';
import { selectProvider } from '#src/crypto/select-provider.js';
import { nodePrimitives as primitives } from '#src/crypto/tls/node-primitives.js';
import { aeadKeyLengths, aeadNonceLength, aeadTagLength, tlsHashLengths } from '#src/crypto/tls/primitives.js';
import { ContentType } from '#src/protocol/constants.js';
import { parseCertificate } from '#src/x509/certificate.js';
import { group, MemoryHandshakes, type HandshakeCredentials } from './handshake.js';

const hash = 'sha384';
const aead = 'aes-256-gcm';
const headerLength = 5;

/** HMACs of the key schedule on each side. RFC 9846, Section 7.1. */
const hmacs =
  // Handshake Secret, and Main Secret with what it is derived from.
  1 +
  2 +
  // Traffic secrets of the handshake and of data, exporter, resumption.
  2 +
  2 +
  1 +
  1 +
  // Key and IV of each traffic secret. Section 7.3.
  4 * 2 +
  // Finished of both: its key, and itself. Section 4.5.4.
  2 * 2 +
  // The pre-shared keys of two tickets. Section 4.7.1.
  2;

/** Digests of the transcript on each side: up to ServerHello, Certificate, CertificateVerify, and each Finished. */
const digests = 5;

export class PrimitiveSum {
  readonly #flights: readonly Uint8Array[];
  /** Contents of the protected records of the handshake, of either direction. */
  readonly #records: readonly Uint8Array[];
  readonly #tickets: readonly Uint8Array[];
  readonly #signature: SignatureSample;
  readonly #certificate: SignatureSample;
  readonly #signingKey: KeyObject;

  constructor(credentials: HandshakeCredentials) {
    const flights: Uint8Array[] = [];
    new MemoryHandshakes(credentials).run((bytes) => flights.push(Uint8Array.from(bytes)));
    this.#flights = flights.slice(0, 3);
    this.#records = flights.flatMap(protectedContents);
    this.#tickets = [new Uint8Array(160), new Uint8Array(160)];
    this.#signingKey = createPrivateKey(credentials.key);
    const leaf = new X509Certificate(credentials.cert);
    // 64 spaces, the context, a zero and a digest. RFC 9846, Section 4.5.3.
    const content = new Uint8Array(64 + 33 + 1 + tlsHashLengths[hash]);
    this.#signature = {
      content,
      signature: sign('sha256', content, this.#signingKey),
      key: leaf.publicKey,
    };
    const { tbs, signature } = parseCertificate(leaf.raw);
    this.#certificate = { content: tbs, signature, key: createPublicKey(credentials.ca) };
    if (![this.#signature, this.#certificate].every(isValid)) throw new Error('A signature does not verify');
  }

  run(): void {
    this.#exchangeKeys();
    for (let side = 0; side < 2; side++) {
      this.#hashTranscript();
      for (let count = 0; count < hmacs; count++) primitives.hmac(hash, secret, label);
    }
    this.#protect();
    sign('sha256', this.#signature.content, this.#signingKey);
    isValid(this.#signature);
    isValid(this.#certificate);
  }

  #exchangeKeys(): void {
    const layout = groupLayouts[group];
    const provider = selectProvider(group);
    // Both randoms, and the client's session id.
    for (let count = 0; count < 3; count++) primitives.randomBytes(32);
    const clientShare = new Uint8Array(layout.clientShare);
    const serverShare = new Uint8Array(layout.serverShare);
    const sharedSecret = new Uint8Array(layout.sharedSecret);
    const exchange = provider.startKeyExchange(group, clientShare);
    provider.startAndCompleteInto(group, clientShare, serverShare, sharedSecret);
    exchange.completeInto(serverShare, sharedSecret);
  }

  #hashTranscript(): void {
    const transcript = primitives.createHash(hash);
    for (const flight of this.#flights) transcript.update(flight);
    for (let count = 0; count < digests; count++) transcript.digest();
  }

  /** Every protected record, sealed and opened; and the tickets, sealed with a key of their own. */
  #protect(): void {
    for (const content of this.#records) {
      const sealer = primitives.aead(aead, key);
      sealer.seal(nonce, header, [content], sealed, 0);
      const opener = primitives.aead(aead, key);
      const ciphertext = sealed.subarray(0, content.length + aeadTagLength);
      const opened = opener.open(nonce, header, ciphertext, content.length);
      if (opened?.head.length !== content.length) throw new Error('A record does not open');
    }
    for (const ticket of this.#tickets) {
      primitives.randomBytes(32);
      primitives
        .aead(aead, primitives.hmac('sha256', ticketSecret, ticketSecret))
        .seal(nonce, header, [ticket], sealed, 0);
    }
  }
}

interface SignatureSample {
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  readonly key: KeyObject;
}

function isValid({ content, signature, key: verifyingKey }: SignatureSample): boolean {
  return verify('sha256', content, verifyingKey, signature);
}

/** Zeros, as long as what the records of a flight protect. */
function protectedContents(flight: Uint8Array): Uint8Array[] {
  const contents: Uint8Array[] = [];
  for (let at = 0; at < flight.length;) {
    const length = new DataView(flight.buffer, flight.byteOffset + at).getUint16(3);
    if (flight[at] === ContentType.application_data) contents.push(new Uint8Array(length - aeadTagLength));
    at += headerLength + length;
  }
  return contents;
}

const secret = new Uint8Array(tlsHashLengths[hash]);
// Length, label and context. RFC 9846, Section 7.1.
const label = new Uint8Array(2 + 1 + 18 + 1 + tlsHashLengths[hash] + 1);
const key = new Uint8Array(aeadKeyLengths[aead]);
const ticketSecret = new Uint8Array(32);
const nonce = new Uint8Array(aeadNonceLength);
const header = new Uint8Array(headerLength);
const sealed = new Uint8Array(32 * 1024);
