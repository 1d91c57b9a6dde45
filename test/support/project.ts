// Where the project lies, seen from the compiled tests in .build/test/, and how tests run commands in it.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDir = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; never rejects for what the command does. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const [file, ...values] = withoutPreloads(command, args, options.env ?? process.env);
    const child = spawn(file, values, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** tap wraps spawn() so that every child loads its hooks, by NODE_OPTIONS; what a user runs has none. */
export function withoutPreloads(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): [string, ...string[]] {
  if (process.platform === 'win32') return [command, ...args];
  const options = env['NODE_OPTIONS'];
  // By its path: what runs may have a PATH of its own, without it.
  return [
    '/usr/bin/env',
    ...(options === undefined ? ['-u', 'NODE_OPTIONS'] : [`NODE_OPTIONS=${options}`]),
    command,
    ...args,
  ];
}

/**
 * This process's environment without what npm and tap added to it, so that a nested npm and Node behave as a user's.
 * The addon under test stays the one under test.
 */
export function cleanEnvironment(additions: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|TAP|_TAPJS|NODE_OPTIONS|PQTLS_(?!ADDON_PATH$))/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...additions };
}

/** A new folder for scratch files; `remove` takes it away. */
export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `pqtls-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
