// vendor/setup.mjs: a second run starts nothing, a missing tool is named and survived, Node's headers are not downloaded.

import { loadBinding } from '#src/binding.js';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import { nodeBinary } from '../support/node-versions.js';
import { copyProject } from '../support/project-copy.js';
import { cleanEnvironment, projectDir, runCommand, temporaryFolder } from '../support/project.js';

// The addon is built in here, and TypeScript compiled twice.
t.setTimeout(600_000);

const skip = process.platform === 'win32' ? 'needs POSIX scripts' : false;
const native = loadBinding().loaded;

t.test('a second run with nothing changed starts no compiler and no other tool', { skip }, async (t) => {
  const scratch = temporaryFolder('second-run');
  t.teardown(() => scratch.remove());
  const log = join(scratch.path, 'log');
  writeFileSync(log, '');
  for (const tool of [
    'cc',
    'c++',
    'gcc',
    'g++',
    'clang',
    'clang++',
    'as',
    'ld',
    'ar',
    'make',
    'ninja',
    'cmake',
    'cargo',
    'npm',
    'python3',
  ]) {
    const path = join(scratch.path, tool);
    writeFileSync(path, `#!/bin/sh\necho "${tool} $*" >> "${log}"\nexit 1\n`);
    chmodSync(path, 0o755);
  }
  const env = { ...process.env, PATH: `${scratch.path}:${process.env['PATH'] ?? ''}` };
  const result = await runCommand(process.execPath, ['vendor/setup.mjs', '--test'], { cwd: projectDir, env });
  t.equal(result.code, 0, result.stderr);
  t.equal(readFileSync(log, 'utf8'), '', 'no tool was started');
  if (native) t.equal(result.stderr + result.stdout, '', 'and nothing was said, so no step was taken');
});

t.test('questions about the interop lab wait for no build', { skip }, async (t) => {
  // Where a build were begun, it would fail at once: this is no source of AWS-LC.
  const env = { ...process.env, AWS_LC_SOURCE_DIR: '/nowhere', PQTLS_REQUIRE_NATIVE: '1' };
  for (const [flag, answer] of [
    ['--help', /^Usage: npm run test:interop -- [^]*Examples:/],
    ['--list', /^go: Go crypto\/tls/m],
  ] as const) {
    const result = await runCommand(process.execPath, ['vendor/interop.mjs', flag], { cwd: projectDir, env });
    t.match(result, { code: 0, stdout: answer, stderr: '' }, flag);
  }
  const built = await runCommand(process.execPath, ['vendor/interop.mjs', '--peer', 'go'], { cwd: projectDir, env });
  t.equal(built.code, 1, 'and the lab itself does');
});

t.test('--no-native builds no AWS-LC, not even where the addon is asked for', { skip }, async (t) => {
  const env = { ...process.env, AWS_LC_SOURCE_DIR: '/nowhere', PQTLS_REQUIRE_NATIVE: '1' };
  const result = await runCommand(process.execPath, ['vendor/setup.mjs', '--test', '--no-native'], {
    cwd: projectDir,
    env,
  });
  t.match(result, { code: 0, stdout: '', stderr: '' });
  const both = await runCommand(process.execPath, ['vendor/setup.mjs', '--no-native', '--sanitize'], {
    cwd: projectDir,
    env,
  });
  t.match(both, { code: 1, stderr: /--sanitize builds the addon, and --no-native does not/ });
});

