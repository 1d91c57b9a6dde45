// npm run test:fuzz -- [PARSER] [--seconds N] [--seed N]: feeds parsers with changed inputs until time is up.

import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { recordCorpus } from './corpus.js';
import { fuzz } from './fuzz.js';
import { parsersFor } from './parsers.js';

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('A positive number is needed.');
  return value;
}

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly list?: boolean;
}

async function main(name: string | undefined, { seconds, seed, list }: Options, command: Command): Promise<void> {
  const parsers = parsersFor(await recordCorpus());
  if (list === true) {
    process.stdout.write(`${[...parsers.keys()].join('\n')}\n`);
    return;
  }
  const chosen = [...parsers].filter(([key]) => name === undefined || key === name);
  if (chosen.length === 0) command.error(`There is no parser '${name}'. Use one of: ${[...parsers.keys()].join(', ')}`);
  for (const [key, parser] of chosen) {
    const end = performance.now() + seconds * 1000;
    const { accepted, refused, findings } = await fuzz(parser, { seed, goesOn: () => performance.now() < end });
    process.stdout.write(`${key}: ${accepted} accepted, ${refused} refused, seed ${seed}\n`);
    for (const { what, input } of findings) process.stdout.write(`  ${what}\n  input ${input}\n`);
    if (findings.length > 0) process.exitCode = 1;
  }
}

await new Command('npm run test:fuzz --')
  .description(
    'Feeds a parser, or each of them in turn, with changed inputs; ends with 1 where one did what it may not.',
  )
  .argument('[parser]', 'its name, of those that --list shows')
  .addOption(new Option('--seconds <n>', 'for each parser').default(10).argParser(positive))
  .addOption(
    new Option('--seed <n>', 'of the first input').default(randomInt(1, 2 ** 31), 'random').argParser(positive),
  )
  .option('--list', 'shows the parsers')
  .action(main)
  .parseAsync();
