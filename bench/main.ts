// `npm run bench`: what to time, and how long. See bench/README.md.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { leastRounds } from './harness/paired.js';
import { prepareFile } from './harness/results.js';
import { print, session } from './harness/session.js';
import { goalTable, seriesTable } from './harness/table.js';
import { UsageError } from './harness/usage-error.js';
import { runPrimitives } from './primitives/scenario.js';
import { scenarios } from './tls/scenarios.js';
import { StrayConnectionsError } from './tls/processes.js';
import { runSuite } from './tls/suite.js';

interface Options {
  readonly quick: boolean;
  readonly only: string;
  readonly rounds?: number;
  readonly node: string | boolean;
  readonly output?: string;
  readonly json?: string;
}

const all = [...scenarios.map(({ name }) => name), 'primitives'];

const program = new Command('npm run bench --')
  .description('Times pqtls on this machine, prints the figures and saves them as JSON.')
  .addArgument(new Argument('[scenario...]', 'what to time; everything where none is named').choices(all))
  .option('--quick', 'the least of everything, in seconds: not for comparing', false)
  .option(
    '--only <text>',
    'only drivers (pqtls, typescript, node:tls, floor) or primitives whose name contains the text',
    '',
  )
  .option('--rounds <number>', `rounds of the TLS path (default 5), pairs of batches of primitives (61)`, parseRounds)
  .option('--node <path>', 'the Node that pqtls is compared on, instead of fetching Node 26 from npm', true)
  .option('--no-node', 'the running Node alone')
  .option('--output <folder>', 'where the JSON file goes, instead of bench/results')
  .option('--json <file>', 'writes the result there as well')
  .addHelpText(
    'after',
    `
Scenarios:
${scenarios.map(({ name, about }) => `  ${name.padEnd(11)} ${about}`).join('\n')}
  primitives  ML-KEM, ML-DSA, SHA-3 and key shares: on aws-lc, noble, node:crypto and in a C loop

Examples:
  npm run bench                                      everything, 12 to 15 minutes
  npm run bench -- handshake resume                  two scenarios
  npm run bench -- primitives --only ML-KEM-768      only what has this in its name
  npm run bench -- --quick                           shows in a minute that everything runs`,
  );

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return rounds;
}

async function main(named: readonly string[], options: Options): Promise<void> {
  const chosen = named.length === 0 ? all : all.filter((name) => named.includes(name));
  const { quick, only, node, output, rounds } = options;
  const hasPrimitives = chosen.includes('primitives');
  if (hasPrimitives && rounds !== undefined && rounds < leastRounds) {
    program.error(`error: primitives need --rounds of at least ${leastRounds}`);
  }
  const suite = scenarios.filter(({ name }) => chosen.includes(name));
  if (options.json !== undefined) prepareFile(resolve(options.json));
  const result = await session({ scenarios: chosen, quick, output }, async () => {
    const tls =
      suite.length === 0
        ? { series: [], goals: [] }
        : await runSuite(suite, { quick, rounds: rounds ?? 5, only: hasPrimitives ? '' : only, node });
    if (tls.series.length > 0) {
      print('\nMedians of the rounds, with their intervals.');
      print(seriesTable(tls.series));
    }
    const primitives = hasPrimitives
      ? await runPrimitives({ quick, only, node, rounds: rounds ?? (quick ? leastRounds : 61) })
      : { measurements: [], targets: [] };
    if (tls.goals.length > 0) {
      print(
        "\nWhat the TLS path must reach: the driver's figure divided by the other's, round by round, both on one Node.",
      );
      print(goalTable(tls.goals));
      print(`${tls.goals.filter(({ reached }) => reached).length} of ${tls.goals.length} reached.`);
    }
    return { ...primitives, ...tls };
  });
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
}

program.action(main);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof StrayConnectionsError || error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
