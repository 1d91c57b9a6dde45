// The statistics of bench:compare, on data whose answer is known, and which rows two results have in common.

import t from 'tap';
import { compare, type Comparison, type Row } from '../compare/comparison.js';
import { pairNodes } from '../compare/node-pairs.js';
import { rankSumTest, smallestP } from '../compare/rank-sum.js';
import { judgeIntervals, judgeValues } from '../compare/verdict.js';
import { warningsOf } from '../compare/warnings.js';
import { graviton, madeUpResult, measurementOf, seriesOf, targetOf, twoSeries } from './made-up-results.js';

const closeTo = (value: number, expected: number, tolerance: number): boolean => Math.abs(value - expected) < tolerance;

t.test('the p-values of the rank-sum test', async (t) => {
  // Each a share of the 252 ways to choose five of ten, counted by listing them.
  t.equal(rankSumTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]).p, 2 / 252);
  t.equal(rankSumTest([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]).p, 2 / 252, 'two-sided');
  t.equal(rankSumTest([1, 2, 3, 4, 6], [5, 7, 8, 9, 10]).p, 4 / 252);
  t.equal(rankSumTest([1, 2, 2, 3, 4], [2, 3, 5, 5, 6]).p, 28 / 252, 'with equal values');
  t.equal(rankSumTest([1, 1, 1, 1, 1], [1, 1, 1, 1, 1]).p, 1, 'all equal');
  t.equal(rankSumTest([4, 3, 2, 1], [5, 6, 7, 8, 9, 10]).p, 2 / 210, 'sides of different sizes');
  t.equal(rankSumTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 1e9]).p, 2 / 252, 'an outlier has a rank and no more');
});

t.test('beyond what is counted, the normal curve', async (t) => {
  const first = Array.from({ length: 25 }, (_, index) => index);
  const shifted = (by: number): number[] => first.map((value) => value + by);
  // The exact ones, from the distribution of U for 25 and 25.
  t.ok(closeTo(rankSumTest(first, shifted(6.5)).p, 0.005495, 0.001));
  t.ok(closeTo(rankSumTest(first, shifted(8.5)).p, 0.000434, 0.0003));
  t.equal(rankSumTest(first, first).p, 1);
  t.equal(rankSumTest(Array(25).fill(3), Array(25).fill(3)).p, 1, 'all equal');
});

t.test('how small a p can get', async (t) => {
  t.equal(smallestP(5, 5), 2 / 252);
  t.equal(smallestP(3, 3), 2 / 20);
  t.equal(smallestP(1, 1), 1);
});

t.test('verdicts of values', async (t) => {
  const base = [100, 101, 102, 103, 104];
  t.match(judgeValues(base, base, 'lower'), { verdict: 'within the noise', p: 1 }, 'identical');
  t.equal(judgeValues(base, [99, 101.5, 102.5, 103.5, 105], 'lower').verdict, 'within the noise');
  t.equal(judgeValues(base, [103.5, 105, 106, 107, 108], 'lower').verdict, 'within the noise', 'one overlaps');
  t.equal(judgeValues(base, [105, 106, 107, 108, 109], 'lower').verdict, 'worse');
  t.equal(judgeValues(base, [105, 106, 107, 108, 109], 'higher').verdict, 'better');
  t.equal(judgeValues(base, [90, 91, 92, 93, 94], 'lower').verdict, 'better');
  t.equal(judgeValues(base, [90, 91, 92, 93, 94], 'higher').verdict, 'worse');
  t.same(judgeValues(base.slice(1), [200, 201, 202, 203], 'lower'), { verdict: 'too few rounds' }, 'four');
  t.equal(judgeValues(base.slice(1), [200, 201, 202, 203, 204, 205], 'lower').verdict, 'worse', 'four and six');
});

t.test('of runs that differ by nothing, no more than the level are told apart', async (t) => {
  // Every way to deal ten values out to the two sides.
  let [all, changed] = [0, 0];
  for (let bits = 0; bits < 1024; bits++) {
    const isOfA = (value: number): boolean => ((bits >> value) & 1) === 1;
    const values = Array.from({ length: 10 }, (_, value) => value);
    const [a, b] = [values.filter(isOfA), values.filter((value) => !isOfA(value))];
    if (a.length !== 5) continue;
    all++;
    if (judgeValues(a, b, 'lower').verdict !== 'within the noise') changed++;
  }
  t.equal(all, 252);
  t.equal(changed, 2);
});

