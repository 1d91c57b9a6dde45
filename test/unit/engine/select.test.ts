// What is reported of the engine, and what is refused, for every state that the addon can be in.

import '../../support/both-engines.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBinding, type BindingState, type Capabilities, type NativeBinding } from '#src/binding.js';
import { createNativeProvider } from '#src/crypto/native-provider.js';
import { createNobleProvider } from '#src/crypto/noble-provider.js';
import type { EngineName } from '#src/engine/connection.js';
import { pureEngineVersion } from '#src/engine/pure-version.js';
import { engineOf, requireEngine, requireTlsBinding, selectEngine } from '#src/engine/select.js';
import { UnsupportedError } from '#src/errors.js';
import { getProvider, providers } from 'pqtls/crypto';
import t from 'tap';
import { checkLackingEverything, outcomesOn } from '../../support/lacking-addon.js';
import { cleanEnvironment, projectDir, runCommand, type CommandResult } from '../../support/project.js';

const everything: Capabilities = { mlKem: true, mlDsa: true, tls: true };
const nothing: Capabilities = { mlKem: false, mlDsa: false, tls: false };

/** An addon that has loaded and says this of itself; it has no functions. */
function addon(capabilities: Capabilities, fips = false): BindingState {
  const binding = { awsLcVersion: '5.12.0', fips, capabilities, scratch: new Uint8Array(16384) };
  return { loaded: true, binding: binding as unknown as NativeBinding, path: 'pqtls.node' };
}

const missing: BindingState = { loaded: false, reason: 'missing: CMake', path: 'pqtls.node' };

t.test('the engine of each state', async (t) => {
  t.strictSame(engineOf(addon(everything)), {
    engine: 'aws-lc',
    version: 'AWS-LC 5.12.0',
    fips: false,
    capabilities: everything,
    why: 'the native addon is loaded',
  });
  t.match(engineOf(addon(everything, true)), { engine: 'aws-lc', version: 'AWS-LC 5.12.0 FIPS', fips: true });
  const withoutSsl = addon({ ...everything, tls: false }, true);
  t.strictSame(engineOf(withoutSsl), {
    engine: 'typescript',
    version: pureEngineVersion,
    fips: false,
    capabilities: { ...everything, tls: false },
    why: 'the native addon was built from an AWS-LC source without libssl',
  });
  t.match(engineOf(withoutSsl, 'aws-lc'), { engine: undefined, fips: true });
  t.strictSame(engineOf(missing), {
    engine: 'typescript',
    version: pureEngineVersion,
    fips: false,
    capabilities: nothing,
    why: 'the native addon did not load (missing: CMake)',
  });
  t.match(engineOf(missing, 'aws-lc'), { engine: undefined, capabilities: nothing, why: /missing: CMake/ });
  t.match(engineOf(addon(everything), 'typescript'), { engine: 'typescript', why: 'PQTLS_ENGINE asks for it' });
  const asked = process.env['PQTLS_ENGINE'] as EngineName | undefined;
  t.strictSame(selectEngine(), engineOf(loadBinding(), asked));
});

t.test('the engine that options ask for', async (t) => {
  const complete = addon(everything);
  t.equal(requireEngine({ engine: 'aws-lc' }, complete).name, 'aws-lc');
  t.equal(requireEngine({ engine: 'typescript' }, complete).name, 'typescript');
  t.equal(requireEngine({ engine: 'typescript' }, missing).name, 'typescript');
  t.throws(() => requireEngine({ engine: 'aws-lc' }, missing), { code: 'ERR_PQTLS_UNSUPPORTED' });
  t.throws(() => requireEngine({ engine: 'openssl' as EngineName }, complete), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => requireEngine({ engine: 1 as unknown as EngineName }, complete), { code: 'ERR_INVALID_ARG_TYPE' });
});

const warning = /\[PQTLS_TYPESCRIPT_ENGINE\].*nonexistent.*not constant-time/s;
const making = `
  import { createSecureContext, selectEngine } from 'pqtls';
  createSecureContext();
  createSecureContext();
  console.log(createSecureContext().context.engine, selectEngine().engine);`;

/** What a program that makes contexts prints, in an environment. */
async function programIn(variables: NodeJS.ProcessEnv, source = making): Promise<CommandResult> {
  return runCommand(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: projectDir,
    env: cleanEnvironment({ PQTLS_ENGINE: '', ...variables }),
  });
}

