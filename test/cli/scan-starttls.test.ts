// `pqtls scan` of endpoints with STARTTLS: every protocol, named in every way; what has no TLS, and what gives up midway.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { loadBinding } from '#src/binding.js';
import type { EndpointReport } from '#src/cli/scan/report.js';
import { accepted, endpointReportSchema } from '#src/cli/scan/report.js';
import { Files } from '../support/command.js';
import { runScan } from '../support/scan-zoo.js';
import { expect, play, scripts, send, type Turn } from '../support/starttls-scripts.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';
// Nobody is silent there, and the machine may be busy.
const fast = ['--per-host', '16', '--rate', '0', '--timeout', '60'];

type Found = EndpointReport & { readonly name: string; readonly grade: string | null };

t.test('every protocol', { skip }, async (t) => {
  const files = await Files.create(t);
  const ports = await Promise.all(scripts.map(({ good }) => play(t, good.map(forServerName), { tls: true })));
  const forms = scripts.map(({ protocol }, index) => {
    const address = `127.0.0.1:${ports[index]}@localhost`;
    return index % 2 === 0 ? `${protocol}://${address}` : `${address} starttls=${protocol}`;
  });
  const json = files.path('scan.json');
  const outputs = ['csv', 'sarif', 'cyclonedx', 'html'].flatMap((name) => ['--output', `${name}=${files.path(name)}`]);
  const ca = ['--ca', files.cert('ca')];
  const names = ['--name', 'client.example', '--output', `json=${json}`];
  const result = await runScan([...forms, ...ca, ...fast, ...names, ...outputs]);
  t.equal(result.code, 0, result.stderr);
  const { endpoints } = JSON.parse(readFileSync(json, 'utf8')) as { endpoints: Found[] };
  t.equal(endpoints.length, scripts.length);
  for (const [index, { protocol }] of scripts.entries()) {
    const found = endpoints[index];
    if (found === undefined) return t.fail('it is not in the result');
    const expected = { port: ports[index], servername: 'localhost', starttls: protocol };
    t.match(found, { status: 'scanned', grade: 'A', endpoint: expected }, protocol);
    t.equal(found.name, `${protocol}://127.0.0.1:${ports[index]}@localhost`);
    t.equal(found.preferredGroup?.group, 'X25519MLKEM768');
    const groups = ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'X25519', 'secp256r1', 'secp384r1'];
    t.strictSame(accepted(found.groups), groups);
    t.strictSame(accepted(found.versions), ['TLSv1.3', 'TLSv1.2']);
    t.equal(found.resumption, 'resumes');
    t.ok(found.chains.every(({ trusted }) => trusted));
  }
  t.match(readFileSync(files.path('sarif'), 'utf8'), /"uri": "smtp:\/\/127\.0\.0\.1:\d+\/#localhost"/);
  t.match(readFileSync(files.path('cyclonedx'), 'utf8'), /"pqtls:scan:starttls",\s+"value": "ldap"/);
});

t.test('what has no TLS, or none for now', { skip }, async (t) => {
  const files = await Files.create(t);
  const ehlo = [send('220 x\r\n'), expect(/EHLO/)];
  const start = [...ehlo, send('250-x\r\n250 STARTTLS\r\n'), expect(/STARTTLS/)];
  const cases = [
    [await play(t, [...ehlo, send('250-x\r\n250 SIZE 1\r\n')], {}), 'no-starttls', /has no STARTTLS/],
    [await play(t, [send('554 go away\r\n')], {}), 'no-starttls', /refused TLS: 554 go away/],
    [await play(t, [...start, send('454 not now\r\n')], {}), 'no-starttls', /refused TLS: 454 not now/],
    [await play(t, [...start, send('220 go\r\n')], { after: 'injected' }), 'no-starttls', /8 bytes of plaintext/],
    [await play(t, [expect(/never/)], {}), 'no-starttls', /said nothing within 8 s/],
    [await play(t, [], { end: true }), 'no-starttls', /closed the connection before TLS/],
    [await play(t, [...start, send('220 go\r\n'), expect(/never/)], {}), 'silent', /not a byte came/],
    [1, 'unreachable', /ECONNREFUSED/],
  ] as const;
  const list = files.write('list.txt', cases.map(([port]) => `127.0.0.1:${port}\n`).join(''));
  const args = ['--file', list, '--starttls', 'smtp', '--rate', '0', '--timeout', '8', '--json', '--quiet'];
  const result = await runScan(args);
  t.equal(result.code, 3, result.stderr);
  const { endpoints } = JSON.parse(result.stdout) as { endpoints: Found[] };
  for (const [index, [port, status, problem]] of cases.entries()) {
    const found = endpoints[index];
    t.match(found, { status, grade: null, problem, endpoint: { port, starttls: 'smtp' } }, String(problem));
    t.equal(found?.groups['X25519MLKEM768'], undefined, 'nothing is said of groups');
  }
});

t.test('a server that has had enough refuses no groups', { skip }, async (t) => {
  const files = await Files.create(t);
  const { good = [] } = scripts.find(({ protocol }) => protocol === 'smtp') ?? {};
  let connections = 0;
  const port = await play(t, good, {
    tls: true,
    instead: () => (++connections > 4 ? [send('421 too many connections\r\n')] : undefined),
  });
  const args = [`smtp://127.0.0.1:${port}@localhost`, '--ca', files.cert('ca'), '--name', 'client.example', ...fast];
  const result = await runScan([...args, '--json', '--quiet']);
  t.equal(result.code, 3, result.stderr);
  const [found] = (JSON.parse(result.stdout) as { endpoints: Found[] }).endpoints;
  t.match(found, { status: 'scanned', grade: null, incomplete: /stopped answering: .*421 too many connections/ });
  const results = Object.values(found?.groups ?? {}).map(({ result }) => result);
  t.notOk(results.includes('refused'), results.join(' '));
});

t.test('kept and gone on with', { skip }, async (t) => {
  const files = await Files.create(t);
  const port = await play(t, [send('554 go away\r\n')], {});
  const resume = files.path('scan.jsonl');
  const args = ['--resume', resume, '--rate', '0', '--timeout', '60', '--json', '--quiet'];
  const first = await runScan([`smtp://127.0.0.1:${port}`, ...args]);
  const [, line = ''] = readFileSync(resume, 'utf8').split('\n');
  t.equal(endpointReportSchema.parse(JSON.parse(line)).endpoint.starttls, 'smtp');
  const again = await runScan([`127.0.0.1:${port} starttls=smtp`, ...args]);
  t.strictSame(JSON.parse(again.stdout).endpoints, JSON.parse(first.stdout).endpoints, 'it was not scanned again');
  const bad = await runScan(['--starttls', 'gopher', 'a.example']);
  t.equal(bad.code, 2);
  t.match(bad.stderr, /Allowed choices are smtp, imap/);
  t.match((await runScan(['--name', 'a b', 'a.example'])).stderr, /It must be a host name/);
});

/** An XMPP stream is for the domain that is the server name. */
function forServerName(turn: Turn): Turn {
  if (!('expect' in turn) || typeof turn.expect !== 'string') return turn;
  return expect(turn.expect.replace('chat.example', 'localhost'));
}
