// valgrind's callgrind: how a program is run under it, and what its profiles say.

import { execFileSync } from 'node:child_process';
import { machineLimits } from './environment.js';

/** A function of libc that nothing else in a server calls: entering it ends a profile and begins the next. */
export const marker = 'umask';

export interface CountOptions {
  /** Profiles are `<profile>.1`, `<profile>.2`, ... for each call of the marker, and `<profile>` at the end. */
  readonly profile: string;
  /** Counts only while a function is running whose name matches, for example `Server::*`. */
  readonly inside?: string;
}

/** What to put before a command. */
export function underCallgrind({ profile, inside }: CountOptions): [string, ...string[]] {
  const scope = inside === undefined ? [`--dump-before=${marker}`] : [`--toggle-collect=${inside}`];
  return ['valgrind', '-q', '--tool=callgrind', `--callgrind-out-file=${profile}`, ...scope];
}

/** Its environment: the same instructions of the CPU for every machine. */
export function countedEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return { ...env, OPENSSL_ia32cap: machineLimits };
}

/** For example `3.19.0`; undefined where it is not installed. */
export function valgrindVersion(): string | undefined {
  try {
    return execFileSync('valgrind', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .replace(/^valgrind-/, '');
  } catch {
    return undefined;
  }
}

export interface Counts {
  readonly total: number;
  /** By the file that the code is from; `???` is code that was made at run time. */
  readonly byObject: ReadonlyMap<string, number>;
  /** In the functions that were asked for and in all that they called. */
  readonly withinFunction: number;
}

/** Reads a profile. Valgrind's manual, "Callgrind Format Specification". */
export function parseProfile(text: string, functionName?: string): Counts {
  const objects = new Map<string, string>();
  const functions = new Map<string, string>();
  const byObject = new Map<string, number>();
  let [object, callee] = ['???', ''];
  let [total, withinFunction] = [0, 0];
  let isCall = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('calls=')) {
      isCall = true;
      continue;
    }
    const named = /^(ob|cob|fn|cfn)=(?:\((\d+)\))? ?(.*)$/.exec(line);
    if (named !== null) {
      const [, what = '', id = '', name = ''] = named;
      const found = nameOf(what.endsWith('ob') ? objects : functions, id, name);
      if (what === 'ob') object = found;
      if (what === 'cfn') callee = found;
      continue;
    }
    const cost = /^(?:[+-]?\d+|\*) (\d+)$/.exec(line);
    if (cost === null) continue;
    const instructions = Number(cost[1]);
    if (isCall) {
      // What the callee and those below it took: each of them has lines of its own.
      if (callee === functionName) withinFunction += instructions;
    } else {
      total += instructions;
      byObject.set(object, (byObject.get(object) ?? 0) + instructions);
    }
    isCall = false;
  }
  return { total, byObject, withinFunction };
}

/**
 * Without the calls that were under way when a profile began: callgrind_annotate takes what they called for their own, and
 * shows nothing else.
 */
export function forAnnotation(text: string): string {
  return text.replaceAll(/^calls=0 .*\n.*\n/gm, '');
}

/** A name stands in full at its first use, and as its number later. */
function nameOf(names: Map<string, string>, id: string, name: string): string {
  if (id === '') return name;
  if (name !== '') names.set(id, name);
  return names.get(id) ?? '???';
}
