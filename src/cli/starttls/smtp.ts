// STARTTLS of SMTP. RFC 3207, RFC 5321.

import { quoted, type Wire } from './wire.js';

const mostLines = 100;

export async function smtp(wire: Wire, clientName: string): Promise<void> {
  const greeting = await reply(wire);
  if (greeting.code !== 220) throw unexpected(wire, greeting);
  wire.send(`EHLO ${clientName}\r\n`);
  const capabilities = await reply(wire);
  if (capabilities.code !== 250) throw wire.unsupported(`it answered EHLO with ${quoted(capabilities.text)}`);
  // The first line is a greeting. RFC 5321, Section 4.1.1.1.
  if (!capabilities.lines.slice(1).some((line) => /^STARTTLS$/i.test(line.trim()))) {
    throw wire.unsupported('its answer to EHLO has no STARTTLS');
  }
  wire.send('STARTTLS\r\n');
  const answer = await reply(wire);
  if (answer.code !== 220) throw wire.refused(answer.text);
}

interface Reply {
  readonly code: number;
  /** Without the codes. */
  readonly lines: readonly string[];
  readonly text: string;
}

/** RFC 5321, Section 4.2.1: every line but the last has a `-` after the code. */
async function reply(wire: Wire): Promise<Reply> {
  const lines: string[] = [];
  for (let count = 0; count < mostLines; count++) {
    const line = await wire.line();
    const [, code, mark, text = ''] = /^(\d{3})(?:([ -])(.*))?$/.exec(line) ?? [];
    if (code === undefined) throw wire.broken(quoted(line));
    lines.push(text);
    if (mark !== '-') return { code: Number(code), lines, text: line };
  }
  throw wire.broken(`a reply of more than ${mostLines} lines`);
}

function unexpected(wire: Wire, { code, text }: Reply): Error {
  return code >= 400 ? wire.refused(text) : wire.broken(quoted(text));
}
