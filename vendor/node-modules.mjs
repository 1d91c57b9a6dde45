// Installs the development dependencies where node_modules does not hold what package-lock.json asks for.
// @ts-check

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { runNpm } from './run.mjs';

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 */

/** Whether every package of the lock file is installed in its locked version; npm's own record is believed. */
export function isInstalled() {
  const recordPath = join(projectDir, 'node_modules/.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const wanted = lockedPackages(join(projectDir, 'package-lock.json'));
  const installed = lockedPackages(recordPath);
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    const found = installed[path];
    // Optional packages are those of other platforms.
    return path === '' || (found === undefined ? optional === true || devOptional === true : found.version === version);
  });
}

/**
 * `npm ci` without scripts: our own would build the addon before its time, and no dependency needs one.
 * @param {import('./progress.mjs').Reporter} reporter
 */
export async function installNodeModules(reporter) {
  if (isInstalled()) return;
  await reporter.step('Installing the development dependencies (npm ci)', async () => {
    await runNpm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: projectDir });
  });
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
