// The clock of the paired measurements: CPU time, which other processes on the machine do not lengthen.

import { platform } from 'node:os';

/**
 * Nanoseconds of CPU time that this process took, its garbage collector's and compiler's threads included: what an
 * operation costs, wherever it is spent. Windows counts CPU time in steps of 16 ms, so there it is the time of day.
 */
export function cpuNanoseconds(): number {
  if (platform() === 'win32') return Number(process.hrtime.bigint());
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
