// Worker threads that are terminated at every step of a connection, with its server and its client inside.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { handshakePems } from '../support/handshake-pems.js';
import { steps } from '../support/handshake-steps.js';
import { connectedPair } from '../support/tls-server.js';

const script = fileURLToPath(new URL('step-worker.js', import.meta.url));
const pems = await handshakePems();
const all = steps.map((_step, index) => index);
const groups = [0, 1, 2, 3, 4];

async function terminateAt(chosen: readonly number[], delay: number): Promise<number> {
  const worker = new Worker(script, { execArgv: [], workerData: { pems, chosen } });
  const [reached] = (await once(worker, 'message')) as [number];
  await sleep(delay);
  await worker.terminate();
  return reached;
}

void t.test('terminated at every step', async (t) => {
  const { client, served } = await connectedPair(t);
  served.pipe(served);
  // Each step beside different others: a thread ends with all of them.
  for (const group of groups) {
    const near = all.filter((index) => Math.floor(index / 5) === group);
    const far = all.filter((index) => index % 5 === group);
    t.same(await Promise.all([terminateAt(near, 0), terminateAt(far, group)]), [near.length, far.length]);
  }
  t.same(await Promise.all([terminateAt(all, 0), terminateAt(all, 2)]), [all.length, all.length]);
  client.write('still here');
  t.equal(String(((await once(client, 'data')) as [Buffer])[0]), 'still here');
});
