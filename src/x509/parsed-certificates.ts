// Certificates as they were parsed before, by their bytes: a parse takes milliseconds, and the same chains come again.
//
// Only what stands in a certificate is kept, never what anybody thought of it.

import { equalPublicBytes } from '../crypto/tls/der.js';
import { parseCertificate, type Certificate } from './certificate.js';

/** Bounds of what peers can make us keep: certificates, and their DER in bytes. */
export const parsedCertificateBounds = { certificates: 256, bytes: 1024 * 1024, largest: 16 * 1024 } as const;

/** The least recently used goes first. */
export class ParsedCertificates {
  /** By checksum, in the order of their last use: of two with the same one, the newer is kept. */
  readonly #known = new Map<number, Certificate>();
  /** Of the checksum; odd. Without it nobody can tell which certificate would drive out another, which then has to be parsed again. */
  readonly #multiplier: number;
  #bytes = 0;

  constructor(multiplier = 2 * Math.floor(Math.random() * 2 ** 31) + 1) {
    this.#multiplier = multiplier;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Of DER, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws what parseCertificate() throws. */
  parse(der: Uint8Array): Certificate {
    if (der.length > parsedCertificateBounds.largest) return parseCertificate(der);
    const checksum = checksumOf(der, this.#multiplier);
    const known = this.#known.get(checksum);
    if (known !== undefined && equalPublicBytes(known.der, der)) {
      this.#known.delete(checksum);
      this.#known.set(checksum, known);
      return known;
    }
    // Bytes of its own: a view would keep the whole message that it came in.
    const certificate = parseCertificate(Uint8Array.from(der));
    this.#forget(checksum);
    this.#known.set(checksum, certificate);
    this.#bytes += der.length;
    this.#evict();
    return certificate;
  }

  #evict(): void {
    for (const checksum of this.#known.keys()) {
      const { certificates, bytes } = parsedCertificateBounds;
      if (this.#known.size <= certificates && this.#bytes <= bytes) return;
      this.#forget(checksum);
    }
  }

  #forget(checksum: number): void {
    this.#bytes -= this.#known.get(checksum)?.der.length ?? 0;
    this.#known.delete(checksum);
  }
}

/** FNV-1a with another multiplier, which says where to look, and no more than that. */
function checksumOf(bytes: Uint8Array, multiplier: number): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) sum = Math.imul(sum ^ (bytes[at] ?? 0), multiplier);
  return sum;
}

const parsed = new ParsedCertificates();

/** Undefined for what does not parse. */
export function tryParseCertificate(der: Uint8Array): Certificate | undefined {
  try {
    return parsed.parse(der);
  } catch {
    // The parser throws errors of several kinds, and all say the same.
    return undefined;
  }
}
