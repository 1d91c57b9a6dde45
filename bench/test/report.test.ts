// What is printed, and what is said of the machine.

import t from 'tap';
import { featuresOfCpuinfo } from '../harness/fingerprint.js';
import { canRedraw } from '../../test/support/progress.js';
import type { Measurement, TargetResult } from '../harness/results.js';
import { duration, measurementTable, targetTable } from '../harness/table.js';

t.test('only a terminal of known width is redrawn', async (t) => {
  t.equal(canRedraw({ isTTY: true, columns: 80 }), true);
  t.equal(canRedraw({ isTTY: true, columns: 0 }), false, 'a terminal of 0 columns');
  t.equal(canRedraw({ columns: 80 }), false, 'a pipe');
});

t.test('durations have three digits', async (t) => {
  t.equal(duration(0.5), '0.500 ns');
  t.equal(duration(95), '95.0 ns');
  t.equal(duration(999.6), '1.00 us');
  t.equal(duration(12_345), '12.3 us');
  t.equal(duration(999_600), '1.00 ms');
  t.equal(duration(123_456_789), '123 ms');
});

t.test('the table shows a ratio to the first column that has a figure', async (t) => {
  const measurement = (contender: string, nanoseconds: number): Measurement => ({
    operation: 'ML-KEM-768 encapsulate',
    contender,
    nanoseconds,
    operationsPerSecond: 1e9 / nanoseconds,
    marginPercent: 1,
  });
  const table = measurementTable(
    ['C loop', 'absent', 'noble'],
    [measurement('C loop', 2000), measurement('noble', 150_000)],
  );
  t.match(table, /2\.00 us +1\.00x/);
  t.match(table, /150 us +75\.0x/);
  t.notMatch(table, 'absent', 'a column without figures is left out');
});

t.test('targets: slower than the C loop, faster than Node', async (t) => {
  const target: TargetResult = {
    operation: 'ML-DSA-65 sign',
    measured: 'aws-lc',
    reference: 'node:crypto',
    node: 'v26.0.0',
    unit: 'times-faster',
    goal: 4,
    ratio: { median: 0.2, low: 0.16, high: 0.25, coverage: 0.96 },
    rounds: 15,
    measuredNanoseconds: 100_000,
    referenceNanoseconds: 500_000,
    reached: true,
  };
  t.match(targetTable([target]), />= 4x faster.*5\.00x.*4\.00 - 6\.25.*pass/);
  t.match(
    targetTable([
      { ...target, unit: 'times-slower', goal: 1.06, ratio: { ...target.ratio, median: 1.07 }, reached: false },
    ]),
    /<= 1\.06x.*1\.070x.*miss/,
  );
});

t.test('CPU features, as Linux lists them', async (t) => {
  const x86 = 'processor\t: 0\nflags\t\t: fpu avx2 bmi2 avx512f avx512dq avx512bw vaes\n';
  t.strictSame(featuresOfCpuinfo(x86, 'x64'), ['AVX2', 'BMI2', 'VAES'], 'AVX-512 only with all that AWS-LC needs');
  t.strictSame(featuresOfCpuinfo(x86.replace('avx512bw', 'avx512bw avx512vl'), 'x64'), [
    'AVX2',
    'BMI2',
    'AVX-512',
    'VAES',
  ]);
  const arm = 'processor\t: 0\nFeatures\t: fp asimd aes sha1 sha2 sha3 sha512 sve\n';
  t.strictSame(featuresOfCpuinfo(arm, 'arm64'), ['NEON', 'SHA2', 'SHA512', 'SHA3']);
  t.strictSame(featuresOfCpuinfo('', 'riscv64'), []);
});
