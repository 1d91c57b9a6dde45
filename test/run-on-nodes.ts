// npm run test:nodes: the tests of TLS behaviour and of the integrations on every supported Node, fetched from npm.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { nodeBinary, nodeVersions, type NodeVersion } from './support/node-versions.js';
import { cleanEnvironment, projectDir } from './support/project.js';

const folders = ['api', 'integrations'];

interface Options {
  readonly node?: NodeVersion[];
  readonly transport?: string;
}

async function main(
  chosen: string[],
  { node = [...nodeVersions], transport }: Options,
  command: Command,
): Promise<void> {
  const missing = chosen.find((file) => !existsSync(join(projectDir, file)));
  if (missing !== undefined) command.error(`There is no ${missing}. Give compiled tests, in .build/test`);
  const files = chosen.length > 0 ? chosen : testFiles();
  const failed: string[] = [];
  for (const version of node) {
    const binary = await nodeBinary(version);
    console.log(`\nNode ${version}, ${files.length} files`);
    const { status } = spawnSync(binary, [tapCommand(), '--jobs=2', '--reporter=terse', ...files], {
      cwd: projectDir,
      stdio: 'inherit',
      env: cleanEnvironment({ PQTLS_REQUIRE_NATIVE: '1', PQTLS_TRANSPORT: transport }),
    });
    if (status !== 0) failed.push(version);
  }
  console.log(failed.length === 0 ? '\nEvery version passed.' : `\nFailed on Node ${failed.join(', ')}.`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function oneMore(text: string, before: readonly NodeVersion[] = []): NodeVersion[] {
  const version = nodeVersions.find((known) => known === text);
  if (version === undefined) throw new InvalidArgumentError(`Give one of ${nodeVersions.join(', ')}.`);
  return [...before, version];
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

await new Command('npm run test:nodes --')
  .description(
    'Runs compiled tests with each supported Node, one after the other, and says which failed. The binaries come from npm and stay in .build/.',
  )
  .argument('[files...]', 'in .build/test (default: those of test/api and test/integrations)')
  .option('--node <version>', `one of ${nodeVersions.join(', ')}; may be given several times (default: all)`, oneMore)
  .addOption(
    new Option('--transport <kind>', 'net leaves TCP to net.Socket, where the addon drives it otherwise').choices([
      'net',
    ]),
  )
  .addHelpText('after', '\nExample: npm run test:nodes -- --node 26 .build/test/api/stream.test.js')
  .action(main)
  .parseAsync();
