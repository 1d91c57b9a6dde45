// The certificates of a peer, as facts: names, key types, expiry. RFC 5280.

import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import type { TLSSocket } from '../index.js';
import { alternativeNames } from './alternative-names.js';

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** Entries of subjectAltName: `DNS:localhost`. */
  readonly names: readonly string[];
  /** e.g. `EC P-256`, `RSA 2048`, `ML-DSA-65`. */
  readonly key: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days until notAfter; negative once it is over. */
  readonly daysLeft: number;
  readonly serialNumber: string;
  readonly sha256: string;
  /** The peer sent it; the others were found among the trusted ones. */
  readonly sent: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;
// More issuers than any real chain has.
const longestChain = 32;

/** Leaf first, up to the root as far as it is known; empty where the peer showed none, and on a client that resumed. */
export function peerChain(socket: TLSSocket): CertificateFacts[] {
  const sent = new Set(sentCertificates(socket).map(({ fingerprint256 }) => fingerprint256));
  const facts: CertificateFacts[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<string>();
  while (certificate?.raw !== undefined && facts.length < longestChain && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    facts.push(certificateFacts(certificate, sent.has(certificate.fingerprint256)));
    certificate = certificate.issuerCertificate;
  }
  return facts;
}

/** Those that the peer sent, leaf first. */
export function sentCertificates(socket: TLSSocket): X509Certificate[] {
  const sent: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && sent.length < longestChain) {
    sent.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return sent;
}

function certificateFacts(certificate: DetailedPeerCertificate, sent: boolean): CertificateFacts {
  const { raw, valid_from: from, valid_to: to, serialNumber, fingerprint256, subjectaltname = '' } = certificate;
  const notAfter = new Date(to);
  return {
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    names: alternativeNames(subjectaltname),
    key: keyType(certificate, raw),
    notBefore: isoTime(new Date(from)),
    notAfter: isoTime(notAfter),
    daysLeft: Math.floor((notAfter.getTime() - Date.now()) / dayMs),
    serialNumber,
    sha256: fingerprint256,
    sent,
  };
}

/** What does not parse as a time stays visible as such. */
function isoTime(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString();
}

function distinguishedName(name: object): string {
  const parts = Object.entries(name as Record<string, string | string[]>).flatMap(([type, value]) =>
    [value].flat().map((one) => `${type}=${one}`),
  );
  return parts.length === 0 ? '(empty)' : parts.join(', ');
}

function keyType(certificate: DetailedPeerCertificate, raw: Buffer): string {
  const mlDsa: unknown = Reflect.get(certificate, 'asymmetricKeyType');
  if (typeof mlDsa === 'string') return mlDsa.toUpperCase();
  const { bits, nistCurve, asn1Curve, modulus } = certificate;
  if (modulus !== undefined) return `RSA ${bits}`;
  const curve = nistCurve ?? asn1Curve;
  if (curve !== undefined) return `EC ${curve}`;
  try {
    const type = new X509Certificate(raw).publicKey.asymmetricKeyType ?? 'unknown';
    return type.replace(/^ed/, 'Ed').replace(/^x/, 'X');
  } catch {
    // A kind of key that this Node does not know.
    return 'unknown';
  }
}
