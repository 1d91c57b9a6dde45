// RSS after everything that can be collected was collected: what grows then is a leak.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** In bytes. Node runs finalizers in a later turn of the event loop, and what they free may hold more. */
export async function collectedMemory(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    collect();
    await turn();
  }
  return process.memoryUsage.rss();
}
