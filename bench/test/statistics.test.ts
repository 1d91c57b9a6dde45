// The median and its interval, on data whose answer is in the tables.

import t from 'tap';
import { medianInterval } from '../harness/statistics.js';

/** 1, 2, ... count, in an order that is neither. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, i) => ((i * 11) % count) + 1);
}

t.test('the ranks of the sign test', async (t) => {
  // n: the rank of the lower end and the coverage, from the binomial distribution with p = 1/2.
  const table: [number, number, number][] = [
    [6, 1, 0.96875],
    [9, 2, 0.9609375],
    [15, 4, 0.96484375],
    [20, 6, 0.95861053],
    [31, 10, 0.97055063],
  ];
  for (const [count, rank, coverage] of table) {
    const values = shuffled(count);
    const before = [...values];
    const interval = medianInterval(values);
    t.equal(interval.median, (count + 1) / 2, `median of ${count}`);
    t.equal(interval.low, rank, `low of ${count}`);
    t.equal(interval.high, count + 1 - rank, `high of ${count}`);
    t.ok(Math.abs(interval.coverage - coverage) < 1e-7, `coverage of ${count}: ${interval.coverage}`);
    t.strictSame(values, before, 'leaves its input as it was');
  }
});

t.test('too few values: the whole range, and says how little it covers', async (t) => {
  const three = medianInterval([3, 1, 2]);
  t.match(three, { median: 2, low: 1, high: 3 });
  t.ok(Math.abs(three.coverage - 0.75) < 1e-9);
  t.match(medianInterval([5]), { median: 5, low: 5, high: 5, coverage: 0 });
  t.throws(() => medianInterval([]), { name: 'RangeError' });
});

t.test('another confidence, equal values and outliers', async (t) => {
  t.match(medianInterval(shuffled(15), 0.99), { low: 3, high: 13 });
  t.match(medianInterval(Array.from({ length: 15 }, () => 1.5)), { median: 1.5, low: 1.5, high: 1.5 });
  t.match(medianInterval([...shuffled(14), 1e9]), { median: 8, low: 4, high: 12 }, 'one outlier moves nothing');
});
