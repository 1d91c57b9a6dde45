// The addon in worker threads: several at a time, again and again, ended midway; each process must end cleanly.

import { loadBinding } from '#src/binding.js';
import t from 'tap';
import { runCommand } from '../support/project.js';

const workers = 8;
const rounds = 5;

// Runs in a process of its own, so that a crash while unloading is seen as its exit status.
const script = (mode: 'exit' | 'terminate', path: string): string => `
  const { Worker } = require('node:worker_threads');
  const body = ${JSON.stringify(`
    const { parentPort } = require('node:worker_threads');
    const binding = require(${JSON.stringify(path)});
    parentPort.postMessage(binding.awsLcVersion);
    // Work that is under way when the thread ends.
    ${mode === 'terminate' ? 'setInterval(() => binding.awsLcVersion, 0); for (;;) if (Math.random() < 1e-7) break;' : ''}
  `)};
  const one = () => new Promise((resolve, reject) => {
    const worker = new Worker(body, { eval: true });
    let version;
    worker.on('message', (message) => {
      version = message;
      if (${mode === 'terminate'}) worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', () => (version ? resolve(version) : reject(new Error('no message'))));
  });
  (async () => {
    ${mode === 'exit' ? `require(${JSON.stringify(path)});` : ''}
    const versions = new Set();
    for (let round = 0; round < ${rounds}; round++) {
      for (const version of await Promise.all(Array.from({ length: ${workers} }, one))) versions.add(version);
    }
    console.log([...versions].join());
  })();
`;

const state = loadBinding();

if (!state.loaded) {
  t.pass('no addon here', { skip: state.reason });
} else {
  for (const [title, mode] of [
    ['loads in eight workers at a time, five times over, and unloads', 'exit'],
    ['is terminated in the middle of its work, and unloads', 'terminate'],
  ] as const) {
    t.test(title, async (t) => {
      const result = await runCommand(process.execPath, ['-e', script(mode, state.path)]);
      t.equal(result.signal, null, 'did not crash');
      t.equal(result.code, 0, result.stderr);
      t.equal(result.stdout.trim(), state.binding.awsLcVersion, 'every worker saw the same AWS-LC');
    });
  }
}
