// ML-KEM keys. FIPS 203.

import { KeyDestroyedError } from '../errors.js';
import { checkAlgorithm, checkDisjoint, checkKeyMaterial, checkOptions, checkOutput } from './arguments.js';
import { checkToken, describe, inspect, internal } from './key-object.js';
import { kemParameters } from './parameters.js';
import type { KemAlgorithm, KemParameters } from './parameters.js';
import type { Encapsulation, ProviderDecapsulationKey, ProviderEncapsulationKey, ProviderName } from './provider.js';
import { selectProvider } from './select-provider.js';
import type { ProviderOptions } from './select-provider.js';

const table = new Map(Object.entries(kemParameters)) as unknown as ReadonlyMap<KemAlgorithm, KemParameters>;

/**
 * A secret ML-KEM key: it decapsulates, and it knows its public half.
 *
 * Sizes in bytes (FIPS 203, Table 3), for ML-KEM-512, -768, -1024: this key 1632, 2400, 3168; encapsulation key 800,
 * 1184, 1568; ciphertext 768, 1088, 1568; shared secret 32; seed 64.
 */
export class DecapsulationKey {
  readonly #key: ProviderDecapsulationKey;
  readonly #algorithm: KemAlgorithm;
  readonly #provider: ProviderName;
  readonly #parameters: KemParameters;
  #encapsulationKey: EncapsulationKey | undefined;
  #destroyed = false;

  /** @internal Use generate(), fromSeed() or fromBytes(). */
  constructor(
    token: typeof internal,
    key: ProviderDecapsulationKey,
    algorithm: KemAlgorithm,
    provider: ProviderName,
    parameters: KemParameters,
  ) {
    checkToken(token, 'DecapsulationKey');
    this.#key = key;
    this.#algorithm = algorithm;
    this.#provider = provider;
    this.#parameters = parameters;
  }

  /**
   * Makes a new key from 64 fresh random bytes. FIPS 203, Algorithm 19.
   *
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: unknown algorithm or provider.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static generate(algorithm: KemAlgorithm, options?: ProviderOptions): DecapsulationKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.generateDecapsulationKey(algorithm);
    return new DecapsulationKey(internal, key, algorithm, provider.name, parameters);
  }

  /** generate(), on the libuv threadpool where the provider can; rejects with what generate() throws. */
  static async generateAsync(algorithm: KemAlgorithm, options?: ProviderOptions): Promise<DecapsulationKey> {
    const parameters = checkAlgorithm(table, algorithm);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = await provider.generateDecapsulationKeyAsync(algorithm);
    return new DecapsulationKey(internal, key, algorithm, provider.name, parameters);
  }

  /**
   * Derives the key from its seed d || z, 64 bytes. FIPS 203, Algorithm 16; Section 7.1.
   *
   * @throws {KeyRejectedError} wrong_length.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static fromSeed(algorithm: KemAlgorithm, seed: Uint8Array, options?: ProviderOptions): DecapsulationKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkKeyMaterial('seed', `A seed of ${algorithm}`, seed, parameters.seed);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.decapsulationKeyFromSeed(algorithm, seed);
    return new DecapsulationKey(internal, key, algorithm, provider.name, parameters);
  }

  /**
   * Reads the expanded key: dk_PKE || ek || H(ek) || z, 1632, 2400 or 3168 bytes. Such a key has no seed(). FIPS 203,
   * Section 7.3.
   *
   * @throws {KeyRejectedError} wrong_length; hash_check: H(ek) is not the hash of ek; modulus_check: a coefficient of
   *   ek is not below 3329.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static fromBytes(algorithm: KemAlgorithm, bytes: Uint8Array, options?: ProviderOptions): DecapsulationKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkKeyMaterial('bytes', `A decapsulation key of ${algorithm}`, bytes, parameters.decapsulationKey);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.decapsulationKeyFromBytes(algorithm, bytes);
    return new DecapsulationKey(internal, key, algorithm, provider.name, parameters);
  }

  get algorithm(): KemAlgorithm {
    return this.#algorithm;
  }

  /** The provider that holds the key. */
  get provider(): ProviderName {
    return this.#provider;
  }

