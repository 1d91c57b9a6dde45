// What the results of the matrix come to: counts by peer and role, and tables of group by signature scheme.

import { groups, roles, signatures, versions, type Cell, type Role, type Version } from './axes.js';
import type { CellResult } from './matrix.js';

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
}

export function count(results: readonly CellResult[], accepts: (cell: Cell) => boolean = () => true): Count {
  const of = (status: string): number =>
    results.filter(({ cell, outcome }) => outcome.status === status && accepts(cell)).length;
  return { passed: of('passed'), failed: of('failed'), notApplicable: of('n/a') };
}

/** `12/12`, or `n/a` where nothing could be run. */
export function show({ passed, failed, notApplicable }: Count): string {
  if (passed + failed === 0) return notApplicable === 0 ? '' : 'n/a';
  return `${passed}/${passed + failed}`;
}

/** The columns of the overview, and which cells each counts. */
export const overviewColumns = {
  'all cells': () => true,
  resumption: (cell) => cell.resumption,
  'client certificates': (cell) => cell.clientAuth,
  HelloRetryRequest: (cell) => cell.helloRetry,
  'TLS 1.2': (cell) => cell.version === 'TLSv1.2',
  'ML-DSA': (cell) => cell.signature.startsWith('mldsa'),
} as const satisfies Record<string, (cell: Cell) => boolean>;

export interface DetailRow {
  readonly role: Role;
  readonly version: Version;
  readonly group: string;
  /** By signature scheme. */
  readonly counts: readonly Count[];
}

/** One row a role, version and group of which there are results. */
export function detailRows(results: readonly CellResult[]): DetailRow[] {
  const rows: DetailRow[] = [];
  for (const role of roles) {
    for (const version of versions) {
      for (const group of groups) {
        const row = results.filter(
          ({ cell }) => cell.role === role && cell.version === version && cell.group === group,
        );
        if (row.length === 0) continue;
        const counts = signatures.map((signature) => count(row, (cell) => cell.signature === signature));
        rows.push({ role, version, group, counts });
      }
    }
  }
  return rows;
}

/** Each reason for `n/a`, with the number of cells that it stands for. */
export function reasons(results: readonly CellResult[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { outcome } of results) {
    if (outcome.status === 'n/a') found.set(outcome.reason, (found.get(outcome.reason) ?? 0) + 1);
  }
  return found;
}

export const roleNames = {
  server: 'our client, their server',
  client: 'their client, our server',
} as const satisfies Record<Role, string>;
