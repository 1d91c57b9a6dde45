// SHA-3 hash functions and SHAKE extendable-output functions. FIPS 202.

import { hashFinalized } from '../errors.js';
import { checkAlgorithm, checkBytes, checkDisjoint, checkLength, checkOptions, checkOutput } from './arguments.js';
import { checkToken, describe, inspect, internal } from './key-object.js';
import { hashLengths } from './parameters.js';
import type { HashAlgorithm, XofAlgorithm } from './parameters.js';
import type { ProviderHash, ProviderName, ProviderXof } from './provider.js';
import { selectProvider } from './select-provider.js';
import type { ProviderOptions } from './select-provider.js';

const hashes = new Map(Object.entries(hashLengths)) as unknown as ReadonlyMap<HashAlgorithm, number>;
const xofs: ReadonlyMap<XofAlgorithm, true> = new Map([
  ['SHAKE128', true],
  ['SHAKE256', true],
]);

/**
 * The digest of `data`: 28, 32, 48 or 64 bytes for SHA3-224, -256, -384, -512. FIPS 202, Section 6.1.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE: unknown algorithm or provider.
 * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
 */
export function hash(algorithm: HashAlgorithm, data: Uint8Array, options?: ProviderOptions): Uint8Array<ArrayBuffer> {
  checkAlgorithm(hashes, algorithm);
  checkBytes('data', data);
  checkOptions(options);
  return selectProvider(algorithm, options).hash(algorithm, data);
}

/**
 * hash() into the caller's 28, 32, 48 or 64 bytes.
 *
 * @throws {RangeError} ERR_OUT_OF_RANGE: digest has another length.
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: digest overlaps data; and what hash() throws.
 */
export function hashInto(
  algorithm: HashAlgorithm,
  data: Uint8Array,
  digest: Uint8Array,
  options?: ProviderOptions,
): void {
  const length = checkAlgorithm(hashes, algorithm);
  checkBytes('data', data);
  checkOutput('digest', digest, length);
  checkDisjoint('digest', digest, 'data', data);
  checkOptions(options);
  selectProvider(algorithm, options).hashInto(algorithm, data, digest);
}

/** hash() on the libuv threadpool where the provider can; `data` is copied at once. Rejects with what hash() throws. */
export async function hashAsync(
  algorithm: HashAlgorithm,
  data: Uint8Array,
  options?: ProviderOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  checkAlgorithm(hashes, algorithm);
  checkBytes('data', data);
  checkOptions(options);
  return selectProvider(algorithm, options).hashAsync(algorithm, data);
}

/**
 * `length` bytes (0 to 2^31 - 1) of SHAKE output for `data`. FIPS 202, Section 6.2.
 *
 * @throws {RangeError} ERR_OUT_OF_RANGE: length.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE: unknown algorithm or provider.
 * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
 */
export function xof(
  algorithm: XofAlgorithm,
  data: Uint8Array,
  length: number,
  options?: ProviderOptions,
): Uint8Array<ArrayBuffer> {
  checkAlgorithm(xofs, algorithm);
  checkBytes('data', data);
  checkLength('length', length);
  checkOptions(options);
  const output = new Uint8Array(length);
  selectProvider(algorithm, options).xofInto(algorithm, data, output);
  return output;
}

/**
 * xof() into the caller's buffer, as many bytes as it has.
 *
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: output overlaps data; and what xof() throws.
 */
export function xofInto(
  algorithm: XofAlgorithm,
  data: Uint8Array,
  output: Uint8Array,
  options?: ProviderOptions,
): void {
  checkAlgorithm(xofs, algorithm);
  checkBytes('data', data);
  checkBytes('output', output);
  checkDisjoint('output', output, 'data', data);
  checkOptions(options);
  selectProvider(algorithm, options).xofInto(algorithm, data, output);
}

/** xof() on the libuv threadpool where the provider can; `data` is copied at once. Rejects with what xof() throws. */
export async function xofAsync(
  algorithm: XofAlgorithm,
  data: Uint8Array,
  length: number,
  options?: ProviderOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  checkAlgorithm(xofs, algorithm);
  checkBytes('data', data);
  checkLength('length', length);
  checkOptions(options);
  return selectProvider(algorithm, options).xofAsync(algorithm, data, length);
}

/** A hash that takes its input in pieces. FIPS 202, Section 6.1. */
export class Hash {
  readonly #hash: ProviderHash;
  readonly #algorithm: HashAlgorithm;
  readonly #provider: ProviderName;
  readonly #length: number;
  #finished = false;

