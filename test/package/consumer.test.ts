// What a consumer gets: npm pack, installed into an empty project, used from import and require on every supported Node.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { nodeBinary, nodeVersions } from '../support/node-versions.js';
import { cleanEnvironment, projectDir, runCommand, temporaryFolder } from '../support/project.js';
import type { CommandResult } from '../support/project.js';

// The whole native build runs once in here, from the fetched source on.
t.setTimeout(600_000);

const names = ['connect', 'createServer', 'createSecureContext', 'TLSSocket'];
const cryptoNames = [
  'DecapsulationKey',
  'EncapsulationKey',
  'SigningKey',
  'VerifyingKey',
  'KeyExchangeGroup',
  'hash',
  'providers',
];

const scratch = temporaryFolder('consumer');
t.teardown(() => scratch.remove());
const tarball = await pack();

t.test('with a toolchain', async (t) => {
  const dir = emptyProject('complete');
  const install = await npmInstall(dir, { PQTLS_REQUIRE_NATIVE: '1' });
  t.equal(install.code, 0, install.stdout + install.stderr);
  const installed = join(dir, 'node_modules/pqtls');
  t.ok(existsSync(join(installed, 'build/Release/pqtls.node')), 'builds the addon');
  t.ok(existsSync(join(installed, 'build/AWS-LC-LICENSE.txt')), "keeps AWS-LC's license");
  t.notOk(existsSync(join(installed, 'vendor/crates')), 'leaves no AWS-LC source behind');
  t.notOk(existsSync(join(installed, 'vendor/build')), 'leaves no static libraries behind');
  const command = await runCommand('npm', ['exec', '--offline', '--', 'pqtls', '--version'], {
    cwd: dir,
    env: cleanEnvironment(),
  });
  t.match(command.stdout, /^\d+\.\d+\.\d+\n$/, 'the command is in the path of npx');
  t.ok(sizeOf(installed) < 30e6, `takes ${Math.round(sizeOf(installed) / 1e6)} MB`);

  for (const version of nodeVersions) {
    t.test(`Node ${version}`, async (t) => {
      const node = await nodeBinary(version);
      for (const file of ['check.mjs', 'check.cjs']) {
        const result = await runCommand(node, ['--no-warnings', file, 'aws-lc'], { cwd: dir, env: cleanEnvironment() });
        t.equal(result.code, 0, `${file}: ${result.stderr}`);
        t.equal(result.stdout.trim(), 'usable', file);
      }
      const info = await runCommand(node, [join(installed, 'dist/cli/main.js'), 'info', '--json'], {
        cwd: dir,
        env: cleanEnvironment(),
      });
      t.match(JSON.parse(info.stdout), { selectedEngine: 'aws-lc', problems: [] }, info.stderr);
      for (const flag of ['--import', '--require']) {
        const args = ['--no-warnings', flag, 'pqtls/register', 'unchanged.cjs'];
        const result = await runCommand(node, args, { cwd: dir, env: cleanEnvironment() });
        t.equal(result.stdout.trim(), 'registered', `${flag}: ${result.stderr}`);
      }
    });
  }
});

t.test('what is packed', async (t) => {
  const dir = emptyProject('packed');
  const types = ['@types/node', 'undici'].map((name) => `${name}@${pinnedVersion(name)}`);
  const install = await npmInstall(dir, {}, '--ignore-scripts', ...types);
  t.equal(install.code, 0, install.stdout + install.stderr);
  const files = filesIn(join(dir, 'node_modules/pqtls'));
  t.strictSame(
    files.filter((file) => file.startsWith('vendor/') && file.endsWith('.mjs')),
    [...modulesFrom('vendor/install.mjs')].sort(),
    'of vendor/ only what the install script runs',
  );
  for (const file of [
    'LICENSE',
    'NOTICE',
    'SECURITY.md',
    'docs/policy.md',
    'docs/tls.md',
    'docs/integrations.md',
    'docs/cli.md',
    'dist/cli/main.js',
    'dist/index.d.ts',
    'vendor/aws-lc/Cargo.lock',
  ]) {
    t.ok(files.includes(file), file);
  }
  t.strictSame(
    files.filter((file) => /\.map$/.test(file) && !file.startsWith('native/')),
    [],
    'no source map: its sources are not there',
  );
  t.strictSame(
    files.filter((file) => /^(src|test|bench)\/|^dist\/cli\/(start|demo-authority)\.|(^|\/)\.[^/]+$/.test(file)),
    [],
    'no sources of TypeScript, no tests, nothing of npm start',
  );

  t.test('types for both module systems, with nothing set but strictness', async (t) => {
    const tsc = join(projectDir, 'node_modules/typescript/bin/tsc');
    const result = await runCommand(process.execPath, [tsc, '-p', '.'], { cwd: dir, env: cleanEnvironment() });
    t.equal(result.code, 0, result.stdout);
  });
});

