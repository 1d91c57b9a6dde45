// The machine that ran: CPU, the features that AWS-LC's assembly looks for, and a short name to compare results by.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

export interface Machine {
  /** The same for machines with the same CPU model, features, number of CPUs and system; holds no host name. */
  readonly fingerprint: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly architecture: string;
  readonly system: string;
  readonly memoryGiB: number;
  /** In the order of the table below; undefined where the system does not tell. */
  readonly features: readonly string[] | undefined;
}

/** Features as Linux and macOS spell them, by the name to show. Every spelling of a row must be there. */
const x86Features = {
  AVX2: ['avx2'],
  BMI2: ['bmi2'],
  ADX: ['adx'],
  'SHA-NI': ['sha_ni'],
  // What AWS-LC asks for its AVX-512 Keccak and AES: not every "AVX-512" machine has all of these.
  'AVX-512': ['avx512f', 'avx512dq', 'avx512bw', 'avx512vl'],
  'AVX-512-IFMA': ['avx512ifma'],
  VAES: ['vaes'],
} as const;

const armFeatures = {
  NEON: ['asimd'],
  SHA2: ['sha2'],
  SHA512: ['sha512'],
  SHA3: ['sha3'],
  SVE2: ['sve2'],
} as const;

/** macOS names the same things by sysctl. */
const macosArmNames: Readonly<Record<string, string>> = {
  asimd: 'hw.optional.neon',
  sha2: 'hw.optional.arm.FEAT_SHA256',
  sha512: 'hw.optional.arm.FEAT_SHA512',
  sha3: 'hw.optional.arm.FEAT_SHA3',
};

/** Linux on Arm gives numbers instead of a model. Arm's "Main ID Register" part numbers, and the machines they are in. */
const armParts: Readonly<Record<string, string>> = {
  '0xd0c': 'Neoverse-N1 (Graviton2)',
  '0xd40': 'Neoverse-V1 (Graviton3)',
  '0xd49': 'Neoverse-N2',
  '0xd4f': 'Neoverse-V2 (Graviton4)',
};

export function describeMachine(): Machine {
  const cpuinfo = platform() === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const identity = {
    cpu: cpuModel(cpuinfo),
    cpus: availableParallelism(),
    architecture: arch(),
    features: cpuFeatures(cpuinfo),
    system: platform(),
  };
  const fingerprint = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 12);
  return {
    ...identity,
    fingerprint,
    system: `${platform()} ${release()}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

/** The line that is printed: features that are there, or that the system does not tell. */
export function describeFeatures({ features }: Machine): string {
  if (features === undefined) return 'unknown: this system does not tell';
  return features.length === 0 ? 'none of those that AWS-LC looks for' : features.join(', ');
}

/** Which features /proc/cpuinfo lists; exported for its test. */
export function featuresOfCpuinfo(cpuinfo: string, architecture: string): string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return present(architecture, (spelling) => flags.has(spelling));
}

function cpuFeatures(cpuinfo: string): string[] | undefined {
  if (cpuinfo !== '') return featuresOfCpuinfo(cpuinfo, arch());
  if (platform() !== 'darwin') return undefined;
  if (arch() === 'arm64') return present('arm64', (spelling) => sysctl(macosArmNames[spelling] ?? '') === '1');
  const flags = new Set(sysctl('machdep.cpu.leaf7_features').toLowerCase().split(/\s+/));
  return present('x64', (spelling) => flags.has(spelling));
}

function present(architecture: string, has: (spelling: string) => boolean): string[] {
  const table = architecture === 'x64' ? x86Features : architecture === 'arm64' ? armFeatures : {};
  return Object.entries<readonly string[]>(table)
    .filter(([, spellings]) => spellings.every(has))
    .map(([name]) => name);
}

function cpuModel(cpuinfo: string): string {
  const model = cpus()[0]?.model.trim() ?? '';
  if (model !== '' && model !== 'unknown') return model;
  const part = /^CPU part\s*:\s*(\S+)/m.exec(cpuinfo)?.[1] ?? '';
  return armParts[part] ?? (part === '' ? 'unknown' : `Arm part ${part}`);
}

function sysctl(name: string): string {
  try {
    return execFileSync('sysctl', ['-n', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
