// The JSON file of one run, for comparing machines and versions later.

import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getProvider } from '#src/crypto/index.js';
import { UnsupportedError } from '#src/errors.js';
import type { Machine } from './fingerprint.js';
import { projectCommit, projectRoot, projectVersion } from './project.js';
import type { MedianInterval } from './statistics.js';
import { UsageError } from './usage-error.js';

/** Raised when a field changes its meaning or goes away; a new field does not raise it. */
export const schemaVersion = 2;

export interface Versions {
  readonly pqtls: string;
  readonly commit: string | undefined;
  readonly node: string;
  readonly openssl: string;
  /** Absent where the addon is not built. */
  readonly awsLc: string | undefined;
  readonly noble: string;
}

/** One cell of the table: `benchmark`'s figures, or the C loop's. */
export interface Measurement {
  readonly operation: string;
  readonly contender: string;
  readonly nanoseconds: number;
  readonly operationsPerSecond: number;
  /** Relative margin of error in percent, as `benchmark` gives it; absent for the C loop. */
  readonly marginPercent: number | undefined;
}

/** One paired comparison against what the project must reach. */
export interface TargetResult {
  readonly operation: string;
  readonly measured: string;
  readonly reference: string;
  /** The Node that ran it, e.g. `v26.0.0`. */
  readonly node: string;
  /** `times-slower`: the ratio of the times may be at most `goal`; `times-faster`: its inverse must be at least `goal`. */
  readonly unit: 'times-slower' | 'times-faster';
  /** Absent where the comparison is shown and nothing is asked of it. */
  readonly goal: number | undefined;
  readonly ratio: MedianInterval;
  readonly rounds: number;
  readonly measuredNanoseconds: number;
  readonly referenceNanoseconds: number;
  readonly reached: boolean | undefined;
}

/** One figure of the TLS path, once a round. */
export interface Series {
  readonly scenario: string;
  readonly metric: string;
  /** `pqtls`, `typescript`, `node:tls` or `floor`; in the scenario `typescript` also `primitives`. */
  readonly driver: string;
  /** The Node that was measured, e.g. `v26.0.0`. */
  readonly node: string;
  /** e.g. `us`, `B`, `MiB/s`, `1/s`. */
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly values: readonly number[];
  readonly median: number;
  /** 95% interval of the median, as far as the rounds suffice for one. */
  readonly low: number;
  readonly high: number;
  /** Of what one client saw, in microseconds; the median of the rounds. */
  readonly p50?: number;
  readonly p99?: number;
}

/** What is asked of a metric: the ratio of a driver's figure to another's, round by round. */
export interface Goal {
  readonly scenario: string;
  readonly metric: string;
  /** Absent in older files, where it is `pqtls`. */
  readonly driver?: string;
  readonly against: string;
  readonly better: 'lower' | 'higher';
  readonly goal: number;
  readonly stretch?: number;
  readonly ratio: { readonly median: number; readonly low: number; readonly high: number };
  readonly reached: boolean;
}

export interface BenchResult {
  readonly schemaVersion: typeof schemaVersion;
  readonly scenarios: readonly string[];
  readonly startedAt: string;
  readonly seconds: number;
  /** true for --quick: too short to compare with anything. */
  readonly quick: boolean;
  readonly machine: Machine;
  readonly versions: Versions;
  readonly measurements: readonly Measurement[];
  readonly targets: readonly TargetResult[];
  readonly series: readonly Series[];
  readonly goals: readonly Goal[];
}

export function describeVersions(): Versions {
  return {
    pqtls: projectVersion,
    commit: projectCommit(),
    node: process.version,
    openssl: process.versions.openssl,
    awsLc: providerVersion('aws-lc'),
    noble: providerVersion('noble') ?? 'unknown',
  };
}

export const resultsFolder = join(projectRoot, 'bench', 'results');

/** Makes the folder where it is missing; its parent must be there. */
export function prepareFolder(folder: string): void {
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    if (!statSync(folder).isDirectory()) throw new UsageError(`${folder} is not a folder`);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`No result can be written to ${folder}: ${(error as Error).message}`);
  }
}

/** Whether it can be written is known before there is anything to write. */
export function prepareFile(path: string): void {
  prepareFolder(dirname(path));
  if (existsSync(path) && statSync(path).isDirectory()) throw new UsageError(`${path} is a folder, not a file`);
}

/** Writes the file and returns its path: results/<fingerprint>-<date>.json, with the time in the date. */
export function saveResult(result: BenchResult, folder: string): string {
  const date = result.startedAt.replaceAll(/[:.]/g, '-');
  const path = join(folder, `${result.machine.fingerprint}-${date}.json`);
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`);
  return path;
}

function providerVersion(name: 'aws-lc' | 'noble'): string | undefined {
  try {
    return getProvider(name).version;
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}
