// The file of `--resume`: settings in its first line, then a report a line, written as endpoints finish; one scan at a time.

import { printable } from '../terminal-text.js';
import { appendFileSync, existsSync, readFileSync, realpathSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { jsonText } from '../json-text.js';
import { endpointName, type Endpoint } from './endpoints.js';
import { LockFile } from './lock-file.js';
import { endpointReportSchema, type EndpointReport } from './report.js';

/** What changes the findings: reports made with other settings are not mixed. */
export type Settings = Readonly<Record<string, string | number>>;

/** The file cannot be gone on with. The message says why. */
export class ResumeError extends Error {}

const headerSchema = z.strictObject({
  format: z.literal('pqtls scan'),
  version: z.literal(1),
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
});

export class ResumeFile {
  readonly #path: string;
  readonly #lock: LockFile;
  readonly #done = new Map<string, EndpointReport>();

  /**
   * Locks the file until close().
   *
   * @throws ResumeError
   */
  constructor(path: string, settings: Settings) {
    this.#path = path;
    try {
      // By whatever name, it is the same file.
      const real = existsSync(path) ? realpathSync(path) : path;
      this.#lock = new LockFile(`${real}.lock`, path);
      this.#openOrUnlock(settings);
    } catch (error) {
      if (error instanceof ResumeError) throw error;
      throw new ResumeError(`--resume: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Lets others write it. */
  close(): void {
    this.#lock.release();
  }

  #openOrUnlock(settings: Settings): void {
    try {
      this.#open(settings);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  #open(settings: Settings): void {
    const path = this.#path;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const [header = '', ...lines] = text.split('\n');
    if (text !== '') this.#checkSettings(header, settings);
    // A run that was killed leaves half a line: nothing is done yet where it is the first.
    const torn = lines.length === 0 ? header : (lines.pop() ?? '');
    if (torn !== '') truncateSync(path, Buffer.byteLength(text) - Buffer.byteLength(torn));
    if (torn === header) {
      // Reports name what is inside of a network.
      appendFileSync(path, line({ format: 'pqtls scan', version: 1, settings }), { mode: 0o600 });
    }
    for (const [index, text] of lines.entries()) this.#read(text, index + 2);
  }

  /** The report of an earlier run. */
  get(endpoint: Endpoint): EndpointReport | undefined {
    return this.#done.get(endpointName(endpoint));
  }

  add(report: EndpointReport): void {
    appendFileSync(this.#path, line(report));
  }

  #checkSettings(header: string, settings: Settings): void {
    const parsed = headerSchema.safeParse(parseJson(header));
    if (!parsed.success) {
      throw new ResumeError(`${this.#path} is no file of pqtls scan --resume: name another one, or remove it`);
    }
    const before = parsed.data.settings;
    const names = [...new Set([...Object.keys(before), ...Object.keys(settings)])];
    const changed = names.filter((name) => before[name] !== settings[name]);
    if (changed.length === 0) return;
    const differences = changed.map(
      (name) =>
        `${printable(name)} was ${printable(String(before[name] ?? 'not set'))}, now ${settings[name] ?? 'not set'}`,
    );
    throw new ResumeError(
      `${this.#path} was begun with other settings (${differences.join('; ')}): use the same, or another file`,
    );
  }

  #read(text: string, lineNumber: number): void {
    const parsed = endpointReportSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new ResumeError(
        `${this.#path}, line ${lineNumber} is no report (${printable(`${issue?.path.join('.')}: ${issue?.message}`)}): remove the line or the file`,
      );
    }
    this.#done.set(endpointName(parsed.data.endpoint), parsed.data);
  }
}

function line(value: unknown): string {
  return `${jsonText(value)}\n`;
}

/** undefined for what is no JSON, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
