// The command that sets a checkout up, which npm test and npm run bench begin with.
// @ts-check

import { parseArgs } from 'node:util';
import { prepareCheckout, setUpCheckout } from './checkout.mjs';
import { StepFailedError } from './setup-error.mjs';

const help = `Usage: node vendor/setup.mjs [--test] [--bench] [--sanitize | --no-native]

Installs and builds what is missing or out of date, and nothing else: the npm packages of package-lock.json,
AWS-LC, the native addon, and src/ into dist/. npm start, npm test and npm run bench call it.

  --test      also compile test/
  --bench     also compile bench/
  --sanitize  also build the addon with the address and undefined-behaviour sanitizers, into build/Sanitize
  --no-native leave AWS-LC and the addon as they are: for what reads files of the bench and runs no cryptography

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
      'no-native': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const parts = [
    ...(values.test ? /** @type {const} */ (['test']) : []),
    ...(values.bench ? /** @type {const} */ (['bench']) : []),
  ];
  if (values['no-native']) {
    if (values.sanitize) throw new StepFailedError('--sanitize builds the addon, and --no-native does not');
    await prepareCheckout(parts, async () => {});
  } else await setUpCheckout({ sanitize: values.sanitize, parts });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StepFailedError) && !(error instanceof TypeError && 'code' in error)) throw error;
  console.error(`pqtls: ${error.message}`);
  process.exitCode = 1;
}
