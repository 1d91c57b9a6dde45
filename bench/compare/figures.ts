// What one result has to compare: each figure, ratio and paired ratio, in one form.

import type { SavedResult } from '../harness/result-file.js';
import { medianInterval } from '../harness/statistics.js';
import type { Better, Interval } from './verdict.js';

/**
 * `ratio`: a figure of pqtls's, of either engine, divided by another driver's, round by round. `figure`: a driver's own. `target`: a paired ratio
 * of primitives. `measurement`: a cell of the primitives' first table.
 */
export type Kind = 'ratio' | 'figure' | 'target' | 'measurement';

export interface Figure {
  readonly kind: Kind;
  /** Scenario and metric, or the operation. */
  readonly what: readonly string[];
  readonly driver: string;
  /** Of a ratio: whose figure it is divided by. */
  readonly against?: string;
  /** The Node that was measured, where the figures of several are in one file. */
  readonly node?: string;
  readonly unit: string;
  readonly better: Better;
  /** One a round, where they were kept. */
  readonly values?: readonly number[];
  readonly interval: Interval;
  readonly goal?: { readonly goal: number; readonly reached: boolean };
}

export function figuresOf(result: SavedResult): Figure[] {
  return [...ratios(result), ...series(result), ...targets(result), ...measurements(result)];
}

/** Whose figures are divided by others', which no change of ours moves. */
const ours: readonly string[] = ['pqtls', 'typescript'];

type Series = SavedResult['series'][number];

function ratios({ series, goals }: SavedResult): Figure[] {
  return series
    .filter(({ driver }) => ours.includes(driver))
    .flatMap((mine) => {
      const isPeer = (one: Series): boolean =>
        one.scenario === mine.scenario &&
        one.metric === mine.metric &&
        one.node === mine.node &&
        !ours.includes(one.driver);
      // Goals are judged on the reference Node, which comes first.
      const isReference = mine === series.find((one) => isPeerOnAnyNode(one, mine));
      return series.filter(isPeer).flatMap((theirs): Figure[] => {
        // Round by round: what both had to bear falls out. The quotient of a memory figure near 0 is none.
        const values = mine.values
          .slice(0, theirs.values.length)
          .map((value, round) => value / (theirs.values[round] ?? Number.NaN))
          .filter(Number.isFinite);
        if (values.length === 0) return [];
        const goal = goals.find(
          (one) =>
            one.scenario === mine.scenario &&
            one.metric === mine.metric &&
            (one.driver ?? 'pqtls') === mine.driver &&
            one.against === theirs.driver,
        );
        return [
          {
            kind: 'ratio',
            what: [mine.scenario, mine.metric],
            driver: mine.driver,
            against: theirs.driver,
            node: mine.node,
            unit: 'x',
            better: mine.better,
            values,
            interval: medianInterval(values),
            ...(goal !== undefined && isReference ? { goal: { goal: goal.goal, reached: goal.reached } } : {}),
          },
        ];
      });
    });
}

function isPeerOnAnyNode(one: Series, mine: Series): boolean {
  return one.scenario === mine.scenario && one.metric === mine.metric && one.driver === mine.driver;
}

function series({ series }: SavedResult): Figure[] {
  return series.map(({ scenario, metric, driver, node, unit, better, values }) => ({
    kind: 'figure',
    what: [scenario, metric],
    driver,
    node,
    unit,
    better,
    values,
    interval: medianInterval(values),
  }));
}

function targets({ targets }: SavedResult): Figure[] {
  return targets.map(({ operation, measured, reference, unit, goal, reached, ratio }) => {
    const faster = unit === 'times-faster';
    return {
      kind: 'target',
      what: [operation],
      driver: measured,
      against: reference,
      unit: faster ? 'x faster' : 'x',
      better: faster ? 'higher' : 'lower',
      // As it is printed: how many times faster is the inverse.
      interval: faster
        ? { median: 1 / ratio.median, low: 1 / ratio.high, high: 1 / ratio.low, coverage: ratio.coverage }
        : ratio,
      ...(goal === undefined || reached === undefined ? {} : { goal: { goal, reached } }),
    };
  });
}

function measurements({ measurements }: SavedResult): Figure[] {
  return measurements.map(({ operation, contender, nanoseconds, marginPercent }) => {
    const margin = (nanoseconds * (marginPercent ?? 0)) / 100;
    return {
      kind: 'measurement',
      what: [operation],
      driver: contender,
      unit: 'ns',
      better: 'lower',
      // The margin of `benchmark` is one of 95%; the C loop's single figure has none.
      interval: {
        median: nanoseconds,
        low: nanoseconds - margin,
        high: nanoseconds + margin,
        coverage: marginPercent === undefined ? 0 : 0.95,
      },
    };
  });
}
