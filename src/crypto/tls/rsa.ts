// RSA signatures over BigInt, for where no node:crypto is: PSS and PKCS #1 v1.5. RFC 8017, Sections 8 and 9.
//
// Verification handles nothing secret. Signing does, and BigInt arithmetic takes a time that depends on its numbers: the
// message is blinded, so that a peer cannot choose what the key's primes meet, and the result is verified before it is
// given away, so that a fault in one half of the Chinese remainder cannot show a prime. That is not constant time: where
// somebody can measure this process itself, sign elsewhere.

import type { SignatureHash } from './signature-schemes.js';

/** A hash function and its digest's length in bytes. */
export interface RsaHash {
  readonly name: SignatureHash;
  readonly length: number;
  hash(...parts: readonly Uint8Array[]): Uint8Array;
}

export interface RsaPublicNumbers {
  readonly n: bigint;
  readonly e: bigint;
}

export interface RsaPrivateNumbers extends RsaPublicNumbers {
  readonly p: bigint;
  readonly q: bigint;
  readonly dP: bigint;
  readonly dQ: bigint;
  readonly qInv: bigint;
}

/** RFC 8017, Sections 8.1.2 and 9.1.2. */
export function verifyPss(
  key: RsaPublicNumbers,
  hash: RsaHash,
  saltLength: number,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const bits = bitLength(key.n) - 1;
  const encoded = openSignature(key, signature, Math.ceil(bits / 8));
  if (encoded === undefined || encoded.length < hash.length + saltLength + 2) return false;
  if (encoded.at(-1) !== 0xbc) return false;
  const maskedLength = encoded.length - hash.length - 1;
  const digest = encoded.subarray(maskedLength, -1);
  const topMask = 0xff >> (8 * encoded.length - bits);
  const block = encoded.subarray(0, maskedLength);
  if (((block[0] ?? 0) & ~topMask) !== 0) return false;
  maskInto(block, hash, digest);
  block[0] = (block[0] ?? 0) & topMask;
  const zeros = maskedLength - saltLength - 1;
  if (block.subarray(0, zeros).some((byte) => byte !== 0) || block[zeros] !== 1) return false;
  const expected = hash.hash(new Uint8Array(8), hash.hash(message), block.subarray(zeros + 1));
  return expected.every((byte, index) => byte === digest[index]);
}

/** What stands before the digest, DER. RFC 8017, Section 9.2, note 1. */
const digestInfos: Readonly<Record<SignatureHash, readonly number[]>> = {
  sha256: [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 5, 0, 4, 32],
  sha384: [0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 5, 0, 4, 48],
  sha512: [0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 5, 0, 4, 64],
};

/** Certificates alone have such. Made and compared, never parsed. RFC 8017, Sections 8.2.2 and 9.2. */
export function verifyPkcs1(key: RsaPublicNumbers, hash: RsaHash, message: Uint8Array, signature: Uint8Array): boolean {
  const length = byteLength(key.n);
  const encoded = openSignature(key, signature, length);
  const info = digestInfos[hash.name];
  const digest = hash.hash(message);
  const padding = length - info.length - digest.length - 3;
  if (encoded === undefined || padding < 8) return false;
  const expected = Uint8Array.of(0, 1, ...new Uint8Array(padding).fill(0xff), 0, ...info, ...digest);
  return expected.every((byte, index) => byte === encoded[index]);
}

/** `randomBytes` gives the salt, which is as long as the digest, and the blinding. RFC 8017, Sections 8.1.1 and 9.1.1. */
export function signPss(
  key: RsaPrivateNumbers,
  hash: RsaHash,
  message: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): Uint8Array {
  const bits = bitLength(key.n) - 1;
  const encoded = new Uint8Array(Math.ceil(bits / 8));
  const maskedLength = encoded.length - hash.length - 1;
  const zeros = maskedLength - hash.length - 1;
  if (zeros < 0) throw new RangeError('The RSA key is too short for this hash');
  const salt = randomBytes(hash.length);
  const digest = hash.hash(new Uint8Array(8), hash.hash(message), salt);
  const block = encoded.subarray(0, maskedLength);
  block[zeros] = 1;
  block.set(salt, zeros + 1);
  maskInto(block, hash, digest);
  block[0] = (block[0] ?? 0) & (0xff >> (8 * encoded.length - bits));
  encoded.set(digest, maskedLength);
  encoded[encoded.length - 1] = 0xbc;
  return toBytes(privateOperation(key, toNumber(encoded), randomBytes), byteLength(key.n));
}

