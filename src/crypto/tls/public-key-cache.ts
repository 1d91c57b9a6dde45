// Public keys that signatures were verified with before, in the form that verifies: most peers come more than once.

import { createPublicKey, type KeyObject } from 'node:crypto';
import type { ProviderVerifyingKey } from '../provider.js';
import { selectProvider } from '../select-provider.js';
import { parsePublicKey, type PublicKey } from './public-key.js';

/** With more, the one that came first goes. */
const mostKeys = 128;
/** No key that TLS takes is longer: ML-DSA-87 has 2592 bytes. */
const longestKey = 4096;

type MlDsaKey = Extract<PublicKey, { type: 'ml-dsa' }>;

/** A key that parses, as far as it was needed. */
export class KnownPublicKey {
  readonly key: PublicKey;
  readonly #spki: Uint8Array;
  #object: KeyObject | undefined;
  #mlDsa: ProviderVerifyingKey | undefined;

  constructor(key: PublicKey, spki: Uint8Array) {
    this.key = key;
    this.#spki = spki;
  }

  /** Throws what OpenSSL throws of a point that is not on its curve, or a modulus that it refuses. */
  get object(): KeyObject {
    return (this.#object ??= createPublicKey({ key: bufferOf(this.#spki), format: 'der', type: 'spki' }));
  }

  mlDsa({ algorithm, bytes }: MlDsaKey): ProviderVerifyingKey {
    return (this.#mlDsa ??= selectProvider(algorithm).verifyingKeyFromBytes(algorithm, bytes));
  }
}

export class PublicKeyCache {
  /** By all bytes of the SubjectPublicKeyInfo, the oldest first. */
  readonly #known = new Map<string, KnownPublicKey>();

  /** undefined for what is no key that TLS takes. */
  get(spki: Uint8Array): KnownPublicKey | undefined {
    const name = bufferOf(spki).toString('latin1');
    return this.#known.get(name) ?? this.#add(name, spki);
  }

  #add(name: string, spki: Uint8Array): KnownPublicKey | undefined {
    // A copy, which does not hold on to the certificate that it came in.
    const own = new Uint8Array(spki);
    const key = parsePublicKey(own);
    if (key === undefined) return undefined;
    const known = new KnownPublicKey(key, own);
    if (own.length > longestKey) return known;
    this.#known.set(name, known);
    const [oldest = name] = this.#known.keys();
    if (this.#known.size > mostKeys) this.#known.delete(oldest);
    return known;
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
