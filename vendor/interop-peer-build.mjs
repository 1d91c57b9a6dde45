// Builds the interop lab's AWS-LC peer (test/interop/peers/aws-lc/) on the AWS-LC that the addon is built on.
// @ts-check

import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { buildProgram } from './program-build.mjs';
import { StepFailedError } from './setup-error.mjs';

try {
  await buildProgram({
    name: 'lab-peer-aws-lc',
    title: 'the AWS-LC peer of the interop lab',
    sourceDir: join(projectDir, 'test/interop/peers/aws-lc'),
    buildDir: join(projectDir, '.build/interop/aws-lc'),
  });
} catch (error) {
  if (!(error instanceof StepFailedError)) throw error;
  console.error(`pqtls: ${error.message}`);
  process.exitCode = 1;
}
