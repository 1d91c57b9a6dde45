// The addon runs AWS-LC and not the OpenSSL that node exports: nothing of either crosses the border of the addon.

import { loadBinding } from '#src/binding.js';
import t from 'tap';
import { runCommand } from '../support/project.js';

// Weak references of AWS-LC to an allocator that a process may define; OpenSSL, and so node, has none of these names.
const allocatorHooks = ['alloc', 'free', 'get_size', 'realloc'].map((name) => `OPENSSL_memory_${name}`);

const state = loadBinding();

if (!state.loaded) {
  t.pass('no addon here', { skip: state.reason });
} else {
  t.test('the addon reports AWS-LC', async (t) => {
    t.match(state.binding.awsLcVersion, /^\d+\.\d+\.\d+/);
    t.type(state.binding.fips, 'boolean');
    t.not(state.binding.awsLcVersion, process.versions.openssl);
  });

  t.test('its dynamic symbols', { skip: process.platform === 'linux' ? false : 'nm -D is for ELF' }, async (t) => {
    const defined = await dynamicSymbols(state.path, '--defined-only');
    t.strictSame(
      defined.filter((name) => !/^(napi_register_module_v\d+|node_api_module_get_api_version_v\d+)$/.test(name)),
      [],
      'exports the entry points of Node-API and nothing else',
    );
    t.ok(defined.length > 0, 'exports its entry point');

    const undefinedSymbols = await dynamicSymbols(state.path, '--undefined-only');
    t.strictSame(
      undefinedSymbols.filter(
        (name) =>
          !allocatorHooks.includes(name) &&
          /^(SSL|TLS|DTLS|EVP|CRYPTO|OPENSSL|ERR|BIO|X509|RSA|EC|ECDSA|ECDH|BN|ASN1|CBS|CBB|RAND|SHA|AES|HMAC|HKDF|PEM|PKCS\d+|d2i|i2d|sk|OBJ|KEM|MLKEM|ml_kem|ml_dsa)_/i.test(
            name,
          ),
      ),
      [],
      'asks the process for no function of a TLS library',
    );
  });
}

async function dynamicSymbols(path: string, kind: string): Promise<string[]> {
  const result = await runCommand('nm', ['-D', '--format=posix', kind, path]);
  if (result.code !== 0) throw new Error(`nm: ${result.stderr}`);
  return result.stdout
    .split('\n')
    .map((line) => line.split(' ', 1)[0]?.replace(/@.*$/, '') ?? '')
    .filter((name) => name !== '');
}
