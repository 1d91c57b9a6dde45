// Whether two runs differ by more than the noise.
//
// The method. Where a figure has one value a round (the TLS path, and its ratios round by round), the rank-sum test
// (rank-sum.ts) at 1%: it assumes no distribution, and one outlier changes little. Five rounds on both sides, the default, are
// just enough: it takes all of one side above all of the other (p = 2/252 = 0.8%). Four can never tell, hence `too few rounds`.
// Where a file keeps an interval and no values (the primitives), the two 95% intervals must not overlap, which by
// chance happens in about 0.6% of the cases, too; an interval that covers less than 95% is `too few rounds`.
//
// Many rows. No correction is made for their number: with five rounds no p is small enough to survive one. So of 100 rows
// about one is called better or worse by chance alone, and the number to expect is printed. A change that stands alone
// and surprises is to be measured again, with more rounds.
//
// What no round shows. The rounds of a run share its processes and its hour. What differs from one start to the next
// (addresses, what the compiler made of it, a neighbour on the machine) moves all of them. The hour falls out of the ratios, and
// what node:tls and the floor did between the two runs, whom nobody changed, is printed as a measure of it. The
// luck of a start remains: run both again before a change of a few percent is believed.

import { median } from 'simple-statistics';
import type { MedianInterval } from '../harness/statistics.js';
import { rankSumTest, smallestP } from './rank-sum.js';

export type Verdict = 'better' | 'worse' | 'within the noise' | 'too few rounds';

export type Better = 'lower' | 'higher';

export interface Judged {
  readonly verdict: Verdict;
  /** Of the rank-sum test; absent where intervals were compared. */
  readonly p?: number;
}

export type Interval = MedianInterval;

/** A verdict is wrong this often where nothing changed. */
export const level = 0.01;

/** One value a round on each side. */
export function judgeValues(a: readonly number[], b: readonly number[], better: Better): Judged {
  if (smallestP(a.length, b.length) > level) return { verdict: 'too few rounds' };
  const { p } = rankSumTest(a, b);
  return { verdict: p > level ? 'within the noise' : direction(median(a), median(b), better), p };
}

/** `least`: a change by a smaller share of A is not told from noise, however narrow the intervals are. */
export function judgeIntervals(a: Interval, b: Interval, better: Better, least = 0): Judged {
  if (Math.min(a.coverage, b.coverage) < 0.95) return { verdict: 'too few rounds' };
  const isApart = a.high < b.low || b.high < a.low;
  const isEnough = Math.abs(b.median / a.median - 1) > least;
  return { verdict: isApart && isEnough ? direction(a.median, b.median, better) : 'within the noise' };
}

/** Equal medians are no change that anybody could name, whatever the ranks say. */
function direction(a: number, b: number, better: Better): Verdict {
  if (a === b) return 'within the noise';
  return b < a === (better === 'lower') ? 'better' : 'worse';
}
