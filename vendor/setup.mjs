// Minimal set-up; being replaced.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = (cmd, args, cwd = root) => execFileSync(cmd, args, { cwd, stdio: 'inherit' });
if (!existsSync(join(root, 'node_modules'))) run('npm', ['ci', '--ignore-scripts']);
let src = process.env.AWS_LC_SOURCE_DIR;
if (!src) {
  const crates = join(root, 'vendor/crates');
  if (!existsSync(crates)) execFileSync('cargo', ['vendor', '--locked', '--versioned-dirs', crates], { cwd: join(root, 'vendor/aws-lc'), stdio: ['ignore', 'ignore', 'inherit'] });
  src = join(crates, readdirSync(crates).find((d) => d.startsWith('aws-lc-sys-')), 'aws-lc');
}
const out = join(root, 'vendor/build');
if (!existsSync(join(out, 'aws-lc/ssl/libssl.a'))) {
  run(process.execPath, [join(root, 'node_modules/cmake-js/bin/cmake-js'), 'compile', '-d', join(root, 'vendor'), '-O', out, '--CD', `AWS_LC_SOURCE_DIR=${src}`, '--CDCMAKE_BUILD_TYPE=Release', `--CDAWS_LC_SOURCE_DIR=${src}`]);
}
mkdirSync(join(out, 'include/pqtls'), { recursive: true });
const lib = Buffer.concat([readFileSync(join(out, 'aws-lc/crypto/libcrypto.a')), readFileSync(join(out, 'aws-lc/ssl/libssl.a'))]);
const has = (s) => lib.includes(`${s}\0`) ? 1 : 0;
writeFileSync(join(out, 'config.gypi'), JSON.stringify({ variables: { aws_lc_source: src, aws_lc_build: join(out, 'aws-lc') } }));
const header = `// Generated: what the AWS-LC source offers.
#define PQTLS_HAVE_ML_KEM_INTERNAL ${has('ml_kem_768_check_pk')}
#define PQTLS_HAVE_ML_DSA_INTERNAL ${has('ml_dsa_65_sign_internal')}
#define PQTLS_HAVE_SHA3_ONE_SHOT ${has('SHAKE256')}
`;
const hp = join(out, 'include/pqtls/aws_lc_features.h');
if (!existsSync(hp) || readFileSync(hp, 'utf8') !== header) writeFileSync(hp, header);
const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
const nodedir = dirname(dirname(process.execPath));
if (!existsSync(join(root, 'build/Makefile')) || process.argv.includes('--configure')) run(process.execPath, [gyp, 'configure', `--nodedir=${nodedir}`]);
run(process.execPath, [gyp, 'build', `--nodedir=${nodedir}`]);
const tsc = join(root, 'node_modules/typescript/bin/tsc');
run(process.execPath, [tsc, '-p', root]);
if (process.argv.includes('--test')) run(process.execPath, [tsc, '-p', join(root, 'test')]);
if (process.argv.includes('--bench')) run(process.execPath, [tsc, '-p', join(root, 'bench')]);
