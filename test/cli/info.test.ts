// `pqtls info`: what the library says of itself, and no secret.

import { loadBinding } from '#src/binding.js';
import { getProvider, providers } from 'pqtls/crypto';
import pqtls, { defaultGroups, policies, selectEngine } from 'pqtls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { pqtls as run } from '../support/command.js';
import { projectDir } from '../support/project.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';

t.test('--json has what the library reports', { skip }, async (t) => {
  const result = await run(['info', '--json']);
  t.equal(result.code, 0, result.stderr);
  const info = JSON.parse(result.stdout) as Record<string, unknown>;
  const { version } = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as { version: string };
  const choice = selectEngine();
  t.equal(info['pqtls'], version);
  t.match(info['engines'], [
    { name: 'aws-lc', available: true, version: choice.engine && choice.version, fips: choice.fips },
    { name: 'typescript', available: true, version: `pqtls ${version}` },
  ]);
  t.strictSame(info['capabilities'], { ...choice.capabilities });
  t.strictSame(
    info['cryptoProviders'],
    providers().map((name) => ({ name, version: getProvider(name).version })),
  );
  t.equal(info['node'], process.versions.node);
  t.match(info['platform'], new RegExp(`^${process.platform} ${process.arch}, `));
  t.strictSame((info['defaults'] as Record<string, unknown>)['groups'], defaultGroups);
  t.equal((info['defaults'] as Record<string, unknown>)['postQuantum'], 'prefer');
  t.strictSame(info['cipherSuites'], pqtls.getCiphers());
  t.strictSame(
    (info['policies'] as { alias: string; name: string; postQuantum: string }[]).map((policy) => policy.postQuantum),
    ['default', 'strict', 'cnsa2', 'compat'].map((alias) => policies[alias]?.postQuantum),
  );
  const groups = info['groups'] as { name: string; id: number; postQuantum: boolean; hybrid: boolean }[];
  t.match(
    groups.find(({ name }) => name === 'X25519MLKEM768'),
    { id: 0x11ec, postQuantum: true, hybrid: true },
  );
  t.strictSame(info['problems'], []);
});

t.test('as text', { skip }, async (t) => {
  const result = await run(['info']);
  t.equal(result.code, 0, result.stderr);
  for (const line of [
    /^ {2}Engine aws-lc +AWS-LC \d+\.\d+\.\d+, (no|a) FIPS build$/m,
    /^ {2}Engine typescript +pqtls /m,
    /^ {2}Groups +secp256r1 \(0x0017\), classical$/m,
    /^ +X25519MLKEM768 \(0x11ec\), post-quantum, hybrid$/m,
    /^ {2}Policies +default-\d{4}-\d\d, which is default: post-quantum prefer$/m,
    /^ {2}Node +\d+\.\d+\.\d+ \(OpenSSL .+\)$/m,
  ]) {
    t.match(result.stdout, line);
  }
  t.notOk(result.stdout.includes('\u001b'), 'no colours without a terminal');
});

t.test('the environment by name, and values only where they are harmless', async (t) => {
  const secrets = { SSLKEYLOGFILE: '', NODE_EXTRA_CA_CERTS: '/home/somebody/ca.pem', PQTLS_POLICY: 'hunter2!' };
  const result = await run(['info', '--json'], {
    env: { ...secrets, PQTLS_POST_QUANTUM: 'require', UNRELATED: 'hunter2' },
  });
  t.equal(result.code, 0, 'bad values are told of, and end nothing');
  const info = JSON.parse(result.stdout) as { environment: { name: string }[]; problems: string[] };
  const { environment } = info;
  t.ok(environment.some((one) => one.name === 'PQTLS_POST_QUANTUM' && 'value' in one && one.value === 'require'));
  t.match(
    environment.filter(({ name }) => name === 'PQTLS_POLICY' || name === 'NODE_EXTRA_CA_CERTS'),
    [{ value: '(set)' }, { value: '(set)' }],
  );
  t.notOk(JSON.stringify(environment).includes('somebody'));
  t.notOk(JSON.stringify(environment).includes('hunter2'));
  t.match(info.problems, [/PQTLS_POLICY/]);
});

t.test('without the addon it says why, and s_client what to do', async (t) => {
  const env = { PQTLS_ADDON_PATH: '/nonexistent' };
  const result = await run(['info', '--json'], { env });
  t.equal(result.code, 0, result.stderr);
  const info = JSON.parse(result.stdout) as { engines: unknown[]; selectedEngine: string | null };
  t.match(info.engines, [{ name: 'aws-lc', available: false, why: /the native addon did not load/ }, {}]);
  t.equal(info.selectedEngine, 'typescript');
  t.notOk(JSON.stringify(info.engines).includes('hunter2'));
  const strict = await run(['info'], { env: { ...env, PQTLS_REQUIRE_NATIVE: '1' } });
  t.equal(strict.code, 0);
  t.match(strict.stdout, /Problems[^]*PQTLS_REQUIRE_NATIVE=1/);
  const client = await run(['s_client', 'localhost:1', '--engine', 'aws-lc'], { env });
  t.equal(client.code, 7);
  t.match(client.stderr, /^pqtls: .*native addon.*"npm rebuild pqtls"/);
});
