// ML-DSA keys. FIPS 204.

import { invalidArgType, KeyDestroyedError, outOfRange } from '../errors.js';
import { checkAlgorithm, checkBytes, checkDisjoint, checkKeyMaterial, checkOptions, checkOutput } from './arguments.js';
import { checkToken, describe, inspect, internal } from './key-object.js';
import { maxContextLength, signatureParameters } from './parameters.js';
import type { SignatureAlgorithm, SignatureParameters } from './parameters.js';
import type { ProviderName, ProviderSigningKey, ProviderVerifyingKey, SignParameters } from './provider.js';
import { selectProvider } from './select-provider.js';
import type { ProviderOptions } from './select-provider.js';

const table = new Map(Object.entries(signatureParameters)) as unknown as ReadonlyMap<
  SignatureAlgorithm,
  SignatureParameters
>;
const noContext = new Uint8Array(0);
const defaults: SignParameters = { context: noContext, deterministic: false };

export interface VerifyOptions {
  /** At most 255 bytes, bound into the signature; empty by default. FIPS 204, Section 5.2. */
  context?: Uint8Array | undefined;
}

export interface SignOptions extends VerifyOptions {
  /** true: no randomness goes in (rnd is 32 zero bytes); false by default: hedged. FIPS 204, Section 3.4. */
  deterministic?: boolean | undefined;
}

/**
 * A secret ML-DSA key: it signs, and it knows its public half.
 *
 * Sizes in bytes (FIPS 204, Table 2), for ML-DSA-44, -65, -87: this key 2560, 4032, 4896; verifying key 1312, 1952,
 * 2592; signature 2420, 3309, 4627; seed 32.
 */
export class SigningKey {
  readonly #key: ProviderSigningKey;
  readonly #algorithm: SignatureAlgorithm;
  readonly #provider: ProviderName;
  readonly #parameters: SignatureParameters;
  #verifyingKey: VerifyingKey | undefined;
  #destroyed = false;

  /** @internal Use generate(), fromSeed() or fromBytes(). */
  constructor(
    token: typeof internal,
    key: ProviderSigningKey,
    algorithm: SignatureAlgorithm,
    provider: ProviderName,
    parameters: SignatureParameters,
  ) {
    checkToken(token, 'SigningKey');
    this.#key = key;
    this.#algorithm = algorithm;
    this.#provider = provider;
    this.#parameters = parameters;
  }

  /**
   * Makes a new key from 32 fresh random bytes. FIPS 204, Algorithm 1.
   *
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: unknown algorithm or provider.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static generate(algorithm: SignatureAlgorithm, options?: ProviderOptions): SigningKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.generateSigningKey(algorithm);
    return new SigningKey(internal, key, algorithm, provider.name, parameters);
  }

  /** generate(), on the libuv threadpool where the provider can; rejects with what generate() throws. */
  static async generateAsync(algorithm: SignatureAlgorithm, options?: ProviderOptions): Promise<SigningKey> {
    const parameters = checkAlgorithm(table, algorithm);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = await provider.generateSigningKeyAsync(algorithm);
    return new SigningKey(internal, key, algorithm, provider.name, parameters);
  }

