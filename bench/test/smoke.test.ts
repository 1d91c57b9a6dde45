// The bench as a whole: runs, says what it ran on, and writes a file that can be read. No figure is tested.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { providers } from '#src/crypto/index.js';
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
    scenario: 'primitives',
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

t.test('options are checked', async (t) => {
  t.match(await bench('--help'), 'Examples:');
  await t.rejects(bench('--rounds', '14'), { code: 1, stderr: /at least 15/ });
  await t.rejects(bench('unknown'), { code: 1 });
});
