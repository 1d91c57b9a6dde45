// The scenario `primitives`: the table of all operations, then what they must reach.

import { providers } from '#src/crypto/index.js';
import { print } from '../harness/session.js';
import { startProgress } from '../../test/support/progress.js';
import { leastRounds, type PairedOptions } from '../harness/paired.js';
import type { Measurement, TargetResult } from '../harness/results.js';
import { measurementTable, targetTable } from '../harness/table.js';
import { UsageError } from '../harness/usage-error.js';
import { nodeBinary } from '../../test/support/node-versions.js';
import { contenders } from './contenders.js';
import { measureOperations } from './measurements.js';
import { measureUnderNode } from './node-comparison.js';
import { operationName, operations } from './operations.js';
import { cLoopTargets, measureTargets, nodeTargets, referenceNodeMajor, type Target } from './targets.js';

export interface PrimitivesOptions {
  /** Shows that everything runs, in seconds instead of minutes; its figures mean little. */
  readonly quick: boolean;
  /** Only operations whose name contains this, in any case. */
  readonly only: string;
  /** A node to compare with instead of fetching one; false for no comparison. */
  readonly node: string | boolean;
  readonly rounds: number;
}

export interface PrimitivesResult {
  readonly measurements: readonly Measurement[];
  readonly targets: readonly TargetResult[];
}

/** Prints both tables. */
export async function runPrimitives(options: PrimitivesOptions): Promise<PrimitivesResult> {
  const { node } = process.versions;
  if (!providers().includes('aws-lc')) print('The addon is not built: only noble and node:crypto are timed.');

  const selected = operations.filter((operation) => matches(operationName(operation), options.only));
  if (selected.length === 0) {
    const names = operations.map(operationName).join(', ');
    throw new UsageError(`No operation has "${options.only}" in its name: there are ${names}.`);
  }
  const progress = startProgress('table', selected.length);
  const measurements = await measureOperations(selected, { secondsPerCell: options.quick ? 0.01 : 0.5 }, progress);
  progress.stop();
  print('\nTime of one operation, and its ratio to the first column. "into" writes into the caller\'s buffers.');
  print(measurementTable(contenders, measurements));

  const { rounds, quick } = options;
  const againstC: PairedOptions = { rounds, batchMilliseconds: quick ? 1 : 5 };
  // Node signs with fresh randomness: there a batch must hold enough signatures to have the usual luck.
  const againstNode: PairedOptions = {
    rounds: Math.max(leastRounds, Math.round(rounds / 2)),
    batchMilliseconds: quick ? 1 : 25,
  };
  const targets = [
    ...(await measureAgainstC(select(cLoopTargets, options.only), againstC)),
    ...(await measureAgainstNode(select(nodeTargets, options.only), againstNode, options.node)),
  ];
  if (targets.length > 0) {
    print(`\nWhat it must reach: ${rounds} pairs of alternating batches each under v${node},`);
    print(
      `and against node:crypto under ${targets.find((target) => target.reference === 'node:crypto')?.node ?? '(not run)'}.`,
    );
    print(targetTable(targets));
    const held = targets.filter(({ goal }) => goal !== undefined);
    print(`${held.filter(({ reached }) => reached).length} of ${held.length} reached.`);
  }
  return { measurements, targets };
}

async function measureAgainstC(targets: readonly Target[], paired: PairedOptions): Promise<TargetResult[]> {
  if (!providers().includes('aws-lc')) return [];
  const progress = startProgress('targets', targets.length);
  const results = await measureTargets(targets, paired, progress);
  progress.stop();
  return results;
}

async function measureAgainstNode(
  targets: readonly Target[],
  paired: PairedOptions,
  node: string | boolean,
): Promise<TargetResult[]> {
  if (node === false || targets.length === 0 || !providers().includes('aws-lc')) return [];
  const progress = startProgress(`Node ${referenceNodeMajor}`, targets.length + 1);
  try {
    progress.step(`finding Node ${referenceNodeMajor}`);
    const binary = typeof node === 'string' ? node : await referenceNode();
    return await measureUnderNode(
      binary,
      targets.map(({ operation }) => operationName(operation)),
      paired,
      progress,
    );
  } finally {
    progress.stop();
  }
}

async function referenceNode(): Promise<string> {
  const running = Number(process.versions.node.split('.', 1)[0]);
  return running === referenceNodeMajor ? process.execPath : nodeBinary(`${referenceNodeMajor}`);
}

function select(targets: readonly Target[], only: string): Target[] {
  return targets.filter(({ operation }) => matches(operationName(operation), only));
}

function matches(name: string, only: string): boolean {
  return name.toLowerCase().includes(only.toLowerCase());
}
