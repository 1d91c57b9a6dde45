// Shows the failed assertions of a TAP file, then "N passed, N failed": usage: count-results.mjs FILE [FAILED STEP...]
// @ts-check

import { existsSync, readFileSync } from 'node:fs';

const [file = '', ...failedSteps] = process.argv.slice(2);
const counts = existsSync(file) ? await count(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };

// A step can fail without a failed assertion: no build, a crash, a finding of the linter.
counts.failed += failedSteps.filter((step) => step !== 'tests' || counts.failed === 0).length;
if (counts.passed === 0 && counts.failed === 0) counts.failed = 1;

const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** @param {string} tap */
async function count(tap) {
  // Comes with `npm ci`, so it is looked for only where tests ran.
  const { Parser } = await import('tap-parser');
  const counted = { passed: 0, failed: 0, skipped: 0 };
  // Flat: the assertions themselves, without the lines that sum up a subtest.
  for (const [event, result] of Parser.parse(tap, { flat: true })) {
    if (event !== 'assert' || typeof result !== 'object') continue;
    if (result.skip || result.todo) counted.skipped++;
    else if (result.ok) counted.passed++;
    else {
      counted.failed++;
      console.log(`not ok - ${result.fullname}`);
      if (result.diag) console.log(JSON.stringify(result.diag, null, 2).replace(/^/gm, '    '));
    }
  }
  return counted;
}
