// The part of the report about the TLS path: a chart for each metric, drivers side by side, below each other for each run.

import type { SavedResult } from '../harness/result-file.js';
import { barChart, color, type Bar, type Heading } from './charts.js';
import { html, type Html } from '#src/cli/html-template.js';
import type { Run } from './runs.js';
import { amount, chartFigure, directionText, plain, range, table, unitText } from './tables.js';

export function tlsSection(runs: readonly Run[]): Html | undefined {
  const all = runs.flatMap((run) => run.result.series.map((series) => ({ run, series })));
  if (all.length === 0) return undefined;
  const drivers = [...new Set(['pqtls', 'node:tls', 'floor', 'typescript', ...all.map(({ series }) => series.driver)])];
  const scenarios = [...new Set(all.map(({ series }) => series.scenario))];
  return html`<section id="tls">
    <h2>The TLS path</h2>
    <p>
      Bars are medians of the rounds; the line at the end of a bar is the interval of the median. Faint bars are of the
      Node that is measured beside the reference.
    </p>
    ${scenarios.map((scenario) => {
      const ofScenario = all.filter(({ series }) => series.scenario === scenario);
      const metrics = [...new Set(ofScenario.map(({ series }) => metricOf(series)))];
      return html`<h3>${scenario}</h3>
        <div class="charts">
          ${metrics.map((metric) =>
            metricFigure(
              ofScenario.filter(({ series }) => metricOf(series) === metric),
              drivers,
            ),
          )}
        </div> `;
    })}
  </section> `;
}

type Series = SavedResult['series'][number];

interface Measured {
  readonly run: Run;
  readonly series: Series;
}

/** Figures of two units, or of which more is better in one file and less in another, are not of one chart. */
function metricOf({ metric, unit, better }: Series): string {
  return JSON.stringify([metric, unit, better]);
}

function metricFigure(measured: readonly Measured[], drivers: readonly string[]): Html | undefined {
  const [first] = measured;
  if (first === undefined) return undefined;
  const { scenario, metric, unit, better } = first.series;
  const runs = [...new Set(measured.map(({ run }) => run))];
  const rows = runs.flatMap((run): (Bar | Heading)[] => {
    const bars = measured.filter((one) => one.run === run).map(({ series }) => barOf(series, run, drivers));
    return runs.length === 1 ? bars : [{ heading: run.name }, ...bars];
  });
  return chartFigure({
    title: metric,
    note: `${unitText(unit)}, ${directionText(better)}`,
    chart: barChart(rows, (value) => plain(value)),
    table: table(
      `${scenario}: ${metric}, ${directionText(better)}`,
      [
        { head: 'Machine' },
        { head: 'Driver' },
        { head: 'Node' },
        { head: 'Median', numeric: true },
        { head: 'Interval', numeric: true },
        { head: 'Rounds', numeric: true },
        { head: 'One client: p50', numeric: true },
        { head: 'p99', numeric: true },
      ],
      measured.map(({ run, series }) => [
        run.name,
        series.driver,
        series.node,
        amount(series.median, unit),
        range(series.low, series.high, plain),
        series.values.length,
        series.p50 === undefined ? '–' : amount(series.p50, 'us'),
        series.p99 === undefined ? '–' : amount(series.p99, 'us'),
      ]),
    ),
  });
}

function barOf({ driver, node, median, low, high }: Series, run: Run, drivers: readonly string[]): Bar {
  return {
    label: `${driver}, Node ${node.replace(/^v/, '')}`,
    value: median,
    low,
    high,
    color: color(drivers.indexOf(driver)),
    faint: node !== run.result.series[0]?.node,
  };
}
