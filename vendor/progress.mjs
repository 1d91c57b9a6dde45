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
      return barReporter(await import('@clack/prompts'));
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
 * @param {typeof import('@clack/prompts')} clack
 * @returns {Reporter}
 */
function barReporter(clack) {
  return {
    async step(title, work) {
      const started = performance.now();
      const resolution = 100;
      const bar = clack.progress({
        max: resolution,
        size: 30,
        style: 'block',
        output: process.stderr,
        indicator: 'timer',
      });
      let shown = 0;
      bar.start(title);
      try {
        const result = await work({
          update(fraction) {
            const hundredths = Math.min(resolution, Math.floor(fraction * resolution));
            if (hundredths <= shown) return;
            bar.advance(hundredths - shown, `${title} ${hundredths}%`);
            shown = hundredths;
          },
        });
        bar.stop(`${title}: done in ${seconds(started)}`);
        return result;
      } catch (error) {
        bar.error(`${title}: failed after ${seconds(started)}`);
        throw error;
      }
    },
  };
}

/** @param {number} started */
function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
