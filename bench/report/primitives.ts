// The part of the report about primitives: the time of each operation, contenders side by side.

import type { SavedResult } from '../harness/result-file.js';
import { duration } from '../harness/table.js';
import { dotChart, markOf, type DotRow, type Heading } from './charts.js';
import { html, type Html } from '#src/cli/html-template.js';
import type { Run } from './runs.js';
import { chartFigure, legend, table } from './tables.js';

export function primitivesSection(allRuns: readonly Run[]): Html | undefined {
  const runs = allRuns.filter(({ result }) => result.measurements.length > 0);
  const measurements = runs.flatMap(({ result }) => result.measurements);
  if (measurements.length === 0) return undefined;
  const contenders = [...new Set([...usualContenders, ...measurements.map(({ contender }) => contender)])];
  const families = [...new Set(measurements.map(familyOf))];
  return html`<section id="primitives">
    <h2>Primitives</h2>
    <p>
      The mean time of one operation, on a logarithmic scale: it shows orders of magnitude. What must be reached is
      measured in another way, <a href="#goals">above</a>. The line through a dot is the margin of error of 95%; the C
      loop has none.
    </p>
    <div class="charts">${families.map((family) => familyFigure(family, runs, contenders))}</div>
  </section> `;
}

/** In the order of the table that is printed, each with its mark; others come after them. */
const usualContenders = ['C loop', 'aws-lc into', 'aws-lc', 'noble', 'node:crypto'];

type Measurement = SavedResult['measurements'][number];

/** e.g. `ML-KEM-768` of `ML-KEM-768 encapsulate`. */
function familyOf({ operation }: Measurement): string {
  return operation.split(' ', 1)[0] ?? operation;
}

function familyFigure(family: string, runs: readonly Run[], contenders: readonly string[]): Html {
  const ofRun = ({ result }: Run): Measurement[] => result.measurements.filter((one) => familyOf(one) === family);
  const operations = [...new Set(runs.flatMap(ofRun).map(({ operation }) => operation))];
  const present = contenders.filter((name) => runs.flatMap(ofRun).some(({ contender }) => contender === name));
  const pairs = operations.flatMap((operation) =>
    runs
      .map((run) => ({ operation, run, cells: ofRun(run).filter((one) => one.operation === operation) }))
      .filter(({ cells }) => cells.length > 0),
  );
  const rows = operations.flatMap((operation): (DotRow | Heading)[] => {
    const ofOperation = pairs.filter((pair) => pair.operation === operation);
    const dotsOf = (cells: readonly Measurement[]): DotRow['dots'] =>
      cells.map((cell) => ({ ...spreadOf(cell), mark: markOf(contenders.indexOf(cell.contender)) }));
    if (runs.length === 1) return ofOperation.map(({ cells }) => ({ label: operation, dots: dotsOf(cells) }));
    return [{ heading: operation }, ...ofOperation.map(({ run, cells }) => ({ label: run.name, dots: dotsOf(cells) }))];
  });
  return chartFigure({
    title: family,
    note: 'time of one operation, logarithmic, lower is better',
    legend: legend(present.map((name) => ({ name, mark: markOf(contenders.indexOf(name)) }))),
    chart: dotChart(rows, { format: micro, logarithmic: true }),
    table: table(
      `${family}: time of one operation, lower is better`,
      [{ head: 'Operation' }, { head: 'Machine' }, ...present.map((head) => ({ head, numeric: true }))],
      pairs.map(({ operation, run, cells }) => [
        operation,
        run.name,
        ...present.map((name) => cellText(cells.find(({ contender }) => contender === name))),
      ]),
    ),
  });
}

function spreadOf({ nanoseconds, marginPercent = 0 }: Measurement): { value: number; low: number; high: number } {
  const margin = (nanoseconds * marginPercent) / 100;
  return { value: nanoseconds, low: nanoseconds - margin, high: nanoseconds + margin };
}

function cellText(cell: Measurement | undefined): string {
  if (cell === undefined) return '–';
  const margin = cell.marginPercent === undefined ? '' : ` ±${cell.marginPercent.toFixed(1)}%`;
  return `${micro(cell.nanoseconds)}${margin}`;
}

function micro(nanoseconds: number): string {
  return duration(nanoseconds).replace('us', 'µs');
}
