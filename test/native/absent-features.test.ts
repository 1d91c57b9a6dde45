// The addon as another AWS-LC source gives it: built for real with every PQTLS_HAVE_... at 0, without libssl, and used.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { hash, xof } from 'pqtls/crypto';
import t from 'tap';
import { loadBinding } from '#src/binding.js';
import { checkLackingEverything, outcomesOn } from '../support/lacking-addon.js';
import { projectDir, runCommand, temporaryFolder } from '../support/project.js';

const compiler = process.env['CXX'] ?? 'c++';
const state = loadBinding();

/** Why it cannot be built here, or false. */
async function obstacle(): Promise<string | false> {
  if (process.platform !== 'linux') return "the linker's flags below are those of Linux";
  if (!state.loaded) return state.reason;
  const found = await runCommand(compiler, ['--version']).catch(() => undefined);
  return found?.code === 0 ? false : `no C++ compiler: ${compiler}`;
}

/** A file that gyp or node-gyp reads or wrote: JSON below comments. */
function gypi(path: string): Record<string, unknown> {
  const text = readFileSync(join(projectDir, path), 'utf8').replaceAll(/^\s*#.*$/gm, '');
  return (JSON.parse(text) as { variables: Record<string, unknown> }).variables;
}

/** Compiles and links native/ into `dir`; the compiler's warnings are errors. */
async function buildVariant(dir: string): Promise<string> {
  const settings = gypi('vendor/build/config.gypi');
  const source = String(settings['aws_lc_source']);
  const libraries = settings['aws_lc_libraries'] as string[];
  const features = readFileSync(join(String(settings['aws_lc_features']), 'pqtls/aws_lc_features.h'), 'utf8');
  mkdirSync(join(dir, 'pqtls'));
  writeFileSync(join(dir, 'pqtls/aws_lc_features.h'), features.replaceAll(/^(#define PQTLS_HAVE_\w+) [01]$/gm, '$1 0'));

  const headers = join(String(gypi('build/config.gypi')['nodedir']), 'include/node');
  const flags = [
    ...['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fPIC', '-O0', '-fvisibility=hidden'],
    ...['-ffunction-sections', '-fdata-sections', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'],
    ...['NAPI_VERSION=9', 'NODE_GYP_MODULE_NAME=pqtls', 'NODE_ADDON_API_DISABLE_DEPRECATED'].map((name) => `-D${name}`),
    ...['-DNAPI_DISABLE_CPP_EXCEPTIONS', `-I${dir}`, `-I${String(settings['node_addon_api'])}`],
    ...[`-I${join(source, 'include')}`, `-I${source}`, `-I${headers}`],
  ];
  const run = async (args: string[]): Promise<void> => {
    const result = await runCommand(compiler, args, { cwd: projectDir });
    if (result.code !== 0) throw new Error(`${compiler} ${args.join(' ')}\n${result.stderr}`);
  };
  const pending = [...(settings['addon_sources'] as string[])];
  const objects = pending.map((path) => join(dir, `${basename(path)}.o`));
  const compileSome = async (): Promise<void> => {
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      await run([...flags, '-c', path, '-o', join(dir, `${basename(path)}.o`)]);
    }
  };
  await Promise.all([compileSome(), compileSome()]);

  const addon = join(dir, 'pqtls.node');
  const exportsMap = join(projectDir, 'native/exports.map');
  const link = ['--exclude-libs,ALL', '-Bsymbolic', '--gc-sections', `--version-script=${exportsMap}`, '-z,nodelete'];
  const crypto = libraries.filter((path) => !path.includes('libssl'));
  await run(['-shared', ...objects, ...crypto, ...link.map((flag) => `-Wl,${flag}`), '-pthread', '-o', addon]);
  return addon;
}

t.test('an addon without any optional part of AWS-LC', { skip: await obstacle() }, async (t) => {
  const folder = temporaryFolder('absent-features');
  t.teardown(() => folder.remove());
  const addon = await buildVariant(folder.path);
  const outcomes = await outcomesOn(addon);
  checkLackingEverything(t, outcomes);
  // What has another way in AWS-LC takes it.
  const data = new Uint8Array(3);
  t.same(outcomes['SHA3'], { returned: Buffer.from(hash('SHA3-256', data)).toString('hex') });
  t.same(outcomes['SHAKE'], { returned: Buffer.from(xof('SHAKE256', data, 200)).toString('hex') });
  t.same(outcomes['X25519'], { returned: 32 });

  const symbols = await runCommand('nm', ['-D', '--undefined-only', addon]);
  t.notMatch(symbols.stdout, /\b(SSL|EVP|ml_kem|ml_dsa)_\w+/, "it does not reach into Node's OpenSSL for them");
});