t.test('verdicts of intervals', async (t) => {
  const interval = (low: number, high: number, coverage = 0.95) => ({ median: (low + high) / 2, low, high, coverage });
  t.equal(judgeIntervals(interval(10, 12), interval(11, 13), 'lower').verdict, 'within the noise');
  t.equal(judgeIntervals(interval(10, 12), interval(12, 14), 'lower').verdict, 'within the noise', 'they touch');
  t.equal(judgeIntervals(interval(10, 12), interval(13, 14), 'lower').verdict, 'worse');
  t.equal(judgeIntervals(interval(10, 12), interval(13, 14), 'higher').verdict, 'better');
  t.equal(judgeIntervals(interval(13, 14), interval(10, 12), 'lower').verdict, 'better');
  t.equal(judgeIntervals(interval(10, 12, 0.75), interval(13, 14), 'lower').verdict, 'too few rounds');
  t.equal(judgeIntervals(interval(100, 101), interval(105, 106), 'lower', 0.1).verdict, 'within the noise', 'by 5%');
  t.equal(judgeIntervals(interval(100, 101), interval(120, 121), 'lower', 0.1).verdict, 'worse', 'by 20%');
});

const steady = [100, 101, 102, 103, 104];
const scaled = (factor: number): number[] => steady.map((value) => value * factor);

function rowsOf({ rows }: Comparison, kind: Row['kind'], driver = 'pqtls'): Row[] {
  return rows.filter((row) => row.kind === kind && row.driver === driver);
}

t.test('a result and itself', async (t) => {
  const result = madeUpResult({
    series: twoSeries(steady, scaled(2)),
    targets: [targetOf(1, 1.01, 1.02)],
    measurements: [measurementOf(500), measurementOf(450, { contender: 'C loop', marginPercent: undefined })],
  });
  const comparison = compare(result, result);
  t.equal(comparison.rows.length, 6, 'a ratio, two series, a target, two measurements');
  for (const { verdict, changePercent, driver } of comparison.rows) {
    t.equal(changePercent, 0);
    t.equal(verdict, driver === 'C loop' ? 'too few rounds' : 'within the noise', 'one figure alone is no interval');
  }
  t.match(comparison.summary, { judged: 5, expectedByChance: 0.05, worseThatCounts: 0 });
  t.match(comparison, { onlyInA: [], onlyInB: [], sameMachine: true });
  t.same(warningsOf(result, result), []);
});

t.test('what both had to bear falls out of the ratio', async (t) => {
  const a = madeUpResult({ series: twoSeries(steady, scaled(2)) });
  const slower = madeUpResult({ series: twoSeries(scaled(1.5), scaled(3)) });
  const { rows, summary } = compare(a, slower);
  t.match(
    rows.find(({ kind }) => kind === 'ratio'),
    { a: { median: 0.5 }, b: { median: 0.5 }, verdict: 'within the noise', counts: true },
  );
  t.match(rowsOf(compare(a, slower), 'figure'), [{ verdict: 'worse', counts: false }], 'has a ratio, which counts');
  t.equal(summary.worseThatCounts, 0);
  t.match(summary.controls, { figures: 1, beyondNoise: 1 }, 'and node:tls shows it');
});

t.test('a change of pqtls', async (t) => {
  const goal = {
    scenario: 'handshake',
    metric: 'server CPU',
    against: 'node:tls',
    better: 'lower',
    goal: 0.55,
  } as const;
  const ratio = { median: 0.5, low: 0.5, high: 0.5 };
  const a = madeUpResult({ series: twoSeries(steady, scaled(2)), goals: [{ ...goal, ratio, reached: true }] });
  const b = madeUpResult({ series: twoSeries(scaled(1.2), scaled(2)), goals: [{ ...goal, ratio, reached: false }] });
  const { rows, summary } = compare(a, b);
  t.match(rows[0], { kind: 'ratio', verdict: 'worse', goal: { goal: 0.55, reachedA: true, reachedB: false } });
  t.ok(closeTo(rows[0]?.changePercent ?? 0, 20, 1e-9));
  t.match(summary, { worseThatCounts: 1, controls: { largestPercent: 0 } });
  t.equal(compare(b, a).rows[0]?.verdict, 'better');
});

t.test('what has no ratio counts by itself, on one machine', async (t) => {
  const a = madeUpResult({ series: [seriesOf(steady)], measurements: [measurementOf(100)] });
  const parts = { series: [seriesOf(scaled(2))], measurements: [measurementOf(200)] };
  t.equal(compare(a, madeUpResult(parts)).summary.worseThatCounts, 2);
  const other = compare(a, madeUpResult({ ...parts, machine: graviton }));
  t.match(other, { sameMachine: false, summary: { worseThatCounts: 0, figures: { worse: 2 } } });
  t.equal(other.summary.controls, undefined);
});

