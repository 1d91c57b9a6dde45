// `npm run bench:instructions`: guards the handshake by what it executes, on machines that are too noisy for times.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Argument, Command } from 'commander';
import { startProgress } from '../../test/support/progress.js';
import { projectRoot } from '../harness/project.js';
import { describeVersions } from '../harness/results.js';
import { print } from '../harness/session.js';
import { nodeBinary } from '../../test/support/node-versions.js';
import { StrayConnectionsError } from '../tls/processes.js';
import { valgrindVersion } from './callgrind.js';
import { cpuFeatures, obstacle } from './environment.js';
import { describeVerdict, isFailure, judge, updated, type Limits } from './limits.js';
import { measure, scenarios } from './measure.js';

const limitsPath = join(projectRoot, 'bench/instructions/limits.json');

const program = new Command('npm run bench:instructions --')
  .description('Counts the instructions of server handshakes under callgrind and holds them to the committed limits.')
  .addArgument(
    new Argument('[scenario...]', 'what to count; everything where none is named').choices(
      scenarios.map(({ name }) => name),
    ),
  )
  .option('--update', 'makes what is counted the new limits, in bench/instructions/limits.json', false)
  .option('--output <folder>', 'where the profiles go', join(projectRoot, '.build/instructions'))
  .addHelpText(
    'after',
    `
Exit codes: 0 within the limits, 1 not, 2 nothing can be counted on this machine.

Examples:
  npm run bench:instructions                           everything, one to two minutes
  npm run bench:instructions -- P-256                  full handshakes with a P-256 certificate
  npm run bench:instructions -- --update               after a change that is worth its instructions, or that saves some
  callgrind_annotate .build/instructions/pqtls-P-256.callgrind    which functions they are in`,
  );

async function main(
  named: readonly string[],
  { update, output }: { readonly update: boolean; readonly output: string },
): Promise<void> {
  const valgrind = valgrindVersion();
  const reason = obstacle(valgrind);
  if (reason !== undefined) {
    process.stderr.write(`bench: ${reason}\n`);
    process.exitCode = 2;
    return;
  }
  const chosen = scenarios.filter(({ name }) => named.length === 0 || named.includes(name));
  const node = await nodeBinary('26');
  const taken = {
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    awsLc: describeVersions().awsLc ?? 'none',
    valgrind: valgrind ?? 'none',
    cpuFeatures,
  };
  print(
    Object.entries(taken)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
  mkdirSync(output, { recursive: true });
  const progress = startProgress('instructions', 2 + chosen.length * 3);
  const { figures, counts } = await measure({ chosen, node, output, onStep: (what) => progress.step(what) }).finally(
    () => progress.stop(),
  );
  for (const line of counts) print(line);
  const limits = JSON.parse(readFileSync(limitsPath, 'utf8')) as Limits;
  const verdicts = judge(figures, limits);
  for (const verdict of verdicts) print(describeVerdict(verdict));
  if (update) {
    writeFileSync(limitsPath, `${JSON.stringify(updated(limits, figures, taken), undefined, 2)}\n`);
    print(`Updated ${relative(process.cwd(), limitsPath)}: commit it with the change that it is for.`);
    return;
  }
  const failures = verdicts.filter(isFailure);
  if (failures.length === 0) return;
  process.exitCode = 1;
  const profile = relative(process.cwd(), join(output, `pqtls-${failures[0]?.figure.scenario ?? ''}.callgrind`));
  print(`
${failures.length} of ${verdicts.length} figures are not within a limit.
See where:    callgrind_annotate ${profile}
Compare with: the same file of the commit before (git stash or git switch, then --output another folder)
Accept it:    npm run bench:instructions -- --update, and say in the commit what the instructions are for`);
}

program.action(main);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof StrayConnectionsError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
