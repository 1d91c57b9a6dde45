// TlsPrimitives over node:crypto; ML-DSA through the CryptoProvider, or Node's own where that is faster.

import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  randomFillSync,
  timingSafeEqual,
  verify as verifyWithNode,
  type CipherGCM,
  type CipherGCMTypes,
  type DecipherGCM,
  type Hash,
  type KeyObject,
} from 'node:crypto';
import { KeyDestroyedError } from '../../errors.js';
import { freeMemory } from './free-memory.js';
import {
  aeadKeyLengths,
  aeadTagLength,
  type AeadName,
  type Opened,
  type TlsAead,
  type TlsHash,
  type TlsHashName,
  type TlsPrimitives,
} from './primitives.js';
import { PublicKeyCache, type KnownPublicKey } from './public-key-cache.js';
import { fits, schemeParameters, type SignatureAlgorithmParameters } from './signature-schemes.js';

class NodeHash implements TlsHash {
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Uint8Array {
    return this.#hash.copy().digest();
  }

  clone(): TlsHash {
    return new NodeHash(this.#hash.copy());
  }
}

/** From here on it pays to have a KeyObject made of a key: node:crypto copies and wipes other bytes for every record. */
const manyUses = 8;

/**
 * node:crypto has a cipher object for each record, and returns what it makes: to seal into a buffer takes a copy. Each has a copy
 * of the key, as a KeyObject has: Node wipes them as the garbage collector finds them.
 */
class NodeAead implements TlsAead {
  readonly #name: CipherGCMTypes;
  readonly #bytes: Uint8Array;
  #key: Uint8Array | KeyObject | undefined;
  #uses = 0;

  constructor(name: AeadName, key: Uint8Array) {
    checkKeyLength(name, key);
    // Both are the same to Node; its types know the second as one of CCM's kind only.
    this.#name = name as CipherGCMTypes;
    this.#key = this.#bytes = new Uint8Array(key);
  }

  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: readonly Uint8Array[],
    output: Uint8Array,
    offset: number,
  ): number {
    const cipher: CipherGCM = createCipheriv(this.#name, this.#usable(), nonce);
    cipher.setAAD(additionalData);
    let at = offset;
    // A stream cipher makes as much as it gets, and keeps nothing back.
    for (const part of joined(plaintext)) {
      const made = cipher.update(part);
      output.set(made, at);
      freeMemory(made);
      at += part.length;
    }
    cipher.final();
    output.set(cipher.getAuthTag(), at);
    return at + aeadTagLength - offset;
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertext: Uint8Array, cut: number): Opened | undefined {
    const key = this.#usable();
    const length = ciphertext.length - aeadTagLength;
    if (length < 0) return undefined;
    const decipher: DecipherGCM = createDecipheriv(this.#name, key, nonce);
    decipher.setAAD(additionalData);
    // Always 16 bytes: GCM would take fewer as well, where no option says otherwise.
    decipher.setAuthTag(ciphertext.subarray(length));
    // A stream cipher makes as much as it gets, and keeps nothing back.
    const head = decipher.update(ciphertext.subarray(0, cut));
    const tail = decipher.update(ciphertext.subarray(cut, length));
    try {
      decipher.final();
    } catch {
      // The tag does not fit: nobody gets to see what it does not authenticate.
      head.fill(0);
      tail.fill(0);
      return undefined;
    }
    return { head, tail };
  }

  destroy(): void {
    this.#key = undefined;
    this.#bytes.fill(0);
  }

  #usable(): Uint8Array | KeyObject {
    const key = this.#key;
    if (key === undefined) throw new KeyDestroyedError();
    this.#uses += 1;
    if (this.#uses !== manyUses) return key;
    this.#key = createSecretKey(this.#bytes);
    this.#bytes.fill(0);
    return this.#key;
  }
}

/** A record, and what pads or follows its content. */
const joint = new Uint8Array(16 * 1024 + 256);

/** In one piece where it fits: copying is cheaper than another call into OpenSSL. Valid until the next call. */
function joined(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  let length = 0;
  for (const part of parts) length += part.length;
  if (parts.length < 2 || length > joint.length) return parts;
  let at = 0;
  for (const part of parts) {
    joint.set(part, at);
    at += part.length;
  }
  return [joint.subarray(0, length)];
}

function checkKeyLength(name: AeadName, key: Uint8Array): void {
  if (key.length !== aeadKeyLengths[name]) throw new RangeError(`${name} has keys of ${aeadKeyLengths[name]} bytes`);
}

function verifySignature(
  algorithm: SignatureAlgorithmParameters,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const known = publicKeys.get(spki);
  return known !== undefined && fits(algorithm, known.key) && verifyWith(algorithm, known, message, signature);
}

function verifyWith(
  algorithm: SignatureAlgorithmParameters,
  known: KnownPublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { key } = known;
  try {
    if (key.type === 'ml-dsa') return known.mlDsa(key).verify(message, signature, noContext);
    // OpenSSL takes PSS without its leading zeros. RFC 8017, Section 8.1.2, step 1.
    if ('modulus' in key && signature.length !== key.modulus.length) return false;
    return verifyClassically(algorithm, known.object, message, signature);
  } catch {
    // A point that is not on its curve, a modulus that OpenSSL refuses: the peer's bytes.
    return false;
  }
}

const noContext = new Uint8Array(0);
const publicKeys = new PublicKeyCache();

function verifyClassically(
  algorithm: SignatureAlgorithmParameters,
  key: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (algorithm.type) {
    case 'ecdsa':
      return verifyWithNode(algorithm.hash, message, key, signature);
    case 'ed25519':
      return verifyWithNode(null, message, key, signature);
    case 'rsa-pkcs1':
      return verifyWithNode(algorithm.hash, message, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'rsa-pss': {
      const { hash, saltLength } = algorithm;
      return verifyWithNode(hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
    }
    case 'ml-dsa':
      return false;
  }
}

export const nodePrimitives: TlsPrimitives = Object.freeze({
  name: 'node',
  createHash: (name: TlsHashName) => new NodeHash(createHash(name)),
  hash: (name: TlsHashName, data: Uint8Array) => createHash(name).update(data).digest(),
  hmac: (name: TlsHashName, key: Uint8Array, data: Uint8Array) => createHmac(name, key).update(data).digest(),
  aead: (name: AeadName, key: Uint8Array) => new NodeAead(name, key),
  randomBytes: (length: number) => randomFillSync(new Uint8Array(length)),
  verify(scheme: string, spki: Uint8Array, message: Uint8Array, signature: Uint8Array) {
    const known = publicKeys.get(spki);
    const algorithm = known && schemeParameters(scheme, known.key);
    return known !== undefined && algorithm !== undefined && verifyWith(algorithm, known, message, signature);
  },
  verifySignature,
  equal: (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b),
} satisfies TlsPrimitives);
