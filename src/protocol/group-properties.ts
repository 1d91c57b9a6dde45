// What a key exchange group is made of. RFC 9846, Section 4.2.7; RFC 10024.

import { NamedGroup, nameOf, type NamedGroupName } from './constants.js';

export interface GroupProperties {
  /** Some component withstands a quantum computer. */
  readonly postQuantum: boolean;
  /** Joins a post-quantum and a classical component. RFC 9954. */
  readonly hybrid: boolean;
}

export const groupProperties = {
  X25519MLKEM768: { postQuantum: true, hybrid: true },
  SecP256r1MLKEM768: { postQuantum: true, hybrid: true },
  SecP384r1MLKEM1024: { postQuantum: true, hybrid: true },
  MLKEM768: { postQuantum: true, hybrid: false },
  MLKEM1024: { postQuantum: true, hybrid: false },
  X25519: { postQuantum: false, hybrid: false },
  secp256r1: { postQuantum: false, hybrid: false },
  secp384r1: { postQuantum: false, hybrid: false },
  secp521r1: { postQuantum: false, hybrid: false },
} as const satisfies Record<NamedGroupName, GroupProperties>;

/** Whether some component of the group withstands a quantum computer; false for a name that is not known. */
export function isPostQuantumGroup(name: string): boolean {
  return (groupProperties as Record<string, GroupProperties>)[name]?.postQuantum ?? false;
}

/** The same by IANA number. */
export function isPostQuantumId(id: number): boolean {
  return isPostQuantumGroup(nameOf(NamedGroup, id));
}
