// npm run test:arm64: builds AWS-LC and the addon for linux-arm64 on another Linux and runs the tests under qemu.
// @ts-check

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { arm64Target } from './arm64-target.mjs';
import { prepareCheckout } from './checkout.mjs';
import { buildNative } from './native-build.mjs';
import { nativePaths, projectDir } from './paths.mjs';
import { run } from './run.mjs';
import { NativeUnavailableError, StepFailedError } from './setup-error.mjs';
import { filesBelow } from './stamp.mjs';
import { countResults, describeCounts } from './tap-results.mjs';
import { missingTools } from './toolchain.mjs';

const help = `Usage: npm run test:arm64 [-- [--node VERSION] [--jobs N] [FILE...]]

Cross-compiles AWS-LC and the addon for linux-arm64, below .build/linux-arm64/, and runs compiled tests with Node's arm64
release, from npm, under qemu's user emulation: the primitives and their vectors, the native tests, and TLS over loopback
(or FILE..., in .build/test). The last line counts what passed. What was built for this machine stays as it is.

  --node VERSION  the Node that runs the tests, a major or an exact version (default: ${defaultNode()})
  --jobs N        test files at a time (default: one for each processor)

Environment:
  QEMU_CPU=NAME       the processor to emulate, for example neoverse-n1, Graviton2's (default: all that qemu knows)
  QEMU_LD_PREFIX=DIR  where the C library for arm64 is (default: /usr/aarch64-linux-gnu)

Example: QEMU_CPU=neoverse-n1 npm run test:arm64 -- --node 22 .build/test/api/handshake.test.js`;

/**
 * What depends on the processor: the primitives, the addon's life in Node, TLS. Not api/compat, which shows in which cases
 * node:tls differs, and in some only as long as it is quick; nor native/absent-features, which builds addons with this
 * machine's own tools; nor the bundles of two unit tests, whose esbuild is a program for this machine. The rest is TypeScript
 * and packages.
 */
const isWanted = (/** @type {string} */ path) =>
  /^(vectors|unit|native(?!\/absent-features)|api(?!\/compat))\/.*\.test\.js$/.test(path) &&
  !/\/(bundle|load-pure-engine)\.test\.js$/.test(path);

/** Emulation makes tap's 30 seconds too few for a file, and one that hangs must end some day. */
const assertionTimeoutSeconds = 900;
const fileTimeoutMs = 1_200_000;

/** @typedef {import('./tap-results.mjs').TapResults} TapResults */

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      node: { type: 'string', default: defaultNode() },
      jobs: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new StepFailedError(`--jobs must be a count, not '${values.jobs}'`);
  if (!/^\d+(\.\d+){0,2}$/.test(values.node)) {
    throw new StepFailedError(`--node must be a version, not '${values.node}'`);
  }
  if (process.platform !== 'linux' || process.arch === 'arm64') {
    const instead = process.platform === 'linux' ? ' This machine is arm64 itself: npm test is the test.' : '';
    throw new StepFailedError(`emulating linux-arm64 needs Linux on another processor.${instead}`);
  }
  const started = performance.now();
  const target = arm64Target(values.node);
  checkTools(target);
  await prepareCheckout(['test'], (reporter) => buildNative(reporter, 'Release', target));
  const node = await target.node();
  const addon = nativePaths(target.root).addon('Release');
  await showMachine(node, addon);
  const counts = await runFiles(positionals.length > 0 ? positionals : testFiles(), jobs, node, addon);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`\nlinux-arm64, Node ${values.node}, ${minutes} minutes:\n${describeCounts(counts)}`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

/**
 * Whatever was built already, since the tests need the emulator too.
 * @param {import('./target.mjs').Target} target
 */
function checkTools({ tools }) {
  const missing = missingTools({ needsCargo: false, targetTools: tools });
  if (missing.length === 0) return;
  const packages = tools.map(({ install }) => install.debian).join(' ');
  throw new NativeUnavailableError([
    ...missing,
    `all that linux-arm64 takes, on Debian or Ubuntu: apt-get install ${packages}`,
  ]);
}

