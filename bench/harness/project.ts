// Where the project is, seen from the compiled bench, and which version of it runs.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

// Compiled, this file is .build/bench/harness/project.js.
export const projectRoot = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

export const projectVersion = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/** The commit, with `-dirty` where the work tree differs; undefined outside of a git clone. */
export function projectCommit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'], {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
