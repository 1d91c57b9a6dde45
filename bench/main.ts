// `npm run bench`: what to time, and how long. See bench/README.md.

import { Command, InvalidArgumentError } from 'commander';
import { leastRounds } from './harness/paired.js';
import { runPrimitives, type PrimitivesOptions } from './primitives/scenario.js';

const program = new Command('npm run bench --')
  .description('Times pqtls on this machine, prints the figures and saves them as JSON.')
  .addHelpText(
    'after',
    `
Examples:
  npm run bench                                      the scenario primitives, a few minutes
  npm run bench -- primitives --only ML-KEM-768      only what has this in its name
  npm run bench -- primitives --quick                shows in seconds that everything runs`,
  );

program
  .command('primitives', { isDefault: true })
  .description('ML-KEM, ML-DSA, SHA-3 and key shares: on aws-lc, noble, node:crypto and in a C loop')
  .option('--quick', 'a few milliseconds a figure: not for comparing', false)
  .option('--only <text>', 'only operations whose name contains the text', '')
  .option(
    '--rounds <number>',
    `pairs of batches for each target, at least ${leastRounds}; half of it against Node`,
    parseRounds,
    61,
  )
  .option('--node <path>', 'the Node whose node:crypto is the reference, instead of fetching Node 26 from npm', true)
  .option('--no-node', 'no comparison with another Node')
  .option('--output <folder>', 'where the JSON file goes, instead of bench/results')
  .action((options: PrimitivesOptions) => runPrimitives(options));

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < leastRounds) {
    throw new InvalidArgumentError(`It must be a whole number of at least ${leastRounds}.`);
  }
  return rounds;
}

await program.parseAsync();
