// Brings a checkout to where its commands run: npm packages, AWS-LC, the addon, TypeScript. A second run does nothing.
// @ts-check

import { parseArgs } from 'node:util';
import { noteMissingAddon } from './addon-build.mjs';
import { buildNative } from './native-build.mjs';
import { installNodeModules } from './node-modules.mjs';
import { createReporter, lineReporter } from './progress.mjs';
import { NativeUnavailableError, StepFailedError } from './setup-error.mjs';
import { buildTypeScript } from './typescript-build.mjs';

const help = `Usage: node vendor/setup.mjs [--test] [--bench] [--sanitize]

Installs and builds what is missing or out of date, and nothing else: the npm packages of package-lock.json,
AWS-LC, the native addon, and src/ into dist/. npm start, npm test and npm run bench call it.

  --test      also compile test/
  --bench     also compile bench/
  --sanitize  also build the addon with the address and undefined-behaviour sanitizers, into build/Sanitize

Environment:
  PQTLS_REQUIRE_NATIVE=1    fail where the addon cannot be built, instead of going on without it
  PQTLS_VERBOSE=1           show everything that the build commands print
  AWS_LC_SOURCE_DIR=DIR     build this AWS-LC checkout instead of the pinned package
  PQTLS_AWS_LC_CMAKE_FLAGS  more CMake settings for AWS-LC, for example "FIPS=1"
  CC, CXX, CFLAGS, CXXFLAGS the compilers and their flags, as usual

Example: AWS_LC_SOURCE_DIR=~/aws-lc node vendor/setup.mjs --test`;

async function main() {
  const { values } = parseArgs({
    options: {
      test: { type: 'boolean', default: false },
      bench: { type: 'boolean', default: false },
      sanitize: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  checkNodeVersion();
  await installNodeModules(lineReporter());
  const reporter = await createReporter();
  try {
    await buildNative(reporter);
    if (values.sanitize) await buildNative(reporter, 'Sanitize');
  } catch (error) {
    if (!(error instanceof NativeUnavailableError)) throw error;
    explainMissing(error);
  }
  await buildTypeScript(
    [
      ...(values.test ? /** @type {const} */ (['test']) : []),
      ...(values.bench ? /** @type {const} */ (['bench']) : []),
    ],
    reporter,
  );
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

try {
  await main();
} catch (error) {
  if (!(error instanceof StepFailedError) && !(error instanceof TypeError && 'code' in error)) throw error;
  console.error(`pqtls: ${error.message}`);
  process.exitCode = 1;
}
