// Who does the operations, in the order of the table's columns.

import { cLoopWork } from '../drivers/c-loop.js';
import { nodeCryptoWork } from '../drivers/node-crypto.js';
import { pqtlsWork } from '../drivers/pqtls.js';
import { providers, UnsupportedError } from '#src/crypto/index.js';
import type { Work } from '../harness/work.js';
import type { Operation } from './operations.js';

export type Contender = 'C loop' | 'aws-lc into' | 'aws-lc' | 'noble' | 'node:crypto';

export const contenders = ['C loop', 'aws-lc into', 'aws-lc', 'noble', 'node:crypto'] as const satisfies Contender[];

/** Undefined where this contender cannot do it here, for whatever reason. */
export function workOf(contender: Contender, operation: Operation): Work | undefined {
  switch (contender) {
    case 'C loop':
      return cLoopWork(operation);
    case 'aws-lc into':
      return awsLc(() => pqtlsWork('aws-lc', 'into', operation));
    case 'aws-lc':
      return awsLc(() => pqtlsWork('aws-lc', 'fresh', operation));
    case 'noble':
      return pqtlsWork('noble', 'fresh', operation);
    case 'node:crypto':
      return nodeCryptoWork(operation);
  }
}

function awsLc(work: () => Work | undefined): Work | undefined {
  if (!providers().includes('aws-lc')) return undefined;
  try {
    return work();
  } catch (error) {
    // An AWS-LC source without this algorithm.
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}
