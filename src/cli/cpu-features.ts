// What of the processor matters to the speed of TLS: its name, and the instructions that AWS-LC uses.

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

export interface CpuFacts {
  readonly model: string;
  readonly available: number;
  /** Features by the kernel's names; undefined where it does not tell (it is told on Linux alone). */
  readonly features: readonly string[] | undefined;
}

const features: Partial<Record<NodeJS.Architecture, readonly string[]>> = {
  x64: [
    'aes',
    'pclmulqdq',
    'ssse3',
    'avx',
    'avx2',
    'bmi1',
    'bmi2',
    'adx',
    'sha_ni',
    'vaes',
    'vpclmulqdq',
    'avx512f',
    'avx512bw',
    'avx512vl',
    'avx512ifma',
    'rdrand',
  ],
  arm64: ['asimd', 'aes', 'pmull', 'sha1', 'sha2', 'sha3', 'sha512', 'sve', 'sve2', 'rng', 'dit'],
};

export function cpuFacts(): CpuFacts {
  const model = cpus()[0]?.model.trim() ?? '';
  return { model: model === '' ? 'unknown' : model, available: availableParallelism(), features: presentFeatures() };
}

function presentFeatures(): readonly string[] | undefined {
  const known = features[process.arch];
  if (process.platform !== 'linux' || known === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // A container may hide it.
    return undefined;
  }
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const present = new Set(line.split(/\s+/));
  return known.filter((feature) => present.has(feature));
}
