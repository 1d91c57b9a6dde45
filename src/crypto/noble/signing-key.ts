// Reads an expanded ML-DSA signing key and checks that its parts belong together. FIPS 204, Algorithms 6 and 24.
//
// FIPS 204 decodes any bytes. A key whose s1 or s2 is out of range, or whose t0 or tr is not of its own s1 and s2, makes
// signatures that do not verify or that leak: AWS-LC refuses it, and noble offers no way to. Hence the one thing here
// that is computed by hand, over noble's polynomials: t = A s1 + s2 and its two halves.

import { shake256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { genCrystals, XOF128 } from '@noble/post-quantum/_crystals.js';
import { PARAMS } from '@noble/post-quantum/ml-dsa.js';
import type { SignatureAlgorithm } from '../parameters.js';
import { inconsistentSigningKey } from '../rejections.js';

// FIPS 204, Table 1.
const n = 256;
const q = 8380417;
const droppedBits = 13;
/** PARAMS has its rows by security category. */
const categories = { 'ML-DSA-44': '2', 'ML-DSA-65': '3', 'ML-DSA-87': '5' } as const;

const ring = genCrystals({
  newPoly: (length) => new Int32Array(length),
  N: n,
  Q: q,
  // 256^-1 mod q, and the 512th root of unity. FIPS 204, Section 2.5 and Algorithm 42.
  F: 8347681,
  ROOT_OF_UNITY: 1753,
  brvBits: 8,
  isKyber: false,
});

/** The verifying key rho || t1 of sk = rho || K || tr || s1 || s2 || t0; throws KeyRejectedError `invalid_encoding`. */
export function verifyingKeyOf(algorithm: SignatureAlgorithm, signingKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const { K: rows = 0, L: columns = 0, ETA: eta = 0 } = PARAMS[categories[algorithm]] ?? {};
  const reader = new PolynomialReader(signingKey, 128);
  const etaBits = eta === 2 ? 3 : 4;
  const s1 = Array.from({ length: columns }, () => reader.next(etaBits, (packed) => eta - packed));
  const s2 = Array.from({ length: rows }, () => reader.next(etaBits, (packed) => eta - packed));
  const t0 = Array.from({ length: rows }, () =>
    reader.next(droppedBits, (packed) => (1 << (droppedBits - 1)) - packed),
  );
  try {
    if ([...s1, ...s2].some((polynomial) => polynomial.some((coefficient) => coefficient < -eta))) {
      throw inconsistentSigningKey(algorithm);
    }
    const rho = signingKey.subarray(0, 32);
    const t = productAndSum(rho, s1, s2);
    // Power2Round: t = t1 2^13 + t0 with t0 in (-2^12, 2^12]. FIPS 204, Algorithm 35.
    const low = (coefficient: number): number => ring.smod(coefficient, 1 << droppedBits);
    const t1Coder = ring.bitsCoder(10, { encode: (x) => (x - low(x)) >> droppedBits, decode: (x) => x });
    const publicKey = concatBytes(rho, ...t.map((polynomial) => t1Coder.encode(polynomial)));
    const tr = shake256(publicKey, { dkLen: 64 });
    // Every coefficient and byte is looked at: how long it takes says nothing of where they differ.
    let difference = 0;
    for (const [row, polynomial] of t.entries()) {
      for (const [i, coefficient] of polynomial.entries()) difference |= low(coefficient) ^ (t0[row]?.[i] ?? 0);
    }
    for (const [i, byte] of tr.entries()) difference |= byte ^ (signingKey[64 + i] ?? 0);
    for (const polynomial of t) polynomial.fill(0);
    if (difference !== 0) {
      throw inconsistentSigningKey(algorithm);
    }
    return publicKey;
  } finally {
    for (const polynomial of [...s1, ...s2, ...t0]) polynomial.fill(0);
  }
}

/** A s1 + s2, where A is expanded from rho. FIPS 204, Algorithm 6, line 5, and Algorithm 32. */
function productAndSum(
  rho: Uint8Array,
  s1: readonly Int32Array[],
  s2: readonly Int32Array[],
): Int32Array<ArrayBuffer>[] {
  const xof = XOF128(rho);
  const s1Hat = s1.map((polynomial) => ring.NTT.encode(polynomial.slice()));
  const t = s2.map((addend, row) => {
    const sum = new Int32Array(n);
    for (const [column, factor] of s1Hat.entries()) {
      const a = sampleNtt(xof.get(column, row));
      for (let i = 0; i < n; i++) sum[i] = ring.mod((sum[i] ?? 0) + ring.mod((a[i] ?? 0) * (factor[i] ?? 0)));
    }
    ring.NTT.decode(sum);
    return sum.map((coefficient, i) => ring.mod(coefficient + (addend[i] ?? 0)));
  });
  xof.clean();
  for (const polynomial of s1Hat) polynomial.fill(0);
  return t;
}

/** A polynomial of A from its stream of bytes: 23 bits at a time, those below q. FIPS 204, Algorithms 14 and 30. */
function sampleNtt(nextBlock: () => Uint8Array): Int32Array {
  const polynomial = new Int32Array(n);
  for (let filled = 0; filled < n;) {
    const block = nextBlock();
    for (let at = 0; at + 2 < block.length && filled < n; at += 3) {
      const candidate = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8) | (((block[at + 2] ?? 0) & 0x7f) << 16);
      if (candidate < q) polynomial[filled++] = candidate;
    }
  }
  return polynomial;
}

/** Polynomials that are packed one after the other. FIPS 204, Algorithm 19. */
class PolynomialReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  next(bits: number, unpack: (packed: number) => number): Int32Array {
    const coder = ring.bitsCoder(bits, { encode: (x) => x, decode: unpack });
    return coder.decode(this.#bytes.subarray(this.#at, (this.#at += coder.bytesLen)));
  }
}
