// SHA-3 and SHAKE on @noble/hashes. FIPS 202.

import { sha3_224, sha3_256, sha3_384, sha3_512, shake128, shake256, Keccak } from '@noble/hashes/sha3.js';
import type { HashAlgorithm, XofAlgorithm } from '../parameters.js';
import type { ProviderHash, ProviderXof } from '../provider.js';

type Hasher = typeof sha3_256;
type XofHasher = typeof shake128;

const hashers = {
  'SHA3-224': sha3_224,
  'SHA3-256': sha3_256,
  'SHA3-384': sha3_384,
  'SHA3-512': sha3_512,
} as const satisfies Record<HashAlgorithm, Hasher>;

const xofs = {
  SHAKE128: shake128,
  SHAKE256: shake256,
} as const satisfies Record<XofAlgorithm, XofHasher>;

/** The bits 01 that tell SHA-3 from SHAKE, and the first bit of the padding. FIPS 202, Section 6.1 and Table 6. */
const sha3Suffix = 0x06;

export class NobleHash implements ProviderHash {
  readonly #state: Keccak;

  private constructor(state: Keccak) {
    this.#state = state;
  }

  static create(algorithm: HashAlgorithm): NobleHash {
    // What the hasher's own create() does; its result's clone() has no type.
    const { blockLen, outputLen } = hashers[algorithm];
    return new NobleHash(new Keccak(blockLen, sha3Suffix, outputLen));
  }

  update(data: Uint8Array): void {
    this.#state.update(data);
  }

  digestInto(digest: Uint8Array): void {
    this.#state.digestInto(digest);
  }

  clone(): ProviderHash {
    return new NobleHash(this.#state.clone());
  }
}

export class NobleXof implements ProviderXof {
  readonly #state: Keccak;

  private constructor(state: Keccak) {
    this.#state = state;
  }

  static create(algorithm: XofAlgorithm): NobleXof {
    return new NobleXof(xofs[algorithm].create());
  }

  update(data: Uint8Array): void {
    this.#state.update(data);
  }

  readInto(output: Uint8Array): void {
    this.#state.xofInto(output);
  }

  clone(): ProviderXof {
    return new NobleXof(this.#state.clone());
  }
}

/** One-shot. FIPS 202, Section 6.1. */
export function hash(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashers[algorithm](data);
}

/** One-shot, any length of output. FIPS 202, Section 6.2. */
export function xofInto(algorithm: XofAlgorithm, data: Uint8Array, output: Uint8Array): void {
  const state = xofs[algorithm].create().update(data);
  state.xofInto(output);
  // What was absorbed may be secret, and the sponge's state allows to go back to it.
  state.destroy();
}
