// Which tests are not for us and why, and what the runner's names of faults are here: config.json, for one engine.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { EngineName } from '#src/engine/connection.js';
import { engineNames } from './engine-name.js';

const reasonsFor = z.strictObject({
  reason: z.string().min(10),
  /** Default: both. */
  engine: z.enum(engineNames).optional(),
  /** Names, or patterns with `*`. */
  tests: z.array(z.string().min(1)).min(1),
});

const otherNames = z.strictObject({
  /** The runner's name of a fault. */
  expected: z.string().min(1),
  /** Default: both. */
  engine: z.enum(engineNames).optional(),
  /** What stands on stderr as well as it; never empty, as that is in every text. */
  shown: z.array(z.string().regex(/^:[A-Z0-9_]+:[\x20-\x7e]*$/)).min(1),
});

const schema = z.strictObject({ disabled: z.array(reasonsFor), errors: z.array(otherNames) });

export interface EngineConfig {
  /** Patterns by their reason. */
  readonly disabled: readonly { readonly reason: string; readonly tests: readonly string[] }[];
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

export function readConfig(file: string, engine: EngineName): EngineConfig {
  const { disabled, errors } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const isOurs = (row: { engine?: EngineName | undefined }): boolean =>
    row.engine === undefined || row.engine === engine;
  const names = new Map<string, string[]>();
  for (const { expected, shown } of errors.filter(isOurs)) {
    names.set(expected, [...(names.get(expected) ?? [expected]), ...shown]);
  }
  return { disabled: disabled.filter(isOurs), errors: Object.fromEntries(names) };
}

/** The form that the runner reads. */
export function runnerConfig({ disabled, errors }: EngineConfig): string {
  const tests = disabled.flatMap(({ reason, tests }) => tests.map((pattern) => [pattern, reason]));
  return JSON.stringify({ DisabledTests: Object.fromEntries(tests) as unknown, ErrorMap: errors }, undefined, 2);
}

/** Why a test is disabled; undefined where it is not. */
export function disabledReason({ disabled }: EngineConfig, test: string): string | undefined {
  return disabled.find(({ tests }) => tests.some((pattern) => matches(pattern, test)))?.reason;
}

/** As the runner does it, with `*` alone: no name has a '/'. */
export function matches(pattern: string, test: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`).test(test);
}
