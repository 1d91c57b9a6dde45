// The file of `pqtls scan --resume`: what a run that was killed leaves, and what cannot be gone on with.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  new ResumeFile(path, settings);
  const whole = readFileSync(path, 'utf8');
  t.match(whole, /^\{.*\}\n$/);
  writeFileSync(path, whole.trimEnd());
  new ResumeFile(path, settings);
  t.equal(readFileSync(path, 'utf8'), whole);
  // As often as one likes.
  new ResumeFile(path, settings);
  t.equal(readFileSync(path, 'utf8'), whole);
  t.end();
});

void t.test('killed while it wrote a report', (t) => {
  const path = fileIn(t);
  new ResumeFile(path, settings);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, `${whole}{"endpoint":`);
  new ResumeFile(path, settings);
  t.equal(readFileSync(path, 'utf8'), whole);
  t.end();
});

void t.test('what cannot be gone on with', (t) => {
  const path = fileIn(t);
  t.throws(() => new ResumeFile(join(path, 'none'), settings), { message: /^--resume: E\w+/ }, 'no such folder');
  t.throws(() => new ResumeFile(join(path, '..'), settings), { message: /^--resume: E\w+/ }, 'a folder');
  new ResumeFile(path, settings);
  t.throws(() => new ResumeFile(path, { ...settings, timeout: 6 }), { message: /timeout was 5, now 6/ });
  const header = { format: 'pqtls scan', version: 1, settings: { ...settings, timeout: '\u001b[31mX' } };
  writeFileSync(path, `${JSON.stringify(header)}\n`);
  try {
    new ResumeFile(path, settings);
    t.fail('other settings were taken');
  } catch (error) {
    t.notMatch((error as Error).message, /\p{C}/u);
  }
  t.end();
});
