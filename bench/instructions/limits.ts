// What is guarded, and what a figure may be.

export interface Figure {
  readonly scenario: string;
  readonly name: string;
  readonly value: number;
}

export interface Limit {
  /** As it was measured. */
  readonly value: number;
  /** How far above a figure may be, as a share of the value. */
  readonly tolerance: number;
}

export interface Limits {
  /** What the values were taken on. */
  readonly taken: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<string, Limit>>;
}

/** What is compared, with how far a new limit lets it grow: several times the spread, and what other compilers and libcs change. */
export const comparisons = {
  /** Instructions in the addon, divided by those of the bare handshake in C on the same AWS-LC. */
  addonToFloor: { name: 'addon / floor', tolerance: 0.01 },
  /** Everything else in the process: JavaScript, V8, Node, libc. */
  outsideAddon: { name: 'outside the addon', tolerance: 0.05 },
  /** The whole process, divided by the one that serves with node:tls. */
  wholeToNodeTls: { name: 'whole / node:tls', tolerance: 0.04 },
  /** ML-DSA signs by trial: how often it tries is luck. */
  withoutSignature: { name: 'whole, its signature apart', tolerance: 0.03 },
} as const;

const ratios: readonly string[] = [comparisons.addonToFloor.name, comparisons.wholeToNodeTls.name];

export interface Verdict {
  readonly figure: Figure;
  readonly limit: Limit | undefined;
  /** Relative to the limit's value; NaN where there is no limit. */
  readonly change: number;
  readonly outcome: 'ok' | 'lower' | 'exceeded' | 'no limit';
}

export const keyOf = ({ scenario, name }: Pick<Figure, 'scenario' | 'name'>): string => `${scenario}: ${name}`;

export function judge(figures: readonly Figure[], limits: Limits): Verdict[] {
  return figures.map((figure) => {
    const limit = limits.figures[keyOf(figure)];
    if (limit === undefined) return { figure, limit, change: Number.NaN, outcome: 'no limit' };
    const change = figure.value / limit.value - 1;
    // A figure that is not a number exceeds every limit.
    const outcome = !(change <= limit.tolerance) ? 'exceeded' : change < -limit.tolerance ? 'lower' : 'ok';
    return { figure, limit, change, outcome };
  });
}

export const isFailure = ({ outcome }: Verdict): boolean => outcome === 'exceeded' || outcome === 'no limit';

/** One line a figure. */
export function describeVerdict({ figure, limit, change, outcome }: Verdict): string {
  const format = (value: number): string =>
    ratios.includes(figure.name) ? value.toFixed(4) : Math.round(value).toLocaleString('en-US');
  const start = `${outcome === 'ok' || outcome === 'lower' ? 'ok    ' : 'not ok'} ${keyOf(figure).padEnd(38)} ${format(figure.value).padStart(10)}`;
  if (limit === undefined) return `${start}  no limit: take one with --update`;
  const most = format(limit.value * (1 + limit.tolerance));
  const percent = `${change < 0 ? '' : '+'}${(change * 100).toFixed(2)}%`;
  const remark = outcome === 'lower' ? '  --update makes the guard keep this' : '';
  return `${start}  limit ${most.padStart(10)}  ${percent.padStart(7)} of ${format(limit.value)}${remark}`;
}

/** The figures as new limits; tolerances that somebody chose, and limits of what was not measured, stay. */
export function updated(limits: Limits, figures: readonly Figure[], taken: Limits['taken']): Limits {
  const tolerances = new Map<string, number>(
    Object.values(comparisons).map(({ name, tolerance }) => [name, tolerance]),
  );
  const entries = figures.map((figure): [string, Limit] => {
    const key = keyOf(figure);
    const value = ratios.includes(figure.name) ? Number(figure.value.toFixed(4)) : Math.round(figure.value);
    return [key, { value, tolerance: limits.figures[key]?.tolerance ?? tolerances.get(figure.name) ?? 0.01 }];
  });
  return { taken, figures: { ...limits.figures, ...Object.fromEntries(entries) } };
}
