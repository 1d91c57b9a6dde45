// Shows what the set-up is doing: bars on a terminal, plain lines in a log.
// @ts-check

/** @typedef {{ update(fraction: number): void }} Step */
/** @typedef {{ step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T> }} Reporter */

/**
 * Bars come from a development dependency, so a consumer's install, whose output npm collects anyway, prints lines.
 * @returns {Promise<Reporter>}
 */
export async function createReporter() {
  if (canRedraw(process.stderr)) {
    try {
      return barReporter((await import('ora')).default);
    } catch {
      // Not installed here.
    }
  }
  return lineReporter();
}

/**
 * Whether redrawing works there. Pseudo-terminals of scripts and CI often report 0 columns, with which the lines that a text
 * takes, and so the clearing of it, are infinite.
 * @param {{ readonly isTTY?: boolean, readonly columns?: number }} stream
 */
export function canRedraw(stream) {
  return stream.isTTY === true && (stream.columns ?? 0) > 0;
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
 * @param {typeof import('ora').default} ora
 * @returns {Reporter}
 */
function barReporter(ora) {
  return {
    async step(title, work) {
      const started = performance.now();
      // Left alone, stdin keeps its meaning of Ctrl-C: it ends us and the compilers.
      const spinner = ora({ text: title, stream: process.stderr, discardStdin: false }).start();
      try {
        const result = await work({
          update(fraction) {
            spinner.text = `${title}\n  ${bar(fraction)}`;
          },
        });
        spinner.succeed(`${title}: done in ${seconds(started)}`);
        return result;
      } catch (error) {
        spinner.fail(`${title}: failed after ${seconds(started)}`);
        throw error;
      }
    },
  };
}

/** @param {number} fraction */
function bar(fraction) {
  const width = 40;
  const full = Math.round(Math.min(1, fraction) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${Math.floor(fraction * 100)}%`;
}

/** @param {number} started */
function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
