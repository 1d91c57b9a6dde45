// Reads a PKCS#12 file: one private key, and certificates, behind a passphrase. RFC 7292.

import { concatBytes } from '@noble/hashes/utils.js';
import { UnsupportedError } from '../../errors.js';
import { DerError, parseDer, type DerElement } from './der.js';
import { mostIterations, openPbes2, type Pbes2Functions } from './encrypted-key.js';

export type Pkcs12Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** What the format is made of, beside PBES2. */
export interface Pkcs12Functions extends Pbes2Functions {
  hash(name: Pkcs12Hash, data: Uint8Array): Uint8Array;
  hmac(name: Pkcs12Hash, key: Uint8Array, data: Uint8Array): Uint8Array;
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** With the padding of PKCS #7; throws where it is wrong. */
  decryptTripleDesCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

export interface Pkcs12Contents {
  /** PKCS #8, DER. Secret: whoever asked wipes it. */
  readonly keys: readonly Uint8Array[];
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
}

/** The passphrase is not the file's, or the file was changed. */
export class Pkcs12MacError extends Error {
  constructor() {
    super('The MAC of the PKCS#12 file does not verify: another passphrase, or a changed file');
    this.name = 'Pkcs12MacError';
  }
}

const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const;
const x509Certificate = '1.2.840.113549.1.9.22.1';
const tripleDes = '1.2.840.113549.1.12.1.3';

const hashes: ReadonlyMap<string, Pkcs12Hash> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
/** In bytes. */
const hashBlocks: Readonly<Record<Pkcs12Hash, number>> = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 };

/** What a derived key is for. RFC 7292, Section B.3. */
const purpose = { encryption: 1, iv: 2, mac: 3 } as const;

/** Bags may hold bags. */
const deepest = 4;
/** The program's own file may hold a bundle of roots. */
const mostElements = 200_000;

/**
 * Throws Pkcs12MacError, DerError for what does not parse, has no MAC or is BER, UnsupportedError for older encryption than
 * triple DES.
 */
export function readPkcs12(der: Uint8Array, passphrase: string, functions: Pkcs12Functions): Pkcs12Contents {
  const [version, authSafe, mac] = parseDer(der, mostElements).sequence();
  if (version?.smallInteger() !== 3 || authSafe === undefined) throw new DerError('a PFX');
  // One that is signed in place of it has no passphrase. RFC 7292, Section 4.
  if (mac === undefined) throw new DerError('a PFX with a MAC');
  const content = contentOf(authSafe, data).octetString();
  const secret = checkMac(mac, content, passphrase, functions);
  const reader = new Reader(functions, passphrase, secret);
  try {
    for (const info of parseDer(content, mostElements).sequence()) reader.readContent(info);
    return { keys: reader.keys, certificates: reader.certificates };
  } catch (error) {
    for (const key of reader.keys) key.fill(0);
    throw error;
  } finally {
    secret.fill(0);
  }
}

/** What a ContentInfo of this type holds. */
function contentOf(info: DerElement, type: string): DerElement {
  const [oid, content] = info.sequence();
  if (oid?.objectIdentifier() !== type || content === undefined) throw new DerError(`content of the type ${type}`);
  return content.explicit();
}

/** Returns the passphrase in the form that verified. */
function checkMac(
  macData: DerElement,
  content: Uint8Array,
  passphrase: string,
  functions: Pkcs12Functions,
): Uint8Array {
  const [digestInfo, salt, iterations] = macData.sequence();
  const [identifier, digest] = digestInfo?.sequence() ?? [];
  if (identifier === undefined || digest === undefined || salt === undefined) throw new DerError('a MacData');
  const oid = identifier.sequence()[0]?.objectIdentifier() ?? '';
  const hash = hashes.get(oid);
  if (hash === undefined) throw unsupported(`its MAC is of the algorithm ${oid}`);
  // An empty passphrase is written in two ways.
  const forms = passphrase === '' ? [bmpString(''), new Uint8Array(0)] : [bmpString(passphrase)];
  for (const secret of forms) {
    const input = { hash, secret, salt: salt.octetString(), iterations: iterationsOf(iterations) };
    const key = deriveKey(functions, purpose.mac, input, digest.octetString().length);
    const mac = functions.hmac(hash, key, content);
    key.fill(0);
    if (functions.equal(mac, digest.octetString())) return secret;
    secret.fill(0);
  }
  throw new Pkcs12MacError();
}

function iterationsOf(element: DerElement | undefined): number {
  const iterations = element?.smallInteger() ?? 1;
  if (iterations < 1 || iterations > mostIterations) throw new DerError(`at most ${mostIterations} iterations`);
  return iterations;
}

class Reader {
  readonly keys: Uint8Array[] = [];
  readonly certificates: Uint8Array[] = [];
  readonly #functions: Pkcs12Functions;
  readonly #passphrase: string;
  /** As the older encryption takes it. */
  readonly #secret: Uint8Array;

  constructor(functions: Pkcs12Functions, passphrase: string, secret: Uint8Array) {
    this.#functions = functions;
    this.#passphrase = passphrase;
    this.#secret = secret;
  }