t.test('node:tls and the floor are not ours', async (t) => {
  const a = madeUpResult({ series: [seriesOf(steady, { driver: 'floor' })] });
  const b = madeUpResult({ series: [seriesOf(scaled(2), { driver: 'floor' })] });
  t.match(compare(a, b).summary, { figures: { worse: 1 }, worseThatCounts: 0 });
});

t.test('targets are judged by their intervals, and more times faster is better', async (t) => {
  const faster = { reference: 'node:crypto', unit: 'times-faster', goal: 2 } as const;
  const a = madeUpResult({ targets: [targetOf(1.01, 1.02, 1.03), targetOf(0.4, 0.42, 0.44, faster)] });
  const b = madeUpResult({ targets: [targetOf(1.05, 1.06, 1.07), targetOf(0.3, 0.32, 0.34, faster)] });
  const [slower, quicker] = compare(a, b).rows;
  t.match(slower, { verdict: 'worse', counts: true });
  t.match(quicker, { verdict: 'better', better: 'higher', a: { median: 1 / 0.42, low: 1 / 0.44, high: 1 / 0.4 } });
});

t.test('what only one has is told', async (t) => {
  const a = madeUpResult({ series: [seriesOf(steady), seriesOf(steady, { scenario: 'resume' })] });
  const b = madeUpResult({ series: [seriesOf(steady), seriesOf(steady, { scenario: 'echo' })] });
  const comparison = compare(a, b);
  t.equal(comparison.rows.length, 1);
  t.same(comparison.onlyInA, ['resume, server CPU, pqtls, v26.1.0 (us)']);
  t.same(comparison.onlyInB, ['echo, server CPU, pqtls, v26.1.0 (us)']);
  const inBytes = madeUpResult({ series: [seriesOf(steady, { unit: 'B' })] });
  t.equal(compare(a, inBytes).rows.length, 0, 'figures of two units are not compared');
});

t.test('rounds of which one has no ratio', async (t) => {
  const a = madeUpResult({ series: twoSeries(steady, [0, 101, 102, 103, 104]) });
  t.match(compare(a, a).rows[0], { kind: 'ratio', a: { median: 1 }, verdict: 'too few rounds' });
  const none = madeUpResult({ series: twoSeries(steady, [0, 0, 0, 0, 0]) });
  t.equal(compare(none, none).rows.filter(({ kind }) => kind === 'ratio').length, 0);
});

t.test('a Node stands for another of its major, where that is clear', async (t) => {
  t.same(pairNodes(['v26.1.0', 'v20.19.0'], ['v26.2.0', 'v20.19.0']), [
    { a: 'v20.19.0', b: 'v20.19.0' },
    { a: 'v26.1.0', b: 'v26.2.0' },
  ]);
  t.same(pairNodes(['v26.1.0'], ['v26.2.0', 'v26.3.0']), [], 'which of the two?');
  t.same(pairNodes(['v26.1.0'], ['v26.2.0', 'v26.1.0']), [{ a: 'v26.1.0', b: 'v26.1.0' }]);
  t.same(pairNodes(['v20.1.0'], ['v22.1.0']), []);
  const other = twoSeries(steady, scaled(2), { node: 'v26.2.0' });
  const { rows, summary } = compare(
    madeUpResult({ series: twoSeries(steady, scaled(2)) }),
    madeUpResult({ series: other }),
  );
  t.equal(rows[0]?.node, 'v26.1.0 -> v26.2.0');
  t.equal(summary.controls, undefined, 'another node:tls is no control');
});

t.test('what else differs is warned of', async (t) => {
  const a = madeUpResult({ series: [seriesOf(steady)] });
  const { versions } = a;
  const b = madeUpResult({
    machine: graviton,
    quick: true,
    series: [seriesOf(steady, { node: 'v26.2.0' })],
    versions: { ...versions, node: 'v22.1.0', awsLc: 'AWS-LC 6.0.0', commit: 'abc-dirty' },
  });
  const warnings = warningsOf(a, b).join('\n');
  t.match(warnings, /different machines: compare the ratios/);
  t.match(warnings, 'different Node: v26.1.0 and v26.2.0');
  t.match(warnings, 'different Node that ran the bench: v20.19.0 and v22.1.0');
  t.match(warnings, 'different AWS-LC: AWS-LC 5.0.0 and AWS-LC 6.0.0');
  t.match(warnings, 'B is of --quick');
  t.match(warnings, 'B is of a work tree with changes');
  t.notMatch(warnings, 'A is of');
});
