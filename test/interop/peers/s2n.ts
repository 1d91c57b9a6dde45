// s2n-tls with its AWS-LC, by our program in peers/s2n, under the policies that it ships: default_pq and default.

import { curveOfKey, groups, type Cell, type Group } from '../axes.js';
import { lacksGroups, lacksSignatures, type Limit, type Peer } from '../peer.js';
import { startProgram } from '../program.js';
import { cargoProgram } from './cargo.js';

const program = cargoProgram('s2n', 's2n', 's2n-tls with its AWS-LC (two minutes on two cores)');

/** The classical groups of its policies, in their order, which the server's choice follows. */
const order: readonly Group[] = ['secp256r1', 'X25519', 'secp384r1', 'secp521r1'];

const common: readonly Limit[] = [
  lacksGroups(['MLKEM768'], 's2n-tls has no MLKEM768 without a classical part'),
  lacksSignatures(['ed25519'], 's2n-tls has no Ed25519'),
  {
    reason: 's2n-tls resumes no session of a server that asks for client certificates, which its tickets do not hold',
    excludes: ({ role, resumption, clientAuth }) => role === 'server' && resumption && clientAuth,
  },
  {
    reason: 'a policy of s2n-tls has every classical group that we could send a share for in its place',
    excludes: ({ role, helloRetry, group }) => role === 'server' && helloRetry && !isHybrid(group),
  },
  {
    reason: 'an s2n-tls server prefers the curve of its ECDSA key, which a client of TLS 1.2 must offer, to this group',
    excludes: (cell) =>
      cell.role === 'server' && curveOfKey(cell).some((curve) => order.indexOf(curve) < order.indexOf(cell.group)),
  },
  {
    reason: 'an s2n-tls client sends shares for X25519MLKEM768 and secp256r1, whatever is wanted',
    excludes: (cell) => cell.role === 'client' && cell.version === 'TLSv1.3' && cell.helloRetry !== needsRetry(cell),
  },
];

/** The policy of a cell is in the program's environment; it fixes the groups, their order and the signature schemes. */
function s2nPeer(name: string, title: string, limits: readonly Limit[], policyOf: (cell: Cell) => string): Peer {
  return {
    name,
    title,
    pin: 'test/interop/peers/s2n/Cargo.lock',
    limits: [...limits, ...common],
    accepts: (cell) =>
      groups.filter((group) => group !== 'MLKEM768' && (group !== 'MLKEM1024' || policyOf(cell) === 'test_all')),
    missing: program.missing,
    prepare: () => program.prepare(),
    version: async () => `${program.locked('s2n-tls')}, aws-lc-sys ${program.locked('aws-lc-sys')}`,
    start: (config, cell) => startProgram(program.file, [], config, { LAB_S2N_POLICY: policyOf(cell) }),
  };
}

// The policy for MLKEM1024, cnsa_2, wants chains of ML-DSA-87 alone; test_all has every group and scheme there is.
export const s2n = s2nPeer('s2n', 's2n-tls, policy default_pq (MLKEM1024: test_all)', [], ({ group }) =>
  group === 'MLKEM1024' ? 'test_all' : 'default_pq',
);

export const s2nDefault = s2nPeer(
  's2n-default',
  's2n-tls, policy default',
  [
    lacksGroups(['MLKEM1024'], 'policy default has no MLKEM1024'),
    lacksSignatures(['mldsa44', 'mldsa65', 'mldsa87'], 'policy default has no ML-DSA'),
  ],
  () => 'default',
);

function isHybrid(group: Group): boolean {
  return group.includes('MLKEM') && !group.startsWith('MLKEM');
}

function needsRetry({ group }: Cell): boolean {
  return !['X25519MLKEM768', 'secp256r1'].includes(group);
}
