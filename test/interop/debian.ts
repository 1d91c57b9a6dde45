// Programs of a newer Debian than the machine's: pinned packages, fetched by apt from an apt root of their own, unpacked and
// run with their own C library. Nothing of the machine's apt or files changes.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, cacheDir, command, findCommand, sourcesDir, stampOf, step, type Say } from './build-steps.js';
import { PeerUnavailableError } from './peer.js';

/** A file debian.json of a peer. */
interface Pins {
  readonly suite: string;
  readonly architecture: string;
  readonly packages: Readonly<Record<string, { readonly version: string; readonly sha256: string }>>;
}

export interface DebianProgram {
  isThere(): boolean;
  prepare(): Promise<void>;
  /** What to run: the packages' own loader, with the program behind it. */
  command(args: readonly string[]): [string, string[]];
  /** The pinned version of a package. */
  version(name: string): string;
}

/**
 * @param peer its folder in test/interop/peers has debian.json
 * @param program path of the program in its package, e.g. `usr/bin/openssl`
 */
export function debianProgram(peer: string, program: string): DebianProgram {
  const pinsFile = join(sourcesDir, peer, 'debian.json');
  const pins = () => JSON.parse(readFileSync(pinsFile, 'utf8')) as Pins;
  const dir = join(cacheDir, 'debian', peer);
  const root = join(dir, 'root');
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const stamp = () => stampOf(`debian-${peer}`, [pinsFile]);
  const isThere = () => existsSync(join(root, program)) && stamp().isCurrent();
  return {
    isThere,
    async prepare() {
      if (isThere()) return;
      const wanted = pins();
      await check(wanted);
      const current = stamp();
      current.clear();
      rmSync(dir, { recursive: true, force: true });
      await step(`Fetching ${peer} of Debian ${wanted.suite}`, async (say) => {
        const files = await download(wanted, dir, say);
        mkdirSync(root, { recursive: true });
        for (const file of files) await command('dpkg', ['-x', file, root], { say });
      });
      current.set();
    },
    command: (args) => [
      join(libraries, 'ld-linux-x86-64.so.2'),
      ['--library-path', libraries, join(root, program), ...args],
    ],
    version: (name) => pins().packages[name]?.version ?? 'unknown',
  };
}

async function check({ architecture, suite }: Pins): Promise<void> {
  if (findCommand('apt-get') === undefined || findCommand('dpkg') === undefined) {
    throw new PeerUnavailableError(`its packages are those of Debian ${suite}, which need apt-get and dpkg`);
  }
  const here = (await command('dpkg', ['--print-architecture'])).trim();
  if (here !== architecture) {
    throw new PeerUnavailableError(`its packages are pinned for ${architecture} alone, and this machine is ${here}`);
  }
}

/** Fetches every pinned package and checks its hash. */
async function download({ suite, packages }: Pins, dir: string, say: Say): Promise<string[]> {
  const options = await aptRoot(suite, join(dir, 'apt'));
  await command('apt-get', [...options, 'update'], { say });
  const target = join(dir, 'packages');
  mkdirSync(target, { recursive: true });
  const names = Object.entries(packages).map(([name, { version }]) => `${name}=${version}`);
  try {
    await command('apt-get', [...options, 'download', ...names], { cwd: target, say });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw new PeerUnavailableError(
      `Debian ${suite} has not all pinned versions any more: bring debian.json up to date (test/interop/README.md). ${error.message}`,
    );
  }
  const hashes = new Set(Object.values(packages).map(({ sha256 }) => sha256));
  const files = readdirSync(target).map((name) => join(target, name));
  for (const file of files) {
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (!hashes.delete(hash)) throw new BuildError(`${file} is not the pinned package: its SHA-256 is ${hash}`);
  }
  if (hashes.size > 0) throw new BuildError(`of the pinned packages, ${hashes.size} did not come`);
  return files;
}

/** The options that make apt use a source list, lists and a cache of our own. */
async function aptRoot(suite: string, dir: string): Promise<string[]> {
  mkdirSync(join(dir, 'state/lists/partial'), { recursive: true });
  mkdirSync(join(dir, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(dir, 'status'), '');
  const sources = join(dir, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${keyring}] ${await mirror(suite)} ${suite} main\n`);
  return [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State=${join(dir, 'state')}`,
    `Dir::State::status=${join(dir, 'status')}`,
    `Dir::Cache=${join(dir, 'cache')}`,
    // The machine's own list of programs for what is not installed would be fetched too.
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'Acquire::Languages=none',
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Where the machine's own apt gets Debian from: any mirror has every suite. */
async function mirror(suite: string): Promise<string> {
  const targets = await command('apt-get', ['indextargets', '--format', '$(REPO_URI) $(LABEL)']);
  const uri = targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, label]) => label === 'Debian')?.[0];
  if (uri === undefined || !existsSync(keyring)) {
    throw new PeerUnavailableError(`its packages are those of Debian ${suite}, and this machine's apt knows no Debian`);
  }
  return uri;
}
