// What the harness times: one operation done in one way, in batches.

import { cpuNanoseconds } from './clock.js';

/** An operation that is ready to run: keys made, buffers allocated. */
export interface Work {
  /** Runs the operation `iterations` times and returns the nanoseconds of CPU time that took. */
  batch(iterations: number): number;
  /** Runs it once; absent where the loop is not JavaScript's. */
  readonly once?: () => void;
}

/** Work whose loop runs in JavaScript, as a caller's would; `rewind` makes every batch do the very same thing. */
export function javascriptWork(once: () => void, rewind?: () => void): Work {
  return {
    once,
    batch(iterations) {
      rewind?.();
      const start = cpuNanoseconds();
      for (let i = 0; i < iterations; i++) once();
      return cpuNanoseconds() - start;
    },
  };
}
