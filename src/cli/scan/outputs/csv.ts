// A scan as CSV, a row an endpoint; no cell begins a formula when a spreadsheet opens it. RFC 4180.

import { reasonOf } from '../grade.js';
import { isPostQuantum } from '../groups.js';
import { accepted, unclear } from '../report.js';
import type { Entry, ScanResult } from '../result.js';

const columns: readonly (readonly [name: string, value: (entry: Entry) => string | number | undefined])[] = [
  ['endpoint', ({ name }) => name],
  ['address', ({ report }) => report.address],
  ['status', ({ report }) => report.status],
  ['grade', ({ verdict }) => verdict.grade],
  ['reason', ({ report, verdict }) => reasonOf(report, verdict)],
  ['versions', ({ report }) => accepted(report.versions).join(' ')],
  ['post_quantum_groups', ({ report }) => accepted(report.groups).filter(isPostQuantum).join(' ')],
  [
    'classical_groups',
    ({ report }) =>
      accepted(report.groups)
        .filter((name) => !isPostQuantum(name))
        .join(' '),
  ],
  [
    'unclear_probes',
    ({ report: { versions, groups, tls13Suites } }) =>
      [versions, groups, tls13Suites].flatMap((probes) => unclear(probes)).join(' '),
  ],
  ['preferred_group', ({ report }) => report.preferredGroup?.group],
  ['preference', ({ report }) => report.preferredGroup?.order],
  ['retry_without_usable_share', ({ report }) => report.helloRetryRequest.withoutUsableShare.behaviour],
  ['retry_with_lesser_share', ({ report }) => report.helloRetryRequest.withLesserShare.behaviour],
  ['large_client_hello', ({ report }) => report.largeClientHello.result],
  ['tls13_suites', ({ report }) => accepted(report.tls13Suites).join(' ')],
  [
    'legacy_suites',
    ({ report }) => [...new Set(Object.values(report.legacySuites).flatMap(({ suites }) => suites))].join(' '),
  ],
  ['signature_schemes', ({ report }) => report.signatureSchemes.accepted.join(' ')],
  ['subject', ({ report }) => report.chains[0]?.certificates[0]?.subject],
  ['certificate_keys', ({ report }) => report.chains[0]?.certificates.map(({ key }) => key).join(' ')],
  [
    'certificate_signatures',
    ({ report }) => report.chains[0]?.certificates.map(({ signature }) => signature).join(' '),
  ],
  ['not_after', ({ report }) => report.chains[0]?.certificates[0]?.notAfter],
  ['trusted', ({ report }) => report.chains[0] && (report.chains[0].trusted ? 'yes' : report.chains[0].problem)],
  ['alpn', ({ report }) => report.alpn],
  ['ocsp_stapled', ({ report }) => (report.ocspStapled ? 'yes' : 'no')],
  ['resumption', ({ report }) => report.resumption],
  ['handshakes', ({ report }) => report.handshakes],
  ['scanned_at', ({ report }) => report.scannedAt],
];

export function toCsv({ entries }: ScanResult): string {
  const rows = [
    columns.map(([name]) => name),
    ...entries.map((entry) => columns.map(([, value]) => String(value(entry) ?? ''))),
  ];
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  // Line feeds may stand between quotation marks; nothing else may steer a terminal.
  const harmless = text.replaceAll(/(?![\r\n])\p{C}/gu, '?');
  // An apostrophe makes it text. OWASP: CSV Injection.
  const inert = /^[=+\-@\r\n]/.test(harmless) ? `'${harmless}` : harmless;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
