// Revocation lists that the program gives: with any, every certificate of a path needs one. RFC 5280, Sections 5 and 6.3.

import { DerError, equalPublicBytes, parseDer, type DerElement } from '../crypto/tls/der.js';
import { parsePublicKey } from '../crypto/tls/public-key.js';
import type { Certificate } from './certificate.js';
import { readName, type DistinguishedName } from './distinguished-name.js';
import { KeyUsageBit, readRawExtensions } from './extensions.js';
import { readSignatureAlgorithm, type CertificateSignatureAlgorithm } from './signature-algorithms.js';
import { readTime } from './time.js';
import type { SignatureVerifier } from './verify-chain.js';
import type { VerificationCode } from './verification-errors.js';

export interface RevocationList {
  readonly tbs: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  /** Serial numbers, hexadecimal. */
  readonly revoked: ReadonlySet<string>;
  readonly hasUnhandledCritical: boolean;
  readonly signatureAlgorithm: CertificateSignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** A list with many entries is the program's own, not a peer's. */
const mostBytes = 64 * 1024 * 1024;

/** CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }. Throws DerError. */
export function parseRevocationList(der: Uint8Array): RevocationList {
  if (der.length > mostBytes) throw new DerError('a shorter revocation list');
  const [tbs, algorithm, signature, ...more] = parseDer(der).sequence();
  if (tbs === undefined || algorithm === undefined || signature === undefined || more.length > 0) {
    throw new DerError('a revocation list');
  }
  const fields = tbs.sequence();
  // Version 2 is 1; version 1 is left out.
  if (fields[0]?.universalTag === 2 && fields.shift()?.smallInteger() !== 1) throw new DerError('version 2');
  const [innerAlgorithm, issuer, thisUpdate, ...rest] = fields;
  if (innerAlgorithm === undefined || issuer === undefined || thisUpdate === undefined) {
    throw new DerError('a revocation list');
  }
  if (!equalPublicBytes(innerAlgorithm.raw, algorithm.raw)) throw new DerError('the same algorithm twice');
  const isTime = rest[0]?.universalTag === 23 || rest[0]?.universalTag === 24;
  const nextUpdate = isTime ? rest.shift() : undefined;
  const entries = rest[0]?.contextTag === undefined ? (rest.shift()?.sequence() ?? []) : [];
  const extensions = rest.shift();
  const critical = [extensions?.explicit(), ...entries.map((entry) => entry.sequence()[2])].map(hasCritical);
  return {
    tbs: tbs.raw,
    issuer: readName(issuer),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: nextUpdate && readTime(nextUpdate),
    revoked: new Set(entries.map(serialOf)),
    hasUnhandledCritical: critical.includes(true),
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    signature: signature.bitString(),
  };
}

function serialOf(entry: DerElement): string {
  const serial = entry.sequence()[0];
  if (serial === undefined) throw new DerError('a revoked certificate');
  return hexOf(serial.integer());
}

function hasCritical(extensions: DerElement | undefined): boolean {
  return extensions !== undefined && [...readRawExtensions(extensions).values()].some(({ critical }) => critical);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Every fault of a path, leaf first. A self-signed anchor needs a list of its own too, as in OpenSSL. */
export function revocationFaults(
  path: readonly Certificate[],
  lists: readonly RevocationList[],
  time: number,
  verifySignature: SignatureVerifier,
): VerificationCode[] {
  const faults: VerificationCode[] = [];
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1] ?? (certificate.isSelfIssued ? certificate : undefined);
    const candidates = lists.filter((list) => list.issuer.canonical === certificate.issuer.canonical);
    // The newest counts.
    const [list] = candidates.sort((one, other) => other.thisUpdate - one.thisUpdate);
    if (list === undefined || issuer === undefined) faults.push('UNABLE_TO_GET_CRL');
    else faults.push(...listFaults(list, issuer, certificate, time, verifySignature));
  }
  return faults;
}

function listFaults(
  list: RevocationList,
  issuer: Certificate,
  certificate: Certificate,
  time: number,
  verifySignature: SignatureVerifier,
): VerificationCode[] {
  const faults: VerificationCode[] = [];
  const { keyUsage } = issuer.extensions;
  if (keyUsage !== undefined && !keyUsage(KeyUsageBit.cRLSign)) faults.push('KEYUSAGE_NO_CRL_SIGN');
  if (list.thisUpdate > time) faults.push('CRL_NOT_YET_VALID');
  if (list.nextUpdate !== undefined && list.nextUpdate < time) faults.push('CRL_HAS_EXPIRED');
  const { signatureAlgorithm: algorithm, tbs, signature } = list;
  const isSigned =
    algorithm.type !== 'weak' &&
    algorithm.type !== 'unknown' &&
    parsePublicKey(issuer.spki) !== undefined &&
    verifySignature(algorithm, issuer.spki, tbs, signature);
  if (!isSigned) faults.push('CRL_SIGNATURE_FAILURE');
  // One that narrows the list, or names other issuers, would have to be understood.
  if (list.hasUnhandledCritical) faults.push('UNHANDLED_CRITICAL_CRL_EXTENSION');
  if (list.revoked.has(hexOf(certificate.serialNumber))) faults.push('CERT_REVOKED');
  return faults;
}
