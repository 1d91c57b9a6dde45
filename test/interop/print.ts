// The results of the matrix as tables on the terminal.

import Table from 'cli-table3';
import { roles, signatures } from './axes.js';
import { resultName, type CellResult } from './matrix.js';
import type { PeerRun } from './run.js';
import { count, detailRows, overviewColumns, reasons, roleNames, show } from './summary.js';

// Without colours, so that what is copied or logged reads the same.
const style = { head: [], border: [] };

export function printRun({ peer, engine, version, results }: PeerRun): void {
  if (results === undefined) return;
  console.log(`\n${peer.title} ${version}, our engine ${engine}`);
  const table = new Table({ head: ['role', 'version', 'group', ...signatures.map(shortScheme)], style });
  for (const { role, version, group, counts } of detailRows(results)) {
    table.push([roleNames[role], version, group, ...counts.map(show)]);
  }
  console.log(table.toString());
  for (const [reason, cells] of reasons(results)) console.log(`n/a (${cells} cells): ${reason}`);
  for (const result of results) printFailure(result);
}

export function printOverview(runs: readonly PeerRun[]): void {
  const table = new Table({ head: ['peer', 'our engine', 'role', ...Object.keys(overviewColumns)], style });
  for (const { peer, engine, version, results, unavailable } of runs) {
    if (results === undefined) {
      table.push([
        peer.title,
        engine,
        { content: `not run: ${unavailable}`, colSpan: 1 + Object.keys(overviewColumns).length },
      ]);
      continue;
    }
    for (const role of roles) {
      const ofRole = results.filter(({ cell }) => cell.role === role);
      const counts = Object.values(overviewColumns).map((accepts) => show(count(ofRole, accepts)));
      table.push([`${peer.title} ${version}`, engine, roleNames[role], ...counts]);
    }
  }
  console.log(`\n${table.toString()}`);
}

export function printFailure(result: CellResult): void {
  if (result.outcome.status !== 'failed') return;
  console.log(`FAILED ${resultName(result)}\n  ${result.outcome.problems.join('\n  ')}`);
}

function shortScheme(scheme: string): string {
  return scheme.replace(/^ecdsa_secp(\d+)r1_.*$/, 'ecdsa p$1').replace(/^rsa_pss_rsae_.*$/, 'rsa-pss');
}
