// `npm run test:interop`: the matrix of pqtls against other implementations, as tables and as docs/interop.md.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { projectDir } from '../support/project.js';
import { engines, groups, roles, signatures, versions, type Cell } from './axes.js';
import { pageOf } from './page.js';
import { peers } from './peers/index.js';
import { printFailure, printOverview, printRun } from './print.js';
import { runLab } from './run.js';
import { savedRuns, saveRun } from './saved-runs.js';
import { count } from './summary.js';

const pagePath = 'docs/interop.md';

interface Options {
  readonly peer?: readonly string[];
  readonly engine?: Cell['ours'];
  readonly role?: Cell['role'];
  readonly tls?: Cell['version'];
  readonly group?: readonly string[];
  readonly signature?: readonly string[];
  readonly quick: boolean;
  readonly list: boolean;
  readonly build: boolean;
  readonly page: boolean;
  readonly jobs: number;
}

const program = new Command('npm run test:interop --')
  .description(
    'Fetches and builds the peers (pinned, once, into .build/interop), runs the matrix against each and prints it. docs/interop.md shows the newest run of all cells of each peer and engine.',
  )
  .addOption(new Option('--peer <name...>', 'only these peers').choices(peers.map(({ name }) => name)))
  .addOption(new Option('--engine <engine>', 'only this engine of ours').choices(engines))
  .addOption(new Option('--role <role>', 'only where the peer is that').choices(roles))
  .addOption(new Option('--tls <version>', 'only that version').choices(versions))
  .addOption(new Option('--group <name...>', 'only these groups').choices(groups))
  .addOption(new Option('--signature <name...>', 'only these signature schemes').choices(signatures))
  .option('--quick', 'only each value of each axis, the others being as usual: what npm test runs', false)
  .option('--list', 'say which peers there are and whether they are built, and run nothing', false)
  .option('--no-build', 'fetch and build nothing; what is not there is reported')
  .option('--no-page', `do not write ${pagePath}`)
  .option('--jobs <number>', 'cells at a time', parseJobs, 2)
  .addHelpText(
    'after',
    `
Exit codes: 0 every cell that the peers support passed, 1 not, 2 a peer that must be there could not be had.

Examples:
  npm run test:interop                                       everything; the first time it builds the peers, ten minutes and more
  npm run test:interop -- --peer go --no-page                one peer
  npm run test:interop -- --peer rustls --group X25519MLKEM768 --signature mldsa65
  npm run test:interop -- --engine typescript                one engine
  npm run test:interop -- --list`,
  );

async function main(options: Options): Promise<void> {
  const chosen = peers.filter(({ name }) => options.peer?.includes(name) ?? true);
  if (options.list) {
    for (const peer of chosen) {
      const missing = peer.missing();
      console.log(`${peer.name}: ${peer.title} ${missing === undefined ? await peer.version() : `(${missing})`}`);
    }
    return;
  }
  const isWhole = !options.quick && isEveryCell(options);
  const runs = await runLab({
    ...options,
    peers: chosen,
    engines: engines.filter((engine) => (options.engine ?? engine) === engine),
    workers: options.jobs,
    accepts: (cell) =>
      (options.role ?? cell.role) === cell.role &&
      (options.tls ?? cell.version) === cell.version &&
      (options.group?.includes(cell.group) ?? true) &&
      (options.signature?.includes(cell.signature) ?? true),
    onPeer(run) {
      printRun(run);
      if (!isWhole) return;
      saveRun(run);
      if (options.page) writeFileSync(join(projectDir, pagePath), pageOf(savedRuns(peers)));
    },
  });
  printOverview(runs);
  const results = runs.flatMap(({ results }) => results ?? []);
  // With several peers, those of the first are far above.
  if (runs.length > 1) for (const result of results) printFailure(result);
  const { passed, failed, notApplicable } = count(results);
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  console.log(`\n${passed} cells passed, ${failed} failed, ${notApplicable} n/a, in ${seconds.toFixed(0)} s`);
  if (options.page) {
    console.log(
      isWhole
        ? `Written: ${pagePath}`
        : `${pagePath} is left as it is: it shows runs of all cells of a peer and engine.`,
    );
  }
  const isLacking = runs.some(({ peer, results }) => results === undefined && peer.optional !== true);
  process.exitCode = failed > 0 ? 1 : isLacking ? 2 : 0;
}

function isEveryCell({ role, tls, group, signature }: Options): boolean {
  return [role, tls, group, signature].every((choice) => choice === undefined);
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 16) throw new InvalidArgumentError('give a number from 1 to 16');
  return jobs;
}

program.action(main);
await program.parseAsync();
