// bench:report and bench:compare as commands, with the files and the mistakes of a user.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { cleanEnvironment, runCommand, type CommandResult } from '../../test/support/project.js';
import { projectRoot } from '../harness/project.js';
import { graviton, madeUpResult, twoSeries, writeResult } from './made-up-results.js';

const compiled = (name: string): string => fileURLToPath(new URL(`../${name}/command.js`, import.meta.url));

function run(name: 'report' | 'compare', args: readonly string[], cwd?: string): Promise<CommandResult> {
  const env = cleanEnvironment();
  return runCommand(process.execPath, [compiled(name), ...args], cwd === undefined ? { env } : { cwd, env });
}

const steady = [100, 101, 102, 103, 104];
const fast = madeUpResult({ series: twoSeries(steady, [200, 202, 204, 206, 208]) });
const slow = madeUpResult({
  startedAt: '2026-11-02T00:00:00.000Z',
  series: twoSeries([150, 151, 152, 153, 154], [200, 202, 204, 206, 208]),
});

function folderOf(t: { testdir(): string }): string {
  const folder = t.testdir();
  writeResult(folder, 'fast.json', fast);
  writeResult(folder, 'slow.json', slow);
  writeResult(folder, 'graviton.json', { ...slow, machine: graviton });
  writeResult(folder, 'quick.json', { ...fast, quick: true });
  writeResult(folder, 'older.json', { ...fast, schemaVersion: 1 });
  writeResult(folder, 'nothing.json', madeUpResult());
  writeFileSync(join(folder, 'text.json'), 'hello');
  return folder;
}

t.test('compare says what changed', async (t) => {
  const folder = folderOf(t);
  const { code, stdout, stderr } = await run('compare', ['fast.json', 'slow.json'], folder);
  t.equal(code, 0);
  t.equal(stderr, '');
  t.match(stdout, /handshake, server CPU *│ pqtls \/ node:tls │ v26\.1\.0 │ 0\.500x │ 0\.745x │ \+49\.0% │ +worse/);
  t.match(stdout, /handshake, server CPU *│ +node:tls │ v26\.1\.0 │ +204 us │ +204 us │ +\+0\.0% │ within the noise/);
  t.match(stdout, 'Ratios: 0 better, 1 worse, 0 within the noise, 0 too few rounds.');
  t.match(stdout, 'Absolute figures: 0 better, 1 worse, 1 within the noise, 0 too few rounds.');
  t.match(stdout, /3 rows were judged at 1% each: by chance alone, up to about 1 of them/);
  t.match(stdout, 'which pqtls does not change, moved by 0.0% in the median');
  const changed = await run('compare', ['fast.json', 'slow.json', '--changed'], folder);
  t.match(changed.stdout, '0.745x');
  t.notMatch(changed.stdout, '204 us');
});

t.test('compare of two machines', async (t) => {
  const { code, stdout } = await run('compare', ['fast.json', 'graviton.json'], folderOf(t));
  t.equal(code, 0);
  t.match(stdout, 'warning: A and B are of different machines: compare the ratios');
  t.ok(
    stdout.indexOf('round by round') < stdout.indexOf('absolute figures, of two different machines'),
    'ratios first',
  );
});

t.test('--fail-on-worse', async (t) => {
  const folder = folderOf(t);
  t.equal((await run('compare', ['fast.json', 'slow.json', '--fail-on-worse'], folder)).code, 1);
  t.equal((await run('compare', ['slow.json', 'fast.json', '--fail-on-worse'], folder)).code, 0, 'better');
  t.equal((await run('compare', ['fast.json', 'fast.json', '--fail-on-worse'], folder)).code, 0, 'the same');
});

t.test('--json', async (t) => {
  const { code, stdout } = await run('compare', ['fast.json', 'slow.json', '--json'], folderOf(t));
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    a: { path: 'fast.json', quick: false },
    b: { startedAt: slow.startedAt },
    sameMachine: true,
    rows: [{ kind: 'ratio', against: 'node:tls', verdict: 'worse', p: 2 / 252 }],
    summary: { worseThatCounts: 1 },
  });
});

t.test('compare refuses what cannot be compared, in one line', async (t) => {
  const folder = folderOf(t);
  const refused = async (args: string[], message: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await run('compare', args, folder);
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '');
    t.match(stderr, message);
    t.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  };
  await refused(['fast.json', 'no-such.json'], /^error: no-such\.json: no such file/);
  await refused(['text.json', 'fast.json'], /^error: text\.json: not JSON/);
  await refused(['fast.json', 'older.json'], /^error: older\.json: has schemaVersion 1/);
  await refused(['quick.json', 'fast.json'], /^error: quick\.json: of a run with --quick.*--allow-quick/);
  await refused(['fast.json', 'nothing.json'], /^error: nothing\.json: has no figure in common with fast\.json/);
  await refused(['fast.json'], /^error: missing required argument 'B'/);
  await refused(['fast.json', 'slow.json', '--colour'], /^error: unknown option/);
  const allowed = await run('compare', ['quick.json', 'fast.json', '--allow-quick'], folder);
  t.equal(allowed.code, 0);
  t.match(allowed.stdout, 'warning: A is of --quick');
});

t.test('report writes one page', async (t) => {
  const folder = folderOf(t);
  const { code, stdout, stderr } = await run(
    'report',
    ['fast.json', 'graviton.json', 'quick.json', '--output', 'x.html'],
    folder,
  );
  t.equal(code, 0, stderr);
  t.equal(stdout, 'Saved x.html\n');
  t.match(stderr, /^warning: quick\.json: of a run with --quick/);
  t.match(readFileSync(join(folder, 'x.html'), 'utf8'), /^<!doctype html>[^]*Graviton3[^]*<\/html>\s*$/);
});

t.test('report refuses a file that was named', async (t) => {
  const folder = folderOf(t);
  const bad = await run('report', ['fast.json', 'older.json', '--output', 'x.html'], folder);
  t.match(bad, { code: 2, stdout: '', stderr: /^error: older\.json: has schemaVersion 1[^\n]*\n$/ });
  t.throws(() => readFileSync(join(folder, 'x.html')), { code: 'ENOENT' });
  const nowhere = await run('report', ['fast.json', '--output', 'no/such/x.html'], folder);
  t.match(nowhere, { code: 2, stderr: /^error: .*x\.html: cannot be written: [^\n]*\n$/ });
});

t.test('--help has examples', async (t) => {
  for (const name of ['report', 'compare'] as const) {
    const { code, stdout } = await run(name, ['--help']);
    t.equal(code, 0);
    t.match(stdout, new RegExp(`Examples:\n  npm run bench:${name}`));
  }
});

t.test('by npm, from another folder', { skip: process.platform === 'win32' && 'npm is a script there' }, async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'below'));
  const cwd = join(folder, 'below');
  const npm = (...args: string[]): Promise<CommandResult> =>
    runCommand('npm', ['--prefix', projectRoot, 'run', '--silent', ...args], { cwd, env: cleanEnvironment() });
  const plain = await npm('bench:compare', '../fast.json', '../slow.json');
  t.equal(plain.code, 0, plain.stderr);
  t.match(plain.stdout, 'Ratios: 0 better, 1 worse');
  const options = await npm('bench:compare', '--', '../fast.json', '../slow.json', '--fail-on-worse');
  t.equal(options.code, 1, options.stderr);
  const report = await npm('bench:report', '--', '../fast.json', '--output', 'page.html');
  t.equal(report.code, 0, report.stderr);
  t.match(readFileSync(join(cwd, 'page.html'), 'utf8'), 'Some Xeon');
});
