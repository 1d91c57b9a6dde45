// npm run test:nodes: the tests of TLS behaviour and of the integrations on every supported Node, fetched from npm.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeBinary, nodeVersions, type NodeVersion } from './support/node-versions.js';
import { cleanEnvironment, projectDir } from './support/project.js';

const help = `Usage: npm run test:nodes [-- [--node VERSION]... [--transport net] [FILE...]]

Runs the compiled tests of TLS behaviour (test/api, test/integrations; or FILE..., in .build/test) with Node ${nodeVersions.join(', ')},
one after the other, and says for each which files failed. The binaries come from npm and stay in .build/.
--transport net leaves TCP to net.Socket, where the addon drives it otherwise.

Example: npm run test:nodes -- --node 26 .build/test/api/stream.test.js`;

const folders = ['api', 'integrations'];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      node: { type: 'string', multiple: true },
      transport: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const files = positionals.length > 0 ? positionals : testFiles();
  const failed: string[] = [];
  for (const version of values.node ?? nodeVersions) {
    if (!isKnown(version)) throw new TypeError(`--node ${version}: give one of ${nodeVersions.join(', ')}`);
    const binary = await nodeBinary(version);
    console.log(`\nNode ${version}, ${files.length} files`);
    const { status } = spawnSync(binary, [tapCommand(), '--jobs=2', '--reporter=terse', ...files], {
      cwd: projectDir,
      stdio: 'inherit',
      env: cleanEnvironment({ PQTLS_REQUIRE_NATIVE: '1', PQTLS_TRANSPORT: values.transport }),
    });
    if (status !== 0) failed.push(version);
  }
  console.log(failed.length === 0 ? '\nEvery version passed.' : `\nFailed on Node ${failed.join(', ')}.`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function isKnown(version: string): version is NodeVersion {
  return (nodeVersions as readonly string[]).includes(version);
}

function testFiles(): string[] {
  const compiled = join(projectDir, '.build/test');
  return readdirSync(compiled, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js') && folders.some((folder) => path.startsWith(folder)))
    .map((path) => join('.build/test', path))
    .sort();
}

/** tap starts its tests with the Node that runs it. */
function tapCommand(): string {
  return createRequire(import.meta.url)
    .resolve('tap/package.json')
    .replace(/package\.json$/, 'dist/esm/run.mjs');
}

await main();
