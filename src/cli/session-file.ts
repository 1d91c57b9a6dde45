// `-sess_out` and `-sess_in`: a client's session in a file. Secret: whoever has it can resume the session.

import { writeFileSync } from 'node:fs';
import { UsageError } from './exit-codes.js';
import { readFile } from './tls-options.js';

const label = 'PQTLS SESSION';
const armour = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`);

/** @throws UsageError */
export function readSession(path: string): Buffer {
  const text = readFile('-sess_in', path).toString('latin1');
  const [, body] = armour.exec(text) ?? [];
  if (body !== undefined) return Buffer.from(body, 'base64');
  const whose = text.includes('BEGIN SSL SESSION PARAMETERS') ? 'It is a session of OpenSSL: only' : 'Only';
  throw new UsageError(`There is no session of pqtls in ${path}. ${whose} what -sess_out wrote can be resumed`);
}

/** The newest session takes the place of the one before; mode 0600. */
export function writeSession(path: string, session: Buffer): void {
  const lines = session.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  const text = `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`The file of -sess_out can't be written: ${(error as Error).message}`);
  }
}
