// The tables in native/README.md and vendor/README.md leave no file out.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectDir } from '../support/project.js';

t.test('native/README.md names every source', async (t) => {
  const names = namesIn('native/README.md');
  const stems = filesOf('native', /\.(cc|h)$/).map((name) => name.replace(/\.\w+$/, ''));
  t.strictSame(
    [...new Set(stems)].filter((stem) => !names.has(stem) && !names.has(`${stem}.h`)),
    [],
  );
});

t.test('vendor/README.md names every module', async (t) => {
  const names = namesIn('vendor/README.md');
  t.strictSame(
    filesOf('vendor', /\.mjs$/).filter((name) => !names.has(name)),
    [],
  );
});

/** What stands in backquotes in the rows of its tables. */
function namesIn(readme: string): Set<string> {
  const rows = readFileSync(join(projectDir, readme), 'utf8').match(/^\|.*$/gm) ?? [];
  return new Set(rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)));
}

function filesOf(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(projectDir, folder)).filter((name) => pattern.test(name));
}
