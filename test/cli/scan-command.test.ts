// `pqtls scan` as a user runs it: wrong command lines, lists, formats, exit codes, resumed and interrupted scans.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadBinding } from '#src/binding.js';
import { cleanEnvironment, temporaryFolder } from '../support/project.js';
import { kinds } from '../support/scan-kinds.js';
import { commandFile, endpointOf, runScan, startZoo } from '../support/scan-zoo.js';

const skip = loadBinding().loaded ? false : 'no addon here';
const fast = ['--per-host', '16', '--rate', '0', '--timeout', '2'];
const wanted = ['pqtls as it is', 'classical groups alone', 'silence'];
const chosen = wanted.map((name) => kinds.find((kind) => kind.name === name)).filter((kind) => kind !== undefined);

t.test('what cannot be done', { skip }, async (t) => {
  const scratch = temporaryFolder('scan-usage');
  t.teardown(() => scratch.remove());
  const notPem = join(scratch.path, 'ca.txt');
  writeFileSync(notPem, 'no certificate');
  for (const [args, complaint, env = {}] of [
    [[], /name at least one endpoint/],
    [['192.0.2.0/24'], /there are no networks/],
    [['--file', '/nonexistent'], /\/nonexistent cannot be read/],
    [['--rate', '-1', 'a.example'], /whole number/],
    [['--timeout', '0', 'a.example'], /seconds from 0\.1 to 600/],
    [['--minimum-grade', 'E', 'a.example'], /Allowed choices are A\+, A, B, C, D, F/],
    [['--output', 'pdf=x', 'a.example'], /formats are table, json, csv, sarif, cyclonedx, html/],
    [['--output', 'json=/nonexistent/x', 'a.example'], /cannot be written/],
    [['--json', '--csv', 'a.example'], /cannot be used with/],
    [['--ca', notPem, 'a.example'], /holds no certificates in PEM/],
    [['--no-such', 'a.example'], /unknown option/],
    [['a.example'], /PQTLS_POLICY narrows/, { PQTLS_POLICY: 'strict' }],
    [['a.example'], /needs the native addon/, { PQTLS_ADDON_PATH: '/nonexistent' }],
  ] as const) {
    const result = await runScan(args, env);
    t.equal(result.code, 2, args.join(' '));
    t.match(result.stderr, complaint);
    // With --json the error is an event as well.
    if (!(args as readonly string[]).includes('--json')) t.equal(result.stdout, '');
  }
  const help = await runScan(['--help']);
  t.equal(help.code, 0);
  t.match(help.stdout, /Endpoints are named one by one/);
});

t.test('a scan', { skip }, async (t) => {
  const zoo = await startZoo(t, chosen);
  const [first, second, silent] = zoo.served.map(endpointOf);
  if (first === undefined || second === undefined || silent === undefined) throw new Error('An endpoint is missing');
  const file = (name: string): string => join(zoo.folder, name);

  await t.test('of a list, in every format', async (t) => {
    const list = file('list.txt');
    writeFileSync(list, `# ours\n${first}\n${second.replace('@', ' ')}\n${first}\n`);
    const outputs = ['json', 'csv', 'sarif', 'cyclonedx', 'html'].flatMap((name) => [
      '--output',
      `${name}=${file(name)}`,
    ]);
    const result = await runScan(['--file', list, '--ca', zoo.ca, ...fast, ...outputs]);
    t.equal(result.code, 0, result.stderr);
    t.match(result.stdout, /2 endpoints in \d+\.\d s\. A: 1, C: 1\n$/);
    t.match(result.stderr, /^scan: 2\/2 /m, 'progress goes to standard error');
    for (const name of ['json', 'csv', 'sarif', 'cyclonedx', 'html']) t.ok(readFileSync(file(name)).length > 500, name);
  });

  await t.test('with a minimum', async (t) => {
    const below = await runScan([first, second, '--ca', zoo.ca, ...fast, '--minimum-grade', 'B', '--quiet']);
    t.strictSame([below.code, below.stdout, below.stderr], [1, '', '']);
    const above = await runScan([first, '--ca', zoo.ca, ...fast, '--minimum-grade', 'A', '--csv', '--quiet']);
    t.equal(above.code, 0);
    t.match(above.stdout, /^endpoint,.*\r\n.*,scanned,A,/);
  });

  await t.test('resumed', async (t) => {
    const resume = file('scan.jsonl');
    const args = ['--ca', zoo.ca, ...fast, '--resume', resume, '--json', '--quiet'];
    t.equal((await runScan([first, ...args])).code, 0);
    const before = readFileSync(resume, 'utf8');
    t.equal(before.split('\n').length, 3, 'the settings, a report, and no more');
    // As a run leaves it that was killed while it wrote.
    writeFileSync(resume, `${before}{"endpoint":{"host":"127.0.0.1"`);
    const again = await runScan([first, second, ...args]);
    t.equal(again.code, 0, again.stderr);
    const reports = JSON.parse(again.stdout).endpoints;
    t.equal(reports.length, 2);
    t.equal(reports[0].scannedAt, JSON.parse(before.split('\n')[1] ?? '').scannedAt, 'the first was not scanned again');
    t.equal(readFileSync(resume, 'utf8').split('\n').length, 4);

    const changed = await runScan([first, ...args, '--timeout', '3']);
    t.equal(changed.code, 2);
    t.match(changed.stderr, /begun with other settings \(timeout was 2, now 3\): use the same, or another file/);

    writeFileSync(resume, `${before.split('\n')[0]}\n{"endpoint":{}}\n`);
    const damaged = await runScan([first, ...args]);
    t.equal(damaged.code, 2);
    t.match(damaged.stderr, /line 2 is no report/);
    writeFileSync(resume, 'something else\n');
    t.match((await runScan([first, ...args])).stderr, /is no file of pqtls scan --resume/);
  });

  await t.test('interrupted', { skip: process.platform === 'win32' ? 'needs POSIX signals' : false }, async (t) => {
    const json = file('interrupted.json');
    const resume = file('interrupted.jsonl');
    // The silent one takes three times the timeout: long after the other is done.
    const args = [first, silent, '--ca', zoo.ca, '--per-host', '16', '--rate', '0', '--timeout', '60'];
    const child = spawn(
      process.execPath,
      [commandFile, 'scan', ...args, '--resume', resume, '--output', `json=${json}`, '--quiet'],
      { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    t.teardown(() => child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    let stderr = '';
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    while (!existsSync(resume) || readFileSync(resume, 'utf8').split('\n').length < 3) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const second = await runScan([first, ...fast, '--timeout', '60', '--ca', zoo.ca, '--resume', resume]);
    t.equal(second.code, 2);
    t.match(second.stderr, new RegExp(`is in use by process ${child.pid}: wait for its end`));
    child.kill('SIGINT');
    t.strictSame(await exited, [3, null]);
    t.match(stderr, /^scan: interrupted, 1 not scanned\. The same command goes on from /);
    const { endpoints, summary } = JSON.parse(readFileSync(json, 'utf8'));
    t.equal(endpoints.length, 1, 'what is there is written');
    t.equal(summary.missing.length, 1);
  });

  await t.test('of what is not there', async (t) => {
    const result = await runScan(['127.0.0.1:1', ...fast, '--json', '--quiet']);
    t.equal(result.code, 3);
    t.match(JSON.parse(result.stdout).endpoints[0], { status: 'unreachable', grade: null, reason: /ECONNREFUSED/ });
  });
});
