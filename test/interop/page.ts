// docs/interop.md: the newest whole run of each peer and engine, as `npm run test:interop` writes it.

import { roles, signatures } from './axes.js';
import { resultName } from './matrix.js';
import type { PeerRun } from './run.js';
import { count, detailRows, overviewColumns, reasons, roleNames, show } from './summary.js';

export function pageOf(runs: readonly PeerRun[]): string {
  return `# Interoperability

Written by \`npm run test:interop\`; do not edit. [test/interop/README.md](../test/interop/README.md) says how the lab works and how to add a peer.

A cell is one way to come to terms: engine of ours, peer, role, TLS version, group, signature scheme, resumption, client certificate, HelloRetryRequest. In each, both ends must
agree on what was negotiated, and 1 MiB goes there and back. \`8/8\` is cells passed of cells run; \`n/a\` has its reason below each table.
The engine \`typescript\` speaks TLS 1.3 only and has no secp521r1: it has no such cells.

${overview(runs)}
${runs.map(detail).join('\n')}`;
}

function overview(runs: readonly PeerRun[]): string {
  const columns = Object.entries(overviewColumns);
  const lines = [
    row(['peer', 'version', 'our engine', 'role', ...columns.map(([name]) => name)]),
    rule(4 + columns.length),
  ];
  for (const { peer, engine, version, results, unavailable } of runs) {
    if (results === undefined) {
      lines.push(row([peer.title, '', engine, `not run: ${oneLine(unavailable ?? '')}`, ...columns.map(() => '')]));
      continue;
    }
    for (const role of roles) {
      const ofRole = results.filter(({ cell }) => cell.role === role);
      const counts = columns.map(([, accepts]) => show(count(ofRole, accepts)));
      lines.push(row([peer.title, version, engine, roleNames[role], ...counts]));
    }
  }
  return `${lines.join('\n')}\n`;
}

function detail({ peer, engine, date, ours, version, results, unavailable }: PeerRun): string {
  const title = `## ${peer.title}, our engine ${engine}`;
  if (results === undefined) return `${title}\n\nNot run: ${oneLine(unavailable ?? '')}\n`;
  const lines = [
    row(['role', 'TLS', 'group', ...signatures.map((name) => `\`${name}\``)]),
    rule(3 + signatures.length),
  ];
  for (const { role, version, group, counts } of detailRows(results)) {
    lines.push(row([roleNames[role], version.replace('TLSv', ''), group, ...counts.map(show)]));
  }
  const notes = [...reasons(results)].map(([reason, cells]) => `- \`n/a\`, ${cells} cells: ${reason}`);
  const failures = results.flatMap((result) =>
    result.outcome.status === 'failed'
      ? [`- **failed** ${resultName(result)}: ${oneLine(result.outcome.problems.join('; '))}`]
      : [],
  );
  const list = [...notes, ...failures];
  return `${title}\n\n${version}; pinned by ${peer.pin}. Run on ${date?.toISOString().slice(0, 10)} against ${ours}.\n\n${lines.join('\n')}\n${list.length === 0 ? '' : `\n${list.join('\n')}\n`}`;
}

const row = (values: readonly string[]): string => `| ${values.join(' | ')} |`;
const rule = (columns: number): string => `|${'---|'.repeat(columns)}`;

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
