// The rank-sum test of Wilcoxon, Mann and Whitney: how often chance alone sets two samples as far apart as these are.

import { errorFunction, wilcoxonRankSum } from 'simple-statistics';

/** Values on both sides together up to which the orders are counted one by one; beyond, the normal curve is as good. */
const mostCounted = 40;

/**
 * The two-sided p-value of the hypothesis that all values come from one distribution, whatever that is: the share of
 * the ways to deal the pooled values out to the two sides whose rank sum lies as far from the middle, or farther.
 * Equal values have the mean of their ranks.
 */
export function rankSumTest(a: readonly number[], b: readonly number[]): { readonly p: number } {
  const sum = wilcoxonRankSum(a, b);
  const middle = (a.length * (a.length + b.length + 1)) / 2;
  const ranks = midranks([...a, ...b]);
  const distance = Math.abs(sum - middle);
  return {
    p: ranks.length <= mostCounted ? counted(ranks, a.length, distance) : approximated(ranks, a.length, distance),
  };
}

/** The p-value of samples that do not overlap at all: with so many values no smaller one can come out. */
export function smallestP(countA: number, countB: number): number {
  let ways = 1;
  for (let i = 1; i <= countA; i++) ways = (ways * (countB + i)) / i;
  return Math.min(1, 2 / ways);
}

/** Of all choices of `count` ranks, the share whose sum is at least `distance` away from the middle. */
function counted(ranks: readonly number[], count: number, distance: number): number {
  // Twice the ranks are whole numbers. ways[k][s]: choices of k ranks so far whose doubled sum is s.
  const doubled = ranks.map((rank) => Math.round(2 * rank));
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: count + 1 }, () => new Float64Array(total + 1));
  ways[0]?.fill(1, 0, 1);
  for (const [seen, rank] of doubled.entries()) {
    // Downward, so that no rank is chosen twice.
    for (let chosen = Math.min(count, seen + 1); chosen > 0; chosen--) {
      const [from, to] = [ways[chosen - 1], ways[chosen]];
      if (from === undefined || to === undefined) continue;
      for (let sum = rank; sum <= total; sum++) to[sum] = (to[sum] ?? 0) + (from[sum - rank] ?? 0);
    }
  }
  const middle = count * (ranks.length + 1);
  let [all, asFar] = [0, 0];
  for (const [sum, number] of (ways[count] ?? []).entries()) {
    all += number;
    if (Math.abs(sum - middle) >= 2 * distance) asFar += number;
  }
  return asFar / all;
}

/** With the corrections for equal values and for steps of one half. */
function approximated(ranks: readonly number[], count: number, distance: number): number {
  const size = ranks.length;
  // t³ - t for each group of t equal values, shared out among them.
  const ties = ranks.reduce((sum, rank) => sum + ranks.filter((other) => other === rank).length ** 2 - 1, 0);
  const variance = ((count * (size - count)) / 12) * (size + 1 - ties / (size * (size - 1)));
  if (variance <= 0) return 1;
  // The library's function is off by up to 1e-7, below 0 too.
  return Math.min(1, 1 - errorFunction(Math.max(0, distance - 0.5) / Math.sqrt(2 * variance)));
}

function midranks(values: readonly number[]): number[] {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}
