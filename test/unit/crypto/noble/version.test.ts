// The constants of noble/version.ts against what is pinned and what is installed.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { createNobleProvider } from '#src/crypto/noble-provider.js';
import { nobleVersions } from '#src/crypto/noble/version.js';

// Compiled, this file is .build/test/unit/crypto/noble/version.test.js.
const root = new URL('../../../../../', import.meta.url);

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8')) as Record<string, unknown>;
}

t.test('the reported versions are those pinned and installed', async (t) => {
  const dependencies = readJson('package.json')['dependencies'] as Record<string, string>;
  for (const [name, version] of Object.entries(nobleVersions)) {
    t.equal(version, dependencies[name], `${name} in package.json`);
    t.equal(version, readJson(`node_modules/${name}/package.json`)['version'], `${name} in node_modules`);
    t.match(createNobleProvider().version, version);
  }
});
