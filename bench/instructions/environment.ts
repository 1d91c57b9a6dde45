// What counts of instructions depend on, and how as much of it as possible is made the same on every machine.

import { readFileSync } from 'node:fs';
import { featuresOfCpuinfo } from '../harness/fingerprint.js';

/**
 * `OPENSSL_ia32cap`, which AWS-LC and OpenSSL read: without RDRAND; without RDSEED, ADX, SHA-NI, AVX-512, VAES and VPCLMULQDQ.
 * valgrind shows the first two where the CPU has them, and the versions known so far none of the others.
 */
export const machineLimits = '~0x4000000000000000:~0x00000642f02f0000';

/** Of those that are left, the ones that AWS-LC chooses its code by. */
const neededFeatures = ['AVX2', 'BMI2'];

/** What V8 does at times of its own choice: optimize, collect garbage, work on other threads. */
export const steadyNode: readonly string[] = [
  '--hash-seed=1',
  '--random-seed=1',
  '--single-threaded',
  // Every function is compiled when it first runs, by the baseline compiler, and stays so.
  '--no-flush-bytecode',
  '--always-sparkplug',
  '--no-maglev',
  '--no-opt',
  // What types a function saw is kept from its first call on, so that it is soon at its final state.
  '--no-lazy-feedback-allocation',
  // No collection while it counts, one before each count.
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

/** Why nothing can be counted here; undefined where it can. */
export function obstacle(valgrind: string | undefined): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `the limits are for Linux on x86-64; this is ${process.platform} on ${process.arch}`;
  }
  if (valgrind === undefined) {
    return 'missing: valgrind (counts instructions). Get it with: Debian/Ubuntu: apt-get install valgrind';
  }
  const features = featuresOfCpuinfo(readFileSync('/proc/cpuinfo', 'utf8'), 'x64');
  const missing = neededFeatures.filter((feature) => !features.includes(feature));
  if (missing.length === 0) return undefined;
  return `this CPU has no ${missing.join(' and no ')}, so that AWS-LC runs other code than that of the limits`;
}

export const cpuFeatures = neededFeatures.join(', ');
