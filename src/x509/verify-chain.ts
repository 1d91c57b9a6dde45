// Whether a peer's chain leads to something trusted: RFC 5280, Section 6, with the errors that node:tls reports.
//
// Like OpenSSL under node:tls, a path is looked at to its end and its last fault is the one that is told; unlike it, every
// path is tried before one is. Synchronous, and without any access to the network.

import type { TlsPrimitives } from '../crypto/tls/primitives.js';
import { isShortRsaKey, parsePublicKey } from '../crypto/tls/public-key.js';
import type { Certificate } from './certificate.js';
import { checkNameConstraints } from './name-constraints.js';
import { findPaths, type FoundPath, type PathEnd } from './path-builder.js';
import { purposeFaults, type Purpose } from './purposes.js';
import { revocationFaults, type RevocationList } from './revocation-list.js';
import { tryParseCertificate } from './parsed-certificates.js';
import type { TrustStore } from './trust-store.js';
import { verificationError, type VerificationCode, type VerificationError } from './verification-errors.js';

export type SignatureVerifier = TlsPrimitives['verifySignature'];

export interface ChainOptions {
  readonly trusted: TrustStore;
  readonly purpose: Purpose;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly verifySignature: SignatureVerifier;
  /** With any, every certificate of the path needs a list of its issuer. */
  readonly crls?: readonly RevocationList[] | undefined;
  /** Any trusted certificate ends the path, not only a self-signed one. Default false. */
  readonly allowPartial?: boolean | undefined;
  /** Most certificates between leaf and anchor. Default 10. */
  readonly maxDepth?: number | undefined;
}

export interface ChainVerification {
  readonly error: VerificationError | undefined;
  /** DER, leaf first, completed from what was sent and trusted; the best that was found where there is an error. */
  readonly path: readonly Uint8Array[];
}

/** Most certificates of a peer that are looked at. */
export const mostSentCertificates = 32;

const defaultMaxDepth = 10;

/** `chain` is DER, leaf first, the others in any order. Never throws for what a peer sent. */
export function verifyChain(chain: readonly Uint8Array[], options: ChainOptions): ChainVerification {
  const fail = (code: VerificationCode, path: readonly Uint8Array[] = chain.slice(0, 1)): ChainVerification => ({
    error: verificationError(code),
    path,
  });
  if (chain.length > mostSentCertificates) return fail('CERT_CHAIN_TOO_LONG');
  const certificates: Certificate[] = [];
  for (const der of chain) {
    const certificate = tryParseCertificate(der);
    if (certificate === undefined) return fail('ERR_PQTLS_CERTIFICATE_MALFORMED');
    certificates.push(certificate);
  }
  const [leaf, ...sent] = certificates;
  if (leaf === undefined) return fail('ERR_PQTLS_CERTIFICATE_MALFORMED');
  let failed: { code: VerificationCode; path: FoundPath['path'] } | undefined;
  const search = {
    trusted: options.trusted,
    sent,
    allowPartial: options.allowPartial ?? false,
    maxDepth: options.maxDepth ?? defaultMaxDepth,
    checkSignature: (certificate: Certificate, issuer: Certificate) =>
      signatureFault(certificate, issuer, options.verifySignature),
  };
  for (const found of findPaths(leaf, search)) {
    const code = faultsOf(found, options).at(-1);
    if (code === undefined) return { error: undefined, path: found.path.map(({ der }) => der) };
    // The first is what OpenSSL would have found, but a path to something trusted says more than a dead end.
    if (failed === undefined) failed = { code, path: found.path };
  }
  if (failed === undefined) return fail('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
  return fail(
    failed.code,
    failed.path.map(({ der }) => der),
  );
}

/** Every fault of a path, in the order in which OpenSSL meets them. */
function faultsOf({ path, end }: FoundPath, options: ChainOptions): VerificationCode[] {
  const isSignatureFault = end !== undefined && signatureEnds.has(end);
  const isAnchored = end === undefined;
  const faults: VerificationCode[] = end === undefined || isSignatureFault ? [] : [end];
  faults.push(...purposeFaults(path, options.purpose, isAnchored));
  if (options.crls !== undefined && options.crls.length > 0) {
    faults.push(...revocationFaults(path, options.crls, options.time, options.verifySignature));
  }
  if (isSignatureFault) faults.push(end);
  // Nothing says that the leaf's signature is right.
  if (path.length === 1 && end !== undefined && issuerEnds.has(end)) faults.push('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  for (const certificate of path.toReversed()) {
    if (certificate.notBefore > options.time) faults.push('CERT_NOT_YET_VALID');
    if (certificate.notAfter < options.time) faults.push('CERT_HAS_EXPIRED');
  }
  const names = checkNameConstraints(path);
  if (names !== undefined) faults.push(names);
  // What is trusted, but too weak: only where nothing else is wrong.
  if (faults.length === 0) faults.push(...strengthFaults(path));
  return faults;
}

/** A leaf that is trusted itself, and no root, is no better. */
const issuerEnds: ReadonlySet<PathEnd> = new Set<PathEnd>([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

const signatureEnds: ReadonlySet<PathEnd> = new Set<PathEnd>([
  'CERT_SIGNATURE_FAILURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CA_MD_TOO_WEAK',
  'CA_KEY_TOO_SMALL',
]);

function signatureFault(
  { signatureAlgorithm: algorithm, tbs, signature }: Certificate,
  issuer: Certificate,
  verifySignature: SignatureVerifier,
): PathEnd | undefined {
  if (algorithm.type === 'weak') return 'CA_MD_TOO_WEAK';
  if (parsePublicKey(issuer.spki) === undefined) {
    return isShortRsaKey(issuer.spki) ? 'CA_KEY_TOO_SMALL' : 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY';
  }
  const isSigned = algorithm.type !== 'unknown' && verifySignature(algorithm, issuer.spki, tbs, signature);
  return isSigned ? undefined : 'CERT_SIGNATURE_FAILURE';
}

/** Of a leaf that is trusted itself nobody verifies a signature; the issuers' keys have been looked at. */
function strengthFaults([leaf]: readonly Certificate[]): VerificationCode[] {
  return leaf !== undefined && isShortRsaKey(leaf.spki) ? ['EE_KEY_TOO_SMALL'] : [];
}
