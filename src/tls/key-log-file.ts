// Secrets for a packet analyser: SSLKEYLOGFILE and node's --tls-keylog, as a file in the NSS key log format. RFC 9850.

import { openSync, writeSync } from 'node:fs';

const flag = '--tls-keylog';

interface KeyLogFile {
  readonly path: string;
  /** Undefined where the file could not be opened. */
  readonly descriptor: number | undefined;
}

const fromCommandLine = ofCommandLine(process.execArgv);

function ofCommandLine(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
  const given = args[at];
  return given === flag ? args[at + 1] : given?.slice(flag.length + 1);
}

let opened: KeyLogFile | undefined;

interface Request {
  readonly path: string;
  readonly by: string;
}

// `process.env` may change, and reading it costs microseconds, which every connection would pay.
const believedForMs = 1000;
let variableReadAt = -Infinity;
let fromVariable: Request | undefined;

/** The file that was asked for and by what. */
function requested(): Request | undefined {
  if (fromCommandLine !== undefined && fromCommandLine !== '') return { path: fromCommandLine, by: flag };
  const now = performance.now();
  if (now - variableReadAt > believedForMs) {
    variableReadAt = now;
    const path = process.env['SSLKEYLOGFILE'];
    fromVariable = path === undefined || path === '' ? undefined : { path, by: 'SSLKEYLOGFILE' };
  }
  return fromVariable;
}

/** Lines of the connections to come go into a file. */
export function isKeyLogRequested(): boolean {
  return requested() !== undefined;
}

function open(path: string, by: string): KeyLogFile {
  process.emitWarning(`Using ${by} makes TLS connections insecure by writing secret key material to file ${path}`);
  try {
    return { path, descriptor: openSync(path, 'a', 0o600) };
  } catch (error) {
    warnOfFailure(error);
    return { path, descriptor: undefined };
  }
}

function warnOfFailure(error: unknown): void {
  process.emitWarning(`Failed to write TLS keylog (this warning will not be repeated): ${String(error)}`);
}

/**
 * Where the lines of a connection go, or undefined where nobody asked. Warns once for each file: its readers can decrypt
 * the traffic. Written synchronously, so that the lines of all connections stay whole and none is lost at exit.
 */
export function keyLogFile(): ((line: Uint8Array) => void) | undefined {
  const request = requested();
  if (request === undefined) return undefined;
  if (opened?.path !== request.path) opened = open(request.path, request.by);
  const file = opened;
  if (file.descriptor === undefined) return undefined;
  return (line) => {
    if (file !== opened || file.descriptor === undefined) return;
    try {
      writeSync(file.descriptor, line);
    } catch (error) {
      opened = { path: file.path, descriptor: undefined };
      warnOfFailure(error);
    }
  };
}
