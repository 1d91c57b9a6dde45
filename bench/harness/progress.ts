// Progress on standard error, so that standard output holds the tables alone.

import { SingleBar } from 'cli-progress';

export interface Progress {
  /** The next of the steps begins. */
  step(what: string): void;
  stop(): void;
}

export function startProgress(title: string, steps: number): Progress {
  const bar = new SingleBar({
    format: `${title} {bar} {value}/{total} {what}`,
    stream: process.stderr,
    barCompleteChar: '#',
    barIncompleteChar: '.',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    // In a log: a line now and then instead of one that is redrawn.
    noTTYOutput: true,
    notTTYSchedule: 5000,
    // Everything that is timed blocks the event loop: draw when told.
    synchronousUpdate: true,
    fps: 100,
  });
  let done = 0;
  bar.start(steps, 0, { what: '' });
  return {
    step(what) {
      bar.update(done++, { what });
    },
    stop() {
      bar.stop();
    },
  };
}
