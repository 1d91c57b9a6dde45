// What a program does on hearing of one thing comes before it hears of the next: its ticks and its promises, as in node:tls.

import { ProgressRegister } from '../binding/tls-contract.js';

// A tick that a promise schedules, a promise that this tick settles, and so on: so many times, where Node can't be asked to
// run them all.
const hops = 16;

let registers: Int32Array | undefined;
const putOff: (() => void)[] = [];

/** What the addon calls, after everything that the program has put off itself, once for each time it finds `hasPutOff`. */
export function turnsOf(shared: Int32Array): () => void {
  registers = shared;
  return () => {
    const run = putOff.shift();
    if (putOff.length > 0) shared[ProgressRegister.hasPutOff] = 1;
    run?.();
  };
}

/**
 * Runs `run` once the program has reacted. node:tls enters JavaScript anew for each thing that one read brings, and Node
 * runs all ticks and promises in between; the addon does the same. Where it was not the addon that called, `run` comes
 * after a few hops of ticks and promises.
 */
export function afterReactions(run: () => void): void {
  if (registers?.[ProgressRegister.takesTurns] === 1) {
    putOff.push(run);
    registers[ProgressRegister.hasPutOff] = 1;
    return;
  }
  afterHops(hops, run);
}

function afterHops(left: number, run: () => void): void {
  if (left === 0) process.nextTick(run);
  else process.nextTick(queueMicrotask, () => afterHops(left - 1, run));
}
