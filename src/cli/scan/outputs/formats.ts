// The formats that a scan can be written in, by the names of the command line.

import type { ScanResult } from '../result.js';
import { toCsv } from './csv.js';
import { toCycloneDx } from './cyclonedx.js';
import { toHtml } from './html.js';
import { toJson } from './json.js';
import { toSarif } from './sarif.js';
import { toTable } from './table.js';

export const formats = {
  table: toTable,
  json: toJson,
  csv: toCsv,
  sarif: toSarif,
  cyclonedx: toCycloneDx,
  html: toHtml,
} as const satisfies Record<string, (result: ScanResult) => string>;

export type FormatName = keyof typeof formats;

export function isFormat(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}
