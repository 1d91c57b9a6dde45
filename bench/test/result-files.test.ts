// Reading results: what a run saves can be read, and of any other file it is said what is wrong with it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readResult } from '../harness/result-file.js';
import { saveResult, schemaVersion, type BenchResult } from '../harness/results.js';
import { madeUpResult, measurementOf, seriesOf, targetOf, writeResult } from './made-up-results.js';

t.test('what a run saves', async (t) => {
  const folder = t.testdir();
  const { machine, versions } = madeUpResult();
  const result: BenchResult = {
    ...madeUpResult(),
    goals: [],
    machine: { ...machine, features: undefined },
    versions: { ...versions, awsLc: undefined, commit: undefined },
    series: [{ ...seriesOf([1, 2, 3]), p50: 1, p99: 2 }],
    measurements: [{ ...measurementOf(5), marginPercent: undefined }],
    targets: [{ ...targetOf(1, 2, 3), goal: undefined, reached: undefined }],
  };
  const path = saveResult(result, folder);
  t.same(readResult(path), { path, result: JSON.parse(JSON.stringify(result)) });
});

t.test('what a later version adds is no error', async (t) => {
  const path = writeResult(t.testdir(), 'a.json', { ...madeUpResult(), weather: 'fine' });
  t.equal(readResult(path).result.seconds, 12);
});

t.test('files that are no good', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'folder'));
  const series = seriesOf([1, 2, 3]);
  const texts: Record<string, string> = {
    'no-such.json': '',
    folder: '',
    'empty.json': ' ',
    'cut.json': JSON.stringify(madeUpResult()).slice(0, 100),
    'package.json': '{"name": "pqtls"}',
    'list.json': '[]',
    'older.json': JSON.stringify({ ...madeUpResult(), schemaVersion: 1 }),
    'hole.json': JSON.stringify(madeUpResult({ series: [series, { ...series, values: [1, Number.NaN] }] })),
    'word.json': JSON.stringify({ ...madeUpResult({ series: [series] }), series: [{ ...series, better: 'faster' }] }),
    'date.json': JSON.stringify({ ...madeUpResult(), startedAt: 'yesterday' }),
  };
  for (const [name, text] of Object.entries(texts)) if (text !== '') writeFileSync(join(folder, name), text);
  const reasons: Record<string, RegExp> = {
    'no-such.json': /no such file/,
    folder: /a folder, not a file/,
    'empty.json': /empty/,
    'cut.json': /not JSON/,
    'package.json': /not a result of npm run bench/,
    'list.json': /not a result of npm run bench/,
    'older.json': new RegExp(`has schemaVersion 1, and this is for ${schemaVersion}`),
    'hole.json': /damaged: series\[1\]\.values\[1\]: .*number/,
    'word.json': /damaged: series\[0\]\.better: /,
    'date.json': /damaged: startedAt: /,
  };
  for (const [name, message] of Object.entries(reasons)) {
    t.throws(() => readResult(name, folder), { name: 'ResultFileError', message }, name);
    t.throws(() => readResult(name, folder), { message: new RegExp(`^${name}: [^\\n]*$`) }, 'one line, its name first');
  }
});
