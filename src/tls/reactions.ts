// What a program does on hearing of one thing comes before it hears of the next: its ticks and its promises, as in node:tls.

import { ProgressRegister } from '../binding/tls-contract.js';

// A tick that a promise schedules, a promise that this tick settles, and so on: so many times, where Node can't be asked to
// run them all.
const hops = 16;

/** What the addon and every copy of this module on it in one thread have in common. */
interface Turns {
  readonly progress: Int32Array;
  readonly putOff: (() => void)[];
}

let turns: Turns | undefined;

/**
 * What the addon calls, after everything that the program has put off itself, once for each time it finds `hasPutOff`.
 * The queue is the addon's: a program may have loaded pqtls twice, and one of the two is called for both.
 */
export function turnsOf(shared: Turns): () => void {
  turns = shared;
  return () => {
    const run = shared.putOff.shift();
    if (shared.putOff.length > 0) shared.progress[ProgressRegister.hasPutOff] = 1;
    run?.();
  };
}

/**
 * Runs `run` once the program has reacted. node:tls enters JavaScript anew for each thing that one read brings, and Node
 * runs all ticks and promises in between; the addon does the same. Where it was not the addon that called, `run` comes
 * after a few hops of ticks and promises.
 */
export function afterReactions(run: () => void): void {
  if (turns?.progress[ProgressRegister.takesTurns] === 1) {
    turns.putOff.push(run);
    turns.progress[ProgressRegister.hasPutOff] = 1;
    return;
  }
  afterHops(hops, run);
}

function afterHops(left: number, run: () => void): void {
  if (left === 0) process.nextTick(run);
  else process.nextTick(queueMicrotask, () => afterHops(left - 1, run));
}
