// Opens an EncryptedPrivateKeyInfo: PBES2 with PBKDF2 or scrypt, and AES-CBC. RFC 8018, Section 6.2; RFC 7914, Section 7.

import { DerError, parseDer, type DerElement } from './der.js';

export type Pbkdf2Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** What the format is made of; an implementation of the primitives gives them. */
export interface Pbes2Functions {
  pbkdf2(hash: Pbkdf2Hash, passphrase: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array;
  scrypt(
    passphrase: Uint8Array,
    salt: Uint8Array,
    parameters: { N: number; r: number; p: number },
    length: number,
  ): Uint8Array;
  /** With the padding of PKCS #7; throws where it is wrong. */
  decryptAesCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

const oids = { pbes2: '1.2.840.113549.1.5.13', pbkdf2: '1.2.840.113549.1.5.12', scrypt: '1.3.6.1.4.1.11591.4.11' };

const hashes: ReadonlyMap<string, Pbkdf2Hash> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** Key lengths of AES-CBC by its OID. RFC 8018, Section B.2.5. */
const ciphers: ReadonlyMap<string, number> = new Map([
  ['2.16.840.1.101.3.4.1.2', 16],
  ['2.16.840.1.101.3.4.1.22', 24],
  ['2.16.840.1.101.3.4.1.42', 32],
]);

/** Bounds: a file with more would hold up the process for minutes, or take all its memory. */
export const mostIterations = 10_000_000;
const mostScryptMemory = 256 * 1024 * 1024;

/** The encrypted bytes, opened; throws DerError for another format, and what `functions` throw for a wrong passphrase. */
export function openEncryptedPkcs8(der: Uint8Array, passphrase: string, functions: Pbes2Functions): Uint8Array {
  const [identifier, data] = membersOf(parseDer(der), 2);
  return openPbes2(identifier, data.octetString(), passphrase, functions);
}

/** Opens what an AlgorithmIdentifier of PBES2 says is encrypted. */
export function openPbes2(
  identifier: DerElement,
  ciphertext: Uint8Array,
  passphrase: string,
  functions: Pbes2Functions,
): Uint8Array {
  const [scheme, parameters] = membersOf(identifier, 2);
  if (scheme.objectIdentifier() !== oids.pbes2) throw new DerError('encryption by PBES2');
  const [derivation, encryption] = membersOf(parameters, 2);
  const [cipher, iv] = membersOf(encryption, 2);
  const keyLength = ciphers.get(cipher.objectIdentifier());
  if (keyLength === undefined) throw new DerError('encryption by AES-CBC');
  const key = deriveKey(derivation, new TextEncoder().encode(passphrase), keyLength, functions);
  try {
    return functions.decryptAesCbc(key, iv.octetString(), ciphertext);
  } finally {
    key.fill(0);
  }
}

function deriveKey(
  derivation: DerElement,
  passphrase: Uint8Array,
  length: number,
  functions: Pbes2Functions,
): Uint8Array {
  const [oid, parameters] = membersOf(derivation, 2);
  const [salt, ...rest] = parameters.sequence();
  const saltBytes = salt?.octetString() ?? new Uint8Array(0);
  switch (oid.objectIdentifier()) {
    case oids.pbkdf2: {
      const iterations = rest[0]?.smallInteger() ?? 0;
      if (iterations < 1 || iterations > mostIterations) throw new DerError(`at most ${mostIterations} iterations`);
      // keyLength may stand before the function, which is HMAC with SHA-1 where it is not given. RFC 8018, Section A.2.
      const prf = rest.find((member) => member.isConstructed);
      const hash = prf === undefined ? 'sha1' : hashes.get(prf.sequence()[0]?.objectIdentifier() ?? '');
      if (hash === undefined) throw new DerError('HMAC with SHA-1 or SHA-2');
      return functions.pbkdf2(hash, passphrase, saltBytes, iterations, length);
    }
    case oids.scrypt: {
      const [N = 0, r = 0, p = 0] = rest.slice(0, 3).map((member) => member.smallInteger());
      const isPower = N > 1 && (N & (N - 1)) === 0;
      if (!isPower || r < 1 || p < 1 || p > 16 || 128 * N * r > mostScryptMemory) throw new DerError('moderate scrypt');
      return functions.scrypt(passphrase, saltBytes, { N, r, p }, length);
    }
    default:
      throw new DerError('PBKDF2 or scrypt');
  }
}

function membersOf(element: DerElement, count: 2): [DerElement, DerElement] {
  const [first, second, ...more] = element.sequence();
  if (first === undefined || second === undefined || more.length > 0) throw new DerError(`a SEQUENCE of ${count}`);
  return [first, second];
}
