// Runs the tests: all of them, then those of TLS behaviour once more over net.Socket in place of the addon's own TCP.
// @ts-check

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { filesBelow } from './stamp.mjs';

/** Skips what the TypeScript engine has not, each with its reason. */
const scope = join(projectDir, '.build/test/support/engine-scope.js');

const help = `Usage: npm test [-- FILE...]

Builds what is due and runs every test, then all of test/api a second time with PQTLS_TRANSPORT=net, which leaves TCP to
net.Socket, where the addon drives it otherwise, and a third time with PQTLS_ENGINE=typescript, but for what
test/support/engine-scope.ts excludes. With FILE..., compiled tests in .build/test, those alone, once.

Example: npm test -- .build/test/api/stream.test.js`;

/** @returns {void} */
function main() {
  const files = process.argv.slice(2);
  if (files.includes('--help')) {
    console.log(help);
    return;
  }
  buildTap();
  const runs = [run(files, {})];
  if (files.length === 0 && process.env['PQTLS_TRANSPORT'] !== 'net') {
    console.log('pqtls: test/api once more, over net.Socket');
    const api = filesBelow(join(projectDir, '.build/test/api'), (path) => path.endsWith('.test.js'));
    const paths = api.map((path) => `.build/test/api/${path}`);
    runs.push(run(paths, { PQTLS_TRANSPORT: 'net' }));
    console.log('pqtls: test/api once more, on the TypeScript engine');
    // Those of compat/ compare with node:tls option by option, TLS 1.2 all over.
    const onTypescript = paths.filter((path) => !path.includes('/compat/'));
    runs.push(
      run([`--node-arg=--import=${scope}`, ...onTypescript], { PQTLS_ENGINE: 'typescript', PQTLS_REQUIRE_NATIVE: '' }),
    );
  }
  process.exitCode = runs.every((status) => status === 0) ? 0 : 1;
}

/**
 * Without its TypeScript compiler, which costs every process of a test a second or two: the tests are compiled already. tap
 * itself would do it in its first run, but too late for that.
 * @returns {void}
 */
function buildTap() {
  const built = readFileSync(join(projectDir, 'node_modules/@tapjs/test/test-built/dist/esm/index.js'), 'utf8');
  if (!built.includes('@tapjs/typescript')) return;
  console.log('pqtls: Building tap with the plugins of package.json ...');
  const { status } = spawnSync(process.execPath, [tapProgram(), 'build'], {
    cwd: projectDir,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) console.log('pqtls: tap could not be built anew; the tests take longer');
}

/** @returns {string} */
function tapProgram() {
  return createRequire(import.meta.url)
    .resolve('tap/package.json')
    .replace(/package\.json$/, 'dist/esm/run.mjs');
}

/**
 * @param {readonly string[]} files none: those of package.json
 * @param {NodeJS.ProcessEnv} environment
 */
function run(files, environment) {
  const { status } = spawnSync(process.execPath, [tapProgram(), ...files], {
    cwd: projectDir,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return status ?? 1;
}

main();
