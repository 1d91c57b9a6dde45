// Results as a run saves them, with figures that are made up.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SavedResult } from '../harness/result-file.js';
import { schemaVersion } from '../harness/results.js';
import { medianInterval } from '../harness/statistics.js';

type Series = SavedResult['series'][number];
type Target = SavedResult['targets'][number];
type Measurement = SavedResult['measurements'][number];

export const graviton: SavedResult['machine'] = {
  fingerprint: '0123456789ab',
  cpu: 'Neoverse-V1 (Graviton3)',
  cpus: 4,
  architecture: 'arm64',
  system: 'linux 6.1',
  memoryGiB: 8,
  features: ['NEON', 'SHA3'],
};

export function madeUpResult(parts: Partial<SavedResult> = {}): SavedResult {
  return {
    schemaVersion,
    scenarios: ['handshake'],
    startedAt: '2026-11-01T10:20:30.456Z',
    seconds: 12,
    quick: false,
    machine: {
      fingerprint: 'ba9876543210',
      cpu: 'Some Xeon',
      cpus: 2,
      architecture: 'x64',
      system: 'linux 6.1',
      memoryGiB: 8,
      features: ['AVX2'],
    },
    versions: {
      pqtls: '0.1.0',
      commit: '0123456789ab',
      node: 'v20.19.0',
      openssl: '3.0.0',
      awsLc: 'AWS-LC 5.0.0',
      noble: 'noble 1.0.0',
    },
    measurements: [],
    targets: [],
    series: [],
    goals: [],
    ...parts,
  };
}

export function seriesOf(values: readonly number[], parts: Partial<Series> = {}): Series {
  const { median, low, high } = medianInterval(values);
  return {
    scenario: 'handshake',
    metric: 'server CPU',
    driver: 'pqtls',
    node: 'v26.1.0',
    unit: 'us',
    better: 'lower',
    values,
    median,
    low,
    high,
    ...parts,
  };
}

/** Of pqtls and of node:tls, in the same rounds. */
export function twoSeries(ours: readonly number[], theirs: readonly number[], parts: Partial<Series> = {}): Series[] {
  return [seriesOf(ours, parts), seriesOf(theirs, { ...parts, driver: 'node:tls' })];
}

export function targetOf(low: number, median: number, high: number, parts: Partial<Target> = {}): Target {
  return {
    operation: 'ML-KEM-768 encapsulate',
    measured: 'aws-lc',
    reference: 'C loop',
    node: 'v20.19.0',
    unit: 'times-slower',
    goal: 1.15,
    ratio: { median, low, high, coverage: 0.96 },
    rounds: 15,
    measuredNanoseconds: 1000 * median,
    referenceNanoseconds: 1000,
    reached: median <= 1.15,
    ...parts,
  };
}

export function measurementOf(nanoseconds: number, parts: Partial<Measurement> = {}): Measurement {
  return {
    operation: 'SHA3-256 64 B',
    contender: 'aws-lc',
    nanoseconds,
    operationsPerSecond: 1e9 / nanoseconds,
    marginPercent: 1,
    ...parts,
  };
}

/** Returns its path. */
export function writeResult(folder: string, name: string, result: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(result));
  return path;
}
