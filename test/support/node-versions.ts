// Other versions of Node, fetched from npm on demand and kept in .build/: peers and consumers that are not this process.

import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment, projectDir, runCommand } from './project.js';

/** The oldest supported release, and the newest of each supported line. */
export const nodeVersions = ['20.19.0', '22', '24', '26'] as const;
export type NodeVersion = (typeof nodeVersions)[number];

const cacheDir = join(projectDir, '.build');
// A fetch of 57 MB takes seconds; whoever holds the lock for longer was killed.
const staleLockMs = 5 * 60_000;

/** Path of a `node` of that version. Tests that ask at the same time, in other processes too, share one fetch. */
export async function nodeBinary(version: NodeVersion): Promise<string> {
  const dir = nodeDir(version);
  const binary = cachedNode(version);
  if (existsSync(binary)) return binary;
  const unlock = await lock(`${dir}.lock`);
  try {
    if (!existsSync(binary)) await fetchNode(version, dir);
  } finally {
    unlock();
  }
  return binary;
}

/** Where that `node` is once it was fetched. */
export function cachedNode(version: NodeVersion): string {
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  return join(nodeDir(version), 'node_modules', packageName(), file);
}

function nodeDir(version: NodeVersion): string {
  return join(cacheDir, `node-${version}`);
}

/** PQTLS_PEER_ARCH is the machine's own processor where this process is emulated: its peers need not be. */
function packageName(): string {
  const arch = process.env['PQTLS_PEER_ARCH'] ?? process.arch;
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${arch}`;
}

async function fetchNode(version: NodeVersion, dir: string): Promise<void> {
  const scratch = `${dir}.${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, 'package.json'), '{ "private": true }');
  const args = [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    `${packageName()}@${version}`,
  ];
  const result = await runCommand('npm', args, { cwd: scratch, env: cleanEnvironment() });
  if (result.code !== 0) {
    rmSync(scratch, { recursive: true, force: true });
    throw new Error(`npm could not fetch ${packageName()}@${version}:\n${result.stderr}`);
  }
  // Only a complete folder ever has the final name.
  rmSync(dir, { recursive: true, force: true });
  renameSync(scratch, dir);
}

async function lock(path: string): Promise<() => void> {
  mkdirSync(cacheDir, { recursive: true });
  for (;;) {
    try {
      mkdirSync(path);
      return () => rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > staleLockMs) rmSync(path, { recursive: true, force: true });
    await sleep(200);
  }
}
