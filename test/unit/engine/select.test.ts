// What is reported of the engine, and what is refused, for every state that the addon can be in.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBinding, type BindingState, type Capabilities, type NativeBinding } from '#src/binding.js';
import { createNativeProvider } from '#src/crypto/native-provider.js';
import { createNobleProvider } from '#src/crypto/noble-provider.js';
import { engineOf, requireTlsBinding, selectEngine } from '#src/engine/select.js';
import { UnsupportedError } from '#src/errors.js';
import { getProvider, providers } from 'pqtls/crypto';
import t from 'tap';
import { checkLackingEverything, outcomesOn } from '../../support/lacking-addon.js';

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
  t.strictSame(engineOf(addon({ ...everything, tls: false }, true)), {
    engine: undefined,
    fips: true,
    capabilities: { ...everything, tls: false },
    why: 'the native addon was built from an AWS-LC source without libssl',
  });
  t.strictSame(engineOf(missing), {
    engine: undefined,
    fips: false,
    capabilities: nothing,
    why: 'the native addon did not load (missing: CMake)',
  });
  t.strictSame(selectEngine(), engineOf(loadBinding()));
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
