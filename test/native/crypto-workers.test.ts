// The addon in worker threads: several at a time, and ended with work under way.
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { providers } from 'pqtls/crypto';
import t from 'tap';
import { keepsFreedMemory, memoryGrowth } from '../support/memory.js';

const file = new URL('crypto-worker.js', import.meta.url);

function start(workerData: string): { worker: Worker; first: Promise<unknown>; exit: Promise<number> } {
  const worker = new Worker(file, { execArgv: [], workerData });
  const exit = new Promise<number>((resolve) => worker.once('exit', resolve));
  const first = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  return { worker, first, exit };
}

if (providers().includes('aws-lc')) {
  t.test('several at a time', async (t) => {
    for (let round = 0; round < 2; round += 1) {
      const workers = Array.from({ length: 4 }, () => start('rounds'));
      for (const { first, exit } of workers) {
        t.equal(await first, 'done');
        t.equal(await exit, 0);
      }
    }
  });

  t.test('terminated with thousands of operations queued', async (t) => {
    for (let round = 0; round < 3; round += 1) {
      const { worker, first } = start('busy');
      t.equal(await first, 'busy');
      t.equal(await worker.terminate(), 1);
    }
  });

  t.test('process.exit() in a worker with thousands of operations queued', async (t) => {
    const { first, exit } = start('exit');
    t.equal(await first, 'busy');
    t.equal(await exit, 0);
  });

  t.test('process.exit() of a process with thousands of operations queued', (t) => {
    const child = `import { hashAsync, SigningKey } from 'pqtls/crypto';
      const key = SigningKey.generate('ML-DSA-65', { provider: 'aws-lc' });
      for (let i = 0; i < 5000; i += 1) void key.signAsync(Buffer.from('message'));
      setImmediate(() => process.exit(7));`;
    const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', child], {
      cwd: new URL('../../..', import.meta.url),
      encoding: 'utf8',
    });
    t.equal(signal, null);
    t.equal(status, 7, stderr);
    t.end();
  });

  t.test('only workers load the addon, and the threads of the pool outlive them', (t) => {
    const child = `import { Worker } from 'node:worker_threads';
      for (const workerData of ['busy', 'rounds', 'busy']) {
        const worker = new Worker(new URL(${JSON.stringify(file.href)}), { workerData, execArgv: [] });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }`;
    const { status, signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', child], {
      encoding: 'utf8',
    });
    t.equal(signal, null);
    t.equal(status, 0, stderr);
    t.end();
  });

  t.test('workers leak nothing', { skip: keepsFreedMemory }, async (t) => {
    const grown = await memoryGrowth(12, async () => {
      const { first, exit } = start('rounds');
      await first;
      await exit;
    });
    t.ok(grown < 32, `RSS grew by ${grown.toFixed(1)} MiB`);
  });
}
