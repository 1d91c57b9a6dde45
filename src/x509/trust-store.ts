// The certificates that are trusted, found by their subject. Parsed as late as possible: a hundred roots take their time.

import { equalPublicBytes } from '../crypto/tls/der.js';
import type { Certificate } from './certificate.js';
import type { DistinguishedName } from './distinguished-name.js';
import { tryParseCertificate } from './parsed-certificates.js';

export class TrustStore {
  readonly #ders: readonly Uint8Array[];
  readonly #parsed = new Map<Uint8Array, Certificate | undefined>();
  #bySubject: Map<string, Certificate[]> | undefined;

  /** `certificates`: DER each. One that does not parse is never found, as in node:tls. */
  constructor(certificates: Iterable<Uint8Array>) {
    this.#ders = [...certificates];
  }

  get size(): number {
    return this.#ders.length;
  }

  /** The very certificate, byte for byte. */
  has(certificate: Certificate): boolean {
    return this.#ders.some((der) => equalPublicBytes(der, certificate.der));
  }

  /** Those whose subject is this name. */
  withSubject(name: DistinguishedName): readonly Certificate[] {
    if (this.#bySubject !== undefined) return this.#bySubject.get(name.canonical) ?? [];
    // Nearly always the name is encoded as it is in its certificate: then only the few that contain it are parsed.
    const found = this.#ders
      .filter((der) => contains(der, name.raw))
      .flatMap((der) => this.#parse(der) ?? [])
      .filter(({ subject }) => subject.canonical === name.canonical);
    return found.length > 0 ? found : (this.#index().get(name.canonical) ?? []);
  }

  #index(): Map<string, Certificate[]> {
    const index = new Map<string, Certificate[]>();
    for (const der of this.#ders) {
      const certificate = this.#parse(der);
      if (certificate === undefined) continue;
      const { canonical } = certificate.subject;
      index.set(canonical, [...(index.get(canonical) ?? []), certificate]);
    }
    this.#bySubject = index;
    return index;
  }

  #parse(der: Uint8Array): Certificate | undefined {
    if (!this.#parsed.has(der)) this.#parsed.set(der, tryParseCertificate(der));
    return this.#parsed.get(der);
  }
}

function contains(bytes: Uint8Array, part: Uint8Array): boolean {
  const [first = 0] = part;
  for (let at = bytes.indexOf(first); at >= 0 && at + part.length <= bytes.length; at = bytes.indexOf(first, at + 1)) {
    let length = 1;
    while (length < part.length && bytes[at + length] === part[length]) length++;
    if (length >= part.length) return true;
  }
  return false;
}