/** m^d mod n of a blinded m, by the Chinese remainder theorem. RFC 8017, Section 5.2.1. */
function privateOperation(
  key: RsaPrivateNumbers,
  message: bigint,
  randomBytes: (length: number) => Uint8Array,
): bigint {
  const { n, e, p, q, dP, dQ, qInv } = key;
  const [blinding, unblinding] = blindingOf(n, randomBytes);
  const blinded = (message * power(blinding, e, n)) % n;
  const ofP = power(blinded % p, dP, p);
  const ofQ = power(blinded % q, dQ, q);
  const difference = (((ofP - ofQ) % p) + p) % p;
  const signature = ((ofQ + q * ((qInv * difference) % p)) * unblinding) % n;
  if (power(signature, e, n) !== message) throw new Error('The RSA key is inconsistent');
  return signature;
}

/** A random unit modulo n and its inverse. */
function blindingOf(n: bigint, randomBytes: (length: number) => Uint8Array): [bigint, bigint] {
  for (;;) {
    // 16 bytes more than n has, so that no value is much likelier than another.
    const unit = toNumber(randomBytes(byteLength(n) + 16)) % n;
    const inverse = inverseOf(unit, n);
    if (inverse !== undefined) return [unit, inverse];
  }
}

/** Euclid's; undefined where there is none. */
function inverseOf(value: bigint, modulus: bigint): bigint | undefined {
  let [a, b] = [modulus, value];
  let [x, y] = [0n, 1n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a % b];
    [x, y] = [y, x - quotient * y];
  }
  return a === 1n ? ((x % modulus) + modulus) % modulus : undefined;
}

/** Square and multiply, with a multiplication for every bit whether it is needed or not. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const results: [bigint, bigint] = [1n, base % modulus];
  for (let bit = BigInt(bitLength(exponent)) - 1n; bit >= 0n; bit--) {
    // Montgomery's ladder: both are kept a factor `base` apart.
    const index = Number((exponent >> bit) & 1n);
    const product = (results[0] * results[1]) % modulus;
    const kept = results[index as 0 | 1];
    results[index as 0 | 1] = (kept * kept) % modulus;
    results[(1 - index) as 0 | 1] = product;
  }
  return results[0];
}

/** The encoded message in a signature, `length` bytes; undefined where it has others. RFC 8017, Section 8.1.2. */
function openSignature(key: RsaPublicNumbers, signature: Uint8Array, length: number): Uint8Array | undefined {
  if (signature.length !== byteLength(key.n)) return undefined;
  const number = toNumber(signature);
  if (number >= key.n) return undefined;
  const opened = power(number, key.e, key.n);
  return bitLength(opened) > 8 * length ? undefined : toBytes(opened, length);
}

/** XORs MGF1 of a seed into a block. RFC 8017, Section B.2.1. */
function maskInto(block: Uint8Array, hash: RsaHash, seed: Uint8Array): void {
  for (let at = 0, counter = 0; at < block.length; at += hash.length, counter++) {
    const mask = hash.hash(seed, Uint8Array.of(counter >> 24, counter >> 16, counter >> 8, counter));
    const part = block.subarray(at, at + hash.length);
    for (let i = 0; i < part.length; i++) part[i] = (part[i] ?? 0) ^ (mask[i] ?? 0);
  }
}

/** Big-endian. RFC 8017, Section 4.2. */
export function toNumber(bytes: Uint8Array): bigint {
  let text = '0x0';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return BigInt(text);
}

function toBytes(number: bigint, length: number): Uint8Array {
  const text = number.toString(16).padStart(2 * length, '0');
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

function bitLength(number: bigint): number {
  return number === 0n ? 0 : number.toString(2).length;
}

function byteLength(number: bigint): number {
  return Math.ceil(bitLength(number) / 8);
}
