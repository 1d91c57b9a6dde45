// libclang for bindgen, which the boring crate needs: the system's where LIBCLANG_PATH names it, else PyPI's, pinned.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, command, findCommand, sourcesDir, stampOf, step } from '../build-steps.js';
import { PeerUnavailableError } from '../peer.js';

const dir = join(cacheDir, 'libclang');
const requirements = join(sourcesDir, 'boring/libclang.txt');
const library = join(dir, 'clang/native');

/** What bindgen is told. */
export async function bindgenEnvironment(): Promise<NodeJS.ProcessEnv> {
  // The package has the library alone; the headers of the language are the compiler's.
  const headers = (await command(process.env['CC'] ?? 'cc', ['-print-file-name=include'])).trim();
  const own = process.env['LIBCLANG_PATH'];
  if (own === undefined) await fetchLibrary();
  return { LIBCLANG_PATH: own ?? library, BINDGEN_EXTRA_CLANG_ARGS: `-I${headers}` };
}

async function fetchLibrary(): Promise<void> {
  const stamp = stampOf('libclang', [requirements]);
  if (existsSync(library) && stamp.isCurrent()) return;
  if (findCommand('python3') === undefined) {
    throw new PeerUnavailableError(
      'python3 with pip is missing (fetches libclang). Debian/Ubuntu: apt-get install python3-pip',
    );
  }
  stamp.clear();
  await step('Fetching libclang (25 MB)', async (say) => {
    await command(
      'python3',
      [
        '-m',
        'pip',
        'install',
        '--no-deps',
        '--require-hashes',
        '--only-binary',
        ':all:',
        '--upgrade',
        '--target',
        dir,
        '-r',
        requirements,
      ],
      { say },
    ).catch((error: Error) => {
      throw new PeerUnavailableError(
        `pip cannot fetch libclang: install it and set LIBCLANG_PATH (Debian/Ubuntu: apt-get install libclang-dev). ${error.message}`,
      );
    });
  });
  stamp.set();
}