  readContent(info: DerElement): void {
    if (info.sequence()[0]?.objectIdentifier() === data) {
      this.#readBags(contentOf(info, data).octetString(), 0);
      return;
    }
    const [, encrypted] = contentOf(info, encryptedData).sequence();
    const [type, identifier, content] = encrypted?.sequence() ?? [];
    if (type?.objectIdentifier() !== data || identifier === undefined || content?.contextTag !== 0) {
      throw new DerError('an EncryptedContentInfo');
    }
    const opened = this.#decrypt(identifier, content.content);
    try {
      this.#readBags(opened, 0);
    } finally {
      // There may be keys in it.
      opened.fill(0);
    }
  }

  #readBags(der: Uint8Array, depth: number): void {
    if (depth > deepest) throw new DerError(`bags in bags, ${deepest} deep at most`);
    for (const bag of parseDer(der, mostElements).sequence()) {
      const [type, wrapped] = bag.sequence();
      if (wrapped === undefined) throw new DerError('a SafeBag');
      const value = wrapped.explicit();
      switch (type?.objectIdentifier()) {
        case bags.key:
          this.keys.push(Uint8Array.from(value.raw));
          break;
        case bags.shroudedKey: {
          const [identifier, content] = value.sequence();
          if (identifier === undefined || content === undefined) throw new DerError('an EncryptedPrivateKeyInfo');
          this.keys.push(this.#decrypt(identifier, content.octetString()));
          break;
        }
        case bags.certificate:
          this.#readCertificate(value);
          break;
        case bags.safeContents:
          this.#readBags(value.raw, depth + 1);
          break;
        default:
        // Revocation lists and secrets of other kinds are not asked for.
      }
    }
  }

  #readCertificate(bag: DerElement): void {
    const [type, certificate] = bag.sequence();
    if (type?.objectIdentifier() !== x509Certificate || certificate === undefined) return;
    this.certificates.push(Uint8Array.from(certificate.explicit().octetString()));
  }

  #decrypt(identifier: DerElement, ciphertext: Uint8Array): Uint8Array {
    const [algorithm, parameters] = identifier.sequence();
    const oid = algorithm?.objectIdentifier() ?? '';
    if (!oid.startsWith('1.2.840.113549.1.12.1.')) {
      return openPbes2(identifier, ciphertext, this.#passphrase, this.#functions);
    }
    if (oid !== tripleDes) throw unsupported('it is encrypted with RC2, RC4 or two-key triple DES');
    const [salt, iterations] = parameters?.sequence() ?? [];
    if (salt === undefined || iterations === undefined) throw new DerError('a salt and iterations');
    // RFC 7292, Appendix C.
    const input = {
      hash: 'sha1',
      secret: this.#secret,
      salt: salt.octetString(),
      iterations: iterationsOf(iterations),
    } as const;
    const key = deriveKey(this.#functions, purpose.encryption, input, 24);
    try {
      return this.#functions.decryptTripleDesCbc(key, deriveKey(this.#functions, purpose.iv, input, 8), ciphertext);
    } finally {
      key.fill(0);
    }
  }
}

function unsupported(why: string): UnsupportedError {
  return new UnsupportedError(
    `The TypeScript engine cannot open this PKCS#12 file: ${why}. Export it anew (openssl pkcs12 -export), or give 'key' and 'cert' in PEM`,
    'pfx',
  );
}

/** UTF-16, big-endian, with a zero at the end. RFC 7292, Section B.1. */
function bmpString(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length + 2);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes[2 * at] = unit >> 8;
    bytes[2 * at + 1] = unit;
  }
  return bytes;
}

interface Derivation {
  readonly hash: Pkcs12Hash;
  readonly secret: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** RFC 7292, Section B.2, whose names these are. */
function deriveKey(
  functions: Pkcs12Functions,
  id: number,
  { hash, secret, salt, iterations }: Derivation,
  length: number,
): Uint8Array {
  const v = hashBlocks[hash];
  const D = new Uint8Array(v).fill(id);
  const I = concatBytes(filled(salt, v), filled(secret, v));
  const key = new Uint8Array(length);
  for (let at = 0; at < length;) {
    let A = functions.hash(hash, concatBytes(D, I));
    for (let round = 1; round < iterations; round++) A = functions.hash(hash, A);
    key.set(A.subarray(0, length - at), at);
    at += A.length;
    const B = repeated(A, v);
    for (let block = 0; block < I.length; block += v) addPlusOne(I.subarray(block, block + v), B);
    A.fill(0);
    B.fill(0);
  }
  // The passphrase stands in it.
  I.fill(0);
  return key;
}

/** Repeated up to a multiple of `v` bytes. */
function filled(bytes: Uint8Array, v: number): Uint8Array {
  return repeated(bytes, Math.ceil(bytes.length / v) * v);
}

function repeated(bytes: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => bytes[at % bytes.length] ?? 0);
}

/** Adds `other` and 1, modulo its length. */
function addPlusOne(number: Uint8Array, other: Uint8Array): void {
  let carry = 1;
  for (let at = number.length - 1; at >= 0; at--) {
    carry += (number[at] ?? 0) + (other[at] ?? 0);
    number[at] = carry;
    carry >>= 8;
  }
}
