// The file of `pqtls scan --resume`: what a run that was killed leaves, and what cannot be gone on with.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ResumeFile } from '#src/cli/scan/resume-file.js';

const settings = { timeout: 5, ca: 'none' };

function fileIn(t: { teardown(run: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-resume-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return join(folder, 'scan.jsonl');
}

void t.test('killed while it wrote the first line', (t) => {
  const path = fileIn(t);
  new ResumeFile(path, settings).close();
  const whole = readFileSync(path, 'utf8');
  t.match(whole, /^\{.*\}\n$/);
  writeFileSync(path, whole.trimEnd());
  new ResumeFile(path, settings).close();
  t.equal(readFileSync(path, 'utf8'), whole);
  // As often as one likes.
  new ResumeFile(path, settings).close();
  t.equal(readFileSync(path, 'utf8'), whole);
  t.end();
});

void t.test('killed while it wrote a report', (t) => {
  const path = fileIn(t);
  new ResumeFile(path, settings).close();
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, `${whole}{"endpoint":`);
  new ResumeFile(path, settings).close();
  t.equal(readFileSync(path, 'utf8'), whole);
  t.end();
});

void t.test('what cannot be gone on with', (t) => {
  const path = fileIn(t);
  t.throws(() => new ResumeFile(join(path, 'none'), settings), { message: /^--resume: E\w+/ }, 'no such folder');
  t.throws(() => new ResumeFile(join(path, '..'), settings), { message: /^--resume: E\w+/ }, 'a folder');
  new ResumeFile(path, settings).close();
  t.throws(() => new ResumeFile(path, { ...settings, timeout: 6 }), { message: /timeout was 5, now 6/ });
  const header = { format: 'pqtls scan', version: 1, settings: { ...settings, timeout: '\u001b[31mX' } };
  writeFileSync(path, `${JSON.stringify(header)}\n`);
  try {
    new ResumeFile(path, settings).close();
    t.fail('other settings were taken');
  } catch (error) {
    t.notMatch((error as Error).message, /\p{C}/u);
  }
  t.end();
});

void t.test('one scan at a time', (t) => {
  const path = fileIn(t);
  const lock = `${path}.lock`;
  const first = new ResumeFile(path, settings);
  t.ok(existsSync(lock));
  const held = readFileSync(lock, 'utf8');
  const inUse = { message: new RegExp(`is in use by process ${process.pid}: wait for its end, or remove .*\\.lock`) };
  t.throws(() => new ResumeFile(path, settings), inUse);
  const link = join(path, '../link');
  symlinkSync(path, link);
  t.throws(() => new ResumeFile(link, settings), inUse, 'by another name');
  t.equal(readFileSync(lock, 'utf8'), held, 'whoever was refused left it as it was');
  first.close();
  t.notOk(existsSync(lock));
  t.throws(() => new ResumeFile(path, { ...settings, timeout: 6 }));
  t.notOk(existsSync(lock), 'a file that is refused is not locked');
  t.end();
});

void t.test('locks of scans that were killed', (t) => {
  const path = fileIn(t);
  const lock = `${path}.lock`;
  const { pid: ended } = spawnSync(process.execPath, ['-e', '']);
  const holdBy = (owner: object): void => writeFileSync(lock, `${JSON.stringify(owner)}\n`);
  holdBy({ pid: ended, host: hostname(), began: null });
  new ResumeFile(path, settings).close();
  t.notOk(existsSync(lock), 'that of a process that ended is taken over');
  if (process.platform === 'linux') {
    holdBy({ pid: process.pid, host: hostname(), began: '1' });
    new ResumeFile(path, settings).close();
    t.pass('a number that another process has by now');
  }
  holdBy({ pid: process.pid, host: hostname(), began: null });
  t.throws(() => new ResumeFile(path, settings), { message: /is in use by process/ });
  holdBy({ pid: ended, host: 'another.example', began: null });
  t.throws(() => new ResumeFile(path, settings), { message: /in use by process \d+ on "another\.example"/ });
  writeFileSync(lock, '{"pid":');
  t.throws(() => new ResumeFile(path, settings), { message: /in use by somebody: .* remove/ });
  t.end();
});
