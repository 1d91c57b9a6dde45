// The object identifiers of kinds of keys that policies ask for. RFC 9881, Section 2.

import type { PublicKey } from '../crypto/tls/public-key.js';

const mlDsaOids = {
  'ML-DSA-44': '2.16.840.1.101.3.4.3.17',
  'ML-DSA-65': '2.16.840.1.101.3.4.3.18',
  'ML-DSA-87': '2.16.840.1.101.3.4.3.19',
} as const;

/** undefined for every other kind. */
export function oidOf(key: PublicKey): string | undefined {
  return key.type === 'ml-dsa' ? mlDsaOids[key.algorithm] : undefined;
}
