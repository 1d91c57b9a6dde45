// The TypeScript engine is loaded when it is asked for, and found in a bundle by those who want it there.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import t from 'tap';
import { cleanEnvironment, runCommand, temporaryFolder, type CommandResult } from '../../support/project.js';

const scratch = temporaryFolder('bundles');
t.teardown(() => scratch.remove());
const here = fileURLToPath(import.meta.resolve('#src/index.js'));

/** Bundled for Node in one file, and run away from the package. */
async function runBundled(name: string, contents: string): Promise<CommandResult & { modules: string[] }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: join(here, '../..') },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const file = join(scratch.path, `${name}.mjs`);
  writeFileSync(file, outputFiles[0]?.contents ?? '');
  const env = cleanEnvironment({ PQTLS_REQUIRE_NATIVE: undefined });
  const result = await runCommand(process.execPath, [file], { cwd: scratch.path, env });
  return { ...result, modules: Object.keys(metafile.inputs) };
}

const program = `
import tls from 'pqtls';
const server = tls.createServer({ engine: 'typescript' });
console.log(tls.createSecureContext({ engine: 'typescript' }).context.engine, server.listening);`;

t.test('the addon’s engine comes without what the TypeScript engine consists of', async (t) => {
  const { code, stderr, modules } = await runBundled('plain', program);
  t.same(
    modules.filter((path) => /node_modules|dist\/(x509|protocol\/messages)\/|pure-engine\.js$/.test(path)),
    ['dist/engine/load-pure-engine.js'],
  );
  t.not(code, 0);
  t.match(stderr, /ERR_PQTLS_UNSUPPORTED/);
  t.match(stderr, /not in this bundle: .+ import 'pqtls\/typescript-engine'/);
});

t.test('pqtls/typescript-engine brings it into a bundle', async (t) => {
  const { code, stdout, stderr, modules } = await runBundled('whole', `import 'pqtls/typescript-engine';${program}`);
  t.ok(modules.includes('dist/engine/pure-engine.js'));
  t.equal(code, 0, stderr);
  t.equal(stdout, 'typescript false\n');
});

t.test('an import of pqtls loads it once it is asked for, without a word', async (t) => {
  const source = `
import tls from ${JSON.stringify(here)};
const { context } = tls.createSecureContext({ engine: 'typescript' });
console.log(context.engine);`;
  const result = await runCommand(process.execPath, ['--input-type=module', '-e', source], { env: cleanEnvironment() });
  t.match(result, { code: 0, stdout: 'typescript\n', stderr: /^$/ });
});
