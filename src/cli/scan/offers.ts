// The ClientHellos of a scan that several probes share.

import { classicalGroups, postQuantumGroups } from './groups.js';
import type { Offer, Version } from './handshake.js';

/** As pqtls's default, and SHA-1 for what is older. TLS 1.3 allows PKCS#1 and SHA-1 for certificates only. */
export const offeredSchemes = [
  'mldsa65',
  'mldsa87',
  'mldsa44',
  'ed25519',
  'ecdsa_secp256r1_sha256',
  'rsa_pss_rsae_sha256',
  'ecdsa_secp384r1_sha384',
  'rsa_pss_rsae_sha384',
  'ecdsa_secp521r1_sha512',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
] as const;

/** What a post-quantum client with everything sends: shares of X25519MLKEM768 and X25519, in two TCP segments. */
export const wideOffer: Offer = {
  stack: 'pqtls',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  groups: [...postQuantumGroups, ...classicalGroups],
  sigalgs: offeredSchemes,
  alpn: ['h2', 'http/1.1'],
  ocsp: true,
};

/** What clients sent before: one share of X25519, in one TCP segment. */
export function classicalOffer(wide: Offer): Offer {
  return { ...wide, groups: classicalGroups };
}

/** As large as the first, of classical groups: tells whether the size or the group is in the way. */
export function paddedOffer(wide: Offer): Offer {
  // RFC 7301 lets a client name what it likes; a server passes over what it does not know.
  const padding = Array.from({ length: 90 }, (_, index) => `x-pqtls-scan-${index}`);
  return { ...classicalOffer(wide), alpn: [...padding, ...(wideOffer.alpn ?? [])] };
}

/** What old servers may want, with everything that OpenSSL has. */
export const legacyOffer: Offer = { stack: 'node:tls', minVersion: 'TLSv1', maxVersion: 'TLSv1.2' };

export function legacyVersionOffer(version: Version, ciphers?: readonly string[]): Offer {
  return {
    stack: 'node:tls',
    minVersion: version,
    maxVersion: version,
    ...(ciphers === undefined ? {} : { ciphers, unverified: true }),
  };
}

/** TLS 1.3 with these groups in this order. The shares: of the first, and of the first of the other class. */
export function groupOffer(base: Offer, groups: readonly string[]): Offer {
  return { ...base, minVersion: 'TLSv1.3', groups, unverified: true };
}

/** TLS 1.3 as node:tls has it: what it fails in is none of the endpoint's refusals of single groups and suites. */
export const foreignOffer: Offer = {
  stack: 'node:tls',
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  unverified: true,
};

/** node:tls with one group that our own stack has not. */
export function foreignGroupOffer(group: string): Offer {
  return { ...foreignOffer, groups: [group] };
}
