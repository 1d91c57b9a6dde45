// Starts what is measured and what measures: processes of Node, and the load generator.

import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { projectRoot } from '../harness/project.js';
import type { Answer, Library, Question, Role, Usage } from './contract.js';

const loadGenerator = join(projectRoot, 'vendor/build/loadgen/loadgen');

/** Connections of pqtls went another way than the one that the figures are about. */
export class StrayConnectionsError extends Error {}

/** A process of Node that plays a role. */
export class Participant {
  readonly port: number;
  readonly #child: ChildProcess;

  readonly #library: Library;

  private constructor(child: ChildProcess, port: number, library: Library) {
    this.#child = child;
    this.port = port;
    this.#library = library;
  }

  static async start(node: string, role: Role, env: NodeJS.ProcessEnv = {}): Promise<Participant> {
    const script = fileURLToPath(new URL('participant.js', import.meta.url));
    const child = fork(script, [JSON.stringify(role)], {
      execPath: node,
      execArgv: ['--expose-gc'],
      // It would refuse the TypeScript engine. That pqtls runs on the addon is checked by what carries its connections.
      env: { ...process.env, PQTLS_REQUIRE_NATIVE: '', ...env },
    });
    const { port = 0 } = await reply(child);
    return new Participant(child, port, role.library);
  }

  async ask(question: Question): Promise<Answer> {
    this.#child.send(question);
    const answer = await reply(this.#child);
    checkNoStrays(this.#library, answer.usage);
    return answer;
  }

  /** Runs `work` and says what this process took for it. */
  async during<T>(work: () => Promise<T>): Promise<{ usage: Usage; result: T }> {
    await this.ask({ ask: 'begin' });
    const result = await work();
    const { usage } = await this.ask({ ask: 'usage' });
    if (usage === undefined) throw new Error('The server did not say what it took');
    return { usage, result };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

function checkNoStrays(library: Library, usage: Usage | undefined): void {
  if (usage === undefined || usage.strays === 0) return;
  const lack =
    library === 'typescript'
      ? 'were not on the TypeScript engine (getHandshakeInfo().engine)'
      : "were not carried by the addon's own TCP (getHandshakeInfo().transport)";
  throw new StrayConnectionsError(
    `${usage.strays} of ${usage.connections} connections of pqtls ${lack}, ` +
      'so that the figures would be about something else. Is PQTLS_TRANSPORT set?',
  );
}

function reply(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`A measured process ended with ${signal ?? `exit code ${code}`}`));
    child.once('exit', onExit);
    child.once('message', (answer: Answer) => {
      child.off('exit', onExit);
      resolve(answer);
    });
  });
}

/** One line of the load generator's. */
export interface LoadReport {
  readonly wallSeconds: number;
  readonly hello?: number;
  readonly flight?: number;
  readonly microseconds?: Percentiles;
  readonly pings?: Percentiles;
}

export interface Percentiles {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export type LoadOptions = Readonly<Record<string, string | number | true>>;

function argumentsOf(mode: string, options: LoadOptions): string[] {
  const pairs = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  return [mode, ...pairs];
}

/** A load generator that holds something until it is told to end. */
export class HeldLoad {
  readonly first: Record<string, number>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, first: Record<string, number>) {
    this.#child = child;
    this.first = first;
  }

  static async start(mode: string, options: LoadOptions): Promise<HeldLoad> {
    const child = spawn(loadGenerator, argumentsOf(mode, options), { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const line = await new Promise<string>((resolve, reject) => {
      child.on('error', reject);
      child.once('exit', (code) => reject(new Error(`The load generator ended with exit code ${code}`)));
      lines.once('line', resolve);
    });
    return new HeldLoad(child, JSON.parse(line) as Record<string, number>);
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }
}

/** Runs the load generator to its end. */
export async function load(mode: string, options: LoadOptions): Promise<LoadReport> {
  const child = spawn(loadGenerator, argumentsOf(mode, options), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The load generator failed (${mode}): ${complaint.trim()}`);
  return JSON.parse(output) as LoadReport;
}
