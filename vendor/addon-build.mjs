// Builds the addon in native/ with node-gyp and proves that it loads.
// @ts-check

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { writeAddonParts } from './addon-parts.mjs';
import { awsLcHash, libraries } from './aws-lc-build.mjs';
import { hostPaths, missingAddonNote, nativePaths, projectDir } from './paths.mjs';
import { run, withoutNpmConfig } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { contentsOf, hashOf, hashOfFile, isStamped, stamp, unstamp, writeIfChanged } from './stamp.mjs';

const require = createRequire(import.meta.url);

/** @typedef {'Release' | 'Sanitize'} Configuration */
/** @typedef {import('./aws-lc-source.mjs').AwsLcSource} AwsLcSource */
/** @typedef {import('./target.mjs').Target} Target */

/**
 * @param {Target} target
 * @param {Configuration} configuration
 */
function stampPath(target, configuration) {
  return join(nativePaths(target.root).addonDir, `${configuration}.stamp`);
}

/**
 * @param {AwsLcSource} source
 * @param {Target} target
 */
function addonHash(source, target) {
  return hashOf({
    awsLc: awsLcHash(source, target),
    // gyp writes absolute paths into its makefiles.
    dir: target.root,
    native: contentsOf(join(projectDir, 'native'), isNativeSource),
    gyp: hashOfFile(join(projectDir, 'binding.gyp')),
    parts: hashOfFile(join(projectDir, 'vendor/addon-parts.mjs')),
    nodeAddonApi: JSON.parse(readFileSync(require.resolve('node-addon-api/package.json'), 'utf8')).version,
  });
}

/**
 * @param {AwsLcSource} source
 * @param {Target} target
 * @param {Configuration} configuration
 */
export function isAddonBuilt(source, target, configuration) {
  const addon = nativePaths(target.root).addon(configuration);
  return isStamped(stampPath(target, configuration), addonHash(source, target)) && existsSync(addon);
}

/**
 * @param {AwsLcSource} source
 * @param {Target} target
 * @param {Configuration} configuration
 * @param {import('./progress.mjs').Step} step
 */
export async function buildAddon(source, target, configuration, step) {
  const { addonDir, awsLcLicense, buildDir, includeDir, ...paths } = nativePaths(target.root);
  const addon = paths.addon(configuration);
  const env = withoutNpmConfig({ ...process.env, ...target.env });
  removeAddon(target, configuration);
  const nodeDir = await target.nodeDir();
  // gyp reads its settings from a file: command lines would need quoting rules of three platforms.
  const sources = writeAddonParts(buildDir);
  const variables = {
    addon_sources: sources,
    aws_lc_source: source.dir,
    aws_lc_libraries: libraries(target),
    aws_lc_features: includeDir,
    node_addon_api: copyNodeAddonApi(buildDir),
  };
  writeIfChanged(join(buildDir, 'config.gypi'), `${JSON.stringify({ variables }, null, 2)}\n`);
  await nodeGyp(['configure', `--nodedir=${nodeDir}`, `--arch=${target.arch}`, '--release'], { cwd: target.root, env });
  const total = sources.length + 1;
  let done = 0;
  const onLine = (/** @type {string} */ line) => {
    if (/^\s+(CXX|SOLINK_MODULE)\(target\)/.test(line)) step.update(++done / (total + 1));
  };
  if (configuration === 'Release') {
    const args = ['build', `--nodedir=${nodeDir}`, '--jobs=max', '--release'];
    await nodeGyp(args, { cwd: target.root, env, onLine });
    await run(await target.node(), ['-e', 'require(process.argv[1])', addon], { cwd: projectDir });
  } else {
    // node-gyp knows Release and Debug only; the makefile that it wrote knows every configuration of binding.gyp.
    const args = ['-C', addonDir, `BUILDTYPE=${configuration}`, `--jobs=${availableParallelism()}`];
    await run(process.env['MAKE'] ?? 'make', args, { cwd: target.root, env, onLine });
  }
  if (!existsSync(addon)) throw new StepFailedError(`the build finished, but ${addon} is not there`);
  // Whoever ships the addon ships AWS-LC; its license has to come along when the source is removed.
  cpSync(join(source.dir, 'LICENSE'), awsLcLicense);
  if (target.root === projectDir) rmSync(missingAddonNote, { force: true });
  stamp(stampPath(target, configuration), addonHash(source, target));
}

/**
 * By one path from the sources, wherever npm put it: ccache takes what is compiled from another path for something else.
 * @param {string} buildDir
 */
function copyNodeAddonApi(buildDir) {
  const copy = join(buildDir, 'node-addon-api');
  const original = dirname(require.resolve('node-addon-api/package.json'));
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(original)) {
    if (name.endsWith('.h')) writeIfChanged(join(copy, name), readFileSync(join(original, name), 'utf8'));
  }
  return copy;
}

/**
 * @param {Target} target
 * @param {Configuration} configuration
 */
export function removeAddon(target, configuration) {
  unstamp(stampPath(target, configuration));
  rmSync(nativePaths(target.root).addon(configuration), { force: true });
}

/**
 * Leaves word for src/binding.ts and for people of why there is no addon.
 * @param {readonly string[]} reasons
 */
export function noteMissingAddon(reasons) {
  mkdirSync(hostPaths.addonDir, { recursive: true });
  writeFileSync(missingAddonNote, `${reasons.join('\n')}\n`);
}

/**
 * @param {readonly string[]} args
 * @param {import('./run.mjs').RunOptions} options
 */
function nodeGyp(args, options) {
  return run(process.execPath, [require.resolve('node-gyp/bin/node-gyp.js'), ...args], options);
}

/** @param {string} path */
function isNativeSource(path) {
  return /\.(cc|h|map)$/.test(path);
}
