// ML-KEM on @noble/post-quantum. FIPS 203.

import { ml_kem1024, ml_kem512, ml_kem768, type KEMPrepared, type MLKEM } from '@noble/post-quantum/ml-kem.js';
import { sha3_256 } from '@noble/hashes/sha3.js';
import { KeyRejectedError } from '../../errors.js';
import { kemParameters, type KemAlgorithm } from '../parameters.js';
import type { Algorithm, Encapsulation, ProviderDecapsulationKey, ProviderEncapsulationKey } from '../provider.js';
import { notReduced, wrongHash } from '../rejections.js';
import { copyOf, randomBytes, SecretBytes, withRandomBytes } from './secret-bytes.js';
import type { TurnQueue } from './turn-queue.js';

const kems = {
  'ML-KEM-512': ml_kem512,
  'ML-KEM-768': ml_kem768,
  'ML-KEM-1024': ml_kem1024,
} as const satisfies Record<KemAlgorithm, MLKEM>;

/** Length of the random message m, in bytes. FIPS 203, Algorithm 20. */
const messageLength = 32;

export class NobleEncapsulationKey implements ProviderEncapsulationKey {
  readonly #algorithm: KemAlgorithm;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #queue: TurnQueue;
  // The matrix that noble expands from the key, and the key's hash: public, the dearest part, and the same every time.
  #prepared: KEMPrepared | undefined;

  private constructor(algorithm: KemAlgorithm, bytes: Uint8Array<ArrayBuffer>, queue: TurnQueue) {
    this.#algorithm = algorithm;
    this.#bytes = bytes;
    this.#queue = queue;
  }

  /** Takes bytes that this provider made or has checked. */
  static trusted(algorithm: KemAlgorithm, bytes: Uint8Array<ArrayBuffer>, queue: TurnQueue): NobleEncapsulationKey {
    return new NobleEncapsulationKey(algorithm, bytes, queue);
  }

  /** Takes a peer's bytes; `within` is the group whose share they are a part of. FIPS 203, Section 7.2. */
  static fromBytes(
    algorithm: KemAlgorithm,
    bytes: Uint8Array,
    queue: TurnQueue,
    within: Algorithm = algorithm,
  ): NobleEncapsulationKey {
    if (bytes.length !== kemParameters[algorithm].encapsulationKey) throw wrongLength(algorithm, 'encapsulation key');
    if (!isReduced(algorithm, bytes)) throw notReduced(within);
    return new NobleEncapsulationKey(algorithm, copyOf(bytes), queue);
  }

  encapsulate(): Encapsulation {
    return withRandomBytes(messageLength, (m) => this.encapsulateDeterministic(m));
  }

  encapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void {
    const made = this.encapsulate();
    ciphertext.set(made.ciphertext);
    sharedSecret.set(made.sharedSecret);
    made.sharedSecret.fill(0);
  }

  encapsulateAsync(): Promise<Encapsulation> {
    return this.#queue.run(() => this.encapsulate());
  }

  encapsulateDeterministic(m: Uint8Array): Encapsulation {
    const { cipherText, sharedSecret } = this.prepared().encapsulate(m);
    // noble's secret is a view of a larger digest: copied, so that no caller can reach or retain the rest of it.
    const secret = copyOf(sharedSecret);
    sharedSecret.fill(0);
    return { ciphertext: copyOf(cipherText), sharedSecret: secret };
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return copyOf(this.#bytes);
  }

  /** For the decapsulation key, which encrypts again with the same matrix. FIPS 203, Algorithm 18. */
  prepared(): KEMPrepared {
    this.#prepared ??= kems[this.#algorithm].prepare(this.#bytes);
    return this.#prepared;
  }
}

export class NobleDecapsulationKey implements ProviderDecapsulationKey {
  readonly #secret: SecretBytes;
  readonly #seed: SecretBytes | undefined;
  readonly #public: NobleEncapsulationKey;
  readonly #queue: TurnQueue;

  private constructor(
    secret: SecretBytes,
    seed: SecretBytes | undefined,
    key: NobleEncapsulationKey,
    queue: TurnQueue,
  ) {
    this.#secret = secret;
    this.#seed = seed;
    this.#public = key;
    this.#queue = queue;
  }

