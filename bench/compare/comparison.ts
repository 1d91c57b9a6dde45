// Pairs up what two results have in common, and judges each pair.

import { medianSorted } from 'simple-statistics';
import type { SavedResult } from '../harness/result-file.js';
import { figuresOf, type Figure, type Kind } from './figures.js';
import { pairNodes, type NodePair } from './node-pairs.js';
import {
  judgeIntervals,
  judgeValues,
  level,
  type Better,
  type Interval,
  type Judged,
  type Verdict,
} from './verdict.js';

export interface Row extends Judged {
  readonly kind: Kind;
  /** Scenario and metric, or the operation. */
  readonly what: readonly string[];
  readonly driver: string;
  readonly against?: string;
  /** The Node that was measured; both where they differ. */
  readonly node?: string;
  readonly unit: string;
  readonly better: Better;
  readonly a: Interval;
  readonly b: Interval;
  readonly changePercent: number;
  readonly goal?: { readonly goal: number; readonly reachedA: boolean; readonly reachedB: boolean };
  /** Whether `worse` is pqtls's own doing: not node:tls's, nor another machine's, nor the hour's where there is a ratio. */
  readonly counts: boolean;
}

export interface Comparison {
  readonly sameMachine: boolean;
  readonly rows: readonly Row[];
  /** What only one of them has, one line each. */
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  readonly summary: Summary;
}

export interface Summary {
  /** Of rows that are ratios, and of absolute figures: between two machines, the latter tell which is the faster. */
  readonly ratios: Readonly<Record<Verdict, number>>;
  readonly figures: Readonly<Record<Verdict, number>>;
  /** Rows that could be called better or worse, and how many of them chance alone would. */
  readonly judged: number;
  readonly expectedByChance: number;
  readonly worseThatCounts: number;
  readonly controls?: Controls;
}

/** How far node:tls and the floor, of the same Node and on the same machine, moved from one run to the other. */
export interface Controls {
  readonly figures: number;
  readonly medianPercent: number;
  readonly largestPercent: number;
  readonly beyondNoise: number;
}

export function compare(a: SavedResult, b: SavedResult): Comparison {
  const sameMachine = a.machine.fingerprint === b.machine.fingerprint;
  const nodes = nodesInCommon(a, b);
  const [figuresA, figuresB] = [figuresOf(a), figuresOf(b)];
  const keysB = new Map(figuresB.map((figure) => [keyOf(figure, figure.node), figure]));
  const paired = figuresA.flatMap((one) => {
    const other = keysB.get(keyOf(one, nodes.find((pair) => pair.a === one.node)?.b));
    return other === undefined ? [] : [{ one, other }];
  });
  const hasRatio = new Set(paired.flatMap(({ one }) => (one.against === undefined ? [] : [subjectOf(one)])));
  const rows = paired.map(({ one, other }) => {
    const counts = one.against !== undefined || (sameMachine && isOurs(one) && !hasRatio.has(subjectOf(one)));
    return rowOf(one, other, counts);
  });
  const [seenA, seenB] = [new Set(paired.map(({ one }) => one)), new Set(paired.map(({ other }) => other))];
  return {
    sameMachine,
    rows,
    onlyInA: figuresA.filter((figure) => !seenA.has(figure)).map(nameOf),
    onlyInB: figuresB.filter((figure) => !seenB.has(figure)).map(nameOf),
    summary: summarize(rows, sameMachine),
  };
}

/** The Nodes of the TLS path that stand for each other. */
export function nodesInCommon(a: SavedResult, b: SavedResult): NodePair[] {
  const nodes = ({ series }: SavedResult): string[] => [...new Set(series.map(({ node }) => node))];
  return pairNodes(nodes(a), nodes(b));
}

/** Two cells of the primitives' first table can be as far apart for no reason (bench/README.md), with narrow margins. */
const leastOfMeasurements = 0.1;

const drivers = { ours: ['pqtls', 'typescript', 'aws-lc into', 'aws-lc', 'noble'], controls: ['node:tls', 'floor'] };

/** The unit belongs to it: figures of two units have nothing in common. */
function keyOf({ kind, what, driver, against, unit, better }: Figure, node: string | undefined): string {
  return JSON.stringify([kind, what, driver, against, node, unit, better]);
}

/** What a ratio is a ratio of. */
function subjectOf({ what, driver, node }: Figure): string {
  return JSON.stringify([what, driver, node]);
}

function nameOf({ what, driver, against, node, unit }: Figure): string {
  const who = against === undefined ? driver : `${driver} / ${against}`;
  return `${[...what, who, ...(node === undefined ? [] : [node])].join(', ')} (${unit})`;
}

const isOurs = ({ driver }: Figure): boolean => drivers.ours.includes(driver);

function rowOf(one: Figure, other: Figure, counts: boolean): Row {
  const { kind, what, driver, against, unit, better } = one;
  const [a, b] = [one.interval, other.interval];
  const judged =
    one.values !== undefined && other.values !== undefined
      ? judgeValues(one.values, other.values, better)
      : judgeIntervals(a, b, better, kind === 'measurement' ? leastOfMeasurements : 0);
  const node = one.node === other.node ? one.node : `${one.node} -> ${other.node}`;
  return {
    kind,
    what,
    driver,
    ...(against === undefined ? {} : { against }),
    ...(node === undefined ? {} : { node }),
    unit,
    better,
    a,
    b,
    changePercent: (b.median / a.median - 1) * 100,
    ...judged,
    ...(one.goal === undefined || other.goal === undefined
      ? {}
      : { goal: { goal: other.goal.goal, reachedA: one.goal.reached, reachedB: other.goal.reached } }),
    counts,
  };
}

function summarize(rows: readonly Row[], sameMachine: boolean): Summary {
  const judged = rows.filter(({ verdict }) => verdict !== 'too few rounds').length;
  const controls = sameMachine ? controlsOf(rows) : undefined;
  return {
    ratios: countVerdicts(rows.filter(({ against }) => against !== undefined)),
    figures: countVerdicts(rows.filter(({ against }) => against === undefined)),
    judged,
    expectedByChance: judged * level,
    worseThatCounts: rows.filter(({ counts, verdict }) => counts && verdict === 'worse').length,
    ...(controls === undefined ? {} : { controls }),
  };
}

function countVerdicts(rows: readonly Row[]): Record<Verdict, number> {
  const count = (wanted: Verdict): number => rows.filter(({ verdict }) => verdict === wanted).length;
  return {
    better: count('better'),
    worse: count('worse'),
    'within the noise': count('within the noise'),
    'too few rounds': count('too few rounds'),
  };
}

function controlsOf(rows: readonly Row[]): Controls | undefined {
  const controls = rows.filter(
    ({ kind, driver, node }) => kind === 'figure' && drivers.controls.includes(driver) && !node?.includes('->'),
  );
  const changes = controls.map(({ changePercent }) => Math.abs(changePercent)).toSorted((one, other) => one - other);
  if (changes.length === 0) return undefined;
  return {
    figures: controls.length,
    medianPercent: medianSorted(changes),
    largestPercent: changes.at(-1) ?? Number.NaN,
    beyondNoise: controls.filter(({ verdict }) => verdict === 'better' || verdict === 'worse').length,
  };
}
