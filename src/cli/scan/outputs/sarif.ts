// A scan as SARIF: a result for each finding, a notification for what could not be scanned. SARIF 2.1.0 (OASIS).

import { jsonText } from '../../json-text.js';
import { grades, rules, type Grade } from '../grade.js';
import type { ScanResult } from '../result.js';

type Level = 'error' | 'warning' | 'note';

export function toSarif({ tool, startedAt, finishedAt, entries, missing }: ScanResult): string {
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pqtls scan',
            version: tool.version,
            semanticVersion: tool.version,
            rules: rules.map(({ id, cap, title, help }) => ({
              id,
              name: title,
              shortDescription: { text: `${title}.` },
              fullDescription: { text: cap === undefined ? `${title}.` : `${title}: at best grade ${cap}.` },
              help: { text: help },
              defaultConfiguration: { level: levelOf(cap) },
              properties: { tags: ['security', 'tls', 'post-quantum'] },
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: missing.length === 0,
            startTimeUtc: startedAt,
            endTimeUtc: finishedAt,
            toolExecutionNotifications: [
              ...entries
                .filter(({ verdict }) => verdict.grade === undefined)
                .map(({ name, report }) =>
                  notification(name, report.incomplete ?? `${report.status}: ${report.problem}`),
                ),
              ...missing.map((name) => notification(name, 'The scan was interrupted before.')),
            ],
          },
        ],
        results: entries.flatMap(({ name, verdict }) =>
          verdict.findings.map(({ rule, message }) => ({
            ruleId: rule.id,
            ruleIndex: rules.indexOf(rule),
            level: levelOf(rule.cap),
            message: { text: `${name}: ${rule.title}. ${message}` },
            locations: [locationOf(name)],
            partialFingerprints: { 'endpointAndRule/v1': `${name} ${rule.id}` },
          })),
        ),
      },
    ],
  };
  return `${jsonText(log, 2)}\n`;
}

function levelOf(cap: Grade | undefined): Level {
  if (cap === undefined || grades.indexOf(cap) <= grades.indexOf('A')) return 'note';
  return cap === 'F' ? 'error' : 'warning';
}

function notification(name: string, text: string): object {
  return { level: 'error', message: { text: `${name} could not be scanned. ${text}` }, locations: [locationOf(name)] };
}

function locationOf(name: string): object {
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(name) } },
    logicalLocations: [{ fullyQualifiedName: name, kind: 'resource' }],
  };
}

/** `[PROTOCOL://]HOST:PORT@NAME`; the name goes where a URI has room for it. */
function uriOf(name: string): string {
  const [address = '', servername] = name.split('@');
  return `${address.includes('://') ? '' : 'tls://'}${address}${servername === undefined ? '' : `/#${servername}`}`;
}
