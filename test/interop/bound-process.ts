// Processes of the lab that end with it, however it ends: whoever is killed closes nothing and stops nobody.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { findCommand } from './build-steps.js';

/** With pipes for its standard streams. */
export function spawnBound(
  file: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv },
): ChildProcessWithoutNullStreams {
  return spawn(...bound(file, args), { ...options, stdio: 'pipe' });
}

/**
 * The command line under which the kernel kills the process when this one ends, PR_SET_PDEATHSIG of prctl(2), which only
 * Linux has: setpriv of util-linux sets it and becomes the program, with the same number. Elsewhere it is the same command
 * line, and a peer that waits for a connection outlives a lab that was killed.
 */
export function bound(file: string, args: readonly string[]): [file: string, args: string[]] {
  const setpriv = process.platform === 'linux' ? findCommand('setpriv') : undefined;
  return setpriv === undefined ? [file, [...args]] : [setpriv, ['--pdeathsig', 'KILL', '--', file, ...args]];
}
