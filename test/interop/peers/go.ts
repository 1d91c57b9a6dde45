// Go's crypto/tls, by our program in peers/go, with the Go that its go.mod names.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, command, findCommand, sourcesDir, stampOf, step } from '../build-steps.js';
import { lacksGroups, PeerUnavailableError, type Peer } from '../peer.js';
import { startProgram } from '../program.js';
import type { Group } from '../axes.js';

const dir = join(sourcesDir, 'go');
const file = join(cacheDir, 'go', 'lab-peer-go');
const stamp = () => stampOf('go', [dir]);
const isBuilt = () => existsSync(file) && stamp().isCurrent();

export const go: Peer = {
  name: 'go',
  title: 'Go crypto/tls',
  pin: 'toolchain of test/interop/peers/go/go.mod',
  limits: [
    lacksGroups(['MLKEM768'], 'Go has no MLKEM768 without a classical part'),
    {
      reason: 'a Go client orders groups by itself, X25519MLKEM768 first, and always sends its share',
      excludes: ({ role, helloRetry, group }) => role === 'client' && helloRetry && group === 'X25519MLKEM768',
    },
  ],
  // Its shares: the first of its own order, and the classical part of that. So none for what comes second.
  decoys: (group: Group) => [group === 'X25519' ? 'SecP256r1MLKEM768' : 'X25519MLKEM768'],
  missing: () => (isBuilt() ? undefined : 'not built: npm run test:interop -- --peer go builds it'),
  async prepare() {
    if (isBuilt()) return;
    if (findCommand('go') === undefined) {
      throw new PeerUnavailableError(
        'go is missing (1.21 or later, which fetches the version of go.mod). Get it with: Debian/Ubuntu: apt-get install golang-go',
      );
    }
    // Of what is there now: it may change meanwhile.
    const current = stamp();
    current.clear();
    await step('Building the Go peer (a minute on two cores)', (say) =>
      command('go', ['build', '-trimpath', '-o', file, '.'], {
        cwd: dir,
        // The toolchain is a module too, with its checksum in Go's own database.
        env: { GOTOOLCHAIN: toolchain(), GOFLAGS: '-mod=readonly', CGO_ENABLED: '0', GOMAXPROCS: '2' },
        say,
      }),
    );
    current.set();
  },
  version: async () => toolchain(),
  start: (config) => startProgram(file, [], config),
};

function toolchain(): string {
  const name = /^toolchain (\S+)$/m.exec(readFileSync(join(dir, 'go.mod'), 'utf8'))?.[1];
  if (name === undefined) throw new Error('go.mod names no toolchain');
  return name;
}
