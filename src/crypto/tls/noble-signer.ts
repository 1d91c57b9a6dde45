// Signers in JavaScript alone, without any import of Node's. Not constant time, above all RSA: see rsa.ts.

import { cbc } from '@noble/ciphers/aes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { KeyDestroyedError, UnsupportedError } from '../../errors.js';
import { randomBytes, SecretBytes } from '../noble/secret-bytes.js';
import { NobleSigningKey } from '../noble/signature.js';
import { TurnQueue } from '../noble/turn-queue.js';
import { equalPublicBytes } from './der.js';
import { openEncryptedPkcs8, type Pbes2Functions } from './encrypted-key.js';
import { nobleCurves, rsaHash } from './noble-primitives.js';
import { pemBlocks } from './pem.js';
import type { TlsSigner } from './primitives.js';
import { parseEcPrivateKey, parsePkcs8, parseRsaPrivateKey, type PrivateKey } from './private-key.js';
import { encodePublicKey, parsePublicKey, type PublicKey } from './public-key.js';
import { signPss } from './rsa.js';
import { schemeParameters, schemesOf, type SignatureAlgorithmParameters } from './signature-schemes.js';

/** How one key signs, and how it is forgotten. */
interface Signing {
  readonly spki: Uint8Array;
  sign(parameters: SignatureAlgorithmParameters, message: Uint8Array): Uint8Array;
  destroy(): void;
}

export class NobleSigner implements TlsSigner {
  readonly schemes: readonly string[];
  readonly spki: Uint8Array;
  readonly #key: PublicKey;
  readonly #signing: Signing;
  #destroyed = false;

  /** Takes over the bytes of the key and wipes them in the end. */
  constructor(key: PrivateKey) {
    this.#signing = signingOf(key);
    this.spki = this.#signing.spki;
    const parsed = parsePublicKey(this.spki);
    if (parsed === undefined) throw new UnsupportedError('This private key cannot be used for TLS', 'private key');
    this.#key = parsed;
    this.schemes = schemesOf(parsed);
  }

  sign(scheme: string, message: Uint8Array): Uint8Array {
    if (this.#destroyed) throw new KeyDestroyedError();
    const parameters = this.schemes.includes(scheme) ? schemeParameters(scheme, this.#key) : undefined;
    if (parameters === undefined) throw new UnsupportedError(`This key does not sign with ${scheme}`, scheme);
    return this.#signing.sign(parameters, message);
  }

  destroy(): void {
    this.#destroyed = true;
    this.#signing.destroy();
  }
}

/** A signer of PKCS #8 in DER. Throws DerError. */
export function nobleSignerFromPkcs8(der: Uint8Array): TlsSigner {
  return new NobleSigner(parsePkcs8(new Uint8Array(der)));
}

/**
 * A signer of the first private key in a PEM text: PKCS #8 (encrypted with PBES2 too), or the older forms of RSA and EC.
 * Throws DerError for what does not parse, UnsupportedError where there is no key, or it needs a passphrase.
 */
export function nobleSignerFromPem(pem: string, passphrase?: string): TlsSigner {
  for (const { label, bytes, headers } of pemBlocks(pem)) {
    if (headers.includes('ENCRYPTED')) {
      throw new UnsupportedError('Private keys in the old encrypted PEM form: convert it to PKCS #8', 'private key');
    }
    switch (label) {
      case 'PRIVATE KEY':
        return new NobleSigner(parsePkcs8(bytes));
      case 'RSA PRIVATE KEY':
        return new NobleSigner(parseRsaPrivateKey(bytes));
      case 'EC PRIVATE KEY':
        return new NobleSigner(parseEcPrivateKey(bytes));
      case 'ENCRYPTED PRIVATE KEY':
        if (passphrase === undefined) throw new UnsupportedError('The private key needs a passphrase', 'passphrase');
        return new NobleSigner(parsePkcs8(openEncryptedPkcs8(bytes, passphrase, noblePbes2)));
    }
  }
  throw new UnsupportedError('There is no private key in this PEM', 'private key');
}

const pbkdf2Hashes = { sha1, sha256, sha384, sha512 } as const;

const noblePbes2: Pbes2Functions = {
  pbkdf2: (hash, passphrase, salt, iterations, length) =>
    pbkdf2(pbkdf2Hashes[hash], passphrase, salt, { c: iterations, dkLen: length }),
  scrypt: (passphrase, salt, { N, r, p }, length) => scrypt(passphrase, salt, { N, r, p, dkLen: length }),
  decryptAesCbc: (key, iv, ciphertext) => cbc(key, iv).decrypt(ciphertext),
};

const hashers = { sha256, sha384, sha512 } as const;
const queue = new TurnQueue();
const hedged = { context: new Uint8Array(0), deterministic: false };

function signingOf(key: PrivateKey): Signing {
  switch (key.type) {
    case 'ec': {
      const curve = nobleCurves[key.curve];
      const secret = new SecretBytes(new Uint8Array(key.scalar));
      return {
        spki: encodePublicKey(key.curve, curve.getPublicKey(secret.use(), false)),
        sign(parameters, message) {
          if (parameters.type !== 'ecdsa') throw new UnsupportedError('An EC key signs ECDSA', parameters.type);
          const digest = hashers[parameters.hash](message);
          // Hedged: fresh randomness goes into the nonce beside key and message. RFC 6979, Section 3.6.
          const options = { prehash: false, lowS: false, format: 'der', extraEntropy: true } as const;
          return curve.sign(digest, secret.use(), options);
        },
        destroy: () => secret.destroy(),
      };
    }
    case 'ed25519': {
      const secret = new SecretBytes(new Uint8Array(key.seed));
      return {
        spki: encodePublicKey('ed25519', ed25519.getPublicKey(secret.use())),
        sign: (_parameters, message) => ed25519.sign(message, secret.use()),
        destroy: () => secret.destroy(),
      };
    }
    case 'ml-dsa': {
      const signing = mlDsaKeyOf(key);
      return {
        spki: encodePublicKey(key.algorithm, signing.verifyingKey().toBytes()),
        sign: (_parameters, message) => signing.sign(message, hedged),
        destroy: () => signing.destroy(),
      };
    }
    case 'rsa': {
      // BigInts cannot be wiped: they are let go of.
      let numbers: typeof key.numbers | undefined = key.numbers;
      return {
        spki: key.spki,
        sign(parameters, message) {
          if (numbers === undefined) throw new KeyDestroyedError();
          if (parameters.type !== 'rsa-pss') throw new UnsupportedError('An RSA key signs PSS', parameters.type);
          return signPss(numbers, rsaHash(parameters.hash), message, randomBytes);
        },
        destroy: () => (numbers = undefined),
      };
    }
  }
}

/** Of a key that has both forms, they must belong together. RFC 9881, Section 6. */
function mlDsaKeyOf(key: Extract<PrivateKey, { type: 'ml-dsa' }>): NobleSigningKey {
  const { algorithm, seed, expanded } = key;
  if (seed === undefined) return NobleSigningKey.fromBytes(algorithm, expanded ?? new Uint8Array(0), queue);
  const signing = NobleSigningKey.fromSeed(algorithm, seed, queue);
  if (expanded !== undefined && !equalPublicBytes(signing.toBytes(), expanded)) {
    signing.destroy();
    throw new UnsupportedError('The seed and the expanded key do not belong together', 'private key');
  }
  return signing;
}
