// getEphemeralKeyInfo(): a group in the words of node:tls.

import type { EphemeralKeyInfo } from 'node:tls';

const curves: Readonly<Record<string, EphemeralKeyInfo>> = {
  X25519: { type: 'ECDH', name: 'X25519', size: 253 },
  secp256r1: { type: 'ECDH', name: 'prime256v1', size: 256 },
  secp384r1: { type: 'ECDH', name: 'secp384r1', size: 384 },
  secp521r1: { type: 'ECDH', name: 'secp521r1', size: 521 },
};

const major = Number.parseInt(process.versions.node, 10);

/** For no group `{}`, and since Node 24 an object of nothing; a group that is no curve is a `TLSGroup` without a size, as in Node 24 and later. */
export function ephemeralKeyInfo(group: string | undefined): EphemeralKeyInfo | object {
  if (group === undefined) return major < 24 ? {} : { type: undefined, name: undefined, size: undefined };
  const curve = curves[group];
  return curve === undefined ? { type: 'TLSGroup', name: group, size: undefined } : { ...curve };
}
