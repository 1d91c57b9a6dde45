// Builds AWS-LC's static libraries with cmake-js, once for each source, compiler and set of flags.
// @ts-check

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { verifySource } from './aws-lc-source.mjs';
import { writeFeatureHeader } from './features.mjs';
import { nativePaths, vendorDir } from './paths.mjs';
import { run, withoutNpmConfig } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { cmakeGenerator } from './toolchain.mjs';

/** @typedef {import('./aws-lc-source.mjs').AwsLcSource} AwsLcSource */
/** @typedef {import('./target.mjs').Target} Target */

/** @param {Target} target */
function stampPath(target) {
  return join(nativePaths(target.root).buildDir, 'aws-lc.stamp');
}

/**
 * Everything that decides what the libraries look like. The compiler counts by the name it is asked for by: looking
 * into it would mean running it, and an upgraded compiler does not make a static library wrong.
 * @param {AwsLcSource} source
 * @param {Target} target
 */
export function awsLcHash(source, target) {
  const { CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS } = { ...process.env, ...target.env };
  return hashOf({
    source: source.identity,
    cmake: readFileSync(join(vendorDir, 'CMakeLists.txt'), 'utf8'),
    extra: extraFlags(target),
    environment: [CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS],
    platform: [process.platform, target.arch],
  });
}

/**
 * @param {AwsLcSource} source
 * @param {Target} target
 */
export function isAwsLcBuilt(source, target) {
  return isStamped(stampPath(target), awsLcHash(source, target)) && libraries(target).length > 0;
}

/**
 * Paths of the libraries in linking order: libssl first, where the source has it.
 * @param {Target} target
 */
export function libraries(target) {
  const { awsLcDir } = nativePaths(target.root);
  const find = (/** @type {string} */ name) =>
    [`${name}/lib${name}.a`, `${name}/${name}.lib`, `${name}/Release/${name}.lib`]
      .map((path) => join(awsLcDir, 'aws-lc', path))
      .find((path) => existsSync(path));
  const crypto = find('crypto');
  const ssl = find('ssl');
  if (crypto === undefined) return [];
  return ssl === undefined ? [crypto] : [ssl, crypto];
}

/**
 * @param {AwsLcSource} source
 * @param {Target} target
 * @param {import('./progress.mjs').Step} step
 */
export async function buildAwsLc(source, target, step) {
  const { awsLcDir, includeDir } = nativePaths(target.root);
  unstamp(stampPath(target));
  if (source.pinned) verifySource();
  // A build folder of another source, another path or an interrupted run is not worth reasoning about.
  rmSync(awsLcDir, { recursive: true, force: true });
  const generator = cmakeGenerator();
  await run(
    process.execPath,
    [
      createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js'),
      'build',
      ...['--directory', vendorDir, '--out', awsLcDir, '--config', 'Release'],
      ...(generator === undefined ? [] : ['--generator', generator]),
      ...['--parallel', String(availableParallelism())],
      `--CDAWS_LC_SOURCE_DIR=${source.dir}`,
      ...extraFlags(target).map((flag) => `--CD${flag}`),
    ],
    {
      cwd: vendorDir,
      env: withoutNpmConfig({ ...process.env, ...target.env }),
      onLine: (line) => {
        const fraction = progressOf(line);
        if (fraction !== undefined) step.update(fraction);
      },
    },
  );
  if (libraries(target).length === 0) throw new StepFailedError(`CMake finished, but no libcrypto is in ${awsLcDir}`);
  writeFeatureHeader(libraries(target), includeDir);
  stamp(stampPath(target), awsLcHash(source, target));
}

/**
 * Ninja says `[12/430] ...`, make says `[  3%] ...`.
 * @param {string} line
 * @returns {number | undefined} between 0 and 1
 */
export function progressOf(line) {
  const ninja = /^\[(\d+)\/(\d+)\]/.exec(line);
  if (ninja !== null) return Number(ninja[1]) / Number(ninja[2]);
  const make = /^\[ *(\d+)%\]/.exec(line);
  return make === null ? undefined : Number(make[1]) / 100;
}

/**
 * The target's CMake settings, then the user's, `NAME=value` separated by spaces, for example `FIPS=1` for a FIPS source.
 * @param {Target} target
 */
function extraFlags(target) {
  const own = (process.env['PQTLS_AWS_LC_CMAKE_FLAGS'] ?? '')
    .split(/\s+/)
    .filter((flag) => flag !== '')
    .map((flag) => flag.replace(/^-D/, ''));
  return [...target.cmakeFlags, ...own];
}
