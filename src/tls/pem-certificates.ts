// Certificates in a text of PEM. RFC 7468, Section 5.

import { X509Certificate } from 'node:crypto';

const blocks = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END [A-Z0-9 ]+-----/g;
const beginnings = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** The certificates of a text, each in the form that OpenSSL writes; reading ends at what does not parse, as in node:tls. */
export function certificatesOf(text: string): string[] {
  const found: string[] = [];
  for (const [block] of text.matchAll(blocks)) {
    try {
      found.push(new X509Certificate(block).toString());
    } catch {
      break;
    }
  }
  return found;
}

/** Undefined where one of them does not parse. */
export function allCertificatesOf(text: string): string[] | undefined {
  const found = certificatesOf(text);
  return found.length === (text.match(beginnings)?.length ?? 0) ? found : undefined;
}