  /**
   * The public half; it outlives destroy() of this key.
   *
   * @throws {KeyDestroyedError}
   */
  get encapsulationKey(): EncapsulationKey {
    if (this.#destroyed) {
      throw new KeyDestroyedError();
    }
    return (this.#encapsulationKey ??= new EncapsulationKey(
      internal,
      this.#key.encapsulationKey(),
      this.#algorithm,
      this.#provider,
      this.#parameters,
    ));
  }

  /**
   * Takes a ciphertext (768, 1088 or 1568 bytes) and returns the shared secret, 32 bytes. A ciphertext that was not
   * made for this key is not an error: it yields a pseudorandom secret (implicit rejection). FIPS 203, Algorithm 21.
   *
   * @throws {KeyRejectedError} wrong_length: of the ciphertext.
   * @throws {KeyDestroyedError}
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#checkCiphertext(ciphertext);
    return this.#key.decapsulate(ciphertext);
  }

  /**
   * decapsulate() into the caller's 32 bytes.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: sharedSecret is not 32 bytes long.
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: sharedSecret overlaps ciphertext; and what decapsulate() throws.
   */
  decapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void {
    this.#checkCiphertext(ciphertext);
    checkOutput('sharedSecret', sharedSecret, 32);
    checkDisjoint('sharedSecret', sharedSecret, 'ciphertext', ciphertext);
    this.#key.decapsulateInto(ciphertext, sharedSecret);
  }

  /**
   * decapsulate() on the libuv threadpool where the provider can. The ciphertext is copied at once; a destroy() while it
   * is pending lets it finish. Rejects with what decapsulate() throws.
   */
  async decapsulateAsync(ciphertext: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkCiphertext(ciphertext);
    return this.#key.decapsulateAsync(ciphertext);
  }

  /**
   * The expanded key, as fromBytes() reads it: 1632, 2400 or 3168 secret bytes, to be wiped by the caller.
   *
   * @throws {KeyDestroyedError}
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#key.toBytes();
  }

  /**
   * d || z, 64 secret bytes, or undefined where the key came from fromBytes(). FIPS 203, Section 7.1.
   *
   * @throws {KeyDestroyedError}
   */
  seed(): Uint8Array<ArrayBuffer> | undefined {
    return this.#key.seed();
  }

  /** Wipes the secret bytes; any later use throws KeyDestroyedError. Calling it again does nothing. */
  destroy(): void {
    this.#destroyed = true;
    this.#key.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  [inspect](): string {
    return describe('DecapsulationKey', this.#algorithm, this.#provider);
  }

  #checkCiphertext(ciphertext: Uint8Array): void {
    checkKeyMaterial('ciphertext', 'A ciphertext', ciphertext, this.#parameters.ciphertext);
  }
}

let providerKey: (key: EncapsulationKey) => ProviderEncapsulationKey;

/** A public ML-KEM key, 800, 1184 or 1568 bytes: it encapsulates. FIPS 203, Table 3. */
export class EncapsulationKey {
  readonly #key: ProviderEncapsulationKey;
  readonly #algorithm: KemAlgorithm;
  readonly #provider: ProviderName;
  readonly #parameters: KemParameters;

  static {
    providerKey = (key) => key.#key;
  }

  /** @internal Use fromBytes() or a DecapsulationKey's encapsulationKey. */
  constructor(
    token: typeof internal,
    key: ProviderEncapsulationKey,
    algorithm: KemAlgorithm,
    provider: ProviderName,
    parameters: KemParameters,
  ) {
    checkToken(token, 'EncapsulationKey');
    this.#key = key;
    this.#algorithm = algorithm;
    this.#provider = provider;
    this.#parameters = parameters;
  }

  /**
   * Reads 800, 1184 or 1568 bytes. FIPS 203, Section 7.2.
   *
   * @throws {KeyRejectedError} wrong_length; modulus_check: a coefficient is not below 3329.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static fromBytes(algorithm: KemAlgorithm, bytes: Uint8Array, options?: ProviderOptions): EncapsulationKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkKeyMaterial('bytes', `An encapsulation key of ${algorithm}`, bytes, parameters.encapsulationKey);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.encapsulationKeyFromBytes(algorithm, bytes);
    return new EncapsulationKey(internal, key, algorithm, provider.name, parameters);
  }

  get algorithm(): KemAlgorithm {
    return this.#algorithm;
  }

  /** The provider that holds the key. */
  get provider(): ProviderName {
    return this.#provider;
  }

  /**
   * Makes a ciphertext (768, 1088 or 1568 bytes) and the secret (32 bytes) that it carries, from 32 fresh random bytes.
   * FIPS 203, Algorithm 20.
   */
  encapsulate(): Encapsulation {
    return this.#key.encapsulate();
  }

  /**
   * encapsulate() into the caller's buffers: ciphertext 768, 1088 or 1568 bytes, sharedSecret 32.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: a buffer has another length.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE: they overlap.
   */
  encapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void {
    checkOutput('ciphertext', ciphertext, this.#parameters.ciphertext);
    checkOutput('sharedSecret', sharedSecret, 32);
    checkDisjoint('sharedSecret', sharedSecret, 'ciphertext', ciphertext);
    this.#key.encapsulateInto(ciphertext, sharedSecret);
  }

  /** encapsulate() on the libuv threadpool where the provider can. */
  async encapsulateAsync(): Promise<Encapsulation> {
    return this.#key.encapsulateAsync();
  }

  /** The key's 800, 1184 or 1568 bytes. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#key.toBytes();
  }

  [inspect](): string {
    return describe('EncapsulationKey', this.#algorithm, this.#provider);
  }
}

/** Test-only, exported by pqtls/crypto/testing: encapsulation with m given. FIPS 203, Algorithm 17. */
export function encapsulateWithM(key: EncapsulationKey, m: Uint8Array): Encapsulation {
  checkKeyMaterial('m', 'm', m, 32);
  return providerKey(key).encapsulateDeterministic(m);
}
