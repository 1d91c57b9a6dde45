// Compiles src/, test/ and bench/ with tsc, each only when something it reads has changed.
// @ts-check

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { run } from './run.mjs';
import { contentsOf, filesBelow, hashOf, hashOfFile, isStamped, stamp, unstamp } from './stamp.mjs';

/** @typedef {'src' | 'test' | 'bench'} Part */

const outputs = { src: 'dist', test: '.build/test', bench: '.build/bench' };
const stateDir = join(projectDir, '.build');

/** @param {string} path */
function compiler(path) {
  return join(projectDir, 'node_modules/typescript-7', path);
}

/**
 * @param {readonly Part[]} parts beside src, which the others import
 * @param {import('./progress.mjs').Reporter} reporter
 */
export async function buildTypeScript(parts, reporter) {
  const srcHash = hashOf([sourcesOf('src'), settings('src')]);
  await compile('src', srcHash, reporter);
  for (const part of parts) {
    if (part === 'src') continue;
    // The bench imports from test/support/.
    const shared = part === 'bench' ? sourcesOf('test').filter(([path]) => String(path).startsWith('support')) : [];
    await compile(part, hashOf([srcHash, sourcesOf(part), shared, settings(part)]), reporter);
  }
}

/**
 * @param {Part} part
 * @param {string} hash
 * @param {import('./progress.mjs').Reporter} reporter
 */
async function compile(part, hash, reporter) {
  const stampPath = join(stateDir, `${part}.stamp`);
  if (isStamped(stampPath, hash) && expectedOutputs(part).every((path) => existsSync(path))) return;
  unstamp(stampPath);
  removeStale(part);
  // tsc's own record says "up to date" of outputs that were removed.
  if (!expectedOutputs(part).every((path) => existsSync(path)))
    rmSync(join(stateDir, `${part}.tsbuildinfo`), { force: true });
  const project = part === 'src' ? projectDir : join(projectDir, part);
  await reporter.step(`Compiling ${part}/`, () =>
    run(process.execPath, [compiler('bin/tsc'), '--pretty', 'false', '-p', project], { cwd: projectDir }),
  );
  stamp(stampPath, hash);
}

/**
 * Outputs whose source is gone: a deleted test must not run on.
 * @param {Part} part
 */
function removeStale(part) {
  const outputDir = join(projectDir, outputs[part]);
  const sources = new Set(sourcesOf(part).map(([path]) => String(path).replace(/\.([cm]?)ts$/, '')));
  for (const path of filesBelow(outputDir)) {
    const source = path.replace(/(\.d)?\.[cm]?[jt]s(\.map)?$/, '');
    if (source !== path && !sources.has(source)) rmSync(join(outputDir, path));
  }
}

/** @param {Part} part */
function sourcesOf(part) {
  return contentsOf(join(projectDir, part), (path) => /\.[cm]?ts$/.test(path));
}

/** @param {Part} part */
function expectedOutputs(part) {
  return filesBelow(join(projectDir, part), (path) => /\.[cm]?ts$/.test(path) && !/\.d\.[cm]?ts$/.test(path)).map(
    (path) => join(projectDir, outputs[part], path.replace(/ts$/, 'js')),
  );
}

/** @param {Part} part */
function settings(part) {
  return [
    hashOfFile(join(projectDir, 'tsconfig.json')),
    part === 'src' ? '' : hashOfFile(join(projectDir, part, 'tsconfig.json')),
    readFileSync(join(projectDir, 'package.json'), 'utf8'),
    JSON.parse(readFileSync(compiler('package.json'), 'utf8')).version,
  ];
}
