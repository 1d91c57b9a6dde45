// AWS-LC's libssl, by our program in peers/aws-lc: the plain use of it, on the AWS-LC that the addon is built on.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../../support/project.js';
import { cacheDir, command, sourcesDir, stampOf, step } from '../build-steps.js';
import type { Peer } from '../peer.js';
import { startProgram } from '../program.js';

const file = join(cacheDir, 'aws-lc', 'lab-peer-aws-lc');
const stamp = () =>
  stampOf(
    'aws-lc-peer',
    [join(sourcesDir, 'aws-lc'), join(projectDir, 'vendor/aws-lc/Cargo.lock')],
    [process.env['AWS_LC_SOURCE_DIR'] ?? ''],
  );
const isBuilt = () => existsSync(file) && stamp().isCurrent();

export const awsLc: Peer = {
  name: 'aws-lc',
  title: 'AWS-LC libssl',
  pin: 'vendor/aws-lc/Cargo.lock',
  limits: [],
  missing: () => (isBuilt() ? undefined : 'not built: npm run test:interop -- --peer aws-lc builds it'),
  async prepare() {
    if (isBuilt()) return;
    // Of what is there now: it may change meanwhile.
    const current = stamp();
    current.clear();
    await step('Building the AWS-LC peer', (say) =>
      command(process.execPath, [join(projectDir, 'vendor/interop-peer-build.mjs')], {
        env: buildEnvironment(),
        say,
      }),
    );
    current.set();
  },
  version: async () => (await command(file, ['--version'])).trim(),
  start: (config) => startProgram(file, [], config),
};

/** cleanEnvironment() leaves these out, and they say which AWS-LC it is. */
function buildEnvironment(): NodeJS.ProcessEnv {
  const flags = process.env['PQTLS_AWS_LC_CMAKE_FLAGS'];
  return flags === undefined ? {} : { PQTLS_AWS_LC_CMAKE_FLAGS: flags };
}