t.test('without a toolchain', { skip: process.platform === 'win32' ? 'needs POSIX links' : false }, async (t) => {
  const dir = emptyProject('bare');
  const bin = join(scratch.path, 'bin');
  mkdirSync(bin);
  for (const tool of ['node', 'npm', 'sh', 'env']) symlinkSync(await which(tool), join(bin, tool));
  const install = await npmInstall(dir, { PATH: bin, CC: undefined, CXX: undefined });
  t.equal(install.code, 0, install.stdout + install.stderr);
  for (const tool of ['a C\\+\\+ compiler', 'make', 'Python 3', 'CMake', 'cargo']) {
    t.match(install.stdout + install.stderr, new RegExp(`missing: ${tool} .*Get it with: `), `names ${tool}`);
  }
  t.match(install.stdout + install.stderr, /npm rebuild pqtls/, 'says how to go on');
  for (const file of ['check.mjs', 'check.cjs']) {
    const result = await runCommand(process.execPath, ['--no-warnings', file, 'noble'], {
      cwd: dir,
      env: cleanEnvironment(),
    });
    t.equal(result.code, 0, `${file}: ${result.stderr}`);
    t.equal(result.stdout.trim(), 'usable', file);
  }

  const strict = await npmInstall(emptyProject('strict'), { PATH: bin, PQTLS_REQUIRE_NATIVE: '1' });
  t.not(strict.code, 0, 'PQTLS_REQUIRE_NATIVE=1 makes it a failure');
});

async function pack(): Promise<string> {
  const result = await runCommand('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch.path], {
    cwd: projectDir,
    env: cleanEnvironment(),
  });
  const file = readdirSync(scratch.path).find((name) => name.endsWith('.tgz'));
  if (file === undefined) throw new Error(`npm pack made nothing: ${result.stderr}`);
  return join(scratch.path, file);
}

