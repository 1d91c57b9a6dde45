// Runs the tests: all of them, then those of TLS behaviour once more over net.Socket in place of the addon's own TCP.
// @ts-check

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { filesBelow } from './stamp.mjs';
import { countResults, describeCounts } from './tap-results.mjs';

/** Skips what the TypeScript engine has not, each with its reason. */
const scope = join(projectDir, '.build/test/support/engine-scope.js');

/** A test that needs longer says so itself. */
const timeoutMs = 300_000;

const help = `Usage: npm test [-- FILE...]

Builds what is due and runs every test, then test/api a second time with PQTLS_TRANSPORT=net, which leaves TCP to net.Socket,
where the addon drives it otherwise, but for what no transport makes a difference to, and a third time with
PQTLS_ENGINE=typescript, but for what test/support/engine-scope.ts excludes. With FILE..., compiled tests in .build/test,
those alone, once. On a terminal it prints a line for each file and what failed, otherwise TAP.

Example: npm test -- .build/test/api/stream.test.js`;

/**
 * @typedef {object} TestRun
 * @property {string} file
 * @property {string} name
 * @property {readonly string[]} [nodeArgs]
 * @property {NodeJS.ProcessEnv} [environment]
 */

async function main() {
  const files = process.argv.slice(2);
  if (files.includes('--help')) {
    console.log(help);
    return;
  }
  const unusable = files.find((file) => file.startsWith('-') || !existsSync(join(projectDir, file)));
  if (unusable !== undefined) {
    const what = unusable.startsWith('-') ? `Unknown option '${unusable}'` : `There is no ${unusable}`;
    console.error(`pqtls: ${what}. Give compiled tests, such as .build/test/api/stream.test.js (npm test -- --help)`);
    process.exitCode = 2;
    return;
  }
  buildTap();
  const { t } = await import('tap');
  // A test waits now and then: one more than there are processors keeps them busy.
  t.jobs = availableParallelism() + 1;
  // Each file has its own limit.
  t.setTimeout(0);
  if (process.stdout.isTTY) summarise(t);
  const runs = files.length > 0 ? files.map((file) => ({ file, name: file })) : allRuns();
  await Promise.all(runs.map((run) => start(t, run)));
}

/** @returns {TestRun[]} */
function allRuns() {
  const tests = filesIn('.build/test').concat(filesIn('.build/bench/test'));
  const runs = [...tests.filter(takesLong), ...tests.filter((file) => !takesLong(file))].map((file) => ({
    file,
    name: file,
  }));
  if (process.env['PQTLS_TRANSPORT'] === 'net') return runs;
  const api = tests.filter((file) => file.startsWith('.build/test/api/'));
  const overNet = api.filter(isOfTransports).map((file) => ({
    file,
    name: `${file} over net.Socket`,
    environment: { PQTLS_TRANSPORT: 'net' },
  }));
  const onTypescript = api.map((file) => ({
    file,
    name: `${file} on the TypeScript engine`,
    nodeArgs: [`--import=${scope}`],
    environment: { PQTLS_ENGINE: 'typescript', PQTLS_REQUIRE_NATIVE: '' },
  }));
  return [...runs, ...overNet, ...onTypescript];
}

/** @param {string} folder */
function filesIn(folder) {
  return filesBelow(join(projectDir, folder), (path) => path.endsWith('.test.js')).map((path) => `${folder}/${path}`);
}

/**
 * What is trusted, which options are taken and what certificates say has nothing to do with who carries the bytes.
 * @param {string} file
 */
function isOfTransports(file) {
  return !/\/(trust-sources|repeated-verification|(compat\/)?certificates|options-validation)\.test\.js$/.test(file);
}

/**
 * Minutes, with a compiler in them: begun last, such a test would be waited for alone.
 * @param {string} file
 */
function takesLong(file) {
  return /^\.build\/test\/(package|setup|native)\//.test(file);
}

/**
 * tap's own runner loads hooks into every process, and by NODE_OPTIONS into those that a test starts, which take as long as
 * everything else in it. They are for coverage, which is not asked for.
 * @param {import('tap').Test} t
 * @param {TestRun} run
 */
function start(t, { file, name, nodeArgs = [], environment = {} }) {
  // In seconds, for what runs in the file; the option is for whoever waits for it.
  const env = { ...process.env, TAP_TIMEOUT: String(timeoutMs / 1000), ...environment };
  const command = [process.execPath, '--enable-source-maps', ...nodeArgs, file];
  const options = { env, cwd: projectDir, timeout: timeoutMs, buffered: true };
  if (process.platform === 'win32') return t.spawn(process.execPath, command.slice(1), options, name);
  const own = process.env['NODE_OPTIONS'];
  const without = own === undefined ? ['-u', 'NODE_OPTIONS'] : [`NODE_OPTIONS=${own}`];
  return t.spawn('/usr/bin/env', [...without, ...command], options, name);
}

/**
 * For people: a line for each file, and at the end what failed and how many did not.
 * @param {import('tap').TAP} t
 */
function summarise(t) {
  let text = '';
  let line = '';
  t.register();
  t.on('data', (chunk) => {
    text += String(chunk);
    const lines = (line + String(chunk)).split('\n');
    line = lines.pop() ?? '';
    for (const one of lines) if (/^(not )?ok /.test(one)) console.log(one);
  });
  t.on('end', async () => {
    const { failures, ...counts } = await countResults(text);
    for (const failure of failures) console.log(failure);
    console.log(describeCounts(counts));
  });
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

await main();
