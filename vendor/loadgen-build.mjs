// Builds the bench's load generator (bench/loadgen/) on the AWS-LC that the addon is built on. `npm run bench` calls it.
// @ts-check

import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { awsLcHash, libraries } from './aws-lc-build.mjs';
import { chosenSource } from './aws-lc-source.mjs';
import { hostPaths, projectDir } from './paths.mjs';
import { createReporter } from './progress.mjs';
import { run } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { contentsOf, hashOf, isStamped, stamp, unstamp } from './stamp.mjs';
import { hostTarget } from './target.mjs';

const sourceDir = join(projectDir, 'bench/loadgen');
const buildDir = join(hostPaths.buildDir, 'loadgen');
const stampPath = join(hostPaths.buildDir, 'loadgen.stamp');

/** Where it is once it is built. */
export const loadGeneratorPath = join(buildDir, 'loadgen');

/**
 * Builds it where it is missing or out of date.
 * @returns {Promise<void>}
 */
export async function buildLoadGenerator() {
  if (process.platform !== 'linux')
    throw new StepFailedError('the load generator of the bench uses epoll: it needs Linux');
  const source = chosenSource();
  const libs = libraries(hostTarget);
  if (libs.length < 2)
    throw new StepFailedError('the load generator needs AWS-LC with libssl: run npm run build first');
  const hash = hashOf({
    awsLc: awsLcHash(source, hostTarget),
    sources: contentsOf(sourceDir, (path) => /\.(cc|h|txt)$/.test(path)),
    dir: projectDir,
  });
  if (isStamped(stampPath, hash) && existsSync(loadGeneratorPath)) return;
  unstamp(stampPath);
  mkdirSync(buildDir, { recursive: true });
  const reporter = await createReporter();
  await reporter.step('Building the load generator of the bench', async () => {
    const settings = [`-DAWS_LC_SOURCE_DIR=${source.dir}`, `-DAWS_LC_LIBRARIES=${libs.join(';')}`];
    await run('cmake', ['-S', sourceDir, '-B', buildDir, ...settings], { cwd: projectDir });
    await run('cmake', ['--build', buildDir, '--parallel', String(availableParallelism())], { cwd: projectDir });
  });
  stamp(stampPath, hash);
}

if (process.argv[1] !== undefined && realpathSync(resolve(process.argv[1])) === fileURLToPath(import.meta.url)) {
  try {
    await buildLoadGenerator();
  } catch (error) {
    if (!(error instanceof StepFailedError)) throw error;
    console.error(`pqtls: ${error.message}`);
    process.exitCode = 1;
  }
}
