// Shows what the set-up is doing: bars on a terminal, plain lines in a log.
// @ts-check

/** @typedef {{ update(fraction: number): void }} Step */
/** @typedef {{ step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T> }} Reporter */

/**
 * Bars come from a development dependency, so a consumer's install, whose output npm collects anyway, prints lines.
 * @returns {Promise<Reporter>}
 */
export async function createReporter() {
  if (process.stderr.isTTY) {
    try {
      return barReporter((await import('cli-progress')).default.SingleBar);
    } catch {
      // Not installed here.
    }
  }
  return lineReporter();
}

/** @returns {Reporter} */
export function lineReporter() {
  return {
    async step(title, work) {
      const started = performance.now();
      let shown = 0;
      process.stderr.write(`pqtls: ${title} ...\n`);
      const result = await work({
        update(fraction) {
          const tenth = Math.floor(fraction * 10);
          if (tenth <= shown || tenth >= 10) return;
          shown = tenth;
          process.stderr.write(`pqtls:   ${tenth * 10}%\n`);
        },
      });
      process.stderr.write(`pqtls:   done in ${seconds(started)}\n`);
      return result;
    },
  };
}

/**
 * @param {typeof import('cli-progress').SingleBar} SingleBar
 * @returns {Reporter}
 */
function barReporter(SingleBar) {
  return {
    async step(title, work) {
      const started = performance.now();
      const bar = new SingleBar({
        format: `  {bar} {percentage}% {duration_formatted}`,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      });
      process.stderr.write(`${title} ...\n`);
      try {
        const result = await work({
          update(fraction) {
            if (!bar.isActive) bar.start(1, 0);
            bar.update(Math.min(1, fraction));
          },
        });
        bar.stop();
        process.stderr.write(`  done in ${seconds(started)}\n`);
        return result;
      } finally {
        bar.stop();
      }
    },
  };
}

/** @param {number} started */
function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
