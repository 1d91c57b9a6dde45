// `npm run bench:report`: one HTML page of any number of results. See bench/README.md.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { launchFolder, runCommand } from '../harness/command-line.js';
import { projectRoot } from '../harness/project.js';
import { readResult, ResultFileError, type ResultFile } from '../harness/result-file.js';
import { page } from './page.js';

const results = join(projectRoot, 'bench', 'results');

const program = new Command('npm run bench:report --')
  .description('Makes one self-contained HTML page, with charts and tables, of results of npm run bench.')
  .argument('[files...]', 'the JSON files; all of bench/results where none is named')
  .option('--output <file>', 'where the page goes, instead of bench/results/report.html')
  .addHelpText(
    'after',
    `
The files may be of different machines, and several of one. A named file that is no result ends it with exit code 2; one
in bench/results is left out, and that is said.

Examples:
  npm run bench:report
  npm run bench:report -- graviton2.json graviton4.json x86.json --output machines.html`,
  )
  .action(main);

await runCommand(program);

function main(named: readonly string[], options: { readonly output?: string }): void {
  const folder = launchFolder();
  const files = named.length > 0 ? named.map((path) => readResult(path, folder)) : savedResults(folder);
  for (const { path, result } of files) {
    if (result.quick) tell(`warning: ${path}: of a run with --quick, whose figures are not for comparing`);
  }
  const output = options.output === undefined ? join(results, 'report.html') : resolve(folder, options.output);
  write(output, page(files));
  process.stdout.write(`Saved ${relative(folder, output)}\n`);
}

/** Of every version that there ever was: what cannot be read any more is left out. */
function savedResults(folder: string): ResultFile[] {
  const paths = (existsSync(results) ? readdirSync(results) : [])
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => relative(folder, join(results, name)));
  const files = paths.flatMap((path) => {
    try {
      return [readResult(path, folder)];
    } catch (error) {
      if (!(error instanceof ResultFileError)) throw error;
      tell(`warning: left out: ${error.message}`);
      return [];
    }
  });
  if (files.length > 0) return files;
  throw new ResultFileError('bench/results', 'no results to report: npm run bench makes one');
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ResultFileError(path, `cannot be written: ${error.message}`);
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
