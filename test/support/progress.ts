// Progress on standard error, so that standard output holds the tables alone.

import ora from 'ora';

export interface Progress {
  /** The next of the steps begins. */
  step(what: string): void;
  stop(): void;
}

/** Seconds between two lines in a log. */
const logInterval = 10;

/** @param command who speaks, at the beginning of the lines of a log */
export function startProgress(title: string, steps: number, command = 'bench'): Progress {
  return canRedraw(process.stderr) ? lineOnTerminal(title, steps) : linesInLog(`${command}: ${title}`, steps);
}

/** Whether redrawing works there: on a terminal that reports 0 columns, clearing a text takes forever. */
export function canRedraw(stream: { readonly isTTY?: boolean; readonly columns?: number }): boolean {
  return stream.isTTY === true && (stream.columns ?? 0) > 0;
}

function lineOnTerminal(title: string, steps: number): Progress {
  // Left alone, stdin keeps its meaning of Ctrl-C.
  const spinner = ora({ text: title, stream: process.stderr, discardStdin: false }).start();
  let done = 0;
  return {
    step(what) {
      spinner.text = `${title} ${done++}/${steps}  ${what}`;
      // What is timed blocks the event loop, and with it the spinner's own timer.
      spinner.render();
    },
    stop() {
      spinner.stop();
    },
  };
}

function linesInLog(title: string, steps: number): Progress {
  let done = 0;
  let shown = Number.NEGATIVE_INFINITY;
  return {
    step(what) {
      const now = performance.now();
      if (now - shown > logInterval * 1000) {
        process.stderr.write(`${title} ${done}/${steps}  ${what}\n`);
        shown = now;
      }
      done++;
    },
    stop() {},
  };
}
