// Files behind a passphrase, which the program gives: parsed with the right one, whatever else was changed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DerError } from '#src/crypto/tls/der.js';
import { openEncryptedPkcs8 } from '#src/crypto/tls/encrypted-key.js';
import { nodePkcs12 } from '#src/crypto/tls/node-signer.js';
import { readPkcs12, type Pkcs12Functions } from '#src/crypto/tls/pkcs12.js';

export const passphrase = 'secret';

/** What was encrypted is no plaintext any more. */
export class DecryptionError extends Error {}

const mostIterations = 2_048;
const mostHashes = 20_000;

/** No MAC refuses what was changed, and no count of iterations takes long: the parser behind them is what is looked at. */
function permissive(): Pkcs12Functions {
  let hashes = 0;
  const decrypting =
    (decrypt: Pkcs12Functions['decryptAesCbc']): Pkcs12Functions['decryptAesCbc'] =>
    (key, iv, ciphertext) => {
      try {
        return decrypt(key, iv, ciphertext);
      } catch (error) {
        throw new DecryptionError('', { cause: error });
      }
    };
  return {
    ...nodePkcs12,
    hash(name, data) {
      hashes += 1;
      if (hashes > mostHashes) throw new DerError('fewer iterations');
      return nodePkcs12.hash(name, data);
    },
    equal: () => true,
    pbkdf2: (hash, secret, salt, iterations, length) =>
      nodePkcs12.pbkdf2(hash, secret, salt, Math.min(iterations, mostIterations), length),
    scrypt: (secret, salt, _parameters, length) => nodePkcs12.scrypt(secret, salt, { N: 16, r: 1, p: 1 }, length),
    decryptAesCbc: decrypting(nodePkcs12.decryptAesCbc),
    decryptTripleDesCbc: decrypting(nodePkcs12.decryptTripleDesCbc),
  };
}

export const openPkcs12 = (der: Uint8Array): unknown => readPkcs12(der, passphrase, permissive());
export const openPkcs8 = (der: Uint8Array): unknown => openEncryptedPkcs8(der, passphrase, permissive());

/** By OpenSSL, in the encryptions that are read. */
export function pkcs12Files(identity: { readonly cert: string; readonly key: string }): Buffer[] {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-fuzz-'));
  try {
    writeFileSync(join(folder, 'key'), identity.key);
    writeFileSync(join(folder, 'cert'), identity.cert);
    return [[], ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'], ['-keypbe', 'NONE', '-certpbe', 'NONE']].map(
      (options) => {
        const files = ['-inkey', 'key', '-in', 'cert', '-out', 'file', '-passout', `pass:${passphrase}`];
        execFileSync('openssl', ['pkcs12', '-export', ...files, ...options], { cwd: folder, stdio: 'ignore' });
        return readFileSync(join(folder, 'file'));
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
