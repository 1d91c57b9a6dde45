// The addon in worker threads: several at a time, again and again, ended midway; each process must end cleanly.

import { loadBinding } from '#src/binding.js';
import { join } from 'node:path';
import t from 'tap';
import { projectDir, runCommand } from '../support/project.js';

const workers = 8;
const rounds = 5;

type Mode = 'exit' | 'terminate' | 'terminate-jobs';

/** What each worker does; it posts the version of AWS-LC, and then goes on or not. */
function workerBody(mode: Mode, path: string): string {
  const load = `
    const { parentPort } = require('node:worker_threads');
    const binding = require(${JSON.stringify(path)});`;
  const report = 'parentPort.postMessage(binding.awsLcVersion);';
  switch (mode) {
    case 'exit':
      return load + report;
    case 'terminate':
      return `${load}${report}for (;;) binding.awsLcVersion;`;
    case 'terminate-jobs':
      // More jobs than the thread pool takes at once, so that some run and some wait when the thread ends.
      return `${load}
        import(${JSON.stringify(join(projectDir, 'dist/crypto/index.js'))}).then(({ DecapsulationKey, SigningKey }) => {
          for (let job = 0; job < 32; job++) {
            SigningKey.generateAsync('ML-DSA-87');
            DecapsulationKey.generateAsync('ML-KEM-1024');
          }
          ${report}
        });`;
  }
}

// Runs in a process of its own, so that a crash while unloading is seen as its exit status.
function script(mode: Mode, path: string): string {
  return `
    const { Worker } = require('node:worker_threads');
    const one = () => new Promise((resolve, reject) => {
      const worker = new Worker(${JSON.stringify(workerBody(mode, path))}, { eval: true });
      let version;
      worker.on('message', (message) => {
        version = message;
        if (${mode !== 'exit'}) worker.terminate();
      });
      worker.on('error', reject);
      worker.on('exit', () => (version ? resolve(version) : reject(new Error('the worker ended without a message'))));
    });
    (async () => {
      ${mode === 'exit' ? `require(${JSON.stringify(path)});` : ''}
      const versions = new Set();
      for (let round = 0; round < ${rounds}; round++) {
        for (const version of await Promise.all(Array.from({ length: ${workers} }, one))) versions.add(version);
      }
      console.log([...versions].join());
    })();`;
}

const state = loadBinding();

if (!state.loaded) {
  t.pass('no addon here', { skip: state.reason });
} else {
  for (const [title, mode] of [
    ['loads in eight workers at a time, five times over, and unloads', 'exit'],
    ['is unloaded when its thread is terminated in a busy loop', 'terminate'],
    ['is unloaded when its thread is terminated with jobs on the thread pool', 'terminate-jobs'],
  ] as const) {
    t.test(title, async (t) => {
      const result = await runCommand(process.execPath, ['-e', script(mode, state.path)]);
      t.equal(result.signal, null, 'did not crash');
      t.equal(result.code, 0, result.stderr);
      t.equal(result.stdout.trim(), state.binding.awsLcVersion, 'every worker saw the same AWS-LC');
    });
  }
}
