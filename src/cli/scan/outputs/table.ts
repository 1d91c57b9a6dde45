// A scan as a table for the terminal, with its summary below.

import Table from 'cli-table3';
import { reasonOf } from '../grade.js';
import { isPostQuantum } from '../groups.js';
import { accepted, unclear, type Probes } from '../report.js';
import { countGrades, type Entry, type ScanResult } from '../result.js';

const reasonWidth = 60;

export function toTable(result: ScanResult): string {
  const table = new Table({
    head: ['Endpoint', 'Grade', 'TLS', 'Post-quantum groups', 'Prefers', 'Certificate', 'Why'],
    colWidths: [null, null, null, null, null, null, reasonWidth],
    wordWrap: true,
    wrapOnWordBoundary: true,
    style: { head: [], border: [] },
  });
  for (const entry of result.entries) table.push(row(entry));
  const lines = result.entries.length === 0 ? [] : [table.toString()];
  lines.push(summary(result));
  if (result.missing.length > 0) lines.push(`Not scanned: ${result.missing.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function row({ name, report, verdict }: Entry): string[] {
  const versions = withUnclear(report.versions).map((version) => version.replace('TLSv', ''));
  const [chain] = report.chains;
  const leaf = chain?.certificates[0];
  return [
    name,
    verdict.grade ?? '-',
    versions.join(' '),
    withUnclear(report.groups).filter(isOrMayBePostQuantum).join('\n'),
    report.preferredGroup?.group ?? '',
    leaf === undefined
      ? ''
      : `${leaf.key}\nuntil ${leaf.notAfter.slice(0, 10)}\n${chain?.trusted === true ? 'trusted' : 'not trusted'}`,
    reasonOf(report, verdict),
  ].map(withoutControls);
}

/** What was accepted, and with a question mark what came to no clear answer. */
function withUnclear(probes: Probes): string[] {
  return [...accepted(probes), ...unclear(probes).map((name) => `${name}?`)];
}

function isOrMayBePostQuantum(name: string): boolean {
  return isPostQuantum(name.replace(/\?$/, ''));
}

function summary(result: ScanResult): string {
  const counts = countGrades(result)
    .filter(({ count }) => count > 0)
    .map(({ grade, count }) => `${grade ?? 'no grade'}: ${count}`);
  const seconds = (Date.parse(result.finishedAt) - Date.parse(result.startedAt)) / 1000;
  const total = result.entries.length;
  return `${total} endpoint${total === 1 ? '' : 's'} in ${seconds.toFixed(1)} s. ${counts.join(', ')}`;
}

/** What a peer sends must not steer the terminal. */
function withoutControls(text: string): string {
  return text.replaceAll(/[^\P{C}\n]/gu, '\uFFFD');
}
