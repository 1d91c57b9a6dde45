// ML-DSA on @noble/post-quantum. FIPS 204.

import { ml_dsa44, ml_dsa65, ml_dsa87, type DSA } from '@noble/post-quantum/ml-dsa.js';
import { KeyRejectedError } from '../../errors.js';
import { signatureParameters, type SignatureAlgorithm } from '../parameters.js';
import type { ProviderSigningKey, ProviderVerifyingKey, SignParameters } from '../provider.js';
import { copyOf, randomBytes, SecretBytes, withRandomBytes } from './secret-bytes.js';
import { verifyingKeyOf } from './signing-key.js';
import type { TurnQueue } from './turn-queue.js';

const signers = {
  'ML-DSA-44': ml_dsa44,
  'ML-DSA-65': ml_dsa65,
  'ML-DSA-87': ml_dsa87,
} as const satisfies Record<SignatureAlgorithm, DSA>;

/** Length of rnd, in bytes. FIPS 204, Algorithm 2. */
const rndLength = 32;

export class NobleVerifyingKey implements ProviderVerifyingKey {
  readonly #algorithm: SignatureAlgorithm;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #queue: TurnQueue;

  constructor(algorithm: SignatureAlgorithm, bytes: Uint8Array, queue: TurnQueue) {
    if (bytes.length !== signatureParameters[algorithm].verifyingKey) throw wrongLength(algorithm, 'verifying key');
    this.#algorithm = algorithm;
    this.#bytes = copyOf(bytes);
    this.#queue = queue;
  }

  verify(message: Uint8Array, signature: Uint8Array, context: Uint8Array): boolean {
    if (signature.length !== signatureParameters[this.#algorithm].signature) return false;
    return signers[this.#algorithm].verify(signature, message, this.#bytes, { context });
  }

  verifyAsync(message: Uint8Array, signature: Uint8Array, context: Uint8Array): Promise<boolean> {
    const taken = { message: copyOf(message), signature: copyOf(signature), context: copyOf(context) };
    return this.#queue.run(() => this.verify(taken.message, taken.signature, taken.context));
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return copyOf(this.#bytes);
  }
}

export class NobleSigningKey implements ProviderSigningKey {
  readonly #algorithm: SignatureAlgorithm;
  readonly #secret: SecretBytes;
  readonly #seed: SecretBytes | undefined;
  readonly #public: NobleVerifyingKey;
  readonly #queue: TurnQueue;

  private constructor(
    algorithm: SignatureAlgorithm,
    secret: SecretBytes,
    seed: SecretBytes | undefined,
    key: NobleVerifyingKey,
    queue: TurnQueue,
  ) {
    this.#algorithm = algorithm;
    this.#secret = secret;
    this.#seed = seed;
    this.#public = key;
    this.#queue = queue;
  }

  static generate(algorithm: SignatureAlgorithm, queue: TurnQueue): NobleSigningKey {
    return NobleSigningKey.#fromOwnSeed(algorithm, randomBytes(signatureParameters[algorithm].seed), queue);
  }

  /** `seed` is xi. FIPS 204, Algorithm 6. */
  static fromSeed(algorithm: SignatureAlgorithm, seed: Uint8Array, queue: TurnQueue): NobleSigningKey {
    if (seed.length !== signatureParameters[algorithm].seed) throw wrongLength(algorithm, 'seed');
    return NobleSigningKey.#fromOwnSeed(algorithm, copyOf(seed), queue);
  }

  static fromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array, queue: TurnQueue): NobleSigningKey {
    if (bytes.length !== signatureParameters[algorithm].signingKey) throw wrongLength(algorithm, 'signing key');
    const secret = new SecretBytes(copyOf(bytes));
    try {
      const publicKey = verifyingKeyOf(algorithm, secret.use());
      return new NobleSigningKey(
        algorithm,
        secret,
        undefined,
        new NobleVerifyingKey(algorithm, publicKey, queue),
        queue,
      );
    } catch (error) {
      secret.destroy();
      throw error;
    }
  }

  static #fromOwnSeed(algorithm: SignatureAlgorithm, seed: Uint8Array<ArrayBuffer>, queue: TurnQueue): NobleSigningKey {
    const { publicKey, secretKey } = signers[algorithm].keygen(seed);
    const key = new NobleVerifyingKey(algorithm, publicKey, queue);
    return new NobleSigningKey(algorithm, new SecretBytes(secretKey), new SecretBytes(seed), key, queue);
  }

  sign(message: Uint8Array, parameters: SignParameters): Uint8Array<ArrayBuffer> {
    return this.#sign(message, this.#secret.use(), parameters);
  }

  signInto(message: Uint8Array, signature: Uint8Array, parameters: SignParameters): void {
    signature.set(this.sign(message, parameters));
  }

  signAsync(message: Uint8Array, parameters: SignParameters): Promise<Uint8Array<ArrayBuffer>> {
    const taken = copyOf(message);
    const takenParameters = { context: copyOf(parameters.context), deterministic: parameters.deterministic };
    return this.#secret.useLater(this.#queue, (secret) => this.#sign(taken, secret, takenParameters));
  }

  verifyingKey(): ProviderVerifyingKey {
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

  #sign(message: Uint8Array, secret: Uint8Array, parameters: SignParameters): Uint8Array<ArrayBuffer> {
    const { context, deterministic } = parameters;
    const signer = signers[this.#algorithm];
    if (deterministic) return signer.sign(message, secret, { context, extraEntropy: false });
    return withRandomBytes(rndLength, (rnd) => signer.sign(message, secret, { context, extraEntropy: rnd }));
  }
}

function wrongLength(algorithm: SignatureAlgorithm, what: string): KeyRejectedError {
  return new KeyRejectedError(`The ${algorithm} ${what} has the wrong length`, 'wrong_length');
}
