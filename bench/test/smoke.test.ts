// The bench as a whole: runs, says what it ran on, and writes a file that can be read. No figure is tested.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { providers } from '#src/crypto/index.js';
import { projectRoot } from '../harness/project.js';
import { schemaVersion, type BenchResult } from '../harness/results.js';

const main = fileURLToPath(new URL('../main.js', import.meta.url));

async function bench(...options: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [main, ...options])).stdout;
}

t.test('--quick runs, and saves a result', async (t) => {
  const folder = t.testdir();
  // The running Node as its own reference: nothing is fetched, and an older one measures no such target.
  const options = ['primitives', '--quick', '--rounds', '15', '--node', process.execPath, '--output', folder];
  const output = await bench(...options, '--only', '-65 ');
  t.match(output, /^CPU .*\nfeatures .*\nversions /);
  t.match(output, 'ML-DSA-65 verify');
  const files = readdirSync(folder);
  t.equal(files.length, 1);
  const result = JSON.parse(readFileSync(join(folder, files[0] ?? ''), 'utf8')) as BenchResult;
  t.match(files[0], result.machine.fingerprint);
  t.match(result, {
    schemaVersion,
    scenarios: ['primitives'],
    quick: true,
    machine: { fingerprint: /^[0-9a-f]{12}$/, cpus: Number, cpu: String, features: Array },
    versions: { node: process.version, noble: /^noble-/ },
  });
  const contenders = new Set(result.measurements.map(({ contender }) => contender));
  t.ok(contenders.has('noble'));
  for (const { operation, contender, nanoseconds } of result.measurements) {
    t.ok(nanoseconds > 0 && Number.isFinite(nanoseconds), `${operation} on ${contender}`);
  }
  if (providers().includes('aws-lc')) {
    t.ok(contenders.has('C loop') && contenders.has('aws-lc into') && contenders.has('aws-lc'));
    t.ok(result.targets.length >= 4, `${result.targets.length} targets`);
    for (const target of result.targets) {
      t.equal(target.rounds, 15);
      t.ok(target.ratio.low <= target.ratio.median && target.ratio.median <= target.ratio.high, target.operation);
    }
  }
});

t.test('what is wrong is told in one line, before anything is measured', async (t) => {
  const folder = t.testdir({ file: '' });
  const cases: readonly [message: RegExp, ...options: string[]][] = [
    [/No operation has "nope" in its name: there are .*ML-KEM-768/, 'primitives', '--only', 'nope'],
    [/is not a folder/, 'primitives', '--output', join(folder, 'file')],
    [/No result can be written to .*ENOENT/, 'primitives', '--output', join(folder, 'no', 'parent')],
    [/No result can be written to .*ENOENT/, 'primitives', '--json', join(folder, 'no', 'parent', 'copy.json')],
    [/No driver has "nodetls" in its name: there are pqtls/, 'handshake', '--only', 'nodetls', '--no-node'],
    [/is a folder, not a file/, 'primitives', '--json', folder],
    [/is no Node that runs here/, 'handshake', '--node', '/bin/true'],
    [/is no Node that runs here/, 'handshake', '--node', join(folder, 'file')],
  ];
  for (const [message, ...options] of cases) {
    const output = options.includes('--output') ? [] : ['--output', folder];
    const failure = (await bench('--quick', ...options, ...output).catch((error: unknown) => error)) as {
      readonly code: number;
      readonly stderr: string;
    };
    t.equal(failure.code, 1);
    t.match(failure.stderr, message);
    t.equal(failure.stderr.trimEnd().split('\n').length, 1, 'one line');
  }
  t.strictSame(readdirSync(folder), ['file'], 'and nothing is saved');
});

// The load generator has to be built; vendor/loadgen-build.mjs does nothing where it is.
const runsTls = process.platform === 'linux' && providers().includes('aws-lc');

t.test('the TLS path', { skip: !runsTls && 'needs Linux and the addon' }, async (t) => {
  await promisify(execFile)(process.execPath, [join(projectRoot, 'vendor/loadgen-build.mjs')]);
  const folder = t.testdir();
  const options = ['--quick', '--rounds', '1', '--no-node', '--output', folder, '--json', join(folder, 'copy.json')];
  const output = await bench('handshake', 'resume', 'throughput', 'echo', 'typescript', ...options);
  t.match(output, 'server CPU, P-256');
  const result = JSON.parse(readFileSync(join(folder, 'copy.json'), 'utf8')) as BenchResult;
  t.same(result.scenarios, ['handshake', 'resume', 'throughput', 'echo', 'typescript']);
  const drivers = new Set(result.series.map(({ driver }) => driver));
  t.same([...drivers].sort(), ['floor', 'node:tls', 'pqtls', 'primitives', 'typescript']);
  const ofEngine = result.series.filter(({ driver }) => driver === 'typescript').map(({ scenario }) => scenario);
  t.same([...new Set(ofEngine)], ['handshake', 'resume', 'throughput', 'typescript']);
  const engineGoals = result.goals.filter(({ driver }) => driver === 'typescript');
  t.same(engineGoals.map(({ against }) => against).sort(), ['node:tls', 'node:tls', 'primitives', 'primitives']);
  for (const { scenario, metric, driver, values, median, low, high } of result.series) {
    t.ok(
      values.length === 1 && values.every((value) => value > 0 && Number.isFinite(value)),
      `${scenario} ${metric} ${driver}`,
    );
    t.ok(low <= median && median <= high);
  }
  t.ok(result.goals.length >= 3, 'goals were judged');
});

t.test('figures of another transport are refused', { skip: !runsTls && 'needs Linux and the addon' }, async (t) => {
  const env = { ...process.env, PQTLS_TRANSPORT: 'net' };
  const run = promisify(execFile)(process.execPath, [main, 'echo', 'handshake', '--quick', '--no-node'], { env });
  await t.rejects(run, { code: 1, stderr: /were not carried by the addon's own TCP/ });
});

t.test('the load generator checks its options', { skip: !runsTls && 'needs Linux and the addon' }, async (t) => {
  const run = (...args: string[]) =>
    promisify(execFile)(join(projectRoot, 'vendor/build/loadgen/loadgen'), args) as Promise<{ stdout: string }>;
  t.match((await run('--help')).stdout, 'Modes:');
  await t.rejects(run('handshake'), { code: 1, stderr: /--port is required/ });
  await t.rejects(run('handshake', '--port', '70000'), { code: 1, stderr: /no port/ });
  await t.rejects(run('nothing', '--port', '1'), { code: 1, stderr: /unknown mode/ });
});

t.test('options are checked', async (t) => {
  t.match(await bench('--help'), 'Examples:');
  await t.rejects(bench('primitives', '--rounds', '14'), { code: 1, stderr: /at least 15/ });
  await t.rejects(bench('--rounds', '0'), { code: 1, stderr: /at least 1/ });
  await t.rejects(bench('unknown'), { code: 1 });
});
