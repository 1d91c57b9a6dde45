// docs/node-tls-compatibility.md has a row for all that node:tls exports, and for every member of its classes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import t from 'tap';
import { projectDir } from '../support/project.js';

const text = readFileSync(join(projectDir, 'docs/node-tls-compatibility.md'), 'utf8');

interface Row {
  readonly name: string;
  readonly state: string;
  readonly why: string;
}

const rows: Row[] = [...text.matchAll(/^\| `([^`]+)` *\| *(\S+) *\|(.*)\|$/gm)].map(
  ([, name = '', state = '', why = '']) => ({
    name,
    state,
    why: why.trim(),
  }),
);
const names = new Set(rows.map(({ name }) => name));

const missing = (wanted: readonly string[]): string[] =>
  wanted.filter((name) => !name.startsWith('_') && !names.has(name)).sort();

t.same(missing(Object.keys(tls)), [], 'every export of node:tls');
for (const owner of ['TLSSocket', 'Server'] as const) {
  t.same(missing(Object.getOwnPropertyNames(tls[owner].prototype)), [], `every member of ${owner}.prototype`);
}
const socket = new tls.TLSSocket(undefined as never);
t.same(
  missing(Object.keys(socket).filter((name) => /^[a-z]/.test(name))),
  [],
  'every property of a TLSSocket of its own',
);
socket.destroy();

for (const { name, state, why } of rows) {
  t.match(state, /^(same|differs|absent)$/, `${name}: its state`);
  if (state === 'differs' || state === 'absent') t.not(why, '', `${name}: why it is ${state}`);
}
