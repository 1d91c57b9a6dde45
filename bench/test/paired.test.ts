// The paired measurement, with work whose time is made up.

import t from 'tap';
import { calibrate, measurePaired } from '../harness/paired.js';
import type { Work } from '../harness/work.js';

/** Work that claims `nanoseconds` for each iteration, and notes in which order it was asked. */
function fakeWork(name: string, nanoseconds: (call: number) => number, calls: string[] = []): Work {
  let call = 0;
  return {
    batch(iterations) {
      calls.push(name);
      return iterations * nanoseconds(call++);
    },
  };
}

t.test('calibrate() aims at the time that was asked, and runs at least once', async (t) => {
  t.equal(
    calibrate(
      fakeWork('a', () => 1000),
      1e6,
    ),
    1000,
  );
  t.equal(
    calibrate(
      fakeWork('a', () => 5e9),
      1e6,
    ),
    1,
  );
});

t.test('the median of the pairs, with each first in every other round', async (t) => {
  const calls: string[] = [];
  const result = await measurePaired(
    fakeWork('measured', () => 1500, calls),
    fakeWork('reference', () => 1000, calls),
    { rounds: 15, batchMilliseconds: 1 },
  );
  t.match(result, {
    rounds: 15,
    measuredNanoseconds: 1500,
    referenceNanoseconds: 1000,
    ratio: { median: 1.5, low: 1.5, high: 1.5 },
  });
  t.strictSame(calls.slice(-4), ['reference', 'measured', 'measured', 'reference']);
});

t.test('a machine that slows down moves the times and not the ratio', async (t) => {
  const throttled = (nanoseconds: number) => (call: number) => nanoseconds * (call < 20 ? 1 : 2);
  const { ratio } = await measurePaired(fakeWork('a', throttled(1200)), fakeWork('b', throttled(1000)), {
    rounds: 21,
    batchMilliseconds: 1,
  });
  t.ok(ratio.low > 1.19 && ratio.high < 1.21, `${ratio.low} - ${ratio.high}`);
});
