// What the public API says on an addon whose AWS-LC lacks things, in a process of its own.

import type t from 'tap';
import { cleanEnvironment, projectDir, runCommand } from './project.js';

/** What one call threw, or what it returned. */
export type Outcome =
  | { readonly returned: unknown }
  | { readonly name: string; readonly code: string; readonly feature: string; readonly message: string };

const script = `
  import * as pqtls from 'pqtls';
  import * as crypto from 'pqtls/crypto';
  const provider = 'aws-lc';
  const attempt = (call) => {
    try {
      return { returned: call() ?? null };
    } catch ({ name, code, feature, message }) {
      return { name, code, feature, message };
    }
  };
  const calls = {
    selectEngine: () => pqtls.selectEngine(),
    getProvider: () => crypto.getProvider(provider),
    createSecureContext: () => pqtls.createSecureContext(),
    createServer: () => pqtls.createServer(),
    connect: () => pqtls.connect({ port: 9, host: '127.0.0.1' }),
    'ML-KEM': () => crypto.DecapsulationKey.generate('ML-KEM-768', { provider }),
    'ML-KEM key': () => crypto.EncapsulationKey.fromBytes('ML-KEM-768', new Uint8Array(1184), { provider }),
    'ML-DSA': () => crypto.SigningKey.generate('ML-DSA-65', { provider }),
    'ML-DSA key': () => crypto.VerifyingKey.fromBytes('ML-DSA-65', new Uint8Array(1952), { provider }),
    X25519MLKEM768: () => crypto.KeyExchangeGroup.get('X25519MLKEM768', { provider }),
    SecP256r1MLKEM768: () => crypto.KeyExchangeGroup.get('SecP256r1MLKEM768', { provider }),
    SecP384r1MLKEM1024: () => crypto.KeyExchangeGroup.get('SecP384r1MLKEM1024', { provider }),
    X25519: () => crypto.KeyExchangeGroup.get('X25519', { provider }).start().share.length,
    'ML-KEM without a provider': () => crypto.DecapsulationKey.generate('ML-KEM-768').provider,
    'a hybrid without a provider': () => crypto.KeyExchangeGroup.get('X25519MLKEM768').provider,
    SHA3: () => Buffer.from(crypto.hash('SHA3-256', new Uint8Array(3), { provider })).toString('hex'),
    SHAKE: () => Buffer.from(crypto.xof('SHAKE256', new Uint8Array(3), 200, { provider })).toString('hex'),
  };
  const outcomes = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, attempt(call)]));
  console.log(JSON.stringify(outcomes));
  process.exit();`;

/** The outcome of each call, by its name in the script above. */
export async function outcomesOn(addonPath: string): Promise<Record<string, Outcome>> {
  const { code, stdout, stderr } = await runCommand(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: projectDir,
    env: cleanEnvironment({ PQTLS_ADDON_PATH: addonPath, PQTLS_REQUIRE_NATIVE: '1' }),
  });
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, Outcome>;
}

const nothing = { mlKem: false, mlDsa: false, tls: false };

/** That an addon with none of the capabilities is refused where it lacks something, with typed errors, and only there. */
export function checkLackingEverything(t: Tap, outcomes: Record<string, Outcome>): void {
  const unsupported = (feature: string, message: RegExp) => ({
    name: 'UnsupportedError',
    code: 'ERR_PQTLS_UNSUPPORTED',
    feature,
    message,
  });
  t.match(outcomes['selectEngine'], {
    returned: { capabilities: nothing, fips: Boolean, why: /built from an AWS-LC source without libssl/ },
  });
  t.match(outcomes['getProvider'], { returned: { name: 'aws-lc', capabilities: nothing, fips: Boolean } });
  for (const call of ['createSecureContext', 'createServer', 'connect']) {
    const { message } = outcomes[call] as { message: string };
    t.match(outcomes[call], unsupported('tls', /without libssl.*ssl\/ folder/), call);
    t.notMatch(message, /compiler|cargo|CMake/, 'no tools are missing where the addon is built');
  }
  for (const [call, feature] of [
    ['ML-KEM', 'ML-KEM-768'],
    ['ML-KEM key', 'ML-KEM-768'],
    ['ML-DSA', 'ML-DSA-65'],
    ['ML-DSA key', 'ML-DSA-65'],
    ['X25519MLKEM768', 'X25519MLKEM768'],
    ['SecP256r1MLKEM768', 'SecP256r1MLKEM768'],
    ['SecP384r1MLKEM1024', 'SecP384r1MLKEM1024'],
  ] as const) {
    t.match(
      outcomes[call],
      unsupported(feature, new RegExp(`'aws-lc' \\(AWS-LC .*\\) does not have ${feature}`)),
      call,
    );
  }
  t.same(outcomes['ML-KEM without a provider'], { returned: 'noble' }, 'noble serves what AWS-LC lacks');
  t.same(outcomes['a hybrid without a provider'], { returned: 'noble' });
}

type Tap = Pick<typeof t, 'match' | 'notMatch' | 'same'>;
