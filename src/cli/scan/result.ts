// A whole scan: what was asked, what came of it, and its summary. What every output format is made of.

import { endpointName, type Endpoint } from './endpoints.js';
import { grades, isBelow, judge, type Grade, type Verdict } from './grade.js';
import type { EndpointReport } from './report.js';

export interface Tool {
  readonly name: 'pqtls';
  readonly version: string;
  readonly engine: string;
  readonly node: string;
  readonly openssl: string;
}

export interface Entry {
  readonly name: string;
  readonly report: EndpointReport;
  readonly verdict: Verdict;
}

export interface ScanResult {
  readonly tool: Tool;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** In the order in which the endpoints were named. */
  readonly entries: readonly Entry[];
  /** Endpoints that an interrupted scan did not come to, or left in the middle. */
  readonly missing: readonly string[];
}

export interface GradeCount {
  /** Undefined for those without a grade. */
  readonly grade: Grade | undefined;
  readonly count: number;
}

export function entryOf(report: EndpointReport): Entry {
  return { name: endpointName(report.endpoint), report, verdict: judge(report) };
}

export function missingOf(endpoints: readonly Endpoint[], entries: readonly Entry[]): string[] {
  const found = new Set(entries.map(({ name }) => name));
  return endpoints.map(endpointName).filter((name) => !found.has(name));
}

/** How many endpoints have each grade, from the best to none. */
export function countGrades({ entries }: ScanResult): GradeCount[] {
  return [...grades, undefined].map((grade) => ({
    grade,
    count: entries.filter(({ verdict }) => verdict.grade === grade).length,
  }));
}

/** 0: all at or above the minimum. 1: some below. 3: none below, and some could not be scanned. */
export function exitCode({ entries, missing }: ScanResult, minimum: Grade): number {
  if (entries.some(({ verdict: { grade } }) => grade !== undefined && isBelow(grade, minimum))) return 1;
  return missing.length > 0 || entries.some(({ verdict: { grade } }) => grade === undefined) ? 3 : 0;
}
