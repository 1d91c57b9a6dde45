// `npm run test:interop`: brings the checkout up to date and runs the interop lab; a question about the lab waits for no build.
// @ts-check

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepareCheckout, setUpCheckout } from './checkout.mjs';
import { projectDir } from './paths.mjs';
import { StepFailedError } from './setup-error.mjs';

const lab = join(projectDir, '.build/test/interop/main.js');

/** Handshakes are made for neither. */
const questions = new Set(['--help', '-h', '--list']);

/** @returns {Promise<void>} */
async function main() {
  if (!process.argv.slice(2).some((arg) => questions.has(arg))) await setUpCheckout({ parts: ['test'] });
  else if (!existsSync(lab) || !existsSync(join(projectDir, 'dist/index.js'))) {
    // A fresh clone: its own help is in TypeScript.
    await prepareCheckout(['test'], async () => {});
  }
  // It reads the arguments of this process.
  await import(pathToFileURL(lab).href);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StepFailedError)) throw error;
  console.error(`pqtls: ${error.message}`);
  process.exitCode = 1;
}