  /**
   * Derives the key from its seed xi, 32 bytes. FIPS 204, Algorithm 6.
   *
   * @throws {KeyRejectedError} wrong_length.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static fromSeed(algorithm: SignatureAlgorithm, seed: Uint8Array, options?: ProviderOptions): SigningKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkKeyMaterial('seed', `A seed of ${algorithm}`, seed, parameters.seed);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.signingKeyFromSeed(algorithm, seed);
    return new SigningKey(internal, key, algorithm, provider.name, parameters);
  }

  /**
   * Reads the expanded key: rho || K || tr || s1 || s2 || t0, 2560, 4032 or 4896 bytes. Such a key has no seed().
   * FIPS 204, Algorithm 24.
   *
   * @throws {KeyRejectedError} wrong_length; invalid_encoding: a coefficient of s1 or s2 is out of range, or the parts
   *   do not belong together.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static fromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array, options?: ProviderOptions): SigningKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkKeyMaterial('bytes', `A signing key of ${algorithm}`, bytes, parameters.signingKey);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.signingKeyFromBytes(algorithm, bytes);
    return new SigningKey(internal, key, algorithm, provider.name, parameters);
  }

  get algorithm(): SignatureAlgorithm {
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
  get verifyingKey(): VerifyingKey {
    if (this.#destroyed) {
      throw new KeyDestroyedError();
    }
    return (this.#verifyingKey ??= new VerifyingKey(
      internal,
      this.#key.verifyingKey(),
      this.#algorithm,
      this.#provider,
      this.#parameters,
    ));
  }

  /**
   * Signs a message of any length: 2420, 3309 or 4627 bytes. Hedged unless `deterministic`. FIPS 204, Algorithm 2.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: the context is longer than 255 bytes.
   * @throws {KeyDestroyedError}
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  sign(message: Uint8Array, options?: SignOptions): Uint8Array<ArrayBuffer> {
    checkBytes('message', message);
    return this.#key.sign(message, checkSignOptions(options));
  }

  /**
   * sign() into the caller's 2420, 3309 or 4627 bytes.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: the signature buffer has another length; and what sign() throws.
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: the signature buffer overlaps the message or the context.
   */
  signInto(message: Uint8Array, signature: Uint8Array, options?: SignOptions): void {
    checkBytes('message', message);
    checkOutput('signature', signature, this.#parameters.signature);
    checkDisjoint('signature', signature, 'message', message);
    const parameters = checkSignOptions(options);
    if (parameters !== defaults) {
      checkDisjoint('signature', signature, 'options.context', parameters.context);
    }
    this.#key.signInto(message, signature, parameters);
  }

  /**
   * sign() on the libuv threadpool where the provider can. Message and context are copied at once; a destroy() while it
   * is pending lets it finish. Rejects with what sign() throws.
   */
  async signAsync(message: Uint8Array, options?: SignOptions): Promise<Uint8Array<ArrayBuffer>> {
    checkBytes('message', message);
    return this.#key.signAsync(message, checkSignOptions(options));
  }

  /**
   * The expanded key, as fromBytes() reads it: 2560, 4032 or 4896 secret bytes, to be wiped by the caller.
   *
   * @throws {KeyDestroyedError}
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#key.toBytes();
  }

  /**
   * xi, 32 secret bytes, or undefined where the key came from fromBytes(). FIPS 204, Section 5.1.
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
    return describe('SigningKey', this.#algorithm, this.#provider);
  }
}

/** A public ML-DSA key, 1312, 1952 or 2592 bytes: it verifies. FIPS 204, Table 2. */
export class VerifyingKey {
  readonly #key: ProviderVerifyingKey;
  readonly #algorithm: SignatureAlgorithm;
  readonly #provider: ProviderName;

  /** @internal Use fromBytes() or a SigningKey's verifyingKey. */
  constructor(
    token: typeof internal,
    key: ProviderVerifyingKey,
    algorithm: SignatureAlgorithm,
    provider: ProviderName,
    _parameters: SignatureParameters,
  ) {
    checkToken(token, 'VerifyingKey');
    this.#key = key;
    this.#algorithm = algorithm;
    this.#provider = provider;
  }

  /**
   * Reads 1312, 1952 or 2592 bytes; every such string is a key. FIPS 204, Algorithm 23.
   *
   * @throws {KeyRejectedError} wrong_length.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  static fromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array, options?: ProviderOptions): VerifyingKey {
    const parameters = checkAlgorithm(table, algorithm);
    checkKeyMaterial('bytes', `A verifying key of ${algorithm}`, bytes, parameters.verifyingKey);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    const key = provider.verifyingKeyFromBytes(algorithm, bytes);
    return new VerifyingKey(internal, key, algorithm, provider.name, parameters);
  }

  get algorithm(): SignatureAlgorithm {
    return this.#algorithm;
  }

  /** The provider that holds the key. */
  get provider(): ProviderName {
    return this.#provider;
  }

  /**
   * Whether the signature belongs to this key, message and context. A signature of a wrong length or content is false,
   * never an error. FIPS 204, Algorithm 3.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: the context is longer than 255 bytes.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  verify(message: Uint8Array, signature: Uint8Array, options?: VerifyOptions): boolean {
    checkBytes('message', message);
    checkBytes('signature', signature);
    return this.#key.verify(message, signature, checkContext(options));
  }

  /** verify() on the libuv threadpool where the provider can; the inputs are copied at once. */
  async verifyAsync(message: Uint8Array, signature: Uint8Array, options?: VerifyOptions): Promise<boolean> {
    checkBytes('message', message);
    checkBytes('signature', signature);
    return this.#key.verifyAsync(message, signature, checkContext(options));
  }

  /** The key's 1312, 1952 or 2592 bytes. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#key.toBytes();
  }

  [inspect](): string {
    return describe('VerifyingKey', this.#algorithm, this.#provider);
  }
}

function checkSignOptions(options: SignOptions | undefined): SignParameters {
  if (options === undefined) {
    return defaults;
  }
  const context = checkContext(options);
  const deterministic = options.deterministic ?? false;
  if (typeof deterministic !== 'boolean') {
    throw invalidArgType('options.deterministic', 'of type boolean', deterministic);
  }
  return { context, deterministic };
}

function checkContext(options: VerifyOptions | undefined): Uint8Array {
  checkOptions(options);
  const context = options?.context;
  if (context === undefined) {
    return noContext;
  }
  checkBytes('options.context', context);
  if (context.byteLength > maxContextLength) {
    throw outOfRange('options.context.byteLength', `<= ${maxContextLength}`, context.byteLength);
  }
  return context;
}
