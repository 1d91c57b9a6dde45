// How the peers in Rust are built: cargo, their lock files, one folder of results, so that AWS-LC is built once for all.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, command, findCommand, sourcesDir, stampOf, step } from '../build-steps.js';
import { PeerUnavailableError } from '../peer.js';

const targetDir = join(cacheDir, 'cargo');

export interface CargoProgram {
  readonly file: string;
  missing(): string | undefined;
  prepare(env?: () => Promise<NodeJS.ProcessEnv>): Promise<void>;
  /** The locked version of a package. */
  locked(name: string): string;
}

/** @param folder of test/interop/peers */
export function cargoProgram(peer: string, folder: string, title: string): CargoProgram {
  const dir = join(sourcesDir, folder);
  const file = join(targetDir, 'release', `lab-peer-${folder}`);
  const stamp = () => stampOf(`cargo-${folder}`, [dir, join(sourcesDir, 'common')]);
  const isBuilt = () => existsSync(file) && stamp().isCurrent();
  return {
    file,
    missing: () => (isBuilt() ? undefined : `not built: npm run test:interop -- --peer ${peer} builds it`),
    async prepare(env = async () => ({})) {
      if (isBuilt()) return;
      if (findCommand('cargo') === undefined) {
        throw new PeerUnavailableError('cargo is missing (1.91 or later). Get it from https://rustup.rs');
      }
      const more = await env();
      // Of what is there now: it may change meanwhile.
      const current = stamp();
      current.clear();
      await step(`Building ${title}`, (say) =>
        command('cargo', ['build', '--release', '--locked', '--jobs', '2'], {
          cwd: dir,
          env: { CARGO_TARGET_DIR: targetDir, ...more },
          say,
        }),
      );
      current.set();
    },
    locked(name) {
      const lock = readFileSync(join(dir, 'Cargo.lock'), 'utf8');
      return new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(lock)?.[1] ?? 'unknown';
    },
  };
}
