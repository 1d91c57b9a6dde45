// Which Node of one result stands for which of another: the same version, or else the only one of the same major.

export interface NodePair {
  readonly a: string;
  readonly b: string;
}

export function pairNodes(a: readonly string[], b: readonly string[]): NodePair[] {
  const same = a.filter((version) => b.includes(version)).map((version) => ({ a: version, b: version }));
  const restOf = (versions: readonly string[]): string[] =>
    versions.filter((version) => !same.some((pair) => pair.a === version));
  const [restA, restB] = [restOf(a), restOf(b)];
  const close = restA.flatMap((one): NodePair[] => {
    const others = restB.filter((other) => major(other) === major(one));
    const rivals = restA.filter((rival) => major(rival) === major(one));
    const [other] = others;
    return other !== undefined && others.length === 1 && rivals.length === 1 ? [{ a: one, b: other }] : [];
  });
  return [...same, ...close];
}

function major(version: string): string {
  return /^v?(\d+)/.exec(version)?.[1] ?? version;
}
