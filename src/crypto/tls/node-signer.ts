// Signers over node:crypto; ML-DSA keys through the CryptoProvider, on every Node.

import {
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  pbkdf2Sync,
  scryptSync,
  sign as signWithNode,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import { KeyDestroyedError, KeyRejectedError, UnsupportedError } from '../../errors.js';
import type { ProviderSigningKey } from '../provider.js';
import { selectProvider } from '../select-provider.js';
import { equalPublicBytes } from './der.js';
import { openEncryptedPkcs8, type Pbes2Functions } from './encrypted-key.js';
import { pemBlocks } from './pem.js';
import type { Pkcs12Functions } from './pkcs12.js';
import type { TlsSigner } from './primitives.js';
import { parsePkcs8, type PrivateKey } from './private-key.js';
import { encodePublicKey, parsePublicKey, type PublicKey } from './public-key.js';
import { schemeParameters, schemesOf, type SignatureAlgorithmParameters } from './signature-schemes.js';

/** Shared by both kinds of key: which schemes, and no use after destroy(). */
abstract class BaseSigner implements TlsSigner {
  readonly schemes: readonly string[];
  readonly spki: Uint8Array;
  readonly #key: PublicKey;
  #destroyed = false;

  constructor(spki: Uint8Array) {
    const key = parsePublicKey(spki);
    if (key === undefined) {
      throw new UnsupportedError(
        'This private key cannot be used for TLS: RSA from 2048 to 8192 bits, P-256, P-384, P-521, Ed25519 and ML-DSA can',
        'private key',
      );
    }
    this.spki = spki;
    this.#key = key;
    this.schemes = schemesOf(key);
  }

  sign(scheme: string, message: Uint8Array): Uint8Array {
    if (this.#destroyed) throw new KeyDestroyedError();
    const parameters = this.schemes.includes(scheme) ? schemeParameters(scheme, this.#key) : undefined;
    if (parameters === undefined) throw new UnsupportedError(`This key does not sign with ${scheme}`, scheme);
    return this.signWith(parameters, message);
  }

  destroy(): void {
    this.#destroyed = true;
  }

  protected abstract signWith(parameters: SignatureAlgorithmParameters, message: Uint8Array): Uint8Array;
}

class KeyObjectSigner extends BaseSigner {
  #key: KeyObject | undefined;

  constructor(key: KeyObject) {
    super(new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })));
    this.#key = key;
  }

  protected signWith(parameters: SignatureAlgorithmParameters, message: Uint8Array): Uint8Array {
    const key = this.#key;
    if (key === undefined) throw new KeyDestroyedError();
    switch (parameters.type) {
      case 'ecdsa':
        return signWithNode(parameters.hash, message, key);
      case 'rsa-pss': {
        const { hash, saltLength } = parameters;
        return signWithNode(hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
      }
      case 'rsa-pkcs1':
        throw new UnsupportedError('TLS 1.3 has no signatures of PKCS #1 v1.5', 'rsa-pkcs1');
      case 'ed25519':
      case 'ml-dsa':
        return signWithNode(null, message, key);
    }
  }

  /** OpenSSL wipes the key when it is collected. */
  override destroy(): void {
    super.destroy();
    this.#key = undefined;
  }
}

const hedged = { context: new Uint8Array(0), deterministic: false };

class MlDsaSigner extends BaseSigner {
  readonly #key: ProviderSigningKey;

  constructor({ algorithm, seed, expanded }: Extract<PrivateKey, { type: 'ml-dsa' }>) {
    const provider = selectProvider(algorithm);
    const key =
      seed === undefined
        ? provider.signingKeyFromBytes(algorithm, expanded ?? new Uint8Array(0))
        : provider.signingKeyFromSeed(algorithm, seed);
    if (seed !== undefined && expanded !== undefined && !equalPublicBytes(key.toBytes(), expanded)) {
      key.destroy();
      // RFC 9881, Section 6.
      throw new KeyRejectedError('The seed and the expanded key do not belong together', 'invalid_encoding');
    }
    super(encodePublicKey(algorithm, key.verifyingKey().toBytes()));
    this.#key = key;
  }

  protected signWith(_parameters: SignatureAlgorithmParameters, message: Uint8Array): Uint8Array {
    return this.#key.sign(message, hedged);
  }

  override destroy(): void {
    super.destroy();
    this.#key.destroy();
  }
}

/** A private key of node:crypto's: RSA, RSA-PSS, EC, Ed25519, and ML-DSA where Node has it. Throws UnsupportedError. */
export function signerFromKeyObject(key: KeyObject): TlsSigner {
  if (key.type !== 'private') throw new UnsupportedError(`A ${key.type} key cannot sign`, 'private key');
  return new KeyObjectSigner(key);
}

/**
 * A signer of a private key in PEM (the first of the text) or DER: PKCS #8, encrypted or not, and the older forms of RSA and
 * EC keys. ML-DSA in each of its three forms.
 *
 * Throws what node:crypto throws for a key that does not parse or that needs another passphrase, KeyRejectedError for an
 * ML-DSA key whose parts do not fit, UnsupportedError for a kind of key that TLS has no use for.
 */
export function signerFromPrivateKey(key: string | Uint8Array, passphrase?: string): TlsSigner {
  const mlDsa = mlDsaKeyOf(key, passphrase);
  if (mlDsa !== undefined) return new MlDsaSigner(mlDsa);
  return signerFromKeyObject(createPrivateKey(inputOf(key, passphrase)));
}

function inputOf(key: string | Uint8Array, passphrase: string | undefined): Parameters<typeof createPrivateKey>[0] {
  const secret = passphrase === undefined ? {} : { passphrase };
  const bytes = typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (isPem(bytes)) return { key: bytes, format: 'pem', ...secret };
  const attempts = [{ type: 'pkcs8' }, { type: 'pkcs1' }, { type: 'sec1' }] as const;
  const fitting = attempts.find(({ type }) => {
    try {
      createPrivateKey({ key: bytes, format: 'der', type, ...secret });
      return true;
    } catch {
      // Another form, or none: the last attempt is made again, and its error is the caller's.
      return false;
    }
  });
  return { key: bytes, format: 'der', type: fitting?.type ?? 'pkcs8', ...secret };
}

function isPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('-----BEGIN ');
}

