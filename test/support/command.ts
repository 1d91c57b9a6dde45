// The built command `pqtls`, run as a user does: its arguments, standard input, output and exit code.

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { certificates, type Certificates, type Issuer } from './certificates.js';
import { cleanEnvironment, projectDir, temporaryFolder, withoutPreloads, type CommandResult } from './project.js';

const main = join(projectDir, 'dist/cli/main.js');
// Below the limit of the tests' files: what hangs, client or server, ends with its test.
const longestRun = 280_000;

export interface RunOptions {
  /** Standard input, which ends after it; undefined: it is empty. */
  readonly input?: string | undefined;
  /** Standard input stays open. */
  readonly keepOpen?: boolean | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
}

/** A command that runs. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly done: Promise<CommandResult>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], { env, cwd = projectDir }: RunOptions = {}) {
    const environment = cleanEnvironment({ NO_COLOR: '1', ...env });
    const [file, ...values] = withoutPreloads(process.execPath, [main, ...args], environment);
    this.child = spawn(file, values, { cwd, env: environment, stdio: 'pipe' });
    this.child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    // A command that ended does not read its input.
    this.child.stdin.on('error', () => {});
    const timer = setTimeout(() => this.child.kill('SIGKILL'), longestRun);
    this.done = once(this.child, 'close').then(([code, signal]) => {
      clearTimeout(timer);
      return { code: code as number, signal: signal as NodeJS.Signals, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Waits until standard output has it; fails where the command ends before. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found !== null) return found;
      const ended = await Promise.race([this.done, once(this.child.stdout, 'data').then(() => undefined)]);
      if (ended !== undefined && !pattern.test(this.stdout)) {
        throw new Error(`The command ended with ${ended.code} before it printed ${pattern}: ${ended.stderr}`);
      }
    }
  }
}

/** Runs it to its end. */
export async function pqtls(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const running = new Running(args, options);
  if (options.keepOpen === true) running.child.stdin.write(options.input ?? '');
  else running.child.stdin.end(options.input ?? '');
  return running.done;
}

/** Runs something for every item, four of them at a time. */
export async function fewAtATime<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const next = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all([next(), next(), next(), next()]);
}

/** `pqtls s_server --json` on a free port of loopback, ended with the test. */
export async function serve(
  t: Test,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ readonly port: number; readonly running: Running }> {
  const running = new Running(['s_server', '-accept', '127.0.0.1:0', '--json', ...args], options);
  t.teardown(async () => {
    running.child.kill('SIGTERM');
    await running.done;
  });
  const [, port] = await running.printed(/"event":"listening".*"port":(\d+)/);
  return { port: Number(port), running };
}

export interface Event {
  readonly event: string;
  // What is asserted on.
  readonly [fact: string]: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** The lines of --json, each checked to be one. */
export function events(stdout: string): Event[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

export function eventOf(stdout: string, name: string): Event {
  const found = events(stdout).find(({ event }) => event === name);
  if (found === undefined) throw new Error(`There is no event ${name} in ${stdout}`);
  return found;
}

/** What a peer sent, of --json. */
export function receivedText(stdout: string): string {
  const parts = events(stdout).filter(({ event }) => event === 'data');
  return Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64 as string, 'base64'))).toString();
}

type Name = { [K in keyof Certificates]: Certificates[K] extends Issuer ? K : never }[keyof Certificates];

/** Files for the command; removed after the test. */
export class Files {
  readonly folder: string;
  readonly #certificates: Certificates;

  constructor(folder: string, certificates: Certificates) {
    this.folder = folder;
    this.#certificates = certificates;
  }

  static async create(t: Test): Promise<Files> {
    const folder = temporaryFolder('command');
    t.teardown(() => folder.remove());
    return new Files(folder.path, await certificates());
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  cert(name: Name): string {
    return this.write(`${name}.pem`, this.#certificates[name].cert);
  }

  key(name: Name): string {
    return this.write(`${name}.key`, this.#certificates[name].key);
  }

  /** `-cert` and `-key`. */
  identity(name: Name): string[] {
    return ['-cert', this.cert(name), '-key', this.key(name)];
  }

  get trust(): string[] {
    return ['-CAfile', this.cert('ca')];
  }
}

/** A plain TCP server for one test; its sockets are destroyed with it. */
export async function listenPlain(t: Test, onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
