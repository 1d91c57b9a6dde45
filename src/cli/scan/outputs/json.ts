// A scan as JSON: every report as it is, with its grade and findings. docs/scan.md describes the members.

import { jsonText } from '../../json-text.js';
import { reasonOf } from '../grade.js';
import { countGrades, type ScanResult } from '../result.js';

export function toJson(result: ScanResult): string {
  const { tool, startedAt, finishedAt, entries, missing } = result;
  const document = {
    format: 'pqtls scan',
    version: 1,
    tool,
    startedAt,
    finishedAt,
    summary: {
      endpoints: entries.length + missing.length,
      grades: Object.fromEntries(countGrades(result).map(({ grade, count }) => [grade ?? 'none', count])),
      missing,
    },
    endpoints: entries.map(({ name, report, verdict }) => ({
      name,
      grade: verdict.grade ?? null,
      reason: reasonOf(report, verdict),
      findings: verdict.findings.map(({ rule: { id, cap, title }, message }) => ({
        rule: id,
        cap: cap ?? null,
        title,
        message,
      })),
      ...report,
    })),
  };
  return `${jsonText(document, 2)}\n`;
}
