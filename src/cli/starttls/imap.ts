// STARTTLS of IMAP. RFC 9051, Section 6.2.1.

import { quoted, type Wire } from './wire.js';

const mostLines = 100;

export async function imap(wire: Wire): Promise<void> {
  const greeting = await wire.line();
  if (/^\* BYE\b/i.test(greeting)) throw wire.refused(greeting);
  if (!/^\* (OK|PREAUTH)\b/i.test(greeting)) throw wire.broken(quoted(greeting));
  // RFC 9051, Section 11.1: a server that begins authenticated can't be upgraded.
  if (/^\* PREAUTH\b/i.test(greeting)) throw wire.unsupported('it greets with PREAUTH');
  let capabilities = '';
  const listed = await command(wire, 'a1', 'CAPABILITY', (line) => {
    if (/^\* CAPABILITY /i.test(line)) capabilities += `${line} `;
  });
  if (!/^OK\b/i.test(listed)) throw wire.broken(quoted(listed));
  if (!/ STARTTLS( |$)/i.test(capabilities)) throw wire.unsupported('its CAPABILITY has no STARTTLS');
  const answer = await command(wire, 'a2', 'STARTTLS');
  if (!/^OK\b/i.test(answer)) throw wire.refused(answer);
}

/** The tagged answer without its tag. */
async function command(wire: Wire, tag: string, text: string, untagged?: (line: string) => void): Promise<string> {
  wire.send(`${tag} ${text}\r\n`);
  for (let count = 0; count < mostLines; count++) {
    const line = await wire.line();
    if (line.startsWith(`${tag} `)) return line.slice(tag.length + 1);
    if (/^\* BYE\b/i.test(line)) throw wire.refused(line);
    if (!line.startsWith('* ')) throw wire.broken(quoted(line));
    untagged?.(line);
  }
  throw wire.broken(`more than ${mostLines} lines without an answer to ${text}`);
}