  /**
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: unknown algorithm or provider.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  constructor(algorithm: HashAlgorithm, options?: ProviderOptions);
  /** @internal Use clone(). */
  constructor(
    algorithm: HashAlgorithm,
    options: ProviderOptions | undefined,
    token: typeof internal,
    state: ProviderHash,
  );
  constructor(algorithm: HashAlgorithm, options?: ProviderOptions, token?: typeof internal, state?: ProviderHash) {
    if (token !== undefined || state !== undefined) checkToken(token, 'A Hash with a state', 'use clone()');
    this.#length = checkAlgorithm(hashes, algorithm);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    this.#algorithm = algorithm;
    this.#provider = provider.name;
    this.#hash = state ?? provider.createHash(algorithm);
  }

  get algorithm(): HashAlgorithm {
    return this.#algorithm;
  }

  get provider(): ProviderName {
    return this.#provider;
  }

  /** Length of the digest in bytes. */
  get digestLength(): number {
    return this.#length;
  }

  /**
   * Adds input; returns this.
   *
   * @throws {Error} ERR_CRYPTO_HASH_FINALIZED: after digest().
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  update(data: Uint8Array): this {
    checkBytes('data', data);
    this.#checkOpen();
    this.#hash.update(data);
    return this;
  }

  /**
   * Ends the hash and returns its 28, 32, 48 or 64 bytes.
   *
   * @throws {Error} ERR_CRYPTO_HASH_FINALIZED: called before.
   */
  digest(): Uint8Array<ArrayBuffer> {
    const digest = new Uint8Array(this.#length);
    this.digestInto(digest);
    return digest;
  }

  /**
   * digest() into the caller's buffer.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: it has another length; and what digest() throws.
   */
  digestInto(digest: Uint8Array): void {
    checkOutput('digest', digest, this.#length);
    this.#checkOpen();
    this.#finished = true;
    this.#hash.digestInto(digest);
  }

  /**
   * A second hash that goes on from the same input.
   *
   * @throws {Error} ERR_CRYPTO_HASH_FINALIZED: after digest().
   */
  clone(): Hash {
    this.#checkOpen();
    return new Hash(this.#algorithm, { provider: this.#provider }, internal, this.#hash.clone());
  }

  [inspect](): string {
    return describe('Hash', this.#algorithm, this.#provider);
  }

  #checkOpen(): void {
    if (this.#finished) {
      throw hashFinalized('Digest already called');
    }
  }
}

/** An extendable-output function that takes its input and gives its output in pieces. FIPS 202, Section 6.2. */
export class Xof {
  readonly #xof: ProviderXof;
  readonly #algorithm: XofAlgorithm;
  readonly #provider: ProviderName;
  #reading = false;

  /**
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: unknown algorithm or provider.
   * @throws {UnsupportedError} the provider cannot be used here or lacks the algorithm.
   */
  constructor(algorithm: XofAlgorithm, options?: ProviderOptions);
  /** @internal Use clone(). */
  constructor(
    algorithm: XofAlgorithm,
    options: ProviderOptions | undefined,
    token: typeof internal,
    state: ProviderXof,
  );
  constructor(algorithm: XofAlgorithm, options?: ProviderOptions, token?: typeof internal, state?: ProviderXof) {
    if (token !== undefined || state !== undefined) checkToken(token, 'A Xof with a state', 'use clone()');
    checkAlgorithm(xofs, algorithm);
    checkOptions(options);
    const provider = selectProvider(algorithm, options);
    this.#algorithm = algorithm;
    this.#provider = provider.name;
    this.#xof = state ?? provider.createXof(algorithm);
  }

  get algorithm(): XofAlgorithm {
    return this.#algorithm;
  }

  get provider(): ProviderName {
    return this.#provider;
  }

  /**
   * Adds input; returns this.
   *
   * @throws {Error} ERR_CRYPTO_HASH_FINALIZED: after the first read.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  update(data: Uint8Array): this {
    checkBytes('data', data);
    if (this.#reading) {
      throw hashFinalized('Output was already read');
    }
    this.#xof.update(data);
    return this;
  }

  /**
   * The next `length` bytes (0 to 2^31 - 1) of output; the input is over from then on.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE.
   * @throws {TypeError} ERR_INVALID_ARG_TYPE.
   */
  read(length: number): Uint8Array<ArrayBuffer> {
    checkLength('length', length);
    const output = new Uint8Array(length);
    this.readInto(output);
    return output;
  }

  /** read() into the caller's buffer, as many bytes as it has. */
  readInto(output: Uint8Array): void {
    checkBytes('output', output);
    this.#reading = true;
    this.#xof.readInto(output);
  }

  /** A second function in the same state, input and output position. */
  clone(): Xof {
    const copy = new Xof(this.#algorithm, { provider: this.#provider }, internal, this.#xof.clone());
    copy.#reading = this.#reading;
    return copy;
  }

  [inspect](): string {
    return describe('Xof', this.#algorithm, this.#provider);
  }
}
