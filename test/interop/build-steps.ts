// Runs the commands that fetch and build a peer, with what they say as progress, and remembers in .build/interop what is built.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import ora from 'ora';
import { canRedraw } from '../support/progress.js';
import { cleanEnvironment, projectDir } from '../support/project.js';

/** Everything that peers are made of; outside git. */
export const cacheDir = join(projectDir, '.build/interop');
/** The sources of the peers, which are not compiled by tsc and so lie in the project alone. */
export const sourcesDir = join(projectDir, 'test/interop/peers');

const keptLines = 40;
const logIntervalMs = 20_000;
// The longest build, BoringSSL, takes some minutes on two cores.
const commandTimeoutMs = 45 * 60_000;

/** A command of a build failed; the message ends with what it printed. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** What was going on is shown by the caller's title and the command's last line. */
export type Say = (line: string) => void;

/** Shows a step while it runs: one line that changes on a terminal, a line now and then in a log. */
export async function step<T>(title: string, work: (say: Say) => Promise<T>): Promise<T> {
  const started = performance.now();
  const took = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  if (canRedraw(process.stderr)) {
    // Left alone, stdin keeps its meaning of Ctrl-C.
    const spinner = ora({ text: title, stream: process.stderr, discardStdin: false }).start();
    try {
      const result = await work((line) => {
        spinner.text = `${title}  ${line.trim().slice(0, Math.max(10, (process.stderr.columns ?? 80) - title.length - 8))}`;
      });
      spinner.succeed(`${title}: done in ${took()}`);
      return result;
    } catch (error) {
      spinner.fail(`${title}: failed after ${took()}`);
      throw error;
    }
  }
  process.stderr.write(`interop: ${title} ...\n`);
  let shown = performance.now();
  const result = await work((line) => {
    if (performance.now() - shown < logIntervalMs) return;
    shown = performance.now();
    process.stderr.write(`interop:   ${took()}: ${line.trim()}\n`);
  });
  process.stderr.write(`interop:   done in ${took()}\n`);
  return result;
}

/** Runs a command to its end and returns what it wrote to stdout. */
export async function command(
  file: string,
  args: readonly string[],
  { cwd = projectDir, env = {}, say }: { cwd?: string; env?: NodeJS.ProcessEnv; say?: Say | undefined } = {},
): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    // The sanitizers of `npm run test:sanitize` are for the addon; under them a browser does not even tell its version.
    env: cleanEnvironment({ LD_PRELOAD: undefined, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: commandTimeoutMs,
  });
  const tail: string[] = [];
  const keep = (line: string): void => {
    if (line.trim() === '') return;
    tail.push(line);
    if (tail.length > keptLines) tail.shift();
    say?.(line);
  };
  const stdout: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout.push(line);
    keep(line);
  });
  createInterface({ input: child.stderr }).on('line', keep);
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new BuildError(`${file} did not start: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout.join('\n'));
      else {
        const end = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
        reject(new BuildError(`${[file, ...args].join(' ')} ${end}:\n${tail.join('\n')}`));
      }
    });
  });
}

/** What was built of which inputs. The stamp is written last, so that an interrupted build is not taken for done. */
export interface Stamp {
  isCurrent(): boolean;
  clear(): void;
  set(): void;
}

/** @param inputs files and folders that the result is made of, and texts beside them */
export function stampOf(name: string, inputs: readonly string[], texts: readonly string[] = []): Stamp {
  const path = join(cacheDir, `${name}.stamp`);
  const hash = createHash('sha256')
    .update(JSON.stringify([inputs.flatMap(contents), texts]))
    .digest('hex');
  return {
    isCurrent: () => existsSync(path) && readFileSync(path, 'utf8') === hash,
    clear: () => rmSync(path, { force: true }),
    set() {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, hash);
    },
  };
}

function contents(path: string): [string, string][] {
  const files = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [path];
  return files.map((file) => [
    file.slice(projectDir.length),
    createHash('sha256').update(readFileSync(file)).digest('hex'),
  ]);
}

/** Where a command is found in PATH. */
export function findCommand(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));
}
