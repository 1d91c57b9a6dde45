// A worker of worker-steps.test.ts: brings a connection to each of some steps, says so, and stays there until it is ended.

import { parentPort, workerData } from 'node:worker_threads';
import { Scene, steps, type Pems } from '../support/handshake-steps.js';

const { pems, chosen } = workerData as { pems: Pems; chosen: readonly number[] };

const scenes = steps
  .filter((_step, index) => chosen.includes(index))
  .map(async (step) => (await Scene.open(step, pems, 60_000, ({ relay }) => relay.keep())).reached);
parentPort?.postMessage((await Promise.all(scenes)).length);
