// Whether repeated work leaves memory behind: resident memory once everything that can be collected is collected.

import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A `skip` reason: the sanitizers keep freed memory for a while, which looks like a leak. */
export const keepsFreedMemory = process.env['ASAN_OPTIONS'] !== undefined && 'not measured under a sanitizer';

/** In MiB, without what can be collected. */
export async function residentMemory(): Promise<number> {
  await collect();
  return process.memoryUsage.rss() / 2 ** 20;
}

/** V8's heap in bytes, without what can be collected. */
export async function usedHeap(): Promise<number> {
  await collect();
  return process.memoryUsage().heapUsed;
}

/** Of ArrayBuffers, in bytes, without what can be collected. */
export async function arrayBufferBytes(): Promise<number> {
  await collect();
  return process.memoryUsage().arrayBuffers;
}

async function collect(): Promise<void> {
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    // Finalizers run in later turns.
    await turn();
  }
}

/** MiB by which resident memory grew over `rounds` runs, after half as many to warm up. */
export async function memoryGrowth(rounds: number, run: () => void | Promise<void>): Promise<number> {
  const repeat = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round++) {
      await run();
      await turn();
    }
  };
  await repeat(rounds / 2);
  const before = await residentMemory();
  await repeat(rounds);
  return (await residentMemory()) - before;
}
