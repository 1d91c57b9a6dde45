// GnuTLS of Debian: fetched and asked for its groups. It is a peer as soon as it has a post-quantum one.

import { spawnSync } from 'node:child_process';
import { debianProgram } from '../debian.js';
import { PeerUnavailableError, type Peer } from '../peer.js';

const program = debianProgram('gnutls', 'usr/bin/gnutls-cli');
const listTimeoutMs = 10_000;

export const gnutls: Peer = {
  name: 'gnutls',
  title: 'GnuTLS (Debian trixie)',
  pin: 'test/interop/peers/gnutls/debian.json',
  optional: true,
  limits: [],
  missing: () =>
    program.isThere()
      ? obstacle()
      : 'not fetched: npm run test:interop -- --peer gnutls fetches it and asks for its groups',
  prepare: () => program.prepare(),
  version: async () => program.version('gnutls-bin'),
  start: async () => {
    throw new PeerUnavailableError(obstacle());
  },
};

/** Why there is nothing to run against, from what it says itself. */
function obstacle(): string {
  const [file, args] = program.command(['--list']);
  const { stdout, error } = spawnSync(file, args, { encoding: 'utf8', timeout: listTimeoutMs });
  if (error !== undefined) return `gnutls-cli --list does not run: ${error.message}`;
  const names = /^Groups: (.*)$/m.exec(stdout)?.[1] ?? 'none';
  return /MLKEM/i.test(names)
    ? 'it has a post-quantum group now, and the lab does not drive gnutls-cli and gnutls-serv yet: extend peers/gnutls.ts'
    : `GnuTLS ${program.version('gnutls-bin')} has no post-quantum group: gnutls-cli --list names ${names}`;
}
