// The part of the report about goals: ratios to another driver or contender, machines side by side.

import type { SavedResult } from '../harness/result-file.js';
import { dotChart, markOf } from './charts.js';
import { html, type Html } from '#src/cli/html-template.js';
import type { Run } from './runs.js';
import { chartFigure, directionText, legend, range, shortTimes, table, times } from './tables.js';

/** One ratio of one run, of whatever part of the bench. */
export interface Judged {
  readonly what: string;
  readonly against: string;
  readonly better: 'lower' | 'higher';
  readonly goal: number | undefined;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly reached: boolean | undefined;
}

export function goalSection(runs: readonly Run[]): Html | undefined {
  const parts = [
    goalPart('The TLS path', "its figure divided by the other's, round by round", runs, tlsGoals),
    goalPart('Primitives', 'paired batches, this against the other', runs, primitiveGoals),
  ];
  if (parts.every((part) => part === undefined)) return undefined;
  return html`<section id="goals">
    <h2>Goals</h2>
    <p>
      A cell is the median of the ratios and its interval. Where the interval holds the goal, the verdict is unsure: run
      again on a quieter machine. The thick line in a chart is the goal, the dashed one is 1×, where both are the same.
    </p>
    ${runs.some(({ result }) => result.quick) ? html`<p class="warning">Runs marked quick are not for comparing.</p>` : ''}
    ${parts}
  </section> `;
}

function tlsGoals({ goals }: SavedResult): Judged[] {
  return goals.map(({ scenario, metric, driver, against, better, goal, ratio, reached }) => ({
    what: `${scenario}: ${metric}${driver === undefined || driver === 'pqtls' ? '' : ` (${driver})`}`,
    against,
    better,
    goal,
    value: ratio.median,
    low: ratio.low,
    high: ratio.high,
    reached,
  }));
}

function primitiveGoals({ targets }: SavedResult): Judged[] {
  return targets.map(({ operation, measured, reference, unit, goal, ratio, reached }) => {
    const faster = unit === 'times-faster';
    return {
      what: `${operation} (${measured})`,
      against: reference,
      better: faster ? 'higher' : 'lower',
      goal,
      // How many times faster is the inverse of the ratio of the times.
      value: faster ? 1 / ratio.median : ratio.median,
      low: faster ? 1 / ratio.high : ratio.low,
      high: faster ? 1 / ratio.low : ratio.high,
      reached,
    };
  });
}

function goalPart(
  title: string,
  note: string,
  allRuns: readonly Run[],
  judgedOf: (result: SavedResult) => Judged[],
): Html | undefined {
  const runs = allRuns
    .map((run, index) => ({
      run,
      mark: markOf(index),
      judged: new Map(judgedOf(run.result).map((one) => [keyOf(one), one])),
    }))
    .filter(({ judged }) => judged.size > 0);
  if (runs.length === 0) return undefined;
  // In the order of the first run that has them.
  const rows = [...new Map(runs.flatMap(({ judged }) => [...judged])).values()];
  const charts = [...new Set(rows.map(groupOf))].map((group) => {
    const [first, ...others] = rows.filter((row) => groupOf(row) === group);
    if (first === undefined) return undefined;
    const shown = [first, ...others];
    const chart = dotChart(
      shown.map((row) => ({
        label: row.what,
        goal: row.goal,
        dots: runs.flatMap(({ judged, mark }) => {
          const one = judged.get(keyOf(row));
          return one === undefined ? [] : [{ ...one, mark }];
        }),
      })),
      { format: shortTimes, reference: 1 },
    );
    return chartFigure({
      title: `Against ${first.against}, ${directionText(first.better)}`,
      note,
      legend: legend(runs.map(({ run, mark }) => ({ name: run.name, mark }))),
      chart,
      table: goalTable(`${title}, against ${first.against}, ${directionText(first.better)}`, shown, runs),
    });
  });
  return html`<h3>${title}</h3>
    ${goalTable(`${title}: ${note}`, rows, runs)}
    <div class="charts">${charts}</div>`;
}

type Judgements = readonly { readonly run: Run; readonly judged: ReadonlyMap<string, Judged> }[];

function goalTable(caption: string, rows: readonly Judged[], runs: Judgements): Html {
  return table(
    caption,
    [
      { head: 'What' },
      { head: 'Against' },
      { head: 'Goal', numeric: true },
      ...runs.map(({ run }) => ({ head: run.name })),
    ],
    rows.map((row) => [
      row.what,
      row.against,
      row.goal === undefined ? 'none' : `${row.better === 'lower' ? 'at most' : 'at least'} ${shortTimes(row.goal)}`,
      ...runs.map(({ judged }) => cellOf(judged.get(keyOf(row)))),
    ]),
  );
}

function cellOf(judged: Judged | undefined): Html {
  if (judged === undefined) return html`–`;
  const { value, low, high, goal, reached } = judged;
  const text = html`<b>${times(value)}</b> <small>(${range(low, high, times)})</small>`;
  if (reached === undefined || goal === undefined) return text;
  const unsure = low <= goal && goal <= high ? ', unsure' : '';
  return html`${text}
    <span class="${reached ? 'reached' : 'missed'}">${reached ? '✓ reached' : '✗ missed'}${unsure}</span>`;
}

function keyOf({ what, against, better }: Judged): string {
  return JSON.stringify([what, against, better]);
}

function groupOf({ against, better }: Judged): string {
  return JSON.stringify([against, better]);
}
