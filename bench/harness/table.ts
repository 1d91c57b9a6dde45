// The tables that are printed.

import Table from 'cli-table3';
import type { Goal, Measurement, Series, TargetResult } from './results.js';

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

/** One row a metric, one column a driver: the median, and its interval. */
export function seriesTable(series: readonly Series[]): string {
  const columns = [...new Set(series.map(({ driver, node }) => `${driver} ${node}`))];
  const table = newTable(['scenario', 'metric', ...columns]);
  for (const key of new Set(series.map(({ scenario, metric }) => JSON.stringify([scenario, metric])))) {
    const [scenario = '', metric = ''] = JSON.parse(key) as string[];
    const row = columns.map((column) => {
      const cell = series.find(
        (one) => one.scenario === scenario && one.metric === metric && `${one.driver} ${one.node}` === column,
      );
      return cell === undefined
        ? '-'
        : `${figure(cell.median)} ${cell.unit} (${figure(cell.low)}-${figure(cell.high)})`;
    });
    table.push([scenario, metric, ...row]);
  }
  return table.toString();
}

/** One row a goal: what was asked of the ratio, and what was measured. */
export function goalTable(goals: readonly Goal[]): string {
  const table = newTable(['scenario', 'metric', 'driver', 'against', 'goal', 'measured', 'interval', '']);
  for (const { scenario, metric, driver = 'pqtls', against, better, goal, stretch, ratio, reached } of goals) {
    const bound = better === 'lower' ? '<=' : '>=';
    table.push([
      scenario,
      metric,
      driver,
      against,
      `${bound} ${Number(goal.toFixed(3))}x${stretch === undefined ? '' : ` (${stretch}x)`}`,
      `${ratio.median.toFixed(3)}x`,
      `${ratio.low.toFixed(3)} - ${ratio.high.toFixed(3)}`,
      reached ? 'pass' : 'miss',
    ]);
  }
  return table.toString();
}

/** Three significant digits, and no fraction of large ones. */
export function figure(value: number): string {
  return value >= 999.5 ? value.toFixed(0) : significant(value);
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

/** One without colours: it is meant to be pasted. */
export function newTable(head: string[]): InstanceType<typeof Table> {
  return new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...head.slice(1).map(() => 'right' as const)],
  });
}
