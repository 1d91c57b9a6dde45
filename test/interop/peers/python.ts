// OpenSSL through the ssl module of the system's Python, by our program peers/python/peer.py; a peer that every build has.

import { join } from 'node:path';
import { curveOfKey, groups, signatures } from '../axes.js';
import { command, findCommand, sourcesDir } from '../build-steps.js';
import { lacksGroups, lacksSignatures, PeerUnavailableError, type Peer } from '../peer.js';
import { startProgram } from '../program.js';

const program = join(sourcesDir, 'python/peer.py');
const classical = ['X25519', 'secp256r1', 'secp384r1', 'secp521r1'];

export const python: Peer = {
  name: 'python',
  title: "OpenSSL in the system's Python",
  pin: 'the machine',
  optional: true,
  limits: [
    lacksGroups(
      groups.filter((group) => !classical.includes(group)),
      "Python's ssl module chooses elliptic curves only",
    ),
    lacksSignatures(
      signatures.filter((name) => name.startsWith('mldsa')),
      'OpenSSL before 3.5, as Python mostly has, knows no ML-DSA',
    ),
    {
      reason:
        "Python's ssl module takes one group, so its client can be asked for no other, and in TLS 1.2 has to have the curve of an ECDSA key",
      excludes: (cell) =>
        (cell.role === 'client' && cell.helloRetry) ||
        ((cell.role === 'client' || cell.clientAuth) && curveOfKey(cell).length > 0),
    },
  ],
  missing: () =>
    findCommand('python3') === undefined ? 'python3 is not installed. Debian: apt-get install python3' : undefined,
  async prepare() {
    const reason = python.missing();
    if (reason !== undefined) throw new PeerUnavailableError(reason);
  },
  version: async () =>
    (
      await command('python3', [
        '-c',
        'import ssl, platform; print("Python", platform.python_version() + ",", ssl.OPENSSL_VERSION)',
      ])
    ).trim(),
  start: (config) => startProgram('python3', [program], config),
};
