// TlsPrimitives in JavaScript alone, over @noble/hashes, @noble/ciphers and @noble/curves: no import of Node's.
//
// Randomness is WebCrypto's getRandomValues(), which Node and browsers have. noble avoids branches on secrets; the
// JavaScript engine promises nothing about time.

import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, type Hash } from '@noble/hashes/utils.js';
import { KeyDestroyedError } from '../../errors.js';
import { NobleVerifyingKey } from '../noble/signature.js';
import { randomBytes } from '../noble/secret-bytes.js';
import { TurnQueue } from '../noble/turn-queue.js';
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
import { parsePublicKey, type EcCurve, type PublicKey } from './public-key.js';
import { toNumber, verifyPkcs1, verifyPss, type RsaHash, type RsaPublicNumbers } from './rsa.js';
import {
  fits,
  schemeParameters,
  signatureHashLengths,
  type SignatureAlgorithmParameters,
  type SignatureHash,
} from './signature-schemes.js';

const hashers = { sha256, sha384, sha512 } as const;

/** For signatures: a hash over several parts. */
export function rsaHash(name: SignatureHash): RsaHash {
  return {
    name,
    length: signatureHashLengths[name],
    hash(...parts) {
      const hash = hashers[name].create();
      for (const part of parts) hash.update(part);
      return hash.digest();
    },
  };
}

interface CloneableHash extends Hash<CloneableHash> {
  clone(): CloneableHash;
}

class NobleTlsHash implements TlsHash {
  readonly #hash: CloneableHash;

  constructor(hash: CloneableHash) {
    this.#hash = hash;
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Uint8Array {
    return this.#hash.clone().digest();
  }

  clone(): TlsHash {
    return new NobleTlsHash(this.#hash.clone());
  }
}

const ciphers = { 'aes-128-gcm': gcm, 'aes-256-gcm': gcm, 'chacha20-poly1305': chacha20poly1305 } as const;

/** noble has a cipher for each record, whose result is copied to its place. */
class NobleAead implements TlsAead {
  readonly #cipher: typeof gcm | typeof chacha20poly1305;
  readonly #key: Uint8Array;
  #destroyed = false;

  constructor(name: AeadName, key: Uint8Array) {
    if (key.length !== aeadKeyLengths[name]) throw new RangeError(`${name} has keys of ${aeadKeyLengths[name]} bytes`);
    this.#cipher = ciphers[name];
    this.#key = new Uint8Array(key);
  }

  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plaintext: readonly Uint8Array[],
    output: Uint8Array,
    offset: number,
  ): number {
    const [only, ...more] = plaintext;
    const whole = only !== undefined && more.length === 0 ? only : concatBytes(...plaintext);
    const sealed = this.#cipher(this.#usable(), nonce, additionalData).encrypt(whole);
    output.set(sealed, offset);
    return sealed.length;
  }

  open(nonce: Uint8Array, additionalData: Uint8Array, ciphertext: Uint8Array, cut: number): Opened | undefined {
    const cipher = this.#cipher(this.#usable(), nonce, additionalData);
    if (ciphertext.length < aeadTagLength) return undefined;
    try {
      const plaintext = cipher.decrypt(ciphertext);
      const opened = { head: plaintext.slice(0, cut), tail: plaintext.slice(cut) };
      plaintext.fill(0);
      return opened;
    } catch {
      // noble has no other way to say that the tag does not fit, and the lengths have been checked.
      return undefined;
    }
  }

  destroy(): void {
    this.#destroyed = true;
    this.#key.fill(0);
  }

  #usable(): Uint8Array {
    if (this.#destroyed) throw new KeyDestroyedError();
    return this.#key;
  }
}

export const nobleCurves = { secp256r1: p256, secp384r1: p384, secp521r1: p521 } as const satisfies Record<
  EcCurve,
  unknown
>;

const noContext = new Uint8Array(0);
const queue = new TurnQueue();

function verifyWith(
  algorithm: SignatureAlgorithmParameters,
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    switch (key.type) {
      case 'ec': {
        if (algorithm.type !== 'ecdsa') return false;
        // The digest is of the scheme's or certificate's hash, whatever noble has for the curve, and s may be high.
        const digest = hashers[algorithm.hash](message);
        const options = { prehash: false, lowS: false, format: 'der' } as const;
        return nobleCurves[key.curve].verify(signature, digest, key.point, options);
      }
      case 'ed25519':
        // RFC 8032: no encodings besides the canonical ones, no keys of small order.
        return ed25519.verify(signature, message, key.bytes, { zip215: false });
      case 'ml-dsa':
        return new NobleVerifyingKey(key.algorithm, key.bytes, queue).verify(message, signature, noContext);
      case 'rsa':
      case 'rsa-pss':
        return verifyRsa(algorithm, { n: toNumber(key.modulus), e: toNumber(key.exponent) }, message, signature);
    }
  } catch {
    // A point that is not on its curve, a signature that does not parse: the peer's bytes.
    return false;
  }
}

function verifyRsa(
  algorithm: SignatureAlgorithmParameters,
  key: RsaPublicNumbers,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (algorithm.type === 'rsa-pss') {
    return verifyPss(key, rsaHash(algorithm.hash), algorithm.saltLength, message, signature);
  }
  return algorithm.type === 'rsa-pkcs1' && verifyPkcs1(key, rsaHash(algorithm.hash), message, signature);
}

export const noblePrimitives: TlsPrimitives = Object.freeze({
  name: 'noble',
  createHash: (name: TlsHashName) => new NobleTlsHash(hashers[name].create() as unknown as CloneableHash),
  hash: (name: TlsHashName, data: Uint8Array) => hashers[name](data),
  hmac: (name: TlsHashName, key: Uint8Array, data: Uint8Array) => hmac(hashers[name], key, data),
  aead: (name: AeadName, key: Uint8Array) => new NobleAead(name, key),
  randomBytes,
  verify(scheme: string, spki: Uint8Array, message: Uint8Array, signature: Uint8Array) {
    const key = parsePublicKey(spki);
    const algorithm = key && schemeParameters(scheme, key);
    return key !== undefined && algorithm !== undefined && verifyWith(algorithm, key, message, signature);
  },
  verifySignature(
    algorithm: SignatureAlgorithmParameters,
    spki: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) {
    const key = parsePublicKey(spki);
    return key !== undefined && fits(algorithm, key) && verifyWith(algorithm, key, message, signature);
  },
  equal(a: Uint8Array, b: Uint8Array) {
    if (a.length !== b.length) return false;
    let difference = 0;
    for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
    return difference === 0;
  },
} satisfies TlsPrimitives);
