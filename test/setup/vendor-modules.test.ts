// The parts of vendor/ that decide something: symbols of a static library, the check of the source, progress lines.

import { appendFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectDir, runCommand, temporaryFolder } from '../support/project.js';

const libcrypto = join(projectDir, 'vendor/build/cmake/aws-lc/crypto/libcrypto.a');

t.test('the symbol index of a static library is what nm reads', { skip: !existsSync(libcrypto) }, async (t) => {
  const { archiveSymbols } = (await load('archive-symbols.mjs')) as { archiveSymbols(path: string): Set<string> };
  const symbols = archiveSymbols(libcrypto);
  const nm = await runCommand('nm', ['--format=posix', '--defined-only', '--extern-only', libcrypto]);
  const expected = new Set(
    nm.stdout
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([name, type]) => name !== '' && type !== undefined && /^[A-Z]$/.test(type))
      .map(([name]) => name),
  );
  t.ok(symbols.has('SHAKE256') && !symbols.has('HAKE256'));
  t.strictSame(
    [...expected].filter((name) => !symbols.has(name ?? '')),
    [],
  );
});

t.test('every feature macro is 0 or 1', { skip: !existsSync(libcrypto) }, async (t) => {
  const header = readFileSync(join(projectDir, 'vendor/build/include/pqtls/aws_lc_features.h'), 'utf8');
  const macros = [...header.matchAll(/^#define (PQTLS_HAVE_\w+) (\S+)$/gm)];
  t.ok(macros.length >= 4);
  for (const [, name, value] of macros) t.match(value, /^[01]$/, name ?? '');
});

t.test('progress of Ninja and of make', async (t) => {
  const { progressOf } = (await load('aws-lc-build.mjs')) as { progressOf(line: string): number | undefined };
  t.equal(progressOf('[129/516] Building C object crypto/x.c.o'), 0.25);
  t.equal(progressOf('[ 50%] Building C object crypto/x.c.o'), 0.5);
  t.equal(progressOf('[100%] Built target crypto'), 1);
  t.equal(progressOf('-- The C compiler identification is GNU'), undefined);
});

t.test('only a terminal of known width is redrawn', async (t) => {
  type CanRedraw = (stream: { isTTY?: boolean; columns?: number }) => boolean;
  const { canRedraw } = (await load('progress.mjs')) as { canRedraw: CanRedraw };
  t.equal(canRedraw({ isTTY: true, columns: 80 }), true);
  t.equal(canRedraw({ isTTY: true, columns: 0 }), false, 'a terminal of 0 columns');
  t.equal(canRedraw({ isTTY: true }), false, 'a terminal that reports nothing');
  t.equal(canRedraw({ columns: 80 }), false, 'a pipe');
});

t.test('on a terminal of 0 columns the reporter prints lines', async (t) => {
  const preload = 'Object.assign(process.stderr, { isTTY: true, columns: 0 });';
  const script = `${preload}
    const { createReporter } = await import('./vendor/progress.mjs');
    const reporter = await createReporter();
    await reporter.step('Building', async (step) => step.update(0.5));`;
  const result = await runCommand(process.execPath, ['--input-type=module', '-e', script], { cwd: projectDir });
  t.match(result.stderr, /^pqtls: Building \.\.\.\npqtls: {3}50%\npqtls: {3}done in [\d.]+ s\n$/);
});

t.test('the fetched source', { skip: !existsSync(join(projectDir, 'vendor/crates')) }, async (t) => {
  const scratch = temporaryFolder('source');
  t.teardown(() => scratch.remove());
  cpSync(join(projectDir, 'vendor'), join(scratch.path, 'vendor'), {
    recursive: true,
    filter: (source) => !/[/\\]vendor[/\\]build([/\\]|$)/.test(source),
  });
  const verify = async (): Promise<string> =>
    (
      await runCommand(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          "(await import('./vendor/aws-lc-source.mjs')).verifySource(); console.error('intact')",
        ],
        { cwd: scratch.path },
      )
    ).stderr;
  const { readPin } = (await load('aws-lc-source.mjs')) as { readPin(): { version: string; checksum: string } };
  const source = join(scratch.path, 'vendor/crates', `aws-lc-sys-${readPin().version}`, 'aws-lc');
  const victim = join(source, 'ssl/ssl_lib.cc');
  const original = readFileSync(victim);

  t.equal(await verify(), 'intact\n');
  appendFileSync(victim, '\n');
  t.match(await verify(), /ssl_lib\.cc was changed/, 'a changed file is found');
  writeFileSync(victim, original);
  writeFileSync(join(source, 'ssl/extra.cc'), '');
  t.match(await verify(), /extra\.cc is not part of the published package/, 'an added file is found');
});

t.test('AWS_LC_SOURCE_DIR that is no AWS-LC', async (t) => {
  const scratch = temporaryFolder('source-dir');
  t.teardown(() => scratch.remove());
  const result = await runCommand(process.execPath, ['vendor/setup.mjs'], {
    cwd: projectDir,
    env: { ...process.env, AWS_LC_SOURCE_DIR: scratch.path },
  });
  t.equal(result.code, 1);
  t.equal(result.stderr.split('\n').length, 2, 'one line');
  t.match(result.stderr, /^pqtls: AWS_LC_SOURCE_DIR=.* is not an AWS-LC source tree/);
});

t.test('commands say how they are used', async (t) => {
  for (const command of ['setup.mjs', 'update-pin.mjs', 'run-sanitized.mjs', 'test-arm64.mjs']) {
    const help = await runCommand(process.execPath, [join('vendor', command), '--help'], { cwd: projectDir });
    t.equal(help.code, 0, command);
    t.match(help.stdout, /^Usage: [^]*\nExamples?:/, `${command} --help ends with an example`);
  }
  const unknown = await runCommand(process.execPath, ['vendor/setup.mjs', '--no-such'], { cwd: projectDir });
  t.equal(unknown.code, 1);
  t.match(unknown.stderr, /^pqtls: Unknown option '--no-such'/);
});

t.test(
  'what linux-arm64 takes is named where it is missing',
  {
    skip: process.platform === 'linux' && process.arch !== 'arm64' ? false : 'nothing is emulated here',
  },
  async (t) => {
    const result = await runCommand(process.execPath, ['vendor/test-arm64.mjs'], {
      cwd: projectDir,
      env: { ...process.env, PATH: '', QEMU_LD_PREFIX: join(projectDir, 'no-such-folder') },
    });
    t.equal(result.code, 1);
    for (const name of [
      'a C compiler for arm64',
      'a C\\+\\+ compiler for arm64',
      'the C library for arm64',
      'qemu-aarch64',
    ]) {
      t.match(result.stderr, new RegExp(`^pqtls: missing: ${name}.* apt-get install [^;]+$`, 'm'));
    }
    t.match(
      result.stderr,
      /apt-get install gcc-aarch64-linux-gnu g\+\+-aarch64-linux-gnu libc6-arm64-cross .* qemu-user$/m,
    );
  },
);

t.test('counting what a TAP text says', async (t) => {
  const { countResults } = (await load('tap-results.mjs')) as {
    countResults(tap: string): Promise<{ passed: number; failed: number; skipped: number; failures: string[] }>;
  };
  const { failures, ...counts } = await countResults(`TAP version 14
# Subtest: both
    ok 1 - passes
    not ok 2 - fails
      ---
      diff: wanted
      ...
    1..2
not ok 1 - both
ok 2 - not here # SKIP no addon
not ok 3 - one day # TODO
1..3
pqtls: a second run
TAP version 14
ok 1 - passes again
1..1
`);
  t.strictSame(counts, { passed: 2, failed: 1, skipped: 2 });
  t.equal(failures.length, 1);
  t.match(failures[0], /^not ok - both > fails\n.*wanted/s);
});

function load(name: string): Promise<unknown> {
  return import(join(projectDir, 'vendor', name));
}
