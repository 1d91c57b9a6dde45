// The async context of a callback that waits.

import { AsyncResource } from 'node:async_hooks';

/** A callback of the program's belongs to where it was given, not to where the connection was made, as with node:net. */
export function inThisContext<A extends unknown[]>(callback: (...values: A) => void): (...values: A) => void {
  const resource = new AsyncResource('PQTLSREQUEST');
  return (...values) => resource.runInAsyncScope(callback, undefined, ...values);
}
