// Builds a program in C++ on the AWS-LC that the addon is built on: the bench's load generator, a peer of the interop lab.
// @ts-check

import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { awsLcHash, libraries } from './aws-lc-build.mjs';
import { chosenSource } from './aws-lc-source.mjs';
import { projectDir } from './paths.mjs';
import { createReporter } from './progress.mjs';
import { run } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { contentsOf, hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { hostTarget } from './target.mjs';

/**
 * @typedef {object} Program
 * @property {string} name its CMake target, and so its file
 * @property {string} title for people
 * @property {string} sourceDir with CMakeLists.txt, which gets AWS_LC_SOURCE_DIR and AWS_LC_LIBRARIES
 * @property {string} buildDir
 */

/**
 * Builds it where it is missing or out of date.
 * @param {Program} program
 * @returns {Promise<void>}
 */
export async function buildProgram({ name, title, sourceDir, buildDir }) {
  const source = chosenSource();
  const libs = libraries(hostTarget);
  if (libs.length < 2) throw new StepFailedError(`${title} needs AWS-LC with libssl: run npm run build first`);
  const hash = hashOf({
    awsLc: awsLcHash(source, hostTarget),
    sources: contentsOf(sourceDir, (path) => /\.(cc|h|txt)$/.test(path)),
    dir: projectDir,
  });
  const stampPath = `${buildDir}.stamp`;
  if (isStamped(stampPath, hash) && existsSync(join(buildDir, name))) return;
  unstamp(stampPath);
  mkdirSync(buildDir, { recursive: true });
  const reporter = await createReporter();
  await reporter.step(`Building ${title}`, async () => {
    const settings = [`-DAWS_LC_SOURCE_DIR=${source.dir}`, `-DAWS_LC_LIBRARIES=${libs.join(';')}`];
    await run('cmake', ['-S', sourceDir, '-B', buildDir, ...settings], { cwd: projectDir });
    await run('cmake', ['--build', buildDir, '--parallel', String(availableParallelism())], { cwd: projectDir });
  });
  stamp(stampPath, hash);
}
