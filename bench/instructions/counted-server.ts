// A server process under callgrind, and what a connection costs it.

import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load, StrayConnectionsError, type LoadOptions } from '../tls/processes.js';
import { countedEnvironment, forAnnotation, parseProfile, underCallgrind, type Counts } from './callgrind.js';
import { steadyNode } from './environment.js';
import type { ServerAnswer, ServerQuestion, ServerTask } from './server.js';

/** A server takes a minute; several on a machine with much else to do. */
const mostMilliseconds = 400_000;
const warmUp = 30;
const few = 2;
const many = 12;
const repetitions = 3;

interface Sample {
  readonly profile: string;
  readonly counts: Counts;
}

export class CountedServer {
  readonly ports: readonly number[];
  readonly #child: ChildProcess;
  readonly #profile: string;
  #marks = 0;

  private constructor(child: ChildProcess, profile: string, ports: readonly number[]) {
    this.#child = child;
    this.#profile = profile;
    this.ports = ports;
  }

  static async start(node: string, task: ServerTask, profile: string): Promise<CountedServer> {
    const script = fileURLToPath(new URL('server.js', import.meta.url));
    const [valgrind, ...options] = underCallgrind({ profile });
    const child = fork(script, [JSON.stringify(task)], {
      execPath: valgrind,
      execArgv: [...options, node, ...steadyNode],
      env: countedEnvironment(),
      // Callgrind's remarks; a complaint is shown when the process ends too early.
      silent: true,
      timeout: mostMilliseconds,
      killSignal: 'SIGKILL',
    });
    const { ports = [] } = await reply(child);
    return new CountedServer(child, profile, ports);
  }

  /**
   * What one connection takes: counted for a few and for many of them in turns, the lowest counts subtracted. What does not
   * depend on their number falls out, and so does what V8 or the system does at times, which only ever adds. The profile of
   * the many goes to `kept`.
   */
  async count(
    mode: 'handshake' | 'resume',
    options: LoadOptions,
    { kept, within }: { kept: string; within?: string | undefined },
  ): Promise<Difference> {
    await load(mode, { ...options, concurrency: 1, count: warmUp });
    await this.#mark('begin');
    const run = async (count: number): Promise<Sample> => {
      await load(mode, { ...options, concurrency: 1, count });
      const profile = readFileSync(await this.#mark('end'), 'utf8');
      return { profile, counts: parseProfile(profile, within) };
    };
    const small: Sample[] = [];
    const large: Sample[] = [];
    for (let i = 0; i < repetitions; i++) {
      small.push(await run(few));
      large.push(await run(many));
    }
    const [less, more] = [least(small), least(large)];
    writeFileSync(kept, forAnnotation(more.profile));
    return difference(less.counts, more.counts, many - few);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves with the path of the profile that ended there. */
  async #mark(question: ServerQuestion): Promise<string> {
    const answer = reply(this.#child);
    this.#child.send(question);
    const { connections, notNative } = await answer;
    if (notNative > 0) {
      throw new StrayConnectionsError(
        `${notNative} of ${connections} connections of pqtls were not carried by the addon's own TCP. Is PQTLS_TRANSPORT set?`,
      );
    }
    this.#marks += 1;
    return `${this.#profile}.${this.#marks}`;
  }
}

/** The sample with the lowest count, without what is left out. */
function least(samples: readonly Sample[]): Sample {
  const value = ({ counts }: Sample): number => counts.total - counts.withinFunction;
  return samples.reduce((lowest, sample) => (value(sample) < value(lowest) ? sample : lowest));
}

/** Of one connection. */
export interface Difference {
  readonly total: number;
  readonly withinFunction: number;
  /** In the files whose path ends like this. */
  of(object: string): number;
}

export function difference(small: Counts, large: Counts, connections: number): Difference {
  const of = ({ byObject }: Counts, object: string): number =>
    [...byObject].filter(([path]) => path.endsWith(object)).reduce((sum, [, count]) => sum + count, 0);
  return {
    total: (large.total - small.total) / connections,
    withinFunction: (large.withinFunction - small.withinFunction) / connections,
    of: (object) => (of(large, object) - of(small, object)) / connections,
  };
}

function reply(child: ChildProcess): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    const onText = (text: Buffer): void => void (complaint += text.toString());
    const onError = (error: Error): void => reject(error);
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`The counted server ended with ${signal ?? `exit code ${code}`}: ${complaint.trim()}`));
    child.stderr?.on('data', onText);
    child.once('error', onError).once('exit', onExit);
    child.once('message', (answer: ServerAnswer) => {
      child.off('exit', onExit).off('error', onError);
      child.stderr?.off('data', onText);
      resolve(answer);
    });
  });
}
