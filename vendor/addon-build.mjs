// Builds the addon in native/ with node-gyp and proves that it loads.
// @ts-check

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { awsLcHash, libraries } from './aws-lc-build.mjs';
import { nodeHeadersDir } from './node-headers.mjs';
import {
  addonBuildDir,
  awsLcLicense,
  addonPath,
  generatedIncludeDir,
  missingAddonNote,
  projectDir,
  vendorBuildDir,
} from './paths.mjs';
import { run, withoutNpmConfig } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { contentsOf, hashOf, hashOfFile, isStamped, stamp, unstamp, writeIfChanged } from './stamp.mjs';

const require = createRequire(import.meta.url);

/** @typedef {'Release' | 'Sanitize'} Configuration */
/** @typedef {import('./aws-lc-source.mjs').AwsLcSource} AwsLcSource */

/** @param {Configuration} configuration */
function stampPath(configuration) {
  return join(addonBuildDir, `${configuration}.stamp`);
}

/**
 * @param {AwsLcSource} source
 */
function addonHash(source) {
  return hashOf({
    awsLc: awsLcHash(source),
    // gyp writes absolute paths into its makefiles.
    dir: projectDir,
    native: contentsOf(join(projectDir, 'native'), isNativeSource),
    gyp: hashOfFile(join(projectDir, 'binding.gyp')),
    nodeAddonApi: JSON.parse(readFileSync(require.resolve('node-addon-api/package.json'), 'utf8')).version,
  });
}

/**
 * @param {AwsLcSource} source
 * @param {Configuration} configuration
 */
export function isAddonBuilt(source, configuration) {
  return isStamped(stampPath(configuration), addonHash(source)) && existsSync(addonPath(configuration));
}

/**
 * @param {AwsLcSource} source
 * @param {Configuration} configuration
 * @param {import('./progress.mjs').Step} step
 */
export async function buildAddon(source, configuration, step) {
  removeAddon(configuration);
  const nodeDir = await nodeHeadersDir();
  // gyp reads its settings from a file: command lines would need quoting rules of three platforms.
  writeIfChanged(
    join(vendorBuildDir, 'config.gypi'),
    `${JSON.stringify({ variables: { aws_lc_source: source.dir, aws_lc_libraries: libraries(), aws_lc_features: generatedIncludeDir } }, null, 2)}\n`,
  );
  await nodeGyp(['configure', `--nodedir=${nodeDir}`, '--release'], {});
  const total = contentsOf(join(projectDir, 'native'), (path) => path.endsWith('.cc')).length + 1;
  let done = 0;
  const onLine = (/** @type {string} */ line) => {
    if (/^\s+(CXX|SOLINK_MODULE)\(target\)/.test(line)) step.update(++done / (total + 1));
  };
  if (configuration === 'Release') {
    await nodeGyp(['build', `--nodedir=${nodeDir}`, '--jobs=max', '--release'], { onLine });
    await run(process.execPath, ['-e', 'require(process.argv[1])', addonPath()], { cwd: projectDir });
  } else {
    // node-gyp knows Release and Debug only; the makefile that it wrote knows every configuration of binding.gyp.
    const args = ['-C', addonBuildDir, `BUILDTYPE=${configuration}`, `--jobs=${availableParallelism()}`];
    await run(process.env['MAKE'] ?? 'make', args, { cwd: projectDir, onLine });
  }
  if (!existsSync(addonPath(configuration))) {
    throw new StepFailedError(`the build finished, but ${addonPath(configuration)} is not there`);
  }
  // Whoever ships the addon ships AWS-LC; its license has to come along when the source is removed.
  cpSync(join(source.dir, 'LICENSE'), awsLcLicense);
  rmSync(missingAddonNote, { force: true });
  stamp(stampPath(configuration), addonHash(source));
}

/** @param {Configuration} configuration */
export function removeAddon(configuration) {
  unstamp(stampPath(configuration));
  rmSync(addonPath(configuration), { force: true });
}

/**
 * Leaves word for src/binding.ts and for people of why there is no addon.
 * @param {readonly string[]} reasons
 */
export function noteMissingAddon(reasons) {
  mkdirSync(addonBuildDir, { recursive: true });
  writeFileSync(missingAddonNote, `${reasons.join('\n')}\n`);
}

/**
 * @param {readonly string[]} args
 * @param {{ onLine?: (line: string) => void }} options
 */
function nodeGyp(args, options) {
  return run(process.execPath, [require.resolve('node-gyp/bin/node-gyp.js'), ...args], {
    cwd: projectDir,
    ...options,
    env: withoutNpmConfig(process.env),
  });
}

/** @param {string} path */
function isNativeSource(path) {
  return /\.(cc|h|map)$/.test(path);
}
