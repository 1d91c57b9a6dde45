// Options spelt as openssl has them, `-servername NAME`: each becomes the `--servername` that commander knows.

import type { Command } from 'commander';

/** Other names of options: openssl's, for what has another name here. */
const synonyms: Readonly<Record<string, string>> = {
  curves: 'groups',
  msg: 'trace',
  min_protocol: 'min-version',
  max_protocol: 'max-version',
  port: 'accept',
  debug: 'trace',
  tlsextdebug: 'trace',
  passin: 'pass',
  h: 'help',
  help: 'help',
  '?': 'help',
};

/**
 * The arguments after the name of a command. What no option of the command is called stays as it is, so that commander
 * says what is wrong; so do values, whatever they look like.
 */
export function withDoubleDashes(args: readonly string[], command: Command): string[] {
  const options = new Map(
    command.options.flatMap((option) => (option.long === undefined ? [] : [[option.long.slice(2), option]])),
  );
  const isKnown = (name: string): boolean => name === 'help' || options.has(name);
  const result: string[] = [];
  let isValue = false;
  for (const [at, arg] of args.entries()) {
    if (arg === '--' && !isValue) return [...result, ...args.slice(at)];
    const { given, value } = readOption(arg);
    const name = isKnown(given) ? given : (synonyms[given] ?? '');
    if (isValue || !isKnown(name)) {
      isValue = false;
      result.push(arg);
      continue;
    }
    isValue = options.get(name)?.required === true && value === undefined;
    result.push(`--${name}${value ?? ''}`);
  }
  return result;
}

/** `value` with its `=`; `given` is empty where the argument is no option. */
function readOption(arg: string): { given: string; value: string | undefined } {
  const [, given = '', value] = /^--?([A-Za-z?][\w-]*)(=.*)?$/s.exec(arg) ?? [];
  return { given, value };
}