t.test('where every tool is missing', { skip }, async (t) => {
  const scratch = temporaryFolder('no-tools');
  t.teardown(() => scratch.remove());
  const project = join(scratch.path, 'project');
  const bin = join(scratch.path, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  copyProject(project, { awsLc: false });
  const env = cleanEnvironment({ PATH: bin, CC: undefined, CXX: undefined, PYTHON: undefined });

  const result = await runCommand(process.execPath, ['vendor/setup.mjs'], { cwd: project, env });
  t.equal(result.code, 0, result.stderr);
  for (const tool of ['a C compiler', 'a C++ compiler', 'make', 'Python 3', 'CMake', 'cargo']) {
    const lines = result.stderr.split('\n').filter((line) => line.startsWith(`pqtls: missing: ${tool} `));
    t.equal(lines.length, 1, `names ${tool} in one line`);
    t.match(lines[0], /Get it with: .*\S/, 'and how to get it');
  }
  t.ok(existsSync(join(project, 'dist/index.js')), 'compiles TypeScript all the same');
  t.notOk(existsSync(join(project, 'build/Release/pqtls.node')));
  t.match(readFileSync(join(project, 'build/why-not-native.txt'), 'utf8'), /missing: cargo/);

  const strict = await runCommand(process.execPath, ['vendor/setup.mjs'], {
    cwd: project,
    env: { ...env, PQTLS_REQUIRE_NATIVE: '1' },
  });
  t.equal(strict.code, 1, 'PQTLS_REQUIRE_NATIVE=1 makes it a failure');
  t.match(strict.stderr, /PQTLS_REQUIRE_NATIVE=1 asks for it/);
});

t.test('an addon of other sources is not run where it cannot be built again', { skip }, async (t) => {
  const scratch = temporaryFolder('stale');
  t.teardown(() => scratch.remove());
  const project = join(scratch.path, 'project');
  copyProject(project, { awsLc: false });
  mkdirSync(join(project, 'build/Release'), { recursive: true });
  const addon = join(project, 'build/Release/pqtls.node');
  writeFileSync(addon, '');
  writeFileSync(join(project, 'build/Release.stamp'), `${'0'.repeat(64)}\n`);
  const bin = join(scratch.path, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));

  const result = await runCommand(process.execPath, ['vendor/start.mjs'], {
    cwd: project,
    env: cleanEnvironment({ PATH: bin }),
  });
  t.match(result.stderr, /going on without the native addon/);
  t.notOk(existsSync(addon), 'the old addon is gone');
  t.equal(result.code, 0, 'TLS runs without it');
  t.match(result.stdout, /Engine typescript/);
  const named = result.stderr.match(/^pqtls: missing: CMake/gm) ?? [];
  t.equal(named.length, 1, 'what is missing is listed once');
  t.match(result.stderr, /\[PQTLS_TYPESCRIPT_ENGINE\].*missing: CMake/s, 'and given as the reason of the warning');
});

t.test(
  'the addon is built without downloading headers',
  { skip: skip || (native ? false : 'no addon here') },
  async (t) => {
    const scratch = temporaryFolder('headers');
    t.teardown(() => scratch.remove());
    const project = join(scratch.path, 'project');
    copyProject(project, { awsLc: true });

    // A Node without an include folder beside it.
    const bare = join(scratch.path, 'bare/bin/node');
    mkdirSync(dirname(bare), { recursive: true });
    copyFileSync(await nodeBinary('24'), bare);
    chmodSync(bare, 0o755);
    // npm may fetch its package of the same Node; nothing else may fetch anything.
    const headers = await runCommand(
      bare,
      ['--input-type=module', '-e', "console.log(await (await import('./vendor/node-headers.mjs')).nodeHeadersDir())"],
      { cwd: project, env: cleanEnvironment() },
    );
    t.equal(headers.code, 0, headers.stderr);
    t.ok(headers.stdout.startsWith(join(project, 'vendor/build/node-headers')), 'headers come from the npm package');

    const requests: string[] = [];
    const proxy = createServer((socket) => {
      socket.on('data', (chunk) => requests.push(chunk.toString('latin1').split('\r\n', 1)[0] ?? ''));
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.teardown(() => proxy.close());
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const build = await runCommand(bare, ['vendor/setup.mjs'], {
      cwd: project,
      env: cleanEnvironment({
        PQTLS_REQUIRE_NATIVE: '1',
        HTTP_PROXY: url,
        HTTPS_PROXY: url,
        http_proxy: url,
        https_proxy: url,
        // node-gyp lets npm's configuration win over its command line; a user's must not matter.
        npm_config_nodedir: '/nonexistent',
        npm_config_proxy: url,
        npm_config_https_proxy: url,
        HOME: scratch.path,
        CCACHE_BASEDIR: project,
        // Compiled for this once: where its headers come from is all that matters.
        CPPFLAGS: '-O0',
      }),
    });
    t.equal(build.code, 0, build.stderr);
    t.notMatch(build.stderr, /Building AWS-LC/, 'AWS-LC was there already');
    t.strictSame(requests, [], 'nobody asked the proxy for anything');
    const load = await runCommand(bare, ['-p', "require('./build/Release/pqtls.node').awsLcVersion"], { cwd: project });
    t.match(load.stdout, /^\d+\.\d+/, 'the addon that was built loads');
  },
);
