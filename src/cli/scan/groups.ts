// The key exchange groups that a scan tries, by which stack, and those that neither stack has. IANA TLS Supported Groups.

import type { Stack } from './handshake.js';

export interface ScannedGroup {
  readonly stack: Stack;
  readonly postQuantum: boolean;
}

/** Most wanted first: hybrids, pure ML-KEM, classical. Names are IANA's. */
export const scannedGroups = {
  X25519MLKEM768: { stack: 'pqtls', postQuantum: true },
  SecP256r1MLKEM768: { stack: 'pqtls', postQuantum: true },
  SecP384r1MLKEM1024: { stack: 'pqtls', postQuantum: true },
  MLKEM768: { stack: 'pqtls', postQuantum: true },
  MLKEM1024: { stack: 'pqtls', postQuantum: true },
  X25519: { stack: 'pqtls', postQuantum: false },
  secp256r1: { stack: 'pqtls', postQuantum: false },
  secp384r1: { stack: 'pqtls', postQuantum: false },
  secp521r1: { stack: 'pqtls', postQuantum: false },
  x448: { stack: 'node:tls', postQuantum: false },
  ffdhe2048: { stack: 'node:tls', postQuantum: false },
  ffdhe3072: { stack: 'node:tls', postQuantum: false },
} as const satisfies Record<string, ScannedGroup>;

export type ScannedGroupName = keyof typeof scannedGroups;

/** Why a group of the registry is not tried. */
export const untriedGroups: Readonly<Record<string, string>> = {
  MLKEM512: 'neither stack has it',
  X25519Kyber768Draft00: 'a withdrawn draft that neither stack has',
};

const entries = Object.entries(scannedGroups) as [ScannedGroupName, ScannedGroup][];

/** Those that our own stack has: it chooses the order of the groups and tells of HelloRetryRequest. */
export const ownGroups: readonly ScannedGroupName[] = entries
  .filter(([, { stack }]) => stack === 'pqtls')
  .map(([name]) => name);

export const foreignGroups: readonly ScannedGroupName[] = entries
  .filter(([, { stack }]) => stack === 'node:tls')
  .map(([name]) => name);

export const classicalGroups = ownGroups.filter((name) => !isPostQuantum(name));
export const postQuantumGroups = ownGroups.filter(isPostQuantum);

export function isPostQuantum(name: string): boolean {
  return Object.hasOwn(scannedGroups, name) && scannedGroups[name as ScannedGroupName].postQuantum;
}
