// The floor: the same operations in a loop in C, inside the addon, with no call between JavaScript and C.

import type { Work } from '../harness/work.js';
import type { Operation } from '../primitives/operations.js';

/** Undefined where the addon is not built. */
export function cLoopWork(_operation: Operation): Work | undefined {
  return undefined;
}
