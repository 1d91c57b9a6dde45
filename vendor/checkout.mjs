// Brings a checkout to where its commands run: npm packages, AWS-LC, the addon, TypeScript. A second run does nothing.
// @ts-check

import { noteMissingAddon } from './addon-build.mjs';
import { buildNative } from './native-build.mjs';
import { installNodeModules } from './node-modules.mjs';
import { createReporter, lineReporter } from './progress.mjs';
import { NativeUnavailableError, StepFailedError } from './setup-error.mjs';
import { buildTypeScript } from './typescript-build.mjs';

/**
 * Throws StepFailedError where a step fails, or the addon is missing and PQTLS_REQUIRE_NATIVE=1 asks for it.
 * @param {{ parts?: readonly import('./typescript-build.mjs').Part[], sanitize?: boolean }} options `parts` beside src
 * @returns {Promise<{ native: boolean }>} whether the addon is there; where it is not, what is missing was printed
 */
export async function setUpCheckout({ parts = [], sanitize = false } = {}) {
  let native = true;
  await prepareCheckout(parts, async (reporter) => {
    try {
      await buildNative(reporter);
      if (sanitize) await buildNative(reporter, 'Sanitize');
    } catch (error) {
      if (!(error instanceof NativeUnavailableError)) throw error;
      explainMissing(error);
      native = false;
    }
  });
  return { native };
}

/**
 * The steps around the native build, which is the caller's.
 * @param {readonly import('./typescript-build.mjs').Part[]} parts beside src
 * @param {(reporter: import('./progress.mjs').Reporter) => Promise<unknown>} build
 */
export async function prepareCheckout(parts, build) {
  checkNodeVersion();
  await installNodeModules(lineReporter());
  const reporter = await createReporter();
  await build(reporter);
  await buildTypeScript(parts, reporter);
}

/** @param {NativeUnavailableError} error */
function explainMissing(error) {
  noteMissingAddon(error.reasons);
  for (const reason of error.reasons) console.error(`pqtls: ${reason}`);
  if (process.env['PQTLS_REQUIRE_NATIVE'] === '1') {
    throw new StepFailedError('the native addon cannot be built here, and PQTLS_REQUIRE_NATIVE=1 asks for it');
  }
  console.error('pqtls: going on without the native addon: pqtls/crypto works on the noble provider, TLS does not.');
}

function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new StepFailedError(
      `Node ${process.versions.node} is too old: pqtls needs 20.19 or later. Get it from https://nodejs.org`,
    );
  }
}
