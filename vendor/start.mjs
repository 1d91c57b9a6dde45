// `npm start`: reads the arguments, brings the checkout up to date, then runs the main job of src/cli/start.ts.
// @ts-check

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setUpCheckout } from './checkout.mjs';
import { projectDir } from './paths.mjs';
import { StepFailedError } from './setup-error.mjs';
import { readStartArguments, usage, UsageError } from './start-arguments.mjs';

/**
 * @typedef {object} MainJob
 * @property {(options: import('./start-arguments.mjs').StartOptions & { toolsMissing: boolean }) => Promise<number>} start
 */

/** @returns {Promise<number>} the exit code */
async function main() {
  const options = readStartArguments(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(usage);
    return 0;
  }
  const { native } = await setUpCheckout();
  /** @type {MainJob} */
  const job = await import(pathToFileURL(join(projectDir, 'dist/cli/start.js')).href);
  return job.start({ ...options, toolsMissing: !native });
}

try {
  process.exit(await main());
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof StepFailedError) {
    console.error(`pqtls: ${error.message}`);
    process.exitCode = 1;
  } else throw error;
}
