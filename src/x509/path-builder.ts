// Finds paths from a leaf to something trusted, in a bounded number of steps. RFC 4158; RFC 5280, Section 6.1.
//
// Depth first, with trusted issuers before sent ones. A signature is verified before the search goes on through it, so
// that names alone lead nowhere; certificates that sign each other crosswise end at the bounds.

import { equalPublicBytes } from '../crypto/tls/der.js';
import type { Certificate } from './certificate.js';
import { KeyUsageBit } from './extensions.js';
import type { TrustStore } from './trust-store.js';
import type { VerificationCode } from './verification-errors.js';

/** How far a search may go, whatever a peer sends. */
export interface SearchBounds {
  /** Issuers that are looked at, on all paths together. */
  readonly candidates: number;
  readonly signatures: number;
}

export const searchBounds: SearchBounds = { candidates: 200, signatures: 64 };

/** A path that came to an end, for good or ill; leaf first. */
export interface FoundPath {
  readonly path: readonly Certificate[];
  /** Why it ends where it does; undefined where its last certificate is trusted. */
  readonly end: PathEnd | undefined;
}

export type PathEnd = Extract<
  VerificationCode,
  | 'DEPTH_ZERO_SELF_SIGNED_CERT'
  | 'SELF_SIGNED_CERT_IN_CHAIN'
  | 'UNABLE_TO_GET_ISSUER_CERT'
  | 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
  | 'CERT_SIGNATURE_FAILURE'
  | 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY'
  | 'CA_MD_TOO_WEAK'
  | 'CA_KEY_TOO_SMALL'
  | 'CERT_CHAIN_TOO_LONG'
  | 'ERR_PQTLS_CERTIFICATE_TOO_COMPLEX'
>;

export interface PathSearch {
  readonly trusted: TrustStore;
  /** What was sent besides the leaf. */
  readonly sent: readonly Certificate[];
  /** Anything that is trusted ends a path, not only what is self-signed. */
  readonly allowPartial: boolean;
  /** Certificates between leaf and anchor. */
  readonly maxDepth: number;
  /** Whether `issuer` signed `certificate`; otherwise why that cannot be said. */
  readonly checkSignature: (certificate: Certificate, issuer: Certificate) => PathEnd | undefined;
}

/** Every path from the leaf, until the caller stops asking or the bounds are reached. */
export function* findPaths(leaf: Certificate, search: PathSearch): Generator<FoundPath, void> {
  yield* new Search(search).from([leaf]);
}

class Search {
  readonly #options: PathSearch;
  readonly #verified = new Map<Certificate, Map<Certificate, PathEnd | undefined>>();
  #candidates = 0;
  #signatures = 0;

  constructor(options: PathSearch) {
    this.#options = options;
  }

  *from(path: readonly Certificate[]): Generator<FoundPath, void> {
    const top = path[path.length - 1] as Certificate;
    const { trusted, allowPartial, maxDepth } = this.#options;
    const isTrusted = trusted.has(top);
    if (isTrusted && (allowPartial || top.isSelfIssued)) {
      yield { path, end: undefined };
      return;
    }
    // The leaf and the anchor do not count.
    if (path.length - 1 > maxDepth) {
      yield { path, end: 'CERT_CHAIN_TOO_LONG' };
      return;
    }
    let isDeadEnd = true;
    for (const issuer of this.#issuersOf(top, path)) {
      isDeadEnd = false;
      if (++this.#candidates > searchBounds.candidates) {
        yield { path, end: 'ERR_PQTLS_CERTIFICATE_TOO_COMPLEX' };
        return;
      }
      const fault = this.#checkSignature(top, issuer);
      if (fault === undefined) yield* this.from([...path, issuer]);
      else yield { path: [...path, issuer], end: fault };
      if (this.#isExhausted()) return;
    }
    if (isDeadEnd) yield { path, end: endOf(path, top, isTrusted) };
  }

  #isExhausted(): boolean {
    return this.#candidates > searchBounds.candidates || this.#signatures > searchBounds.signatures;
  }

  /** Trusted ones first; those that are valid no more, last. */
  #issuersOf(certificate: Certificate, path: readonly Certificate[]): Certificate[] {
    const { trusted, sent } = this.#options;
    const { canonical } = certificate.issuer;
    const named = [
      ...trusted.withSubject(certificate.issuer),
      ...sent.filter(({ subject }) => subject.canonical === canonical),
    ];
    const found: Certificate[] = [];
    for (const issuer of named) {
      const isKnown = [...path, ...found].some(({ der }) => equalPublicBytes(der, issuer.der));
      if (!isKnown && couldHaveIssued(issuer, certificate)) found.push(issuer);
    }
    return found;
  }

  #checkSignature(certificate: Certificate, issuer: Certificate): PathEnd | undefined {
    const known = this.#verified.get(certificate) ?? new Map<Certificate, PathEnd | undefined>();
    this.#verified.set(certificate, known);
    if (known.has(issuer)) return known.get(issuer);
    if (++this.#signatures > searchBounds.signatures) return 'ERR_PQTLS_CERTIFICATE_TOO_COMPLEX';
    const fault = this.#options.checkSignature(certificate, issuer);
    known.set(issuer, fault);
    return fault;
  }
}

/** What a certificate says of its issuer's key. RFC 5280, Sections 4.2.1.1 and 4.2.1.3. */
function couldHaveIssued(issuer: Certificate, certificate: Certificate): boolean {
  const { keyIdentifier, serialNumber } = certificate.extensions.authorityKeyIdentifier;
  const { subjectKeyIdentifier, keyUsage } = issuer.extensions;
  if (keyIdentifier !== undefined && subjectKeyIdentifier !== undefined) {
    if (!equalPublicBytes(keyIdentifier, subjectKeyIdentifier)) return false;
  }
  if (serialNumber !== undefined && !equalPublicBytes(serialNumber, issuer.serialNumber)) return false;
  return keyUsage === undefined || keyUsage(KeyUsageBit.keyCertSign);
}

/** OpenSSL's words for where it found nothing more. */
function endOf(path: readonly Certificate[], top: Certificate, isTrusted: boolean): PathEnd {
  if (top.isSelfIssued) return path.length === 1 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN';
  return isTrusted ? 'UNABLE_TO_GET_ISSUER_CERT' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
}
