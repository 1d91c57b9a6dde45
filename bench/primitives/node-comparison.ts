// The comparison with Node 26's own node:crypto: runs whole under that Node, as a child process of the bench.
//
// Both sides of each pair then run in one process, on one heap and with one compiler; the addon is the same file, since
// Node-API does not change between Node versions.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PairedOptions } from '../harness/paired.js';
import type { Progress } from '../../test/support/progress.js';
import type { TargetResult } from '../harness/results.js';
import { operationName } from './operations.js';
import { measureTargets, nodeTargets } from './targets.js';

type Message = { readonly step: string } | { readonly results: TargetResult[] };

/** What the child gets as its argument. */
interface Request {
  readonly operations: readonly string[];
  readonly options: PairedOptions;
}

/** Measures the targets of these operations under `binary`. */
export function measureUnderNode(
  binary: string,
  operations: readonly string[],
  options: PairedOptions,
  progress: Progress,
): Promise<TargetResult[]> {
  const request: Request = { operations, options };
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(request)], {
      execPath: binary,
      execArgv: [],
      env: { ...process.env, [childMark]: '1' },
    });
    let results: TargetResult[] | undefined;
    child.on('message', (message: Message) => {
      if ('step' in message) progress.step(message.step);
      else results = message.results;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (results !== undefined && code === 0) resolve(results);
      else reject(new Error(`The comparison under ${binary} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Set for the child alone; this file is a module of the bench otherwise. */
const childMark = 'PQTLS_BENCH_NODE_COMPARISON';

if (process.env[childMark] === '1' && process.send !== undefined) {
  const send = (message: Message): void => void process.send?.(message);
  const { operations, options } = JSON.parse(process.argv[2] ?? '{}') as Request;
  const targets = nodeTargets.filter(({ operation }) => operations.includes(operationName(operation)));
  send({ results: await measureTargets(targets, options, { step: (step) => send({ step }), stop() {} }) });
  process.disconnect();
}
