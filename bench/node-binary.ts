// Another version of Node from npm, fetched on demand into .build/ and kept there.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './harness/project.js';

/**
 * The path of a `node` of this major version; npm's package `node-<platform>-<arch>` holds nothing but the binary and its
 * headers (about 60 MB to fetch).
 */
export async function nodeBinary(major: number): Promise<string> {
  const name = `node-${platform() === 'win32' ? 'win' : platform()}-${arch()}`;
  const folder = join(projectRoot, '.build', `node-${major}`);
  const binary = join(folder, 'node_modules', name, 'bin', platform() === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) await fetchPackage(`${name}@${major}`, folder);
  return binary;
}

async function fetchPackage(specifier: string, folder: string): Promise<void> {
  const scratch = `${folder}.${process.pid}`;
  await mkdir(scratch, { recursive: true });
  try {
    // Keeps npm from looking for a package.json in the folders above.
    await writeFile(join(scratch, 'package.json'), '{ "private": true }');
    const npm = platform() === 'win32' ? 'npm.cmd' : 'npm';
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await promisify(execFile)(npm, ['install', ...options, specifier], { cwd: scratch, shell: platform() === 'win32' });
    // Only a complete folder ever has the final name.
    await rm(folder, { recursive: true, force: true });
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
