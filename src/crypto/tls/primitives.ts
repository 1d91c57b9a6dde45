// What the TypeScript TLS 1.3 engine asks of cryptography besides key exchange: hashes, AEADs, signatures. RFC 9846.
//
// Key exchange and ML-DSA come from the CryptoProvider. Two implementations: node-primitives.ts (node:crypto) and
// noble-primitives.ts (no import of Node's at all). Arguments are the engine's own and are not checked again, but for what
// a peer can choose: keys, messages and signatures in verify(), ciphertexts in open(). Those never throw.

import type { SignatureAlgorithmParameters } from './signature-schemes.js';

export type TlsHashName = 'sha256' | 'sha384';

/** The AEADs of TLS 1.3's cipher suites; every one has nonces of 12 bytes and tags of 16. RFC 9846, Section B.4. */
export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';

/** Digests in bytes. FIPS 180-4, Figure 1. */
export const tlsHashLengths = { sha256: 32, sha384: 48 } as const satisfies Record<TlsHashName, number>;

/** Keys in bytes. RFC 5116, Section 5; RFC 8439, Section 2.8. */
export const aeadKeyLengths = {
  'aes-128-gcm': 16,
  'aes-256-gcm': 32,
  'chacha20-poly1305': 32,
} as const satisfies Record<AeadName, number>;

export const aeadNonceLength = 12;
export const aeadTagLength = 16;

/** A hash of what came so far: the transcript. RFC 9846, Section 4.4.1. */
export interface TlsHash {
  update(data: Uint8Array): void;
  /** The digest of what came so far; more may follow. */
  digest(): Uint8Array;
  /** A second hash that goes on from the same input. */
  clone(): TlsHash;
}

/** Plaintext in two pieces of memory that hold nothing else: the caller's to keep. */
export interface Opened {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** One direction's key. Nonces, counters and limits are the record layer's business. RFC 9846, Section 5.2. */
export interface TlsAead {
  /**
   * Writes ciphertext and tag into `output` at `offset`; returns their length. The plaintext may be given in parts
   * (content, then type and padding). `output` must not overlap them.
   */
  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: readonly Uint8Array[],
    output: Uint8Array,
    offset: number,
  ): number;
  /**
   * Returns the plaintext up to `cut`, and what follows; undefined where the tag does not fit. `ciphertext` ends with the
   * tag.
   */
  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertext: Uint8Array, cut: number): Opened | undefined;
  /** Wipes the key; any later use throws KeyDestroyedError. Idempotent. */
  destroy(): void;
}

/** The private key of a certificate: opaque. */
export interface TlsSigner {
  /** IANA names of the schemes that it can sign with in TLS 1.3, most wanted first. RFC 9846, Section 4.3.3. */
  readonly schemes: readonly string[];
  /** SubjectPublicKeyInfo, DER: what the certificate must hold. */
  readonly spki: Uint8Array;
  /** Throws UnsupportedError for a scheme that it does not list, KeyDestroyedError after destroy(). */
  sign(scheme: string, message: Uint8Array): Uint8Array;
  destroy(): void;
}

export interface TlsPrimitives {
  readonly name: 'node' | 'noble';
  createHash(name: TlsHashName): TlsHash;
  hash(name: TlsHashName, data: Uint8Array): Uint8Array;
  hmac(name: TlsHashName, key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Keeps a copy of the key. */
  aead(name: AeadName, key: Uint8Array): TlsAead;
  randomBytes(length: number): Uint8Array;
  /**
   * Verifies a handshake's signature. `scheme` is an IANA name, `spki` a SubjectPublicKeyInfo in DER. False for anything
   * that does not verify, does not parse, does not fit the scheme, or that TLS 1.3 does not allow (PKCS #1 v1.5, SHA-1).
   */
  verify(scheme: string, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Verifies a certificate's signature; unlike a scheme, its algorithm does not fix the curve. RFC 5280, Section 4.1.1.2. */
  verifySignature(
    algorithm: SignatureAlgorithmParameters,
    spki: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean;
  /** Constant time in the contents; false at once for lengths that differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}
