// The tables that are printed.

import Table from 'cli-table3';
import type { Measurement, TargetResult } from './results.js';

/** One row an operation, one column a contender: time of one operation, and its ratio to the first column that has one. */
export function measurementTable(contenders: readonly string[], measurements: readonly Measurement[]): string {
  const columns = contenders.filter((name) => measurements.some(({ contender }) => contender === name));
  const table = newTable(['operation', ...columns]);
  for (const operation of new Set(measurements.map((measurement) => measurement.operation))) {
    const row = columns.map((contender) =>
      measurements.find((found) => found.operation === operation && found.contender === contender),
    );
    const base = row.find((measurement) => measurement !== undefined)?.nanoseconds;
    table.push([
      operation,
      ...row.map((measurement) =>
        measurement === undefined || base === undefined
          ? '-'
          : `${duration(measurement.nanoseconds)} ${`${times(measurement.nanoseconds / base)}x`.padStart(7)}`,
      ),
    ]);
  }
  return table.toString();
}

/** One row a target: what was asked, what was measured and how sure that is. */
export function targetTable(targets: readonly TargetResult[]): string {
  const table = newTable(['operation', 'measured', 'against', 'goal', 'median', '95% interval', '']);
  for (const target of targets) {
    const { median, low, high } = target.ratio;
    const faster = target.unit === 'times-faster';
    table.push([
      target.operation,
      `${target.measured} ${duration(target.measuredNanoseconds)}`,
      `${target.reference} ${duration(target.referenceNanoseconds)}`,
      target.goal === undefined ? '' : faster ? `>= ${target.goal}x faster` : `<= ${target.goal}x`,
      faster ? `${(1 / median).toFixed(2)}x` : `${median.toFixed(3)}x`,
      faster ? `${(1 / high).toFixed(2)} - ${(1 / low).toFixed(2)}` : `${low.toFixed(3)} - ${high.toFixed(3)}`,
      target.reached === undefined ? '' : target.reached ? 'pass' : 'miss',
    ]);
  }
  return table.toString();
}

/** e.g. `950 ns`, `12.3 us`, `4.56 ms`: three significant digits. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 999.5) return `${significant(nanoseconds)} ns`;
  if (nanoseconds < 999_500) return `${significant(nanoseconds / 1e3)} us`;
  return `${significant(nanoseconds / 1e6)} ms`;
}

function times(ratio: number): string {
  return ratio >= 99.95 ? ratio.toFixed(0) : ratio >= 9.995 ? ratio.toFixed(1) : ratio.toFixed(2);
}

function significant(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value.toPrecision(3);
}

function newTable(head: string[]): InstanceType<typeof Table> {
  // No colours: the table is meant to be pasted.
  return new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...head.slice(1).map(() => 'right' as const)],
  });
}
