// GnuTLS of Debian: fetched and asked for its groups. It is a peer as soon as it has a post-quantum one.

import { command } from '../build-steps.js';
import { debianProgram } from '../debian.js';
import { PeerUnavailableError, type Peer } from '../peer.js';

const program = debianProgram('gnutls', 'usr/bin/gnutls-cli');
let verdict: string | undefined;

export const gnutls: Peer = {
  name: 'gnutls',
  title: 'GnuTLS (Debian trixie)',
  pin: 'test/interop/peers/gnutls/debian.json',
  optional: true,
  limits: [],
  missing: () =>
    verdict ?? (program.isThere() ? undefined : 'not fetched: npm run test:interop -- --peer gnutls fetches it'),
  async prepare() {
    await program.prepare();
    const [file, args] = program.command(['--list']);
    const list = await command(file, args);
    const names = /^Groups: (.*)$/m.exec(list)?.[1] ?? 'none';
    if (!/MLKEM/i.test(names)) {
      verdict = `GnuTLS ${program.version('gnutls-bin')} of Debian has no post-quantum group: gnutls-cli --list names ${names}`;
      throw new PeerUnavailableError(verdict);
    }
    verdict = 'GnuTLS has a post-quantum group now, and the lab does not drive gnutls-cli yet: write peers/gnutls.ts';
    throw new PeerUnavailableError(verdict);
  },
  version: async () => program.version('gnutls-bin'),
  start: async () => {
    throw new PeerUnavailableError('the lab does not drive gnutls-cli');
  },
};
