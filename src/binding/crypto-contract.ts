// What the addon exports for pqtls/crypto (native/kem.cc, signature.cc, digest.cc, hybrid.cc).
//
// Functions without an output argument write into `scratch`, from its start. A number where a handle, a promise's value
// or nothing else is expected is a Status. A wrong argument throws TypeError or RangeError; nothing else throws.

/** What an operation ends with; the same numbers are in native/arguments.h. */
export const Status = {
  ok: 0,
  failed: 1,
  keyDestroyed: 2,
  modulusCheck: 3,
  hashCheck: 4,
  inconsistentKey: 5,
  invalidPoint: 6,
  zeroSharedSecret: 7,
  noSeed: 8,
} as const;

export type Status = number;

/** Places in the addon's tables. */
export const kemIndexes = { 'ML-KEM-512': 0, 'ML-KEM-768': 1, 'ML-KEM-1024': 2 } as const;
export const signatureIndexes = { 'ML-DSA-44': 0, 'ML-DSA-65': 1, 'ML-DSA-87': 2 } as const;
export const hashIndexes = { 'SHA3-224': 0, 'SHA3-256': 1, 'SHA3-384': 2, 'SHA3-512': 3 } as const;
export const xofIndexes = { SHAKE128: 0, SHAKE256: 1 } as const;
export const groupIndexes = {
  X25519: 0,
  secp256r1: 1,
  secp384r1: 2,
  X25519MLKEM768: 3,
  SecP256r1MLKEM768: 4,
  SecP384r1MLKEM1024: 5,
} as const;

declare const kind: unique symbol;
/** A native object (a napi External); the addon checks its kind. */
export type DecapsulationKeyHandle = { readonly [kind]: 'kem.decapsulationKey' };
export type EncapsulationKeyHandle = { readonly [kind]: 'kem.encapsulationKey' };
export type SigningKeyHandle = { readonly [kind]: 'signature.signingKey' };
export type VerifyingKeyHandle = { readonly [kind]: 'signature.verifyingKey' };
export type DigestHandle = { readonly [kind]: 'digest' };
export type KeyExchangeHandle = { readonly [kind]: 'group.keyExchange' };

type Bytes = Uint8Array<ArrayBuffer>;

export interface NativeCrypto {
  /** Where results are written; whoever reads a secret there wipes it. Never given to users. */
  readonly scratch: Bytes;

  kemGenerate(parameterSet: number): DecapsulationKeyHandle | Status;
  kemGenerateAsync(parameterSet: number): Promise<DecapsulationKeyHandle | Status>;
  kemFromSeed(parameterSet: number, seed: Uint8Array): DecapsulationKeyHandle | Status;
  kemDecapsulationKeyFromBytes(parameterSet: number, bytes: Uint8Array): DecapsulationKeyHandle | Status;
  kemEncapsulationKeyFromBytes(parameterSet: number, bytes: Uint8Array): EncapsulationKeyHandle | Status;
  kemEncapsulationKey(key: DecapsulationKeyHandle): EncapsulationKeyHandle | Status;
  /** Scratch: ciphertext || secret. */
  kemEncapsulate(key: EncapsulationKeyHandle): Status;
  kemEncapsulateInto(key: EncapsulationKeyHandle, ciphertext: Uint8Array, sharedSecret: Uint8Array): Status;
  /** Scratch: ciphertext || secret. */
  kemEncapsulateWithM(key: EncapsulationKeyHandle, m: Uint8Array): Status;
  kemEncapsulateAsync(key: EncapsulationKeyHandle): Promise<{ ciphertext: Bytes; sharedSecret: Bytes } | Status>;
  /** Scratch: secret. */
  kemDecapsulate(key: DecapsulationKeyHandle, ciphertext: Uint8Array): Status;
  kemDecapsulateInto(key: DecapsulationKeyHandle, ciphertext: Uint8Array, sharedSecret: Uint8Array): Status;
  kemDecapsulateAsync(key: DecapsulationKeyHandle, ciphertext: Uint8Array): Promise<Bytes | Status> | Status;
  /** Scratch: the key. */
  kemEncapsulationKeyBytes(key: EncapsulationKeyHandle): Status;
  /** Scratch: the key. */
  kemDecapsulationKeyBytes(key: DecapsulationKeyHandle): Status;
  /** Scratch: d || z. */
  kemSeed(key: DecapsulationKeyHandle): Status;
  kemDestroy(key: DecapsulationKeyHandle): void;