function npmInstall(dir: string, env: NodeJS.ProcessEnv, ...more: string[]): Promise<CommandResult> {
  const args = ['install', '--foreground-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball, ...more];
  // Where the compiler is ccache, these sources are those of the project, in another folder.
  return runCommand('npm', args, { cwd: dir, env: cleanEnvironment({ CCACHE_BASEDIR: dir, ...env }) });
}

function emptyProject(name: string): string {
  const dir = join(scratch.path, name);
  mkdirSync(dir);
  const write = (file: string, content: string): void => writeFileSync(join(dir, file), content);
  write('package.json', JSON.stringify({ name: `consumer-${name}`, private: true }));
  write(
    'check.mjs',
    `import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import tls, { ${names.join(', ')} } from 'pqtls';
import * as cryptoNamespace from 'pqtls/crypto';
const require = createRequire(import.meta.url);
assert.equal(require('pqtls'), tls, 'import and require share one object');
assert.equal(require('pqtls/crypto').hash, cryptoNamespace.hash);
for (const [name, value] of Object.entries({ ${names.join(', ')} })) assert.equal(tls[name], value, name);
for (const module of ['https', 'http2']) {
  const namespace = await import(\`pqtls/\${module}\`);
  const required = require(\`pqtls/\${module}\`);
  assert.equal(required, namespace.default, module);
  for (const name of Object.keys(await import(\`node:\${module}\`))) {
    assert.ok(name in namespace, \`\${name} of \${module}\`);
    if (name !== 'default' && name !== 'module.exports') assert.ok(name in required, \`\${name} of \${module}\`);
  }
}
${primitives('cryptoNamespace')}
`,
  );
  write(
    'check.cjs',
    `const assert = require('node:assert/strict');
const tls = require('pqtls');
for (const name of ${JSON.stringify(names)}) assert.equal(typeof tls[name], 'function', name);
${primitives("require('pqtls/crypto')")}
import('pqtls').then((namespace) => assert.equal(namespace.default, tls, 'import and require share one object'));
`,
  );
  write(
    'unchanged.cjs',
    "console.log('getHandshakeInfo' in require('tls').TLSSocket.prototype ? 'registered' : 'as it was');",
  );
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        noEmit: true,
      },
      files: ['types.mts', 'types.cts'],
    }),
  );
  const use = `
const key = DecapsulationKey.generate('ML-KEM-768');
const secret: Uint8Array = key.decapsulate(key.encapsulationKey.encapsulate().ciphertext);
const dispose: () => void = key[Symbol.dispose].bind(key);
const digest: Uint8Array = hash('SHA3-256', secret);
const unchanged: typeof tls.connect = connect;
// @ts-expect-error An unknown algorithm is no type.
DecapsulationKey.generate('ML-KEM-769');
const agent: import('node:https').Agent = new Agent({ groups: ['X25519MLKEM768'], maxSockets: 1 });
get('https://localhost', { agent, ca: 'pem' }, (response) => response.resume());
const servers: import('node:tls').Server[] = [
  createHttpsServer({ groups: 'X25519MLKEM768', keepAliveTimeout: 1 }, (request, response) => response.end(request.url)),
  createSecureServer({ allowHTTP1: true, groups: 'X25519MLKEM768' }, (request, response) => response.end(request.url)),
];
const method: string = constants.HTTP2_HEADER_METHOD;
connectHttp2('https://localhost', { ca: 'pem' }).request({ [method]: 'GET' });
const dispatcher = new UndiciAgent({ allowH2: true, connect: { groups: ['X25519MLKEM768'], ca: 'pem' } });
const connector: import('undici').buildConnector.connector = buildConnector({ maxCachedSessions: 0, timeout: null });
const installed: import('undici').Dispatcher = install({ connect: { postQuantum: 'require' } });
const closing: Promise<void>[] = [dispatcher.close(), new UndiciAgent().destroy()];
// @ts-expect-error A group list is no number.
buildConnector({ groups: 5 });
export { closing, connector, digest, dispose, installed, servers, unchanged, createServer, createSecureContext };
export type Socket = TLSSocket;
`;
  write(
    'types.mts',
    `import tls, { connect, createServer, createSecureContext, type TLSSocket } from 'pqtls';
import { DecapsulationKey, hash } from 'pqtls/crypto';
import { Agent, createServer as createHttpsServer, get } from 'pqtls/https';
import { connect as connectHttp2, constants, createSecureServer } from 'pqtls/http2';
import { Agent as UndiciAgent, buildConnector, install } from 'pqtls/undici';
import 'pqtls/register';
${use}`,
  );
  write(
    'types.cts',
    `import tls = require('pqtls');
import { connect, createServer, createSecureContext, type TLSSocket } from 'pqtls';
import { DecapsulationKey, hash } from 'pqtls/crypto';
import { Agent, createServer as createHttpsServer, get } from 'pqtls/https';
import { connect as connectHttp2, constants, createSecureServer } from 'pqtls/http2';
import { Agent as UndiciAgent, buildConnector, install } from 'pqtls/undici';
import 'pqtls/register';
${use}`,
  );
  return dir;
}

/** A round trip through the primitives, on the provider that argv names. */
function primitives(namespace: string): string {
  return `{
  const crypto = ${namespace};
  for (const name of ${JSON.stringify(cryptoNames)}) assert.equal(typeof crypto[name], 'function', name);
  const key = crypto.DecapsulationKey.generate('ML-KEM-768');
  assert.equal(key.provider, process.argv[2]);
  const { ciphertext, sharedSecret } = key.encapsulationKey.encapsulate();
  assert.deepEqual(key.decapsulate(ciphertext), sharedSecret);
  const signer = crypto.SigningKey.generate('ML-DSA-65');
  assert.ok(signer.verifyingKey.verify(sharedSecret, signer.sign(sharedSecret)));
  process.on('exit', (code) => code === 0 && console.log('usable'));
}`;
}

async function which(tool: string): Promise<string> {
  if (tool === 'node') return process.execPath;
  const result = await runCommand('sh', ['-c', `command -v ${tool}`]);
  const path = result.stdout.trim();
  if (path === '') throw new Error(`${tool} is not in ${dirname(path)}`);
  return path;
}

function sizeOf(dir: string): number {
  return filesIn(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
}

/** Relative, sorted, with `/`. */
function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** A module of vendor/ and every one that it imports. */
function modulesFrom(module: string, found = new Set<string>()): Set<string> {
  if (found.has(module)) return found;
  found.add(module);
  const source = readFileSync(join(projectDir, module), 'utf8');
  for (const [, name] of source.matchAll(/^(?:import|\}) .*from '\.\/(.+\.mjs)';$/gm))
    modulesFrom(`vendor/${name}`, found);
  return found;
}

/** The version of a package that this project is checked with. */
function pinnedVersion(name: string): string {
  const manifest = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const version = manifest.devDependencies[name];
  if (version === undefined) throw new Error(`${name} is no development dependency`);
  return version;
}
