// What a report says of a certificate: names, dates, and the algorithms of its key and its signature. RFC 5280.

import { X509Certificate } from 'node:crypto';
import { alternativeNames } from '../alternative-names.js';
import { algorithmIdentifiers } from './certificate-algorithms.js';
import type { Certificate } from './report.js';

// What a peer may put into a report.
const longestName = 500;
const mostNames = 100;

/** @throws Error where Node cannot read it */
export function describeCertificate(der: Buffer): Certificate {
  const certificate = new X509Certificate(der);
  const { key, signature } = algorithmIdentifiers(der);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber,
    names: alternativeNames(certificate.subjectAltName).slice(0, mostNames).map(shortened),
    notBefore: toIso(certificate.validFrom),
    notAfter: toIso(certificate.validTo),
    key: keyName(certificate, key),
    signature,
    selfIssued: certificate.subject === certificate.issuer,
    fingerprint256: certificate.fingerprint256,
  };
}

/** Node has a line an attribute; a certificate without any has none. */
function oneLine(name: string | undefined): string {
  return shortened((name ?? '').replaceAll('\n', ', '));
}

function shortened(text: string): string {
  return text.length > longestName ? `${text.slice(0, longestName)}...` : text;
}

/** Node gives OpenSSL's form, `Nov 28 09:07:19 2026 GMT`, or the bytes of what is no date. */
function toIso(date: string): string {
  const parsed = new Date(date);
  return Number.isNaN(parsed.getTime()) ? shortened(date) : parsed.toISOString();
}

const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** With the size or the curve, where Node knows the kind of key. */
function keyName(certificate: X509Certificate, algorithm: string): string {
  if (algorithm !== 'RSA' && algorithm !== 'RSA-PSS' && algorithm !== 'EC') return algorithm;
  let details: { modulusLength?: number; namedCurve?: string } | undefined;
  try {
    details = certificate.publicKey.asymmetricKeyDetails;
  } catch {
    // A curve that OpenSSL does not know, or a key that is no key: its algorithm is known all the same.
    return `${algorithm}-unreadable`;
  }
  if (details?.modulusLength !== undefined) return `${algorithm}-${details.modulusLength}`;
  const { namedCurve } = details ?? {};
  return namedCurve === undefined ? algorithm : `${algorithm}-${curves[namedCurve] ?? namedCurve}`;
}