  signatureGenerate(parameterSet: number): SigningKeyHandle | Status;
  signatureGenerateAsync(parameterSet: number): Promise<SigningKeyHandle | Status>;
  signatureFromSeed(parameterSet: number, seed: Uint8Array): SigningKeyHandle | Status;
  signatureSigningKeyFromBytes(parameterSet: number, bytes: Uint8Array): SigningKeyHandle | Status;
  signatureVerifyingKeyFromBytes(parameterSet: number, bytes: Uint8Array): VerifyingKeyHandle | Status;
  signatureVerifyingKey(key: SigningKeyHandle): VerifyingKeyHandle | Status;
  /** Scratch: the signature. `context` undefined is an empty one. */
  signatureSign(
    key: SigningKeyHandle,
    message: Uint8Array,
    context: Uint8Array | undefined,
    deterministic: boolean,
  ): Status;
  signatureSignInto(
    key: SigningKeyHandle,
    message: Uint8Array,
    context: Uint8Array | undefined,
    deterministic: boolean,
    signature: Uint8Array,
  ): Status;
  signatureSignAsync(
    key: SigningKeyHandle,
    message: Uint8Array,
    context: Uint8Array | undefined,
    deterministic: boolean,
  ): Promise<Bytes | Status> | Status;
  signatureVerify(
    key: VerifyingKeyHandle,
    message: Uint8Array,
    signature: Uint8Array,
    context: Uint8Array | undefined,
  ): boolean;
  signatureVerifyAsync(
    key: VerifyingKeyHandle,
    message: Uint8Array,
    signature: Uint8Array,
    context: Uint8Array | undefined,
  ): Promise<boolean | Status>;
  /** Scratch: the key. */
  signatureVerifyingKeyBytes(key: VerifyingKeyHandle): Status;
  /** Scratch: the key. */
  signatureSigningKeyBytes(key: SigningKeyHandle): Status;
  /** Scratch: xi. */
  signatureSeed(key: SigningKeyHandle): Status;
  signatureDestroy(key: SigningKeyHandle): void;

  /** Scratch: the digest. */
  hash(algorithm: number, data: Uint8Array): Status;
  hashInto(algorithm: number, data: Uint8Array, digest: Uint8Array): Status;
  hashAsync(algorithm: number, data: Uint8Array): Promise<Bytes | Status>;
  xofInto(algorithm: number, data: Uint8Array, output: Uint8Array): Status;
  xofAsync(algorithm: number, data: Uint8Array, length: number): Promise<Bytes | Status>;
  createHash(algorithm: number): DigestHandle | Status;
  createXof(algorithm: number): DigestHandle | Status;
  digestUpdate(digest: DigestHandle, data: Uint8Array): Status;
  digestFinal(digest: DigestHandle, output: Uint8Array): Status;
  digestClone(digest: DigestHandle): DigestHandle | Status;
  xofRead(digest: DigestHandle, output: Uint8Array): Status;

  groupStart(group: number, share: Uint8Array): KeyExchangeHandle | Status;
  groupStartAsync(group: number): Promise<{ exchange: KeyExchangeHandle; share: Bytes } | Status>;
  /** Ends the exchange, whatever its outcome. */
  groupComplete(exchange: KeyExchangeHandle, serverShare: Uint8Array, sharedSecret: Uint8Array): Status;
  /** Ends the exchange, whatever its outcome. */
  groupCompleteAsync(exchange: KeyExchangeHandle, serverShare: Uint8Array): Promise<Bytes | Status> | Status;
  groupStartAndComplete(group: number, clientShare: Uint8Array, share: Uint8Array, sharedSecret: Uint8Array): Status;
  groupStartAndCompleteAsync(
    group: number,
    clientShare: Uint8Array,
  ): Promise<{ share: Bytes; sharedSecret: Bytes } | Status>;
  groupDestroy(exchange: KeyExchangeHandle): void;

  /**
   * The bench's floor: nanoseconds of CPU time that `iterations` calls take in a loop of C, or -1 where there is no such operation.
   *
   * `ML-KEM-768/generate|encapsulate|decapsulate`, `ML-DSA-65/generate|sign|verify` (64-byte message),
   * `X25519MLKEM768/start|startAndComplete|complete|client`, `SHA3-256/<input bytes>`, `SHAKE128/<input bytes>/<output bytes>`.
   */
  floor(operation: string, iterations: number): number;
}
