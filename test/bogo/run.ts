// `npm run test:bogo`: runs the runner of BoringSSL's TLS tests against an engine, and counts. README.md, in this folder.

import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { EngineName } from '#src/engine/connection.js';
import { projectDir, runCommand } from '../support/project.js';
import { readConfig, runnerConfig } from './config.js';
import { engineNames } from './engine-name.js';
import { countResults, readResults, resultTables, type Counts } from './results.js';
import { listingScript, requests, standInScript } from './stand-in.js';

interface Options {
  readonly engine: EngineName;
  readonly filter?: string;
  readonly workers: number;
  readonly isolate: boolean;
  readonly includeDisabled: boolean;
  readonly output: string;
}

const runnerVariable = 'BORINGSSL_RUNNER';
const configFile = join(projectDir, 'test/bogo/config.json');

const program = new Command('npm run test:bogo --')
  .description("Runs BoringSSL's TLS tests against an engine of pqtls, prints the counts and saves them as JSON.")
  .addOption(new Option('--engine <name>', 'what to test').choices(engineNames).default('aws-lc'))
  .option('--filter <patterns>', 'only tests that match: names with *, joined by ;')
  .option('--workers <number>', 'tests at a time', readWorkers, 2)
  .option('--isolate', 'a process of Node for each test, instead of one for all: slow', false)
  .option('--include-disabled', 'runs the tests that config.json disables as well', false)
  .option('--output <file>', 'where the JSON goes', join(projectDir, '.build/bogo.json'))
  .addHelpText(
    'after',
    `
${runnerVariable} is the path of the runner, compiled from BoringSSL's sources as test/bogo/README.md says.

Examples:
  ${runnerVariable}=~/boringssl/ssl/test/runner/runner.test npm run test:bogo -- --engine aws-lc
  ${runnerVariable}=... npm run test:bogo -- --engine typescript --filter 'KeyUpdate*;HelloRetryRequest*'`,
  );

function readWorkers(text: string): number {
  const workers = Number(text);
  if (!Number.isInteger(workers) || workers < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return workers;
}

async function main(options: Options): Promise<void> {
  const runner = process.env[runnerVariable];
  if (runner === undefined || !existsSync(runner)) {
    return program.error(`error: ${runnerVariable} must be the path of the runner: see test/bogo/README.md`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-bogo-'));
  try {
    const counts = await runTests(runner, folder, options);
    writeFileSync(options.output, `${JSON.stringify(counts, undefined, 2)}\n`);
    console.log(resultTables(counts));
    console.log(`Saved in ${options.output}`);
    if (counts.failed.length + counts.unimplemented.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runTests(runner: string, folder: string, options: Options): Promise<Counts> {
  const config = readConfig(configFile, options.engine);
  const configPath = join(folder, 'config.json');
  writeFileSync(configPath, runnerConfig(config));
  const filter = options.filter === undefined ? [] : ['-test', options.filter];
  const names = await listTests(runner, folder, filter);
  const results = join(folder, 'results.json');
  const hosted = options.isolate ? undefined : await startHost(folder, options.engine);
  try {
    const args = [
      ...['-shim-path', hosted?.script ?? isolatedShim(), '-shim-config', configPath, '-json-output', results],
      ...['-num-workers', String(options.workers), '-allow-unimplemented', '-pipe', ...filter],
      ...(options.includeDisabled ? ['-include-disabled'] : []),
    ];
    await runWithProgress(runner, args, options.engine);
  } finally {
    hosted?.process.kill();
  }
  return countResults(options.engine, names, readResults(results), config);
}

/** Every test of the runner, by a shim that implements nothing. */
async function listTests(runner: string, folder: string, filter: readonly string[]): Promise<string[]> {
  const script = join(folder, 'list.sh');
  writeScript(script, listingScript);
  const results = join(folder, 'list.json');
  const args = ['-shim-path', script, '-allow-unimplemented', '-json-output', results, ...filter];
  const { code, stdout, stderr } = await runCommand(runner, args);
  if (code !== 0) throw new Error(`The runner cannot list its tests:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  return Object.keys(readResults(results));
}

interface Host {
  readonly script: string;
  readonly process: ChildProcess;
}

async function startHost(folder: string, engine: EngineName): Promise<Host> {
  const made = await runCommand('mkfifo', [join(folder, requests)]);
  if (made.code !== 0) throw new Error(`No pipe could be made: ${made.stderr}Try --isolate.`);
  const script = join(folder, 'shim.sh');
  writeScript(script, standInScript(folder));
  const child = fork(fileURLToPath(new URL('host.js', import.meta.url)), [folder, engine]);
  child.on('exit', (code, signal) => {
    if (signal !== 'SIGTERM') console.error(`The process of the shims ended: ${signal ?? code}`);
  });
  return { script, process: child };
}

function isolatedShim(): string {
  const script = fileURLToPath(new URL('shim.js', import.meta.url));
  chmodSync(script, 0o755);
  return script;
}

function writeScript(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o755 });
}

/** One line for a hundred tests, and all that fail as they do. */
async function runWithProgress(runner: string, args: readonly string[], engine: EngineName): Promise<void> {
  const child = spawn(runner, args, {
    env: { ...process.env, PQTLS_ENGINE: engine },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let done = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, verdict, name] = /^(PASSED|FAILED|UNIMPLEMENTED) \((.*)\)$/.exec(line) ?? [];
    if (verdict === 'FAILED') console.log(`failed: ${name}`);
    if (verdict !== undefined && (done += 1) % 100 === 0) console.log(`${done} tests`);
  }
  await closed;
}

program.action(main);
await program.parseAsync();
