// PKCS#12 files as OpenSSL writes them: every encryption that is read, and the errors of those that are not.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nodePkcs12, signerFromPrivateKey } from '#src/crypto/tls/node-signer.js';
import { Pkcs12MacError, readPkcs12 } from '#src/crypto/tls/pkcs12.js';
import { UnsupportedError } from '#src/errors.js';
import { Issuer } from '../../../support/certificates.js';

const root = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
const leaf = await root.issue({ subject: 'CN=localhost', names: ['localhost'] });
const secret = 'gehäuse 𝄞';

function exported(t: Test, passphrase: string, ...options: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-pfx-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key'), leaf.key);
  writeFileSync(join(folder, 'cert'), leaf.cert);
  writeFileSync(join(folder, 'ca'), root.cert);
  const files = ['-inkey', 'key', '-in', 'cert', '-certfile', 'ca', '-out', 'pfx', '-passout', `pass:${passphrase}`];
  execFileSync('openssl', ['pkcs12', '-export', ...files, ...options], { cwd: folder, stdio: 'ignore' });
  return readFileSync(join(folder, 'pfx'));
}

const kinds: Record<string, readonly string[]> = {
  'AES-256, SHA-256': [],
  'AES-128, SHA-512': ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'sha512'],
  'triple DES, SHA-1': ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
  'no encryption': ['-keypbe', 'NONE', '-certpbe', 'NONE'],
  'one iteration': ['-noiter', '-nomaciter'],
};

for (const [name, options] of Object.entries(kinds)) {
  t.test(name, async (t) => {
    for (const passphrase of [secret, '']) {
      const { keys, certificates } = readPkcs12(exported(t, passphrase, ...options), passphrase, nodePkcs12);
      t.equal(keys.length, 1);
      const signer = signerFromPrivateKey(keys[0] ?? new Uint8Array(0));
      const expected = [leaf, root].map(({ cert }) => new X509Certificate(cert));
      t.same(
        Buffer.from(signer.spki),
        expected[0]?.publicKey.export({ type: 'spki', format: 'der' }),
        'the key is the one of the certificate',
      );
      t.same(
        certificates.map((der) => new X509Certificate(der).fingerprint256).sort(),
        expected.map(({ fingerprint256 }) => fingerprint256).sort(),
      );
    }
  });
}

t.test('another passphrase, and every byte of a file changed or cut', async (t) => {
  const file = exported(t, secret, '-noiter', '-nomaciter');
  for (const wrong of ['', 'gehäuse', `${secret} `]) {
    t.throws(() => readPkcs12(file, wrong, nodePkcs12), Pkcs12MacError);
  }
  const whole = readPkcs12(file, secret, nodePkcs12);
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    for (const bytes of [changed, file.subarray(0, at)]) {
      try {
        // What does not stand behind the MAC, the parameters of its algorithm for one, may have no meaning.
        t.same(readPkcs12(bytes, secret, nodePkcs12), whole, `byte ${at}`);
      } catch (error) {
        // asn1js throws errors of its own for some of what is malformed.
        if (!(error instanceof Error) || error instanceof RangeError) t.fail(`byte ${at}: ${String(error)}`);
      }
    }
  }
});

t.test('what is not read says what to do', async (t) => {
  const old = exported(t, secret, '-legacy', '-certpbe', 'PBE-SHA1-RC2-40');
  t.throws(() => readPkcs12(old, secret, nodePkcs12), UnsupportedError);
  t.throws(() => readPkcs12(old, secret, nodePkcs12), { code: 'ERR_PQTLS_UNSUPPORTED', message: /openssl pkcs12/ });
  const unsealed = exported(t, secret, '-nomac');
  t.throws(() => readPkcs12(unsealed, secret, nodePkcs12), { message: /with a MAC/ }, 'no MAC, no trust');
});
