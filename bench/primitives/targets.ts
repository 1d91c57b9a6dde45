// What the primitives must reach, and the paired measurement of it.

import type { Progress } from '../../test/support/progress.js';
import { measurePaired, type PairedOptions } from '../harness/paired.js';
import type { TargetResult } from '../harness/results.js';
import { workOf, type Contender } from './contenders.js';
import { operationName, operations, type Operation } from './operations.js';

export interface Target {
  readonly operation: Operation;
  readonly measured: Contender;
  readonly reference: Contender;
  readonly unit: TargetResult['unit'];
  readonly goal: number | undefined;
}

const nodeGoals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'ML-KEM-768': { generate: 2.2, encapsulate: 2.2, decapsulate: 2.2, exchange: 2.2 },
  'ML-DSA-65': { sign: 4, verify: 3 },
};

const isHybrid = (operation: Operation): boolean => operation.kind === 'group' && operation.group.includes('MLKEM');

/**
 * Against the C loop: 1.06 where nothing is allocated for the caller (and verify(), which returns no bytes), 1.15 where
 * fresh bytes or a key object are returned, 1.8 for a hash so short that the allocation is most of it.
 */
export const cLoopTargets: readonly Target[] = operations.flatMap((operation): Target[] => {
  const against = (measured: Contender, goal: number): Target => ({
    operation,
    measured,
    reference: 'C loop',
    unit: 'times-slower',
    goal,
  });
  if (operation.kind === 'hash') {
    return operation.algorithm === 'SHA3-256' && operation.bytes === 64 ? [against('aws-lc', 1.8)] : [];
  }
  if (operation.kind === 'xof' || (operation.kind === 'group' && !isHybrid(operation))) return [];
  if (operation.kind === 'kem' && operation.action === 'exchange') return [];
  if (operation.kind !== 'group' && operation.action === 'generate') return [against('aws-lc', 1.15)];
  if (operation.kind === 'signature' && operation.action === 'verify') return [against('aws-lc', 1.06)];
  return [against('aws-lc into', 1.06), against('aws-lc', 1.15)];
});

/** Against the node:crypto of Node 26, both returning fresh bytes. Where one is missed: bench/README.md. */
export const nodeTargets: readonly Target[] = operations.flatMap((operation): Target[] => {
  if (!('algorithm' in operation) || !('action' in operation)) return [];
  const goal = nodeGoals[operation.algorithm]?.[operation.action];
  if (goal === undefined) return [];
  return [{ operation, measured: 'aws-lc', reference: 'node:crypto', unit: 'times-faster', goal }];
});

/** The major version whose node:crypto is the reference. */
export const referenceNodeMajor = 26;

/** Targets that cannot be measured here (no addon, an older Node) are left out. */
export async function measureTargets(
  targets: readonly Target[],
  options: PairedOptions,
  progress: Progress,
): Promise<TargetResult[]> {
  const results: TargetResult[] = [];
  for (const { operation, measured, reference, unit, goal } of targets) {
    progress.step(`${operationName(operation)}: ${measured} against ${reference}`);
    const measuredWork = workOf(measured, operation);
    const referenceWork = workOf(reference, operation);
    if (measuredWork === undefined || referenceWork === undefined) continue;
    const result = await measurePaired(measuredWork, referenceWork, options);
    const { median } = result.ratio;
    results.push({
      operation: operationName(operation),
      measured,
      reference,
      node: process.version,
      unit,
      goal,
      ...result,
      reached: goal === undefined ? undefined : unit === 'times-slower' ? median <= goal : 1 / median >= goal,
    });
  }
  return results;
}
