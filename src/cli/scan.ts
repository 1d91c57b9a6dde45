// `pqtls scan`: finds what TLS endpoints accept, grades them, and writes what it found. docs/scan.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { selectEngine } from '../index.js';
import { EndpointError, parseEndpoint, parseEndpointList, withoutDuplicates, type Endpoint } from './scan/endpoints.js';
import { grades, type Grade } from './scan/grade.js';
import { formats, isFormat, type FormatName } from './scan/outputs/formats.js';
import { startProgress } from './scan/progress.js';
import type { EndpointReport } from './scan/report.js';
import { entryOf, exitCode, missingOf, type Entry, type ScanResult, type Tool } from './scan/result.js';
import { ResumeError, ResumeFile, type Settings } from './scan/resume-file.js';
import { scanList } from './scan/scan-list.js';
import { describeCertificateFile } from './scan/trusted-file.js';
import { isClientName, startTlsProtocols, type StartTlsProtocol } from './starttls/start-tls.js';

interface Options {
  readonly file: readonly string[];
  readonly starttls?: StartTlsProtocol;
  readonly name: string;
  readonly ca?: string;
  readonly concurrency: number;
  readonly perHost: number;
  readonly rate: number;
  readonly timeout: number;
  readonly resume?: string;
  readonly minimumGrade: Grade;
  readonly output: readonly OutputFile[];
  readonly quiet: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly sarif?: boolean;
  readonly cyclonedx?: boolean;
  readonly html?: boolean;
}

interface OutputFile {
  readonly format: FormatName;
  readonly path: string;
}

/** What the command line asks for cannot be done. The message says why. */
class UsageError extends Error {}

const flags = ['json', 'csv', 'sarif', 'cyclonedx', 'html'] as const;

/** The command, to be added to the program. Sets process.exitCode. */
export function scanCommand(): Command {
  const command = new Command('scan')
    .description('Finds what TLS endpoints accept, by ordinary handshakes, and grades them.')
    .argument(
      '[endpoint...]',
      '[PROTOCOL://]HOST[:PORT][@NAME], - for a list on standard input; port 443, or that of the protocol, where none is given',
    )
    .option('--file <list>', 'a file with an endpoint a line; may be given more than once', collect, [])
    .addOption(
      new Option('--starttls <protocol>', 'what is spoken before TLS, of endpoints that do not say so').choices(
        startTlsProtocols,
      ),
    )
    .option('--name <name>', 'what the client calls itself in SMTP', clientName, 'localhost')
    .option('--ca <file>', 'PEM of authorities to trust beside the default ones')
    .option('--concurrency <number>', 'endpoints at a time', wholeNumber(1, 1000), 16)
    .option('--per-host <number>', 'handshakes at a time with one host', wholeNumber(1, 100), 2)
    .option(
      '--rate <number>',
      'handshakes that begin in a second, overall; 0 for no limit',
      wholeNumber(0, 100_000),
      100,
    )
    .option('--timeout <seconds>', 'to connect, and again for each handshake', seconds, 5)
    .option('--resume <file>', 'keep what is done in a file, and go on from there the next time')
    .addOption(
      new Option('--minimum-grade <grade>', 'exit with 1 where an endpoint is below').choices(grades).default('F'),
    )
    .option('--output <format=file>', 'also write a file; may be given more than once', collectOutput, [])
    .option('--quiet', 'nothing on standard output but for one of the formats below; no progress', false)
    .addHelpText('after', help);
  for (const flag of flags) {
    command.addOption(
      new Option(`--${flag}`, `${flagTexts[flag]} on standard output instead of the table`).conflicts(
        flags.filter((other) => other !== flag),
      ),
    );
  }
  return command.action(async (named: readonly string[], options: Options) => {
    try {
      process.exitCode = await scan(named, options);
    } catch (error) {
      if (!isUsage(error)) throw error;
      process.stderr.write(`pqtls scan: ${error.message}\n`);
      process.exitCode = 2;
    }
  });
}

