// Runs the tests: all of them, then those of TLS behaviour once more over net.Socket in place of the addon's own TCP.
// @ts-check

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { filesBelow } from './stamp.mjs';

const help = `Usage: npm test [-- FILE...]

Builds what is due and runs every test, then all of test/api a second time with PQTLS_TRANSPORT=net, which leaves TCP to
net.Socket, where the addon drives it otherwise. With FILE..., compiled tests in .build/test, those alone, once.

Example: npm test -- .build/test/api/stream.test.js`;

/** @returns {void} */
function main() {
  const files = process.argv.slice(2);
  if (files.includes('--help')) {
    console.log(help);
    return;
  }
  const runs = [run(files, {})];
  if (files.length === 0 && process.env['PQTLS_TRANSPORT'] !== 'net') {
    console.log('pqtls: test/api once more, over net.Socket');
    const api = filesBelow(join(projectDir, '.build/test/api'), (path) => path.endsWith('.test.js'));
    runs.push(
      run(
        api.map((path) => `.build/test/api/${path}`),
        { PQTLS_TRANSPORT: 'net' },
      ),
    );
  }
  process.exitCode = runs.every((status) => status === 0) ? 0 : 1;
}

/**
 * @param {readonly string[]} files none: those of package.json
 * @param {NodeJS.ProcessEnv} environment
 */
function run(files, environment) {
  const tap = createRequire(import.meta.url)
    .resolve('tap/package.json')
    .replace(/package\.json$/, 'dist/esm/run.mjs');
  const { status } = spawnSync(process.execPath, [tap, ...files], {
    cwd: projectDir,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return status ?? 1;
}

main();
