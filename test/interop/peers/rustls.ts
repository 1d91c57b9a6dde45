// rustls with aws-lc-rs, by our program in peers/rustls.

import { lacksGroups, type Peer } from '../peer.js';
import { startProgram } from '../program.js';
import { cargoProgram } from './cargo.js';

const program = cargoProgram('rustls', 'rustls', 'rustls with aws-lc-rs (three minutes on two cores)');

export const rustls: Peer = {
  name: 'rustls',
  title: 'rustls with aws-lc-rs',
  pin: 'test/interop/peers/rustls/Cargo.lock',
  limits: [lacksGroups(['SecP384r1MLKEM1024', 'secp521r1'], 'rustls has no such group in its aws-lc-rs provider')],
  // Its shares: the first group, and the classical part of that.
  decoys: (group) => [group.startsWith('X25519') ? 'SecP256r1MLKEM768' : 'X25519MLKEM768'],
  missing: program.missing,
  prepare: () => program.prepare(),
  version: async () => `${program.locked('rustls')}, aws-lc-rs ${program.locked('aws-lc-rs')}`,
  start: (config) => startProgram(program.file, [], config),
};