const flagTexts = {
  json: 'JSON',
  csv: 'CSV',
  sarif: 'SARIF 2.1.0',
  cyclonedx: 'a CycloneDX 1.6 CBOM',
  html: 'an HTML report',
} as const;

const help = `
Endpoints are named one by one: no ranges, no networks, no wildcards. A list has an endpoint a line, its server name
behind @ or in a second column, and comments behind #. Where TLS begins after a conversation in plaintext, its protocol
stands before the host, smtp://HOST, or behind, HOST starttls=smtp (${startTlsProtocols.join(', ')}). Scan what is yours, or what you are asked to scan.

Exit code: 0 every grade is at or above the minimum, 1 some are below, 2 the command line is wrong or a file cannot be
read or written, 3 something could not be scanned.

Examples:
  pqtls scan example.org mail.example.org:465
  pqtls scan 192.0.2.7:8443@api.example.org '[2001:db8::7]:443'
  pqtls scan smtp://mail.example.org imap://mail.example.org 'db.example.org:5432 starttls=postgres'
  pqtls scan --file endpoints.txt --output html=report.html --output cyclonedx=cbom.json --minimum-grade A
  pqtls scan --resume scan.jsonl --json - < endpoints.txt > scan.json`;

async function scan(named: readonly string[], options: Options): Promise<number> {
  checkEnvironment();
  const tool = describeTool();
  const endpoints = await readEndpoints(named, options);
  const ca = options.ca === undefined ? undefined : readCa(options.ca);
  const resume =
    options.resume === undefined
      ? undefined
      : new ResumeFile(options.resume, settingsOf(options, tool, ca?.fingerprints));
  try {
    for (const { path } of options.output) checkWritable(path);
    const result = await run(endpoints, options, { tool, ca: ca?.pem, resume });
    writeOutputs(result, options);
    return exitCode(result, options.minimumGrade);
  } finally {
    resume?.close();
  }
}

interface RunContext {
  readonly tool: Tool;
  readonly ca: string | undefined;
  readonly resume: ResumeFile | undefined;
}

async function run(endpoints: readonly Endpoint[], options: Options, context: RunContext): Promise<ScanResult> {
  const startedAt = new Date().toISOString();
  const { resume, tool, ca } = context;
  const reports = new Map<Endpoint, EndpointReport>();
  for (const endpoint of endpoints) {
    const report = resume?.get(endpoint);
    if (report !== undefined) reports.set(endpoint, report);
  }
  const left = endpoints.filter((endpoint) => !reports.has(endpoint));
  const interruption = interruptible();
  const progress = options.quiet ? undefined : startProgress(endpoints.length, reports.size);
  try {
    await scanList(left, {
      concurrency: options.concurrency,
      perHost: options.perHost,
      rate: options.rate,
      timeout: options.timeout * 1000,
      ca,
      clientName: options.name,
      signal: interruption.signal,
      onReport(endpoint, report) {
        reports.set(endpoint, report);
        keep(resume, report);
        const { name, verdict } = entryOf(report);
        progress?.done(`${name} ${verdict.grade ?? report.status}`);
      },
    });
  } finally {
    progress?.stop();
    interruption.dispose();
  }
  const entries = endpoints.flatMap((endpoint): Entry[] => {
    const report = reports.get(endpoint);
    return report === undefined ? [] : [entryOf(report)];
  });
  if (interruption.signal.aborted) tellOfInterruption(endpoints.length - entries.length, options.resume);
  const missing = missingOf(endpoints, entries);
  return { tool, startedAt, finishedAt: new Date().toISOString(), entries, missing };
}

/** What cannot be kept for the next run is still in the results of this one. */
function keep(resume: ResumeFile | undefined, report: EndpointReport): void {
  try {
    resume?.add(report);
  } catch (error) {
    process.stderr.write(`scan: ${entryOf(report).name} is not in the file of --resume: ${(error as Error).message}\n`);
  }
}

