// What must not get out by the command: keys that -WWW could serve, sessions that others could read, and text of a peer that
// steers a terminal or passes for something else.

import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { alternativeNames } from '#src/cli/alternative-names.js';
import { filesBelow } from '#src/cli/http-answers.js';
import { jsonText } from '#src/cli/json-text.js';
import { writeSession, readSession } from '#src/cli/session-file.js';

const posix = process.platform === 'win32' ? 'links and modes of POSIX' : false;

void t.test('-WWW', { skip: posix }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-www-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('page.html'), 'shown');
  writeFileSync(file('both.pem'), 'key and certificate');
  writeFileSync(file('.hidden'), 'hidden');
  mkdirSync(file('.git'));
  writeFileSync(join(file('.git'), 'config'), 'hidden');
  linkSync(file('both.pem'), file('hard.pem'));
  symlinkSync('both.pem', file('soft.pem'));
  symlinkSync('.hidden', file('visible'));
  symlinkSync('.git', file('folder'));
  symlinkSync('page.html', file('other.html'));
  const answer = filesBelow(folder, [file('both.pem')], false);
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const get = async (name: string): Promise<string | number> => {
    const response = await fetch(`http://127.0.0.1:${port}/${name}`);
    const text = await response.text();
    return response.ok ? text : response.status;
  };
  t.equal(await get('page.html'), 'shown');
  t.equal(await get('other.html'), 'shown', 'a link inside');
  for (const name of ['both.pem', 'hard.pem', 'soft.pem', '.hidden', 'visible', 'folder/config', 'none']) {
    t.equal(await get(name), 404, name);
  }
});

void t.test('-sess_out takes the place of a file that others could read', { skip: posix }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-session-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'session.pem');
  writeFileSync(path, 'before', { mode: 0o644 });
  writeSession(path, Buffer.from('a session'));
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(readSession(path).toString(), 'a session');
  t.end();
});

void t.test('JSON steers no terminal', (t) => {
  const hostile = { name: 'a\u009b31m\u202e\u200f\u{e0001}\n"b"', list: [1, 'ä€😀'] };
  for (const indent of [undefined, 2]) {
    const text = jsonText(hostile, indent);
    t.notMatch(text.replaceAll('\n', ''), /\p{C}/u);
    t.same(JSON.parse(text), hostile);
    t.match(text, 'ä€😀');
  }
  t.end();
});

void t.test('a quoted name does not pass for two', (t) => {
  t.same(alternativeNames('DNS:a.example, DNS:"x, DNS:bank.example", IP Address:192.0.2.1'), [
    'DNS:a.example',
    'DNS:"x, DNS:bank.example"',
    'IP Address:192.0.2.1',
  ]);
  t.same(alternativeNames(undefined), []);
  t.end();
});