  static generate(algorithm: KemAlgorithm, queue: TurnQueue): NobleDecapsulationKey {
    return NobleDecapsulationKey.#fromOwnSeed(algorithm, randomBytes(kemParameters[algorithm].seed), queue);
  }

  /** `seed` is d || z. FIPS 203, Algorithm 16. */
  static fromSeed(algorithm: KemAlgorithm, seed: Uint8Array, queue: TurnQueue): NobleDecapsulationKey {
    if (seed.length !== kemParameters[algorithm].seed) throw wrongLength(algorithm, 'seed');
    return NobleDecapsulationKey.#fromOwnSeed(algorithm, copyOf(seed), queue);
  }

  /** Takes dk = dkPKE || ek || H(ek) || z. FIPS 203, Section 7.3. */
  static fromBytes(algorithm: KemAlgorithm, bytes: Uint8Array, queue: TurnQueue): NobleDecapsulationKey {
    const { decapsulationKey, encapsulationKey } = kemParameters[algorithm];
    if (bytes.length !== decapsulationKey) throw wrongLength(algorithm, 'decapsulation key');
    const hashStart = decapsulationKey - 64;
    const publicPart = bytes.subarray(hashStart - encapsulationKey, hashStart);
    if (!equalPublicBytes(sha3_256(publicPart), bytes.subarray(hashStart, hashStart + 32))) {
      throw wrongHash(algorithm);
    }
    if (!isReduced(algorithm, publicPart)) throw notReduced(algorithm);
    const key = NobleEncapsulationKey.trusted(algorithm, copyOf(publicPart), queue);
    return new NobleDecapsulationKey(new SecretBytes(copyOf(bytes)), undefined, key, queue);
  }

  static #fromOwnSeed(algorithm: KemAlgorithm, seed: Uint8Array<ArrayBuffer>, queue: TurnQueue): NobleDecapsulationKey {
    const { publicKey, secretKey } = kems[algorithm].keygen(seed);
    const key = NobleEncapsulationKey.trusted(algorithm, publicKey, queue);
    return new NobleDecapsulationKey(new SecretBytes(secretKey), new SecretBytes(seed), key, queue);
  }

  decapsulate(ciphertext: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#decapsulate(ciphertext, this.#secret.use());
  }

  decapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void {
    const made = this.decapsulate(ciphertext);
    sharedSecret.set(made);
    made.fill(0);
  }

  decapsulateAsync(ciphertext: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const taken = copyOf(ciphertext);
    return this.#secret.useLater(this.#queue, (secret) => this.#decapsulate(taken, secret));
  }

  encapsulationKey(): ProviderEncapsulationKey {
    return this.#public;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return copyOf(this.#secret.use());
  }

  seed(): Uint8Array<ArrayBuffer> | undefined {
    this.#secret.use();
    return this.#seed === undefined ? undefined : copyOf(this.#seed.use());
  }

  destroy(): void {
    this.#secret.destroy();
    this.#seed?.destroy();
  }

  #decapsulate(ciphertext: Uint8Array, secret: Uint8Array): Uint8Array<ArrayBuffer> {
    const sharedSecret = this.#public.prepared().decapsulate(ciphertext, secret);
    const copy = copyOf(sharedSecret);
    sharedSecret.fill(0);
    return copy;
  }
}

/**
 * Every 12-bit coefficient must be below q = 3329: the same test as ByteEncode12(ByteDecode12(ek)) = ek, without the two
 * conversions. FIPS 203, Section 7.2.
 */
function isReduced(algorithm: KemAlgorithm, encapsulationKey: Uint8Array): boolean {
  const end = kemParameters[algorithm].encapsulationKey - 32;
  for (let at = 0; at < end; at += 3) {
    const low = encapsulationKey[at] ?? 0;
    const middle = encapsulationKey[at + 1] ?? 0;
    const high = encapsulationKey[at + 2] ?? 0;
    if ((low | ((middle & 15) << 8)) >= 3329 || ((middle >> 4) | (high << 4)) >= 3329) return false;
  }
  return true;
}

function wrongLength(algorithm: KemAlgorithm, what: string): KeyRejectedError {
  return new KeyRejectedError(`The ${algorithm} ${what} has the wrong length`, 'wrong_length');
}

function equalPublicBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
