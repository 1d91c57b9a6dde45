// BoringSSL, by our program in peers/boring on the boring crate.

import { lacksGroups, type Peer } from '../peer.js';
import { startProgram } from '../program.js';
import { cargoProgram } from './cargo.js';
import { bindgenEnvironment } from './libclang.js';

const program = cargoProgram('boringssl', 'boring', 'BoringSSL (ten minutes on two cores)');

export const boringssl: Peer = {
  name: 'boringssl',
  title: 'BoringSSL (boring crate)',
  pin: 'test/interop/peers/boring/Cargo.lock',
  limits: [
    lacksGroups(
      ['SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'MLKEM768'],
      'BoringSSL has no post-quantum groups but X25519MLKEM768 and MLKEM1024',
    ),
  ],
  // Its shares: the first group, and the first of the other class.
  decoys: (group) => [
    group === 'X25519MLKEM768' ? 'MLKEM1024' : 'X25519MLKEM768',
    group === 'secp384r1' ? 'secp521r1' : 'secp384r1',
  ],
  missing: program.missing,
  prepare: () => program.prepare(bindgenEnvironment),
  version: async () => `boring ${program.locked('boring')}`,
  start: (config) => startProgram(program.file, [], config),
};
