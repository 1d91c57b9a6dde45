// STLS of POP3. RFC 2595, Section 4.

import { quoted, type Wire } from './wire.js';

export async function pop3(wire: Wire): Promise<void> {
  const greeting = await wire.line();
  if (/^-ERR\b/.test(greeting)) throw wire.refused(greeting);
  if (!/^\+OK\b/.test(greeting)) throw wire.broken(quoted(greeting));
  wire.send('STLS\r\n');
  const answer = await wire.line();
  if (/^-ERR\b/.test(answer)) throw wire.refused(answer);
  if (!/^\+OK\b/.test(answer)) throw wire.broken(quoted(answer));
}
