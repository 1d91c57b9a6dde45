// `npm run bench:compare`: what changed from one result to another, and whether it is beyond the noise. See bench/README.md.

import { Command } from 'commander';
import { launchFolder, runCommand } from '../harness/command-line.js';
import { readResult, ResultFileError, type ResultFile } from '../harness/result-file.js';
import { compare } from './comparison.js';
import { comparisonText } from './print.js';
import { warningsOf } from './warnings.js';

interface Options {
  readonly allowQuick: boolean;
  readonly changed: boolean;
  readonly failOnWorse: boolean;
  readonly json: boolean;
}

const program = new Command('npm run bench:compare --')
  .description('Compares two results of npm run bench, and tells a change from the noise.')
  .argument('<A>', 'the JSON file of the earlier run')
  .argument('<B>', 'the JSON file of the later run')
  .option('--changed', 'only rows that are better or worse', false)
  .option('--fail-on-worse', 'exit code 1 where pqtls became worse', false)
  .option('--allow-quick', 'takes files of --quick, whose figures mean little', false)
  .option('--json', 'prints the comparison as JSON', false)
  .addHelpText(
    'after',
    `
Verdicts: better, worse, within the noise, too few rounds (five on both sides are needed).

Exit code: 0; 1 with --fail-on-worse where a ratio of pqtls became worse, or a figure of its own that has no ratio, on one
machine; 2 for a file that cannot be compared.

Examples:
  npm run bench:compare bench/results/A.json bench/results/B.json
  npm run bench:compare -- A.json B.json --changed --fail-on-worse
  npm run --silent bench:compare -- A.json B.json --json > comparison.json`,
  )
  .action(main);

await runCommand(program);

function main(pathA: string, pathB: string, options: Options): void {
  const [a, b] = [read(pathA, options), read(pathB, options)];
  const comparison = compare(a.result, b.result);
  if (comparison.rows.length === 0) throw new ResultFileError(pathB, `has no figure in common with ${pathA}`);
  const warnings = warningsOf(a.result, b.result);
  const text = options.json
    ? JSON.stringify({ a: sideOf(a), b: sideOf(b), warnings, ...comparison }, undefined, 2)
    : comparisonText({ a, b, comparison, warnings, changed: options.changed });
  process.stdout.write(`${text}\n`);
  if (options.failOnWorse && comparison.summary.worseThatCounts > 0) process.exitCode = 1;
}

function read(path: string, { allowQuick }: Options): ResultFile {
  const file = readResult(path, launchFolder());
  if (!file.result.quick || allowQuick) return file;
  throw new ResultFileError(
    path,
    'of a run with --quick, which is not for comparing (--allow-quick compares it all the same)',
  );
}

function sideOf({ path, result: { machine, versions, startedAt, quick } }: ResultFile): object {
  return { path, machine, versions, startedAt, quick };
}
