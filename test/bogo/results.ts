// What a run came to: counts, and the reasons for what did not run.

import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { z } from 'zod';
import type { EngineName } from '#src/engine/connection.js';
import { disabledReason, type EngineConfig } from './config.js';

/** By the name of the test. Chromium's JSON test results. */
type Results = Readonly<Record<string, { readonly actual: string; readonly error?: string | undefined }>>;

const schema = z.object({
  tests: z.record(z.string(), z.object({ actual: z.enum(['PASS', 'FAIL', 'SKIP']), error: z.string().optional() })),
});

export interface Counts {
  readonly engine: EngineName;
  readonly all: number;
  readonly passed: number;
  readonly failed: readonly { readonly test: string; readonly error: string }[];
  /** The shim has no such flag. */
  readonly unimplemented: readonly string[];
  /** By their reason in config.json. */
  readonly disabled: Readonly<Record<string, number>>;
}

export function readResults(file: string): Results {
  return schema.parse(JSON.parse(readFileSync(file, 'utf8'))).tests;
}

export function countResults(
  engine: EngineName,
  names: readonly string[],
  results: Results,
  config: EngineConfig,
): Counts {
  const disabled: Record<string, number> = {};
  for (const name of names) {
    if (results[name] !== undefined) continue;
    const reason = disabledReason(config, name) ?? 'did not run';
    disabled[reason] = (disabled[reason] ?? 0) + 1;
  }
  const of = (verdict: string): [string, Results[string]][] =>
    Object.entries(results).filter(([, { actual }]) => actual === verdict);
  return {
    engine,
    all: names.length,
    passed: of('PASS').length,
    failed: of('FAIL').map(([test, { error = '' }]) => ({ test, error })),
    unimplemented: of('SKIP').map(([test]) => test),
    disabled,
  };
}

export function resultTables({ engine, all, passed, failed, unimplemented, disabled }: Counts): string {
  const reasons = Object.entries(disabled).sort(([, a], [, b]) => b - a);
  const disabledCount = reasons.reduce((sum, [, count]) => sum + count, 0);
  const counts = new Table({ head: [engine, 'tests'], colAligns: ['left', 'right'], style: { head: [], border: [] } });
  counts.push(['passed', passed], ['failed', failed.length], ['unimplemented', unimplemented.length]);
  counts.push(['disabled', disabledCount], ['all', all]);
  const why = new Table({
    head: ['disabled because', 'tests'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [] },
  });
  for (const [reason, count] of reasons) why.push([reason, count]);
  return `${counts.toString()}\n${why.toString()}`;
}
