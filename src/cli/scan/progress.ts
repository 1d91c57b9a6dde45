// Progress of a scan on standard error: a bar on a terminal, a line now and then in a log.

import ora from 'ora';

export interface Progress {
  /** One more is done. */
  done(what: string): void;
  stop(): void;
}

/** Seconds between two lines in a log. */
const logInterval = 5;
const barWidth = 24;

export function startProgress(total: number, before: number): Progress {
  return canRedraw(process.stderr) ? barOnTerminal(total, before) : linesInLog(total, before);
}

/** On a terminal that reports 0 columns, clearing a text takes forever. */
function canRedraw(stream: { readonly isTTY?: boolean; readonly columns?: number }): boolean {
  return stream.isTTY === true && (stream.columns ?? 0) > 0;
}

function barOnTerminal(total: number, before: number): Progress {
  let count = before;
  // Left alone, stdin keeps its meaning of Ctrl-C.
  const spinner = ora({ text: bar(count, total), stream: process.stderr, discardStdin: false }).start();
  return {
    done(what) {
      spinner.text = `${bar(++count, total)}  ${what}`;
    },
    stop() {
      spinner.stop();
    },
  };
}

function bar(count: number, total: number): string {
  const filled = Math.floor((count / total) * barWidth);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${count}/${total}`;
}

function linesInLog(total: number, before: number): Progress {
  let count = before;
  let shown = performance.now();
  return {
    done(what) {
      count++;
      const now = performance.now();
      if (now - shown < logInterval * 1000 && count < total) return;
      process.stderr.write(`scan: ${count}/${total}  ${what}\n`);
      shown = now;
    },
    stop() {},
  };
}
