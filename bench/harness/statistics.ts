// The median of paired ratios and a distribution-free interval for it, from order statistics.

import { binomialDistribution, medianSorted } from 'simple-statistics';

export interface MedianInterval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** The probability that such an interval holds the true median; below what was asked where there are too few values. */
  readonly coverage: number;
}

/**
 * The median of `values` and the narrowest symmetric pair of order statistics that covers it with at least
 * `confidence`. Nothing is assumed of the distribution: each value is above or below the true median by the toss of a
 * coin, so that the k-th smallest lies above it with the probability of fewer than k heads in n tosses.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): MedianInterval {
  if (values.length === 0) throw new RangeError('No median without values');
  const sorted = values.toSorted((a, b) => a - b);
  const { rank, coverage } = intervalRank(sorted.length, confidence);
  return {
    median: medianSorted(sorted),
    low: sorted[rank - 1] ?? Number.NaN,
    high: sorted[sorted.length - rank] ?? Number.NaN,
    coverage,
  };
}

/** The largest rank k whose interval from the k-th smallest to the k-th largest still has the confidence; at least 1. */
function intervalRank(count: number, confidence: number): { rank: number; coverage: number } {
  // One value is no interval and needs no binomial; the library also wants at least one trial.
  const heads = binomialDistribution(count, 0.5) ?? [];
  let fewer = heads[0] ?? 0;
  let rank = 1;
  let coverage = Math.max(0, 1 - 2 * fewer);
  for (;;) {
    fewer += heads[rank] ?? 1;
    const next = 1 - 2 * fewer;
    if (next < confidence) return { rank, coverage };
    rank++;
    coverage = next;
  }
}