function tellOfInterruption(missing: number, resume: string | undefined): void {
  const how =
    resume === undefined
      ? 'With --resume FILE a scan can be gone on with.'
      : `The same command goes on from ${resume}.`;
  process.stderr.write(`scan: interrupted, ${missing} not scanned. ${how}\n`);
}

/** The first signal ends the scan, with what is there; the next one ends the process as ever. */
function interruptible(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const onSignal = (): void => {
    dispose();
    controller.abort();
  };
  const dispose = (): void => {
    for (const name of signals) process.off(name, onSignal);
  };
  for (const name of signals) process.on(name, onSignal);
  return { signal: controller.signal, dispose };
}

/** What narrows every context of this process would be taken for a lack of the endpoints. */
function checkEnvironment(): void {
  for (const name of ['PQTLS_POST_QUANTUM', 'PQTLS_POLICY']) {
    if (process.env[name]) throw new UsageError(`${name} narrows what can be offered: unset it for a scan`);
  }
}

function describeTool(): Tool {
  const choice = selectEngine();
  if (choice.engine !== 'aws-lc') throw new UsageError(`a scan needs the native addon, and ${choice.why}`);
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return {
    name: 'pqtls',
    version,
    engine: choice.version,
    node: process.versions.node,
    openssl: process.versions.openssl,
  };
}

async function readEndpoints(
  named: readonly string[],
  { file: files, starttls }: Pick<Options, 'file' | 'starttls'>,
): Promise<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const text of named) {
    if (text === '-') endpoints.push(...parseEndpointList(await readStandardInput(), 'standard input', starttls));
    else endpoints.push(parseEndpoint(text, starttls));
  }
  for (const file of files) endpoints.push(...parseEndpointList(readNamedFile(file), file, starttls));
  if (endpoints.length === 0)
    throw new UsageError('name at least one endpoint, HOST[:PORT], or --file LIST (see --help)');
  return withoutDuplicates(endpoints);
}

async function readStandardInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function readNamedFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function readCa(path: string): { readonly pem: string; readonly fingerprints: string } {
  const pem = readNamedFile(path);
  try {
    return { pem, fingerprints: describeCertificateFile(pem) };
  } catch (error) {
    throw new UsageError(`${path} holds no certificates in PEM: ${(error as Error).message}`);
  }
}

/** Found out before the scan, not after it. */
function checkWritable(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'a' });
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

function settingsOf({ timeout }: Options, { version, engine, openssl }: Tool, ca = 'none'): Settings {
  return { pqtls: version, engine, openssl, timeout, ca };
}

/** One that fails keeps none of the others from what the scan took so long to find. */
function writeOutputs(result: ScanResult, options: Options): void {
  const flag = flags.find((name) => options[name] === true);
  if (flag !== undefined) process.stdout.write(formats[flag](result));
  else if (!options.quiet) process.stdout.write(formats.table(result));
  const failures: string[] = [];
  for (const { format, path } of options.output) {
    try {
      writeFileSync(path, formats[format](result));
    } catch (error) {
      failures.push(`${path} cannot be written: ${(error as Error).message}`);
    }
  }
  if (failures.length > 0) throw new UsageError(failures.join('; '));
}

function isUsage(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof EndpointError || error instanceof ResumeError;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function collectOutput(value: string, before: readonly OutputFile[]): OutputFile[] {
  const [, format = '', path = ''] = /^([^=]*)=(.+)$/s.exec(value) ?? [];
  if (before.some((other) => other.path === path)) throw new InvalidArgumentError(`${path} is another output already.`);
  if (path === '' || !isFormat(format)) {
    throw new InvalidArgumentError(`Write FORMAT=FILE; formats are ${Object.keys(formats).join(', ')}.`);
  }
  return [...before, { format, path }];
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function seconds(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number >= 0.1 && number <= 600) return number;
  throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 600.');
}

function clientName(text: string): string {
  if (isClientName(text)) return text;
  throw new InvalidArgumentError('It must be a host name.');
}
