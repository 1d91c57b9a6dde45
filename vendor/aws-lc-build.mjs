// Builds AWS-LC's static libraries with cmake-js, once for each source, compiler and set of flags.
// @ts-check

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { verifySource } from './aws-lc-source.mjs';
import { writeFeatureHeader } from './features.mjs';
import { awsLcBuildDir, vendorBuildDir, vendorDir } from './paths.mjs';
import { run, withoutNpmConfig } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { cmakeGenerator } from './toolchain.mjs';

const stampPath = join(vendorBuildDir, 'aws-lc.stamp');

/** @typedef {import('./aws-lc-source.mjs').AwsLcSource} AwsLcSource */

/**
 * Everything that decides what the libraries look like. The compiler counts by the name it is asked for by: looking
 * into it would mean running it, and an upgraded compiler does not make a static library wrong.
 * @param {AwsLcSource} source
 */
export function awsLcHash(source) {
  const { CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS } = process.env;
  return hashOf({
    source: source.identity,
    cmake: readFileSync(join(vendorDir, 'CMakeLists.txt'), 'utf8'),
    extra: extraFlags(),
    environment: [CC, CXX, CFLAGS, CXXFLAGS, LDFLAGS],
    platform: [process.platform, process.arch],
  });
}

/** @param {AwsLcSource} source */
export function isAwsLcBuilt(source) {
  return isStamped(stampPath, awsLcHash(source)) && libraries().length > 0;
}

/** Paths of the libraries in linking order: libssl first, where the source has it. */
export function libraries() {
  const find = (/** @type {string} */ name) =>
    [`${name}/lib${name}.a`, `${name}/${name}.lib`, `${name}/Release/${name}.lib`]
      .map((path) => join(awsLcBuildDir, 'aws-lc', path))
      .find((path) => existsSync(path));
  const crypto = find('crypto');
  const ssl = find('ssl');
  if (crypto === undefined) return [];
  return ssl === undefined ? [crypto] : [ssl, crypto];
}

/**
 * @param {AwsLcSource} source
 * @param {import('./progress.mjs').Step} step
 */
export async function buildAwsLc(source, step) {
  unstamp(stampPath);
  if (source.pinned) verifySource();
  // A build folder of another source, another path or an interrupted run is not worth reasoning about.
  rmSync(awsLcBuildDir, { recursive: true, force: true });
  const generator = cmakeGenerator();
  await run(
    process.execPath,
    [
      createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js'),
      'build',
      ...['--directory', vendorDir, '--out', awsLcBuildDir, '--config', 'Release'],
      ...(generator === undefined ? [] : ['--generator', generator]),
      ...['--parallel', String(availableParallelism())],
      `--CDAWS_LC_SOURCE_DIR=${source.dir}`,
      ...extraFlags().map((flag) => `--CD${flag}`),
    ],
    {
      cwd: vendorDir,
      env: withoutNpmConfig(process.env),
      onLine: (line) => {
        const fraction = progressOf(line);
        if (fraction !== undefined) step.update(fraction);
      },
    },
  );
  if (libraries().length === 0) throw new StepFailedError(`CMake finished, but no libcrypto is in ${awsLcBuildDir}`);
  writeFeatureHeader(libraries());
  stamp(stampPath, awsLcHash(source));
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

/** Further CMake settings, `NAME=value` separated by spaces, for example `FIPS=1` for a FIPS source. */
function extraFlags() {
  return (process.env['PQTLS_AWS_LC_CMAKE_FLAGS'] ?? '')
    .split(/\s+/)
    .filter((flag) => flag !== '')
    .map((flag) => flag.replace(/^-D/, ''));
}