const mlDsaIdentifiers = [17, 18, 19].map((arc) =>
  Buffer.from([0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, arc]),
);

/** Undefined for every key that is not of ML-DSA; Node before 24 does not read those. */
function mlDsaKeyOf(
  key: string | Uint8Array,
  passphrase: string | undefined,
): Extract<PrivateKey, { type: 'ml-dsa' }> | undefined {
  const pkcs8 = pkcs8Of(key, passphrase);
  // Whatever else it is, node:crypto says what is wrong with it.
  if (pkcs8 === undefined || !mlDsaIdentifiers.some((identifier) => Buffer.from(pkcs8).includes(identifier))) {
    return undefined;
  }
  const parsed = parsePkcs8(pkcs8);
  return parsed.type === 'ml-dsa' ? parsed : undefined;
}

function pkcs8Of(key: string | Uint8Array, passphrase: string | undefined): Uint8Array | undefined {
  const text = typeof key === 'string' ? key : isPem(key) ? Buffer.from(key).toString('latin1') : undefined;
  if (text === undefined) return key as Uint8Array;
  const block = pemBlocks(text).find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (block?.label !== 'ENCRYPTED PRIVATE KEY') return block?.bytes;
  if (passphrase === undefined) return undefined;
  try {
    return openEncryptedPkcs8(block.bytes, passphrase, nodePbes2);
  } catch {
    // A wrong passphrase or another scheme than PBES2: node:crypto says which.
    return undefined;
  }
}

export const nodePbes2: Pbes2Functions = {
  pbkdf2: (hash, passphrase, salt, iterations, length) => pbkdf2Sync(passphrase, salt, iterations, length, hash),
  scrypt: (passphrase, salt, { N, r, p }, length) =>
    scryptSync(passphrase, salt, length, { N, r, p, maxmem: 512 * 1024 * 1024 }),
  decryptAesCbc: (key, iv, ciphertext) => decrypt(`aes-${key.length * 8}-cbc`, key, iv, ciphertext),
};

export const nodePkcs12: Pkcs12Functions = {
  ...nodePbes2,
  hash: (name, data) => createHash(name).update(data).digest(),
  hmac: (name, key, data) => createHmac(name, key).update(data).digest(),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  decryptTripleDesCbc: (key, iv, ciphertext) => decrypt('des-ede3-cbc', key, iv, ciphertext),
};

function decrypt(cipher: string, key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(cipher, key, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}