/** The newest line with long-term support. */
function defaultNode() {
  return '24';
}

/**
 * @param {string} node
 * @param {string} addon
 */
async function showMachine(node, addon) {
  const script =
    'const { awsLcVersion } = require(process.argv[1]); `Node ${process.version} on ${process.platform}-${process.arch}, AWS-LC ${awsLcVersion}`';
  const [line = ''] = await run(node, ['-p', script, addon], { cwd: projectDir });
  if (!line.includes('linux-arm64'))
    throw new StepFailedError(`${node} should be Node for linux-arm64, but is ${line}`);
  console.log(line);
}

function testFiles() {
  return filesBelow(join(projectDir, '.build/test'), isWanted).map((path) => join('.build/test', path));
}

/**
 * Runs the files, `jobs` at a time, and says one line for each.
 * @param {readonly string[]} files
 * @param {number} jobs
 * @param {string} node
 * @param {string} addon
 */
async function runFiles(files, jobs, node, addon) {
  const missing = files.find((file) => !existsSync(resolve(projectDir, file)));
  if (missing !== undefined) throw new StepFailedError(`there is no ${missing}`);
  const total = { passed: 0, failed: 0, skipped: 0 };
  const waiting = [...files];
  let done = 0;
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const started = performance.now();
      const { failures, ...counts } = await runFile(file, node, addon);
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped += counts.skipped;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const mark = counts.failed === 0 ? 'ok' : 'not ok';
      const name = relative('.build/test', relative(projectDir, resolve(projectDir, file)));
      console.log(`[${++done}/${files.length}] ${mark} - ${name}: ${describeCounts(counts)}, ${seconds} s`);
      for (const failure of failures) console.log(failure.replace(/^/gm, '    '));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return total;
}

/**
 * Without tap's runner, which would start under emulation too and takes longer than the tests.
 * @param {string} file
 * @param {string} node
 * @param {string} addon
 * @returns {Promise<TapResults>}
 */
async function runFile(file, node, addon) {
  const child = spawn(node, [file], {
    cwd: projectDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: fileTimeoutMs,
    killSignal: 'SIGKILL',
    env: {
      ...process.env,
      PQTLS_ADDON_PATH: addon,
      // Other releases of Node that tests talk to run as they are.
      PQTLS_PEER_ARCH: process.arch,
      PQTLS_REQUIRE_NATIVE: '1',
      TAP_TIMEOUT: String(assertionTimeoutSeconds),
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => (stderr += text));
  const [code, signal] = await new Promise((end, reject) => {
    child.on('error', reject);
    child.on('close', (...status) => end(status));
  });
  const results = await countResults(stdout);
  if (results.failed === 0 && code === 0 && results.passed + results.skipped > 0) return results;
  // A file can fail without a failed assertion, by a crash for example.
  const limit = signal === 'SIGKILL' ? `, as after ${fileTimeoutMs / 60_000} minutes` : '';
  const why =
    signal === null ? `exited with ${code} and asserted nothing that failed` : `was ended by ${signal}${limit}`;
  const failures = results.failed > 0 ? results.failures : [`the file ${why}`];
  return { ...results, failed: failures.length, failures: [...failures, stderr.trim()].filter((text) => text !== '') };
}

/**
 * What parseArgs says of the command line; any other error is a fault of ours and keeps its stack.
 * @param {unknown} error
 * @returns {error is Error}
 */
function isOptionError(error) {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

try {
  await main();
} catch (error) {
  if (error instanceof NativeUnavailableError) {
    for (const reason of error.reasons) console.error(`pqtls: ${reason}`);
  } else if (error instanceof StepFailedError || isOptionError(error)) {
    console.error(`pqtls: ${error.message}`);
  } else throw error;
  process.exitCode = 1;
}
