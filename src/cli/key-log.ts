// `-keylogfile`: the secrets of the connections in the NSS key log format, for a packet analyser. RFC 9850.

import { fstatSync, openSync, writeSync } from 'node:fs';
import { UsageError } from './exit-codes.js';

/**
 * Opens the file (mode 0600) and says so: whoever reads it reads the traffic. What it returns writes a line at once, so
 * that lines of several connections stay whole.
 */
export function openKeyLog(path: string, warn: (text: string) => void): (line: Uint8Array) => void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'a', 0o600);
  } catch (error) {
    throw new UsageError(`The file of -keylogfile can't be written: ${(error as Error).message}`);
  }
  warn(`-keylogfile writes secrets to ${path}: whoever has them can read the traffic.`);
  if (process.platform !== 'win32' && (fstatSync(descriptor).mode & 0o077) !== 0) {
    warn(`Others may read ${path}: chmod 600 takes that away.`);
  }
  return (line) => {
    writeSync(descriptor, line);
  };
}
