// The table that is shown: every operation by every contender, timed by `benchmark`.

import Benchmark from 'benchmark';
import type { Measurement } from '../harness/results.js';
import type { Progress } from '../harness/progress.js';
import { calibrate } from '../harness/paired.js';
import { medianInterval } from '../harness/statistics.js';
import type { Work } from '../harness/work.js';
import { contenders, workOf, type Contender } from './contenders.js';
import { operationName, type Operation } from './operations.js';

/** How long one cell may take, in seconds, beside `benchmark`'s own calibration. */
export interface MeasurementOptions {
  readonly secondsPerCell: number;
}

export function measureOperations(
  operations: readonly Operation[],
  options: MeasurementOptions,
  progress: Progress,
): Measurement[] {
  return operations.flatMap((operation) => {
    progress.step(operationName(operation));
    return contenders.flatMap((contender) => {
      const work = workOf(contender, operation);
      return work === undefined ? [] : [measure(operation, contender, work, options)];
    });
  });
}

function measure(operation: Operation, contender: Contender, work: Work, options: MeasurementOptions): Measurement {
  const names = { operation: operationName(operation), contender };
  if (work.once === undefined) {
    const nanoseconds = timeLoop(work, options);
    return { ...names, nanoseconds, operationsPerSecond: 1e9 / nanoseconds, marginPercent: undefined };
  }
  // minTime: how long one of its samples takes; the default wants 50 ms, more than the whole cell in --quick.
  const benchmark = new Benchmark(work.once, {
    maxTime: options.secondsPerCell,
    minTime: options.secondsPerCell / 20,
    minSamples: 5,
  }).run({ async: false });
  // benchmark catches what the function throws and would report a time of 0.
  if (benchmark.error !== undefined) throw benchmark.error as unknown as Error;
  return {
    ...names,
    nanoseconds: benchmark.stats.mean * 1e9,
    operationsPerSecond: benchmark.hz,
    marginPercent: benchmark.stats.rme,
  };
}

/** The C loop is no JavaScript function that `benchmark` could call: the median of a few batches instead. */
function timeLoop(work: Work, { secondsPerCell }: MeasurementOptions): number {
  const batches = 9;
  const iterations = calibrate(work, (secondsPerCell / batches) * 1e9);
  return medianInterval(Array.from({ length: batches }, () => work.batch(iterations) / iterations)).median;
}
