// The runs of a report, by machine, with names that tell them apart.

import type { ResultFile, SavedResult } from '../harness/result-file.js';

export interface Run {
  readonly path: string;
  readonly result: SavedResult;
  /** Short and different for each: the CPU, and the date where one machine ran more than once. */
  readonly name: string;
}

export interface MachineRuns {
  readonly name: string;
  readonly machine: SavedResult['machine'];
  /** The oldest first. */
  readonly runs: readonly Run[];
}

/** By the name of the machine; files of one and the same run count once. */
export function runsByMachine(files: readonly ResultFile[]): MachineRuns[] {
  const byFingerprint = new Map<string, ResultFile[]>();
  for (const file of files) {
    const { fingerprint } = file.result.machine;
    const others = byFingerprint.get(fingerprint) ?? [];
    if (others.some(({ result }) => result.startedAt === file.result.startedAt)) continue;
    byFingerprint.set(fingerprint, [...others, file]);
  }
  const machines = [...byFingerprint.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ machine: first.result.machine, files: [first, ...others] }],
  );
  return machines
    .map(({ machine, files }) => {
      const name = nameAmong(
        machine,
        machines.map((one) => one.machine),
      );
      return { name, machine, runs: named(name, files) };
    })
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** e.g. `2026-11-28 05:33:22`, UTC. */
export function dateOf({ startedAt }: SavedResult): string {
  return startedAt.slice(0, 19).replace('T', ' ');
}

type Machine = SavedResult['machine'];

/** As much as is needed to tell it from the others. */
function nameAmong(machine: Machine, machines: readonly Machine[]): string {
  const names = [
    ({ cpu }: Machine) => cpu,
    ({ cpu, cpus }: Machine) => `${cpu}, ${cpus} CPUs`,
    ({ cpu, cpus, fingerprint }: Machine) => `${cpu}, ${cpus} CPUs, ${fingerprint}`,
  ];
  const isUnique = (name: (of: Machine) => string): boolean =>
    machines.filter((other) => name(other) === name(machine)).length === 1;
  return (names.find(isUnique) ?? (({ fingerprint }) => fingerprint))(machine);
}

function named(machineName: string, files: readonly ResultFile[]): Run[] {
  const ordered = files.toSorted((one, other) => one.result.startedAt.localeCompare(other.result.startedAt));
  return ordered.map(({ path, result }) => {
    const date = ordered.length > 1 ? `, ${dateOf(result)}` : '';
    return { path, result, name: `${machineName}${date}${result.quick ? ' (quick)' : ''}` };
  });
}
