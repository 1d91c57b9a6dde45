// Counts what TAP says, of one run or of several one after the other: assertions, without the lines that sum up a subtest.
// @ts-check

/**
 * @typedef {object} TapResults
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} failures each failed assertion, with what tap says of it
 */

/**
 * @param {string} tap
 * @returns {Promise<TapResults>}
 */
export async function countResults(tap) {
  // Comes with `npm ci`, so it is looked for only where tests ran.
  const { Parser } = await import('tap-parser');
  const counted = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];
  // A parser ends with the plan of its run.
  for (const run of tap.split(/^(?=TAP version )/m)) {
    for (const [event, result] of Parser.parse(run, { flat: true })) {
      if (event !== 'assert' || typeof result !== 'object') continue;
      if (result.skip || result.todo) counted.skipped++;
      else if (result.ok) counted.passed++;
      else {
        counted.failed++;
        const details = result.diag ? `\n${JSON.stringify(result.diag, null, 2).replace(/^/gm, '    ')}` : '';
        failures.push(`not ok - ${result.fullname}${details}`);
      }
    }
  }
  return { ...counted, failures };
}

/**
 * "N passed, N failed", and how many were skipped if any.
 * @param {Omit<TapResults, 'failures'>} counts
 */
export function describeCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
