// A comparison as text: what was compared, the tables, and how far they are to be believed.

import type { ResultFile } from '../harness/result-file.js';
import { duration, figure, newTable } from '../harness/table.js';
import type { Comparison, Controls, Row } from './comparison.js';
import type { Kind } from './figures.js';
import { level, type Verdict } from './verdict.js';

export interface Printed {
  readonly a: ResultFile;
  readonly b: ResultFile;
  readonly comparison: Comparison;
  readonly warnings: readonly string[];
  /** Only rows that changed. */
  readonly changed: boolean;
}

export function comparisonText({ a, b, comparison, warnings, changed }: Printed): string {
  const { rows, onlyInA, onlyInB, summary, sameMachine } = comparison;
  const shown = changed ? rows.filter(({ verdict }) => verdict === 'better' || verdict === 'worse') : rows;
  const part = (kind: Kind, title: string): string[] => {
    const ofKind = shown.filter((row) => row.kind === kind);
    return ofKind.length === 0 ? [] : ['', title, rowTable(ofKind)];
  };
  const machines = sameMachine ? '' : ', of two different machines';
  return [
    describeFile('A', a),
    describeFile('B', b),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...part('ratio', "The TLS path: pqtls's figure divided by the other's, round by round."),
    ...part('target', 'Primitives: the ratio of paired batches.'),
    ...part('figure', `The TLS path: absolute figures${machines}.`),
    ...part('measurement', `Primitives: time of one operation${machines}.`),
    '',
    ...only('A', onlyInA),
    ...only('B', onlyInB),
    ...summaryLines(comparison),
    ...(summary.controls === undefined ? [] : controlLines(summary.controls)),
  ].join('\n');
}

function describeFile(name: string, { path, result }: ResultFile): string {
  const { machine, versions, startedAt } = result;
  const commit = versions.commit === undefined ? '' : ` (${versions.commit})`;
  return [
    `${name}  ${path}`,
    `   ${machine.cpu}, ${machine.cpus} CPUs, ${machine.architecture} (${machine.fingerprint}); ${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    `   pqtls ${versions.pqtls}${commit}, ${versions.awsLc ?? 'no addon'}, Node ${versions.node}`,
  ].join('\n');
}

function rowTable(rows: readonly Row[]): string {
  const has = (field: 'node' | 'goal'): boolean => rows.some((row) => row[field] !== undefined);
  const table = newTable([
    rows.some(({ what }) => what.length > 1) ? 'scenario, metric' : 'operation',
    'driver',
    ...(has('node') ? ['Node'] : []),
    'A',
    'B',
    'change',
    'verdict',
    ...(has('goal') ? ['goal'] : []),
  ]);
  for (const row of rows) {
    table.push([
      row.what.join(', '),
      row.against === undefined ? row.driver : `${row.driver} / ${row.against}`,
      ...(has('node') ? [row.node ?? ''] : []),
      amount(row.a.median, row.unit),
      amount(row.b.median, row.unit),
      percent(row.changePercent),
      row.verdict,
      ...(has('goal') ? [goalText(row)] : []),
    ]);
  }
  return table.toString();
}

function amount(value: number, unit: string): string {
  if (unit === 'ns') return duration(value);
  return unit.startsWith('x') ? `${value.toFixed(3)}${unit}` : `${figure(value)} ${unit}`;
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${value < 0 ? '' : '+'}${value.toFixed(1)}%` : '-';
}

function goalText({ goal, better }: Row): string {
  if (goal === undefined) return '';
  const name = (reached: boolean): string => (reached ? 'pass' : 'miss');
  const [before, after] = [name(goal.reachedA), name(goal.reachedB)];
  return `${better === 'lower' ? '<=' : '>='} ${goal.goal}x: ${before === after ? after : `${before} -> ${after}`}`;
}

function only(name: string, what: readonly string[]): string[] {
  return what.length === 0 ? [] : [`Only in ${name}:`, ...what.map((line) => `  ${line}`), ''];
}

function summaryLines({ summary, sameMachine }: Comparison): string[] {
  const { judged, expectedByChance, ratios, figures } = summary;
  return [
    ...countLine('Ratios', ratios),
    ...countLine(sameMachine ? 'Absolute figures' : 'Absolute figures, of two different machines', figures),
    ...(judged === 0
      ? ['Fewer than five rounds a side tell nothing: run the bench with its default of rounds, or more.']
      : [
          `${judged} rows were judged at ${level * 100}% each: by chance alone, up to about ` +
            `${Math.ceil(expectedByChance)} of them would be called better or worse.`,
        ]),
  ];
}

function countLine(what: string, verdicts: Readonly<Record<Verdict, number>>): string[] {
  const counts = Object.entries(verdicts);
  if (counts.every(([, count]) => count === 0)) return [];
  return [`${what}: ${counts.map(([verdict, count]) => `${count} ${verdict}`).join(', ')}.`];
}

/** More of them than chance accounts for: then something else moved, and pqtls's absolute figures with it. */
function controlLines({ figures, medianPercent, largestPercent, beyondNoise }: Controls): string[] {
  const hasMoved = beyondNoise > Math.max(1, Math.ceil(figures * level));
  return [
    `node:tls and the floor, which pqtls does not change, moved by ${medianPercent.toFixed(1)}% in the median and ` +
      `${largestPercent.toFixed(1)}% at most (${beyondNoise} of ${figures} beyond the noise).`,
    ...(hasMoved ? ['So the machine was not the same in both runs: trust the ratios, not the absolute figures.'] : []),
  ];
}
