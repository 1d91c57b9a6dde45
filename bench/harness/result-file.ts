// Reads the JSON files that runs of the bench saved, and says of a wrong one what is wrong with it.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { schemaVersion, type BenchResult } from './results.js';

/** A file that is not the result of a bench, or of another version; the message is one line and begins with its name. */
export class ResultFileError extends Error {
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.name = 'ResultFileError';
  }
}

export interface ResultFile {
  /** As it was given. */
  readonly path: string;
  readonly result: SavedResult;
}

const better = z.enum(['lower', 'higher']);
const interval = z.object({ median: z.number(), low: z.number(), high: z.number() }).readonly();

const machine = z.object({
  fingerprint: z.string(),
  cpu: z.string(),
  cpus: z.number(),
  architecture: z.string(),
  system: z.string(),
  memoryGiB: z.number(),
  features: z.array(z.string()).readonly().optional(),
});

const versions = z.object({
  pqtls: z.string(),
  commit: z.string().optional(),
  node: z.string(),
  openssl: z.string(),
  awsLc: z.string().optional(),
  noble: z.string(),
});

const measurement = z.object({
  operation: z.string(),
  contender: z.string(),
  nanoseconds: z.number().positive(),
  operationsPerSecond: z.number(),
  marginPercent: z.number().nonnegative().optional(),
});

const target = z.object({
  operation: z.string(),
  measured: z.string(),
  reference: z.string(),
  node: z.string(),
  unit: z.enum(['times-slower', 'times-faster']),
  goal: z.number().optional(),
  ratio: z
    .object({ median: z.number().positive(), low: z.number(), high: z.number(), coverage: z.number() })
    .readonly(),
  rounds: z.number(),
  measuredNanoseconds: z.number(),
  referenceNanoseconds: z.number(),
  reached: z.boolean().optional(),
});

const series = z.object({
  scenario: z.string(),
  metric: z.string(),
  driver: z.string(),
  node: z.string(),
  unit: z.string(),
  better,
  values: z.array(z.number()).min(1).readonly(),
  median: z.number(),
  low: z.number(),
  high: z.number(),
  p50: z.number().optional(),
  p99: z.number().optional(),
});

const goal = z.object({
  scenario: z.string(),
  metric: z.string(),
  driver: z.string().optional(),
  against: z.string(),
  better,
  goal: z.number(),
  stretch: z.number().optional(),
  ratio: interval,
  reached: z.boolean(),
});

const schema = z.object({
  schemaVersion: z.literal(schemaVersion),
  scenarios: z.array(z.string()).readonly(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  quick: z.boolean(),
  machine: machine.readonly(),
  versions: versions.readonly(),
  measurements: z.array(measurement.readonly()).readonly(),
  targets: z.array(target.readonly()).readonly(),
  series: z.array(series.readonly()).readonly(),
  goals: z.array(goal.readonly()).readonly(),
});

/** What JSON keeps of a BenchResult: a field that was undefined is absent. */
export type SavedResult = Readonly<z.infer<typeof schema>>;

/** Compiles as long as everything that a run saves can be read. */
export const asSaved = (result: BenchResult): SavedResult => result;

/** Whatever the version: so that an older file is told from one of something else. */
const anyVersion = z.object({ schemaVersion: z.number(), machine: z.object({}), versions: z.object({}) });

/** Throws ResultFileError. `folder` is what a relative path begins at. */
export function readResult(path: string, folder = process.cwd()): ResultFile {
  const value = parseJson(path, readText(path, folder));
  const found = anyVersion.safeParse(value);
  if (!found.success) {
    throw new ResultFileError(path, 'not a result of npm run bench (no schemaVersion, machine and versions)');
  }
  if (found.data.schemaVersion !== schemaVersion) {
    const reason = `has schemaVersion ${found.data.schemaVersion}, and this is for ${schemaVersion}: run the bench again`;
    throw new ResultFileError(path, reason);
  }
  const read = schema.safeParse(value);
  if (!read.success) throw new ResultFileError(path, `damaged: ${describeIssue(read.error)}`);
  return { path, result: read.data };
}

function readText(path: string, folder: string): string {
  try {
    return readFileSync(resolve(folder, path), 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = { ENOENT: 'no such file', EISDIR: 'a folder, not a file', EACCES: 'may not be read' }[code];
    if (reason === undefined) throw error;
    throw new ResultFileError(path, reason);
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ResultFileError(path, text.trim() === '' ? 'empty' : 'not JSON');
  }
}

/** The first of what is wrong, e.g. `series[3].values: Invalid input: expected array, received null`. */
function describeIssue({ issues }: z.ZodError): string {
  const [first] = issues;
  if (first === undefined) return 'unknown';
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${z.core.toDotPath(first.path)}: ${first.message}${more}`;
}
