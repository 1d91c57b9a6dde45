// Shows the failed assertions of a TAP file, then "N passed, N failed": usage: count-results.mjs FILE [FAILED STEP...]
// @ts-check

import { existsSync, readFileSync } from 'node:fs';
import { countResults, describeCounts } from '../vendor/tap-results.mjs';

const [file = '', ...failedSteps] = process.argv.slice(2);
const { failures, ...counts } = existsSync(file)
  ? await countResults(readFileSync(file, 'utf8'))
  : { passed: 0, failed: 0, skipped: 0, failures: [] };
for (const failure of failures) console.log(failure);

// A step can fail without a failed assertion: no build, a crash, a finding of the linter.
counts.failed += failedSteps.filter((step) => step !== 'tests' || counts.failed === 0).length;
if (counts.passed === 0 && counts.failed === 0) counts.failed = 1;

console.log(describeCounts(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
