// A certificate, parsed: what path building and validation look at. RFC 5280, Section 4.1.

import { DerError, equalPublicBytes, parseDer, type DerElement } from '../crypto/tls/der.js';
import { readName, type DistinguishedName } from './distinguished-name.js';
import { readExtensions, readRawExtensions, type Extensions, type RawExtension } from './extensions.js';
import { readSignatureAlgorithm, type CertificateSignatureAlgorithm } from './signature-algorithms.js';
import { readTime } from './time.js';

export interface Certificate {
  readonly der: Uint8Array;
  /** What is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Two's complement, as it was encoded. */
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  readonly signatureAlgorithm: CertificateSignatureAlgorithm;
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
  /** Issuer and subject have the same name; its own key need not have signed it. RFC 5280, Section 3.2. */
  readonly isSelfIssued: boolean;
}

/** Longest certificate that is looked at. One with ML-DSA-87 has about 8 KB. */
export const mostCertificateBytes = 128 * 1024;

/** Throws DerError. */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > mostCertificateBytes) throw new DerError('a shorter certificate');
  const [tbs, outerAlgorithm, signature, ...more] = parseDer(der).sequence();
  if (tbs === undefined || outerAlgorithm === undefined || signature === undefined || more.length > 0) {
    throw new DerError('a certificate');
  }
  const fields = tbs.sequence();
  const version = fields[0]?.contextTag === 0 ? readVersion(fields.shift()) : 1;
  const [serial, innerAlgorithm, issuer, validity, subject, spki, ...rest] = fields;
  if (serial === undefined || innerAlgorithm === undefined || issuer === undefined) throw new DerError('a certificate');
  if (validity === undefined || subject === undefined || spki === undefined) throw new DerError('a certificate');
  // RFC 5280, Section 4.1.1.2.
  if (!equalPublicBytes(outerAlgorithm.raw, innerAlgorithm.raw)) throw new DerError('the same algorithm twice');
  const [notBefore, notAfter, ...times] = validity.sequence();
  if (notBefore === undefined || notAfter === undefined || times.length > 0) throw new DerError('a validity');
  const names = { issuer: readName(issuer), subject: readName(subject) };
  return {
    der,
    tbs: tbs.raw,
    version,
    serialNumber: serial.integer(),
    ...names,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    spki: spki.raw,
    signatureAlgorithm: readSignatureAlgorithm(outerAlgorithm),
    signature: signature.bitString(),
    extensions: readExtensions(extensionsOf(rest, version)),
    isSelfIssued: names.issuer.canonical === names.subject.canonical,
  };
}

function readVersion(tag: DerElement | undefined): 2 | 3 {
  const version = tag?.explicit().smallInteger();
  // The default, version 1, is left out.
  if (version !== 1 && version !== 2) throw new DerError('version 2 or 3');
  return version === 1 ? 2 : 3;
}

/** issuerUniqueID [1] and subjectUniqueID [2] of old may stand before them. */
function extensionsOf(fields: readonly DerElement[], version: 1 | 2 | 3): Map<string, RawExtension> {
  let previous = 0;
  for (const field of fields) {
    const tag = field.contextTag ?? 0;
    if (tag <= previous || tag > 3 || version === 1 || (tag === 3 && version !== 3))
      throw new DerError('a certificate');
    previous = tag;
  }
  const extensions = fields.find(({ contextTag }) => contextTag === 3);
  return extensions === undefined ? new Map<string, RawExtension>() : readRawExtensions(extensions.explicit());
}
