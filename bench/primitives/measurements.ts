// The table that is shown: every operation by every contender, timed by `benchmark`.

import Benchmark from 'benchmark';
import type { Measurement } from '../harness/results.js';
import type { Progress } from '../../test/support/progress.js';
import { calibrate } from '../harness/paired.js';
import { medianInterval } from '../harness/statistics.js';
import type { Work } from '../harness/work.js';
import { contenders, workOf, type Contender } from './contenders.js';
import { operationName, type Operation } from './operations.js';

/** How long one cell may take, in seconds, beside `benchmark`'s own calibration. */
export interface MeasurementOptions {
  readonly secondsPerCell: number;
}

export async function measureOperations(
  operations: readonly Operation[],
  options: MeasurementOptions,
  progress: Progress,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const operation of operations) {
    progress.step(operationName(operation));
    for (const contender of contenders) {
      const work = workOf(contender, operation);
      if (work !== undefined) measurements.push(await measure(operation, contender, work, options));
    }
  }
  return measurements;
}

async function measure(
  operation: Operation,
  contender: Contender,
  work: Work,
  options: MeasurementOptions,
): Promise<Measurement> {
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
  });
  // Asynchronously, so that the event loop turns between samples: see harness/paired.ts.
  await new Promise<void>((resolve) => void benchmark.on('complete', () => resolve()).run({ async: true }));
  // benchmark catches what the function throws and would report a time of 0.
  if (benchmark.error !== undefined) throw benchmark.error;
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
