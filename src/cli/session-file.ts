// `-sess_out` and `-sess_in`: a client's session in a file. Secret: whoever has it can resume the session.

import { createHash } from 'node:crypto';
import { accessSync, constants, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './exit-codes.js';
import { readFile } from './tls-options.js';

const label = 'PQTLS SESSION';
const armour = new RegExp(`-----BEGIN ${label}-----\\s+SHA-256: (\\S+)([A-Za-z0-9+/=\\s]+)-----END ${label}-----`);

/** @throws UsageError */
export function readSession(path: string): Buffer {
  const text = readFile('-sess_in', path).toString('latin1');
  const [, digest, body] = armour.exec(text) ?? [];
  if (body !== undefined) {
    const session = Buffer.from(body, 'base64');
    if (digestOf(session) === digest) return session;
    throw new UsageError(`The session in ${path} is damaged: write a new one with -sess_out`);
  }
  const whose = text.includes('BEGIN SSL SESSION PARAMETERS') ? 'It is a session of OpenSSL: only' : 'Only';
  throw new UsageError(`There is no session of pqtls in ${path}. ${whose} what -sess_out wrote can be resumed`);
}

/** Against damage, not against a forger: the file is as secret as its session. */
function digestOf(session: Buffer): string {
  return createHash('sha256').update(session).digest('base64');
}

/**
 * Before anything is sent.
 *
 * @throws UsageError
 */
export function checkSessionFile(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new UsageError(`The file of -sess_out can't be written: ${(error as Error).message}`);
  }
}

/** The newest session takes the place of the one before, whatever that file's mode was; mode 0600. */
export function writeSession(path: string, session: Buffer): void {
  const lines = session.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  const text = `-----BEGIN ${label}-----\nSHA-256: ${digestOf(session)}\n\n${lines}\n-----END ${label}-----\n`;
  // Not there yet, so that its mode is ours, and in one piece when it is.
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(fresh, { force: true });
    throw new UsageError(`The file of -sess_out can't be written: ${(error as Error).message}`);
  }
}
