// Certificates as they were parsed before, by their DER: a parse takes milliseconds, and the same chains come again.
//
// Only what stands in a certificate is kept, never what anybody thought of it.

import { mapKeyOf } from '../crypto/tls/der.js';
import { parseCertificate, type Certificate } from './certificate.js';

/** Bounds of what peers can make us keep: certificates, and their DER in bytes, which is kept twice. */
export const parsedCertificateBounds = { certificates: 256, bytes: 1024 * 1024, largest: 16 * 1024 } as const;

/** The least recently used goes first. */
export class ParsedCertificates {
  /** In the order of their last use. */
  readonly #byDer = new Map<string, Certificate>();
  #bytes = 0;

  get size(): number {
    return this.#byDer.size;
  }

  /** Of DER, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws what parseCertificate() throws. */
  parse(der: Uint8Array): Certificate {
    if (der.length > parsedCertificateBounds.largest) return parseCertificate(der);
    const key = mapKeyOf(der);
    const known = this.#byDer.get(key);
    if (known !== undefined) {
      this.#byDer.delete(key);
      this.#byDer.set(key, known);
      return known;
    }
    // Bytes of its own: a view would keep the whole message that it came in.
    const certificate = parseCertificate(Uint8Array.from(der));
    this.#byDer.set(key, certificate);
    this.#bytes += der.length;
    this.#evict();
    return certificate;
  }

  #evict(): void {
    for (const [key, { der }] of this.#byDer) {
      const { certificates, bytes } = parsedCertificateBounds;
      if (this.#byDer.size <= certificates && this.#bytes <= bytes) return;
      this.#byDer.delete(key);
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
