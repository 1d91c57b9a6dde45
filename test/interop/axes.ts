// The axes of the interop matrix, and one cell of it: one way in which the two ends must come to terms.

import type { EngineName } from '#src/engine/connection.js';
import { groupOf } from '#src/protocol/key-share.js';
import { NamedGroup, type NamedGroupName, type SignatureSchemeName } from '#src/protocol/constants.js';

/** Engines of our side. */
export const engines = ['aws-lc', 'typescript'] as const satisfies readonly EngineName[];
/** What the peer is; we are the other. */
export const roles = ['server', 'client'] as const;
export const versions = ['TLSv1.3', 'TLSv1.2'] as const;

export const groups = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'MLKEM768',
  'MLKEM1024',
  'X25519',
  'secp256r1',
  'secp384r1',
  'secp521r1',
] as const satisfies readonly NamedGroupName[];

/** The groups that TLS 1.2 has. */
const classicalGroups = ['X25519', 'secp256r1', 'secp384r1', 'secp521r1'] as const satisfies readonly Group[];

export const signatures = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'rsa_pss_rsae_sha256',
  'ed25519',
  'mldsa44',
  'mldsa65',
  'mldsa87',
] as const satisfies readonly SignatureSchemeName[];

/** ML-DSA is for TLS 1.3 alone. draft-ietf-tls-mldsa-00, Section 3. */
const classicalSignatures = signatures.slice(0, 4);

export type Engine = EngineName;
export type Role = (typeof roles)[number];
export type Version = (typeof versions)[number];
export type Group = (typeof groups)[number];
export type Signature = (typeof signatures)[number];

export interface Cell {
  readonly ours: Engine;
  readonly role: Role;
  readonly version: Version;
  readonly group: Group;
  /** What every leaf of the cell signs with: the server's and, where it has one, the client's. */
  readonly signature: Signature;
  /** A second connection resumes the session of the first, with a fresh key exchange in TLS 1.3. */
  readonly resumption: boolean;
  readonly clientAuth: boolean;
  /** The client sends no key share for the group, and is asked for one. RFC 9846, Section 4.2.4. */
  readonly helloRetry: boolean;
}

const noAndYes = [false, true] as const;

/** What an engine of ours speaks at all: its other cells do not exist. */
const versionsOf: Readonly<Record<Engine, readonly Version[]>> = { 'aws-lc': versions, typescript: ['TLSv1.3'] };

/** Of these groups, those that an engine of ours has. */
export function groupsOf(engine: Engine, among: readonly Group[] = groups): readonly Group[] {
  return among.filter((group) => engine === 'aws-lc' || groupOf(NamedGroup[group]) !== undefined);
}

/** Every cell there is for a peer, whether it supports it or not. */
export function* allCells(): Generator<Cell> {
  for (const ours of engines) {
    for (const role of roles) {
      for (const version of versionsOf[ours]) {
        const isNewest = version === 'TLSv1.3';
        for (const group of groupsOf(ours, isNewest ? groups : classicalGroups)) {
          for (const signature of isNewest ? signatures : classicalSignatures) {
            for (const resumption of noAndYes) {
              for (const clientAuth of noAndYes) {
                for (const helloRetry of isNewest ? noAndYes : [false]) {
                  yield { ours, role, version, group, signature, resumption, clientAuth, helloRetry };
                }
              }
            }
          }
        }
      }
    }
  }
}

const usual = { group: 'X25519MLKEM768', signature: 'ecdsa_secp256r1_sha256' } as const;

/** Whether a cell is of the quick subset: each value of each axis, the others being as usual. */
export function isQuick(cell: Cell): boolean {
  const usualGroup = cell.version === 'TLSv1.3' ? usual.group : 'X25519';
  const changed = [
    cell.group !== usualGroup,
    cell.signature !== usual.signature,
    cell.resumption,
    cell.clientAuth,
    cell.helloRetry,
  ].filter(Boolean).length;
  // A HelloRetryRequest for a group that needs one with every peer, too.
  return changed <= 1 || (changed === 2 && cell.helloRetry && cell.group !== usualGroup);
}

export function cellName(cell: Cell): string {
  const parts = [
    cell.ours,
    cell.role === 'server' ? 'our client, their server' : 'their client, our server',
    cell.version,
    cell.group,
    cell.signature,
    ...(cell.resumption ? ['resumed'] : []),
    ...(cell.clientAuth ? ['client certificate'] : []),
    ...(cell.helloRetry ? ['HelloRetryRequest'] : []),
  ];
  return parts.join(', ');
}

/**
 * What a client offers after the group of the cell, which is all that the server accepts: in TLS 1.2 the curve of an ECDSA key must be among a
 * client's groups. RFC 8422, Section 5.1.
 */
export function curveOfKey({ version, signature, group }: Cell): Group[] {
  if (version === 'TLSv1.3') return [];
  const curve =
    signature === 'ecdsa_secp256r1_sha256' ? 'secp256r1' : signature === 'ecdsa_secp384r1_sha384' ? 'secp384r1' : group;
  return curve === group ? [] : [curve];
}

/** What a server of OpenSSL accepts: in TLS 1.2 it holds the key of a client's certificate to its own groups as well. */
export function acceptedByOpenssl(cell: Cell): Group[] {
  return [cell.group, ...(cell.clientAuth ? curveOfKey(cell) : [])];
}
