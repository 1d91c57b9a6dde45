// Builds the bench's load generator (bench/loadgen/) on the AWS-LC that the addon is built on. `npm run bench` calls it.
// @ts-check

import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPaths, projectDir } from './paths.mjs';
import { buildProgram } from './program-build.mjs';
import { StepFailedError } from './setup-error.mjs';

const buildDir = join(hostPaths.buildDir, 'loadgen');

/** Where it is once it is built. */
export const loadGeneratorPath = join(buildDir, 'loadgen');

/**
 * Builds it where it is missing or out of date.
 * @returns {Promise<void>}
 */
export async function buildLoadGenerator() {
  if (process.platform !== 'linux')
    throw new StepFailedError('the load generator of the bench uses epoll: it needs Linux');
  await buildProgram({
    name: 'loadgen',
    title: 'the load generator of the bench',
    sourceDir: join(projectDir, 'bench/loadgen'),
    buildDir,
  });
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
