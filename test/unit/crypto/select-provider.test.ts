// Which provider is chosen, and what happens where it cannot be.
import { spawnSync } from 'node:child_process';
import { DecapsulationKey, getProvider, hash, KeyExchangeGroup, providers } from 'pqtls/crypto';
import t from 'tap';

/** Runs a script in a process of its own and gives what it logs as JSON. */
function run(script: string, env: Record<string, string>): unknown {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', `import * as api from 'pqtls/crypto';\n${script}`],
    {
      env: { ...process.env, PQTLS_PROVIDER: '', ...env },
      encoding: 'utf8',
      cwd: new URL('../../../..', import.meta.url),
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const attempt = (expression: string): string => `
  try { console.log(JSON.stringify(${expression})); }
  catch (error) { console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, feature: error.feature })); }`;

t.test('the default is the first that can be used', (t) => {
  const [first] = providers();
  t.equal(getProvider().name, first);
  t.equal(DecapsulationKey.generate('ML-KEM-768').provider, first);
  t.equal(KeyExchangeGroup.get('X25519').provider, first);
  t.end();
});

t.test('an argument chooses', (t) => {
  for (const provider of providers()) {
    t.equal(DecapsulationKey.generate('ML-KEM-768', { provider }).provider, provider);
    const info = getProvider(provider);
    t.equal(info.name, provider);
    t.match(info.version, /\d/);
    t.equal(info.supports('ML-KEM-768'), true);
    t.equal(info.supports('ML-KEM-1' as never), false);
  }
  const unknown = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /aws-lc, noble/ };
  for (const name of ['', 'openssl', 'toString', '__proto__']) {
    t.throws(() => getProvider(name as never), unknown);
    t.throws(() => DecapsulationKey.generate('ML-KEM-768', { provider: name as never }), unknown);
    t.throws(() => hash('SHA3-256', new Uint8Array(1), { provider: name as never }), unknown);
  }
  t.throws(() => getProvider(1 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => KeyExchangeGroup.get('X25519', { provider: null as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.end();
});

t.test('PQTLS_PROVIDER chooses', (t) => {
  for (const provider of providers()) {
    t.equal(run(attempt('api.getProvider().name'), { PQTLS_PROVIDER: provider }), provider);
    t.equal(run(attempt(`api.SigningKey.generate('ML-DSA-44').provider`), { PQTLS_PROVIDER: provider }), provider);
  }
  const unknown = {
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_VALUE',
    message: /PQTLS_PROVIDER.*openssl.*aws-lc, noble/,
  };
  t.match(run(attempt('api.getProvider()'), { PQTLS_PROVIDER: 'openssl' }), unknown);
  t.match(run(attempt(`api.hash('SHA3-256', new Uint8Array(1))`), { PQTLS_PROVIDER: 'openssl' }), unknown);
  t.end();
});

t.test('where the addon does not load, noble serves, and aws-lc says why', (t) => {
  const env = { PQTLS_ADDON_PATH: '/nowhere/pqtls.node', PQTLS_REQUIRE_NATIVE: '' };
  t.same(run(attempt('api.providers()'), env), ['noble']);
  t.equal(run(attempt('api.getProvider().name'), env), 'noble');
  t.equal(run(attempt(`api.DecapsulationKey.generate('ML-KEM-768').provider`), env), 'noble');
  const unsupported = {
    name: 'UnsupportedError',
    code: 'ERR_PQTLS_UNSUPPORTED',
    feature: 'aws-lc',
    message: /'aws-lc' needs the native addon, which did not load: ./,
  };
  t.match(run(attempt(`api.getProvider('aws-lc')`), env), unsupported);
  t.match(run(attempt(`api.SigningKey.generate('ML-DSA-44', { provider: 'aws-lc' })`), env), unsupported);
  t.match(run(attempt('api.getProvider()'), { ...env, PQTLS_PROVIDER: 'aws-lc' }), unsupported);
  t.match(run(attempt('api.providers()'), { ...env, PQTLS_REQUIRE_NATIVE: '1' }), { code: 'ERR_PQTLS_NATIVE_MISSING' });
  t.end();
});
