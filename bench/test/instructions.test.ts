// The guard of instruction counts: how profiles are read, how figures are judged, and that it says what it lacks.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { projectRoot } from '../harness/project.js';
import { forAnnotation, parseProfile } from '../instructions/callgrind.js';
import { difference } from '../instructions/counted-server.js';
import { describeVerdict, isFailure, judge, updated, type Figure, type Limits } from '../instructions/limits.js';

const main = fileURLToPath(new URL('../instructions/main.js', import.meta.url));

const profile = `# callgrind format
version: 1
positions: line
events: Ir
summary: 1234

ob=(1) /project/pqtls.node
fl=(1) ???
fn=(1) handshake
0 100
+3 20
cfn=(2) sign
calls=2 0
0 70
* 5

fn=(2)
0 30
cob=(2) /lib/libc.so.6
cfi=(2) ???
cfn=(3) memcpy
calls=1 0
0 40

ob=(2)
fn=(3)
0 40

ob=(3) ???
fn=(4) 0x1234
0 1000
cob=(1)
cfn=(2)
calls=1 0
0 35
totals: 1234
`;

t.test('a profile: every instruction once, by the file it is from', async (t) => {
  const counts = parseProfile(profile, 'sign');
  t.strictSame(
    [...counts.byObject],
    [
      ['/project/pqtls.node', 155],
      ['/lib/libc.so.6', 40],
      ['???', 1000],
    ],
  );
  t.equal(counts.total, 1195);
  t.equal(counts.withinFunction, 105, 'both callers, and what sign calls');
  t.equal(parseProfile(profile).withinFunction, 0);
});

t.test('calls that were under way are left out for callgrind_annotate', async (t) => {
  const text = 'fn=(1) main\ncfn=(2) run\ncalls=0 0\n0 900\n0 5\ncfn=(3) once\ncalls=10 0\n0 70\n';
  t.equal(forAnnotation(text), 'fn=(1) main\ncfn=(2) run\n0 5\ncfn=(3) once\ncalls=10 0\n0 70\n');
});

t.test('what a connection takes is a difference', async (t) => {
  const counts = (addon: number, rest: number) => ({
    total: addon + rest,
    byObject: new Map([
      ['/project/build/Release/pqtls.node', addon],
      ['???', rest],
    ]),
    withinFunction: rest / 10,
  });
  const one = difference(counts(5000, 2000), counts(9000, 2400), 4);
  t.equal(one.total, 1100);
  t.equal(one.of('/pqtls.node'), 1000);
  t.equal(one.of('/elsewhere'), 0);
  t.equal(one.withinFunction, 10);
});

const limits: Limits = {
  taken: { node: 'v26.0.0' },
  figures: {
    'P-256: addon / floor': { value: 1.05, tolerance: 0.01 },
    'P-256: outside the addon': { value: 700_000, tolerance: 0.05 },
  },
};
const addon = (value: number): Figure => ({ scenario: 'P-256', name: 'addon / floor', value });
const outside = (value: number): Figure => ({ scenario: 'P-256', name: 'outside the addon', value });

t.test('figures are judged', async (t) => {
  const outcomes = (...figures: Figure[]): string[] => judge(figures, limits).map(({ outcome }) => outcome);
  t.strictSame(outcomes(addon(1.05), outside(700_000)), ['ok', 'ok']);
  t.strictSame(outcomes(addon(1.06), outside(734_999)), ['ok', 'ok'], 'as far as the tolerance');
  t.strictSame(outcomes(addon(1.061), outside(735_001)), ['exceeded', 'exceeded']);
  t.strictSame(outcomes(addon(1.03), outside(600_000)), ['lower', 'lower']);
  t.strictSame(outcomes(addon(Number.NaN), addon(Number.POSITIVE_INFINITY)), ['exceeded', 'exceeded']);
  t.strictSame(outcomes({ ...addon(1), scenario: 'unknown' }), ['no limit']);
  const failures = judge([addon(1.2), addon(0.9), addon(1.05), { ...addon(1), name: 'new' }], limits).map(isFailure);
  t.strictSame(failures, [true, false, false, true], 'growth and a figure without a limit fail, a gain does not');
});

t.test('one line a figure: value, limit, difference', async (t) => {
  const [over, under] = judge([addon(1.155), outside(630_000)], limits).map(describeVerdict);
  t.match(over, /^not ok P-256: addon \/ floor +1\.1550 {2}limit +1\.0605 +\+10\.00% of 1\.0500$/);
  t.match(under, /^ok +P-256: outside the addon +630,000 {2}limit +735,000 +-10\.00% of 700,000 {2}--update/);
});

t.test('--update takes the values and leaves tolerances, and what was not measured', async (t) => {
  const chosen: Limits = {
    ...limits,
    figures: { ...limits.figures, 'P-256: addon / floor': { value: 1, tolerance: 0.5 } },
  };
  const after = updated(chosen, [addon(1.23456), { scenario: 'new', name: 'whole / node:tls', value: 0.6 }], {
    node: 'v26.1.0',
  });
  t.strictSame(after, {
    taken: { node: 'v26.1.0' },
    figures: {
      'P-256: addon / floor': { value: 1.2346, tolerance: 0.5 },
      'P-256: outside the addon': { value: 700_000, tolerance: 0.05 },
      'new: whole / node:tls': { value: 0.6, tolerance: 0.04 },
    },
  });
});

t.test('the committed limits hold something', async (t) => {
  const text = readFileSync(join(projectRoot, 'bench/instructions/limits.json'), 'utf8');
  const { taken, figures } = JSON.parse(text) as Limits;
  t.match(taken, { node: /^v26\./, valgrind: String, cpuFeatures: 'AVX2, BMI2' });
  t.ok(Object.keys(figures).length >= 9);
  for (const [key, { value, tolerance }] of Object.entries(figures)) {
    t.ok(value > 0 && tolerance > 0 && tolerance <= 0.1, key);
  }
});

const countsHere = process.platform === 'linux' && process.arch === 'x64';

t.test('says what it lacks, and how to get it', { skip: !countsHere && 'needs Linux on x86-64' }, async (t) => {
  const run = promisify(execFile);
  const env = { ...process.env, PATH: dirname(main) };
  await t.rejects(run(process.execPath, [main], { env }), {
    code: 2,
    stderr: 'bench: missing: valgrind (counts instructions). Get it with: Debian/Ubuntu: apt-get install valgrind\n',
  });
  t.match((await run(process.execPath, [main, '--help'])).stdout, /Examples:[^]*callgrind_annotate/);
  await t.rejects(run(process.execPath, [main, 'nothing']), { code: 1, stderr: /Allowed choices are P-256/ });
});
