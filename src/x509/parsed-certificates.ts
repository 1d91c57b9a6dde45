// Certificates as they were parsed before, by the digest of their DER: a parse takes milliseconds, and the same chains come again.
//
// Only what stands in a certificate is kept, never what anybody thought of it.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parseCertificate, type Certificate } from './certificate.js';

/** Bounds of what peers can make us keep: certificates, and their DER in bytes. */
export const parsedCertificateBounds = { certificates: 256, bytes: 1024 * 1024, largest: 16 * 1024 } as const;

/** The least recently used goes first. */
export class ParsedCertificates {
  /** In the order of their last use. */
  readonly #byDigest = new Map<string, Certificate>();
  #bytes = 0;

  get size(): number {
    return this.#byDigest.size;
  }

  /** Of DER, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws what parseCertificate() throws. */
  parse(der: Uint8Array): Certificate {
    if (der.length > parsedCertificateBounds.largest) return parseCertificate(der);
    const digest = bytesToHex(sha256(der));
    const known = this.#byDigest.get(digest);
    if (known !== undefined) {
      this.#byDigest.delete(digest);
      this.#byDigest.set(digest, known);
      return known;
    }
    // Bytes of its own: a view would keep the whole message that it came in.
    const certificate = parseCertificate(Uint8Array.from(der));
    this.#byDigest.set(digest, certificate);
    this.#bytes += der.length;
    this.#evict();
    return certificate;
  }

  #evict(): void {
    for (const [digest, { der }] of this.#byDigest) {
      const { certificates, bytes } = parsedCertificateBounds;
      if (this.#byDigest.size <= certificates && this.#bytes <= bytes) return;
      this.#byDigest.delete(digest);
      this.#bytes -= der.length;
    }
  }
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
