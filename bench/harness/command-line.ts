// What the commands that read saved results have in common: where paths begin, and how they end on an error.

import type { Command } from 'commander';
import { ResultFileError } from './result-file.js';

/** The exit code of arguments and files that are no good; 1 is kept for what a command finds in good ones. */
const misused = 2;

/** npm runs scripts in the project's folder, whereas paths were typed in the one where npm was started. */
export function launchFolder(): string {
  const { npm_lifecycle_event: script = '', INIT_CWD: folder } = process.env;
  return script.startsWith('bench:') && folder !== undefined ? folder : process.cwd();
}

/** Runs it: one line and exit code 2 for arguments or files that are no good. */
export async function runCommand(program: Command): Promise<void> {
  program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : misused));
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof ResultFileError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = misused;
  }
}
