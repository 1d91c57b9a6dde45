// The file of `--ca`: that it holds certificates, and which, so that a resumed scan trusts the same.

import { X509Certificate } from 'node:crypto';

/** The fingerprints of all certificates in it. @throws Error where there is none, or one that does not parse */
export function describeCertificateFile(pem: string): string {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (certificates.length === 0) throw new Error('there is no certificate');
  return certificates
    .map((certificate) => new X509Certificate(certificate).fingerprint256)
    .sort()
    .join(' ');
}
