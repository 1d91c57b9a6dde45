// The floor: the same operations in a loop in C, inside the addon, with no call between JavaScript and C.

import { loadBinding } from '#src/binding.js';
import type { Work } from '../harness/work.js';
import { xofOutputLength, type Operation } from '../primitives/operations.js';

/** Undefined where the addon is not built, or was built on an AWS-LC that lacks the algorithm. */
export function cLoopWork(operation: Operation): Work | undefined {
  const state = loadBinding();
  if (!state.loaded) return undefined;
  const { floor } = state.binding;
  const names = floorNames(operation);
  if (names.some((name) => floor(name, 1) < 0)) return undefined;
  return { batch: (iterations) => names.reduce((sum, name) => sum + floor(name, iterations), 0) };
}

/** What the addon calls the operation; what has several parts is timed part by part. */
function floorNames(operation: Operation): string[] {
  switch (operation.kind) {
    case 'kem':
      if (operation.action === 'exchange') {
        return ['generate', 'encapsulate', 'decapsulate'].map((action) => `${operation.algorithm}/${action}`);
      }
      return [`${operation.algorithm}/${operation.action}`];
    case 'signature':
      return [`${operation.algorithm}/${operation.action}`];
    case 'hash':
      return [`${operation.algorithm}/${operation.bytes}`];
    case 'xof':
      return [`${operation.algorithm}/${operation.bytes}/${xofOutputLength}`];
    case 'group':
      return [`${operation.group}/${operation.action === 'client' ? 'client' : 'startAndComplete'}`];
  }
}
