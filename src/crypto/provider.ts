// The interface that every provider of primitives implements, and nothing else: bytes and opaque keys, no argument checks.
//
// The public classes (kem.ts, signature.ts, hash.ts, hybrid.ts) check types and lengths once, for every provider; a
// provider may rely on it. What only a provider can see (modulus check, hash check, point not on the curve, an
// all-zero X25519 result) it throws itself, as KeyRejectedError.

import type { Capabilities } from '../binding.js';
import type { GroupName, HashAlgorithm, KemAlgorithm, SignatureAlgorithm, XofAlgorithm } from './parameters.js';

export type ProviderName = 'aws-lc' | 'noble';

export type Algorithm = KemAlgorithm | SignatureAlgorithm | HashAlgorithm | XofAlgorithm | GroupName;

/**
 * One source of primitives. Every `...Async` form settles in a later turn of the event loop; on `aws-lc` the work runs
 * on the libuv threadpool, on `noble` it runs on the event loop, one operation a turn.
 */
export interface CryptoProvider {
  readonly name: ProviderName;
  /** Version of the library behind it, e.g. `AWS-LC 5.12.0`, `AWS-LC 5.12.0 FIPS`. */
  readonly version: string;
  readonly fips: boolean;
  readonly capabilities: Capabilities;
  /** Whether the algorithm can be used; what cannot throws UnsupportedError. */
  supports(algorithm: Algorithm): boolean;

  generateDecapsulationKey(algorithm: KemAlgorithm): ProviderDecapsulationKey;
  generateDecapsulationKeyAsync(algorithm: KemAlgorithm): Promise<ProviderDecapsulationKey>;
  /** `seed` is d || z, 64 bytes. FIPS 203, Section 7.1. */
  decapsulationKeyFromSeed(algorithm: KemAlgorithm, seed: Uint8Array): ProviderDecapsulationKey;
  /** Throws KeyRejectedError `hash_check` (and `modulus_check` for its public part). FIPS 203, Section 7.3. */
  decapsulationKeyFromBytes(algorithm: KemAlgorithm, bytes: Uint8Array): ProviderDecapsulationKey;
  /** Throws KeyRejectedError `modulus_check`. FIPS 203, Section 7.2. */
  encapsulationKeyFromBytes(algorithm: KemAlgorithm, bytes: Uint8Array): ProviderEncapsulationKey;

  generateSigningKey(algorithm: SignatureAlgorithm): ProviderSigningKey;
  generateSigningKeyAsync(algorithm: SignatureAlgorithm): Promise<ProviderSigningKey>;
  /** `seed` is xi, 32 bytes. FIPS 204, Section 5.1. */
  signingKeyFromSeed(algorithm: SignatureAlgorithm, seed: Uint8Array): ProviderSigningKey;
  signingKeyFromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array): ProviderSigningKey;
  verifyingKeyFromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array): ProviderVerifyingKey;

  hash(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array<ArrayBuffer>;
  hashInto(algorithm: HashAlgorithm, data: Uint8Array, digest: Uint8Array): void;
  hashAsync(algorithm: HashAlgorithm, data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  createHash(algorithm: HashAlgorithm): ProviderHash;
  xofInto(algorithm: XofAlgorithm, data: Uint8Array, output: Uint8Array): void;
  xofAsync(algorithm: XofAlgorithm, data: Uint8Array, length: number): Promise<Uint8Array<ArrayBuffer>>;
  createXof(algorithm: XofAlgorithm): ProviderXof;

  /** A client's side: makes a key pair and writes the client share (`groupLayouts[group].clientShare` bytes). */
  startKeyExchange(group: GroupName, share: Uint8Array): ProviderKeyExchange;
  startKeyExchangeAsync(group: GroupName): Promise<{ exchange: ProviderKeyExchange; share: Uint8Array<ArrayBuffer> }>;
  /** A server's side: takes the client share, writes the server share and the shared secret. */
  startAndCompleteInto(group: GroupName, clientShare: Uint8Array, share: Uint8Array, sharedSecret: Uint8Array): void;
  startAndCompleteAsync(
    group: GroupName,
    clientShare: Uint8Array,
  ): Promise<{ share: Uint8Array<ArrayBuffer>; sharedSecret: Uint8Array<ArrayBuffer> }>;
}

export interface Encapsulation {
  ciphertext: Uint8Array<ArrayBuffer>;
  /** 32 bytes. */
  sharedSecret: Uint8Array<ArrayBuffer>;
}

export interface ProviderEncapsulationKey {
  encapsulate(): Encapsulation;
  encapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void;
  encapsulateAsync(): Promise<Encapsulation>;
  /** Test-only: with m given, 32 bytes. FIPS 203, Algorithm 17. */
  encapsulateDeterministic(m: Uint8Array): Encapsulation;
  toBytes(): Uint8Array<ArrayBuffer>;
}

export interface ProviderDecapsulationKey {
  /** A ciphertext that was not made for this key yields a pseudorandom secret, not an error. FIPS 203, Algorithm 18. */
  decapsulate(ciphertext: Uint8Array): Uint8Array<ArrayBuffer>;
  decapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void;
  decapsulateAsync(ciphertext: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  encapsulationKey(): ProviderEncapsulationKey;
  toBytes(): Uint8Array<ArrayBuffer>;
  /** d || z where the key was generated or made from it, else undefined. */
  seed(): Uint8Array<ArrayBuffer> | undefined;
  /** Wipes the secret bytes; any later use throws KeyDestroyedError. Idempotent. */
  destroy(): void;
}

/** Options of ML-DSA signing, already checked. */
export interface SignParameters {
  /** At most 255 bytes; empty by default. FIPS 204, Section 5.2. */
  readonly context: Uint8Array;
  /** true: rnd is 32 zero bytes; false (default): hedged with fresh randomness. FIPS 204, Section 3.4. */
  readonly deterministic: boolean;
}

export interface ProviderSigningKey {
  sign(message: Uint8Array, parameters: SignParameters): Uint8Array<ArrayBuffer>;
  signInto(message: Uint8Array, signature: Uint8Array, parameters: SignParameters): void;
  signAsync(message: Uint8Array, parameters: SignParameters): Promise<Uint8Array<ArrayBuffer>>;
  verifyingKey(): ProviderVerifyingKey;
  toBytes(): Uint8Array<ArrayBuffer>;
  /** xi where the key was generated or made from it, else undefined. */
  seed(): Uint8Array<ArrayBuffer> | undefined;
  destroy(): void;
}

export interface ProviderVerifyingKey {
  /** False for a signature of any wrong length or content; never throws for it. */
  verify(message: Uint8Array, signature: Uint8Array, context: Uint8Array): boolean;
  verifyAsync(message: Uint8Array, signature: Uint8Array, context: Uint8Array): Promise<boolean>;
  toBytes(): Uint8Array<ArrayBuffer>;
}

export interface ProviderHash {
  update(data: Uint8Array): void;
  /** Ends the hash. */
  digestInto(digest: Uint8Array): void;
  clone(): ProviderHash;
}

export interface ProviderXof {
  update(data: Uint8Array): void;
  /** Squeezes the next `output.length` bytes; update() is over from then on. */
  readInto(output: Uint8Array): void;
  clone(): ProviderXof;
}

/** A client's key exchange in progress; holds its secrets until complete() or destroy(), then wipes them. */
export interface ProviderKeyExchange {
  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void;
  completeAsync(serverShare: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  destroy(): void;
}
