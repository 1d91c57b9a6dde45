// Paired measurement: two pieces of work in alternating batches, and the ratio of each pair.
//
// On a shared or throttled machine two measurements a minute apart differ by more than what is asked here. Batches of
// a few milliseconds next to each other see the same machine, so that their ratio holds where the times do not. They are
// timed in CPU time: on a busy machine the scheduler's time slices can fall on the same contender again and again.

import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { medianInterval, type MedianInterval } from './statistics.js';
import type { Work } from './work.js';

/** Fewer pairs leave the interval too wide to tell anything. */
export const leastRounds = 15;

export interface PairedOptions {
  /** At least `leastRounds`; more narrows the interval. */
  readonly rounds: number;
  /** How long one batch should take, in milliseconds. */
  readonly batchMilliseconds: number;
}

export interface PairedResult {
  /** Time of `measured` over time of `reference`: above 1 is slower. */
  readonly ratio: MedianInterval;
  readonly rounds: number;
  /** Median nanoseconds of one operation. */
  readonly measuredNanoseconds: number;
  readonly referenceNanoseconds: number;
}

/**
 * Runs both in alternating batches, each first in every other round, after a warm-up that is not counted.
 *
 * Between two rounds the event loop turns: Node frees the native halves of dropped keys there, and a loop that never
 * yields would time the growth of the process.
 */
export async function measurePaired(measured: Work, reference: Work, options: PairedOptions): Promise<PairedResult> {
  const goal = options.batchMilliseconds * 1e6;
  // Twice: the first calibration also warms up the compiler and the caches, and so asks for too few iterations.
  calibrate(measured, goal);
  calibrate(reference, goal);
  const [measuredIterations, referenceIterations] = align(calibrate(measured, goal), calibrate(reference, goal));
  const measuredTimes: number[] = [];
  const referenceTimes: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    await eventLoopTurn();
    const measuredFirst = round % 2 === 0;
    const first = measuredFirst ? measured.batch(measuredIterations) : reference.batch(referenceIterations);
    const second = measuredFirst ? reference.batch(referenceIterations) : measured.batch(measuredIterations);
    const measuredTime = (measuredFirst ? first : second) / measuredIterations;
    const referenceTime = (measuredFirst ? second : first) / referenceIterations;
    measuredTimes.push(measuredTime);
    referenceTimes.push(referenceTime);
    ratios.push(measuredTime / referenceTime);
  }
  return {
    ratio: medianInterval(ratios),
    rounds: options.rounds,
    measuredNanoseconds: medianInterval(measuredTimes).median,
    referenceNanoseconds: medianInterval(referenceTimes).median,
  };
}

/**
 * The same number for both unless one is much faster: work whose steps differ (a sequence of messages to sign) then does
 * the same steps on both sides.
 */
function align(one: number, other: number): [number, number] {
  const smaller = Math.min(one, other);
  return Math.max(one, other) <= 2 * smaller ? [smaller, smaller] : [one, other];
}

/** How many iterations take about `nanoseconds`. */
export function calibrate(work: Work, nanoseconds: number): number {
  for (let iterations = 1; ; iterations *= 4) {
    const took = work.batch(iterations);
    if (took >= nanoseconds / 4) return Math.max(1, Math.round((iterations * nanoseconds) / took));
  }
}
