#!/usr/bin/env node
// The command `pqtls`: its commands, their arguments, and the exit codes of docs/cli.md.

import { Command, CommanderError } from 'commander';
import { packageVersion } from './package-version.js';
import { reportError } from './error-report.js';
import { ExitCode, UsageError } from './exit-codes.js';
import { withDoubleDashes } from './single-dash.js';

const examples = `
Options may have one dash or two: -connect and --connect are the same.

Examples:
  pqtls s_client example.com:443                       what is negotiated with a server
  pqtls s_client example.com:443 --post-quantum require --trace
  pqtls s_client mail.example.com:25 -starttls smtp
  pqtls s_server -accept 8443 -cert server.pem -www    a status page for browsers
  pqtls scan example.com example.org:8443              what endpoints accept, and a grade for each
  pqtls info                                           what to paste into a bug report

Exit codes: 0 done, 1 failed, 2 bad arguments or files, 3 no connection, 4 certificate not accepted,
5 not post-quantum, 6 STARTTLS failed, 7 no TLS on this machine.`;

/** Loading one takes longer than most of what it does. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  s_client: async () => (await import('./s-client.js')).sClientCommand(),
  s_server: async () => (await import('./s-server.js')).sServerCommand(),
  scan: async () => (await import('./scan.js')).scanCommand(),
  info: async () => (await import('./info.js')).infoCommand(),
};

/**
 * @param name the command that is meant; where there is none of that name, they are all there, for help
 * @param json what is wrong with the arguments is told by an event alone
 */
async function createProgram(name: string | undefined, json: boolean): Promise<Command> {
  const program = new Command('pqtls')
    .description('Post-quantum TLS: talk to servers and clients, and see what was negotiated.')
    .version(packageVersion(), '-V, --version')
    .addHelpText('after', examples);
  const meant = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  for (const load of meant === undefined ? Object.values(commands) : [meant]) program.addCommand(await load());
  for (const command of [program, ...program.commands]) {
    if (json && tellsEvents(command)) command.configureOutput({ writeErr() {} });
    command
      .exitOverride()
      .showHelpAfterError(`(pqtls ${command === program ? '' : `${command.name()} `}--help says more)`);
  }
  return program;
}

/** Those whose `--json` is one event a line. */
function tellsEvents(command: Command | undefined): boolean {
  return command?.name() === 's_client' || command?.name() === 's_server';
}

/** What commander says of the arguments, as what the command itself says of them. */
function usageError({ message }: CommanderError): UsageError {
  return new UsageError(message.replace(/^error: /, ''));
}

/** A reader that has enough, as `head`, is no error; whatever else happens to the output ends the command. */
function endWithOutput(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.stderr.write(`pqtls: standard output failed: ${error.message}\n`);
  process.exit(error.code === 'EPIPE' ? (process.exitCode ?? ExitCode.done) : ExitCode.failed);
}

async function main(args: readonly string[]): Promise<void> {
  process.stdout.on('error', endWithOutput);
  const json = args.some((arg) => /^--?json$/.test(arg));
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  const program = await createProgram(args[at], json);
  const command = program.commands.find((one) => one.name() === args[at]);
  const [before, after] = command === undefined ? [args, []] : [args.slice(0, at + 1), args.slice(at + 1)];
  const normalized =
    command === undefined ? withDoubleDashes(before, program) : [...before, ...withDoubleDashes(after, command)];
  try {
    await program.parseAsync(normalized, { from: 'user' });
  } catch (error) {
    // Commander has told of it on standard error, and help is no error.
    const isTold = error instanceof CommanderError;
    const asEvent = json && tellsEvents(command);
    if (isTold && error.exitCode === 0) process.exitCode = ExitCode.done;
    else if (isTold && !asEvent) process.exitCode = ExitCode.misused;
    else reportError(isTold ? usageError(error) : error, asEvent);
  }
}

await main(process.argv.slice(2));
