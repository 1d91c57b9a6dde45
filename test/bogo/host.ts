// Runs shims by the thousand in one process: to start Node for each of them takes longer than its handshakes.

import { constants } from 'node:fs';
import { open, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { readEngineName } from './engine-name.js';
import { runShim, type ShimResult } from './shim-run.js';
import { requests } from './stand-in.js';

/** Answers every stand-in of the folder, until the process is ended. */
async function host(folder: string, engineName: string | undefined): Promise<void> {
  const engine = readEngineName(engineName);
  // Open for writing too, so that it does not end with the first who wrote.
  const pipe = await open(join(folder, requests), constants.O_RDWR);
  for await (const id of createInterface({ input: pipe.createReadStream() })) {
    const path = join(folder, id);
    void answer(path, async () => {
      const args = (await readFile(`${path}.args`, 'latin1')).split('\0').slice(0, -1);
      return runShim(engine, args);
    });
  }
}

async function answer(path: string, run: () => Promise<ShimResult>): Promise<void> {
  const { code, stderr } = await run();
  await reply(path, `${code}\n${stderr}`);
  await Promise.all([unlink(path), unlink(`${path}.args`)]);
}

// Longer than the runner waits for a shim.
const longestWait = 20_000;

/** The stand-in opens its end right after it has asked; where the runner killed it, nobody ever does. */
async function reply(path: string, text: string): Promise<void> {
  for (const end = Date.now() + longestWait; Date.now() < end; await delay(5)) {
    try {
      await writeFile(path, text, { flag: constants.O_WRONLY | constants.O_NONBLOCK });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
  }
}

process.removeAllListeners('warning');
const [, , folder = '', engine] = process.argv;
await host(folder, engine);