t.test('without the addon: one warning for the process, or none where it was asked for', async (t) => {
  const absent = { PQTLS_ADDON_PATH: '/nonexistent' };
  const silent = await programIn({ ...absent, PQTLS_ENGINE: 'typescript' });
  t.equal(silent.stdout, 'typescript typescript\n');
  t.equal(silent.stderr, '');
  const fallen = await programIn(absent);
  t.equal(fallen.stdout, 'typescript typescript\n');
  t.match(fallen.stderr, warning);
  t.equal(fallen.stderr.match(/PQTLS_TYPESCRIPT_ENGINE/g)?.length, 1);
});

t.test('what forbids it', async (t) => {
  const absent = { PQTLS_ADDON_PATH: '/nonexistent' };
  const required = await programIn({ ...absent, PQTLS_REQUIRE_NATIVE: '1' });
  t.not(required.code, 0);
  t.match(required.stderr, /ERR_PQTLS_NATIVE_MISSING/);
  const asked = await programIn({ PQTLS_ENGINE: 'typescript', PQTLS_REQUIRE_NATIVE: '1' });
  t.not(asked.code, 0);
  t.match(asked.stderr, /PQTLS_REQUIRE_NATIVE=1 forbids the engine 'typescript'|ERR_PQTLS_NATIVE_MISSING/);
  const native = await programIn({ ...absent, PQTLS_ENGINE: 'aws-lc' });
  t.not(native.code, 0);
  t.match(native.stderr, /ERR_PQTLS_UNSUPPORTED/);
  const unknown = await programIn({ PQTLS_ENGINE: 'openssl' });
  t.match(unknown.stderr, /ERR_INVALID_ARG_VALUE/);
});

t.test('the advice fits the reason', async (t) => {
  const unsupported = { name: 'UnsupportedError', code: 'ERR_PQTLS_UNSUPPORTED', feature: 'tls' };
  t.throws(() => requireTlsBinding(missing), {
    ...unsupported,
    message: /missing: CMake.*Install a C\+\+ compiler.*npm rebuild pqtls/,
  });
  const withoutSsl = addon({ ...everything, tls: false });
  t.throws(() => requireTlsBinding(withoutSsl), {
    ...unsupported,
    message: /built from an AWS-LC source without libssl\. Build it again with a source that has its ssl\/ folder/,
  });
  try {
    requireTlsBinding(withoutSsl);
  } catch (error) {
    t.notMatch((error as Error).message, /Install|compiler|cargo/);
  }
  const complete = addon(everything);
  t.equal(requireTlsBinding(complete), complete.loaded && complete.binding);
});

t.test('the provider of each state', async (t) => {
  const lacking = createNativeProvider(addon(nothing, true));
  t.match(lacking, { version: 'AWS-LC 5.12.0 FIPS', fips: true, capabilities: nothing });
  for (const name of [
    'ML-KEM-512',
    'ML-DSA-87',
    'X25519MLKEM768',
    'SecP256r1MLKEM768',
    'SecP384r1MLKEM1024',
  ] as const) {
    t.equal(lacking.supports(name), false, name);
    t.equal(createNativeProvider(addon(everything)).supports(name), true, name);
  }
  for (const name of ['X25519', 'secp256r1', 'secp384r1', 'SHA3-256', 'SHAKE128'] as const) {
    t.equal(lacking.supports(name), true, name);
  }
  const onlyKem = createNativeProvider(addon({ ...nothing, mlKem: true }));
  t.equal(onlyKem.supports('X25519MLKEM768'), true);
  t.equal(onlyKem.supports('ML-DSA-65'), false);
  t.throws(() => createNativeProvider(missing), UnsupportedError);
  t.match(createNobleProvider(), { fips: false, capabilities: { mlKem: true, mlDsa: true, tls: false } });
});

t.test('the public provider says the same as the engine', async (t) => {
  for (const name of providers()) {
    const { fips, capabilities, version } = getProvider(name);
    t.type(fips, 'boolean');
    t.equal(version.endsWith(' FIPS'), fips);
    t.throws(() => Object.assign(capabilities, { tls: 1 }), TypeError, 'frozen');
    if (name === 'aws-lc') t.match(selectEngine(), { fips, capabilities });
    else t.strictSame(capabilities, { mlKem: true, mlDsa: true, tls: false });
  }
});

t.test('the public API on an addon that lacks everything', async (t) => {
  const path = join(t.testdir(), 'lacking.cjs');
  const { binding } = addon(nothing, true) as { binding: NativeBinding };
  const { awsLcVersion, fips, capabilities } = binding;
  writeFileSync(
    path,
    `module.exports = ${JSON.stringify({ awsLcVersion, fips, capabilities })};
module.exports.scratch = new Uint8Array(16384);\n`,
  );
  const outcomes = await outcomesOn(path);
  checkLackingEverything(t, outcomes);
  t.match(outcomes['getProvider'], { returned: { version: 'AWS-LC 5.12.0 FIPS', fips: true } });
});
