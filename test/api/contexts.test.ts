// createSecureContext(): what it takes and what it refuses, with node:tls's codes and messages. Both modules, one table.

import { execFileSync } from 'node:child_process';
import { createPrivateKey, constants } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { credentials } from '../support/tls-server.js';
import { handshake } from '../support/handshakes.js';
import { modules } from '../support/tls-modules.js';

const text = 'of type string or an instance of Buffer, TypedArray, or DataView';
const wrongType = (name: string, received = 'type number (5)'): { code: string; message: string } => ({
  code: 'ERR_INVALID_ARG_TYPE',
  message: `The "options.${name}" property must be ${text}. Received ${received}`,
});
const noCipher = { code: 'ERR_SSL_NO_CIPHER_MATCH', message: 'error:0A0000B9:SSL routines::no cipher match' };

for (const [name, tls] of Object.entries(modules)) {
  void test(`${name}: createSecureContext()`, async (t) => {
    const { authority, leaf } = await credentials();
    const other = await authority.issue();
    const rsa = await authority.issue({ kind: 'RSA-2048' });
    const encrypted = createPrivateKey(leaf.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    const der = new DataView(Uint8Array.from(Buffer.from(leaf.cert)).buffer);

    const accepted: Record<string, unknown> = {
      nothing: undefined,
      null: null,
      'a DataView': { cert: der, key: Buffer.from(leaf.key) },
      'a Uint16Array': { ca: new Uint16Array(Buffer.from(`${leaf.cert}\n\n`).buffer.slice(0, 64)) },
      'two chains, keys in another order': { cert: [leaf.cert, rsa.cert], key: [rsa.key, leaf.key] },
      'two chains, one key': { cert: [leaf.cert, rsa.cert], key: leaf.key },
      'a key alone': { key: leaf.key },
      'a certificate alone': { cert: leaf.cert },
      'the last of one type wins': { cert: [leaf.cert, other.cert], key: other.key },
      'an encrypted key': { key: encrypted, passphrase: 'secret' },
      'with its own passphrase': { key: [{ pem: encrypted, passphrase: 'secret' }] },
      'with the common passphrase': { key: [{ pem: encrypted }], passphrase: 'secret' },
      'falsy values': { key: false, cert: '', ca: null },
      'ca without a certificate': { ca: 'no PEM' },
      'ca with a key': { ca: leaf.key + leaf.cert },
      'a level': { ciphers: 'DEFAULT:@SECLEVEL=0' },
      'crossed versions': { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' },
      'old versions': { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
      'secure options': { secureOptions: constants.SSL_OP_NO_TLSv1_3 },
      'a method': { secureProtocol: 'TLSv1_2_server_method' },
      'a garbage dhparam': { dhparam: 'x' },
      'dhparam auto': { dhparam: 'auto' },
      'a session id context': { sessionIdContext: 'app' },
    };
    for (const [what, options] of Object.entries(accepted)) {
      t.doesNotThrow(() => tls.createSecureContext(options as never), what);
    }

    const refused: Record<string, readonly [options: unknown, error: { code?: string; message?: string }]> = {
      'options of a wrong type': [5, { code: 'ERR_INVALID_ARG_TYPE' }],
      'cert of a wrong type': [{ cert: 5 }, wrongType('cert')],
      'cert in an array': [{ cert: [{}] }, wrongType('cert', 'an instance of Object')],
      'key of a wrong type': [{ key: [null] }, wrongType('key', 'null')],
      'ca of a wrong type': [{ ca: true }, wrongType('ca', 'type boolean (true)')],
      'crl of a wrong type': [{ crl: [5] }, wrongType('crl')],
      'crl that does not parse': [
        { crl: 'x' },
        { code: 'ERR_CRYPTO_OPERATION_FAILED', message: 'Failed to parse CRL' },
      ],
      'passphrase of a wrong type': [{ key: leaf.key, passphrase: 5 }, { code: 'ERR_INVALID_ARG_TYPE' }],
      'cert that is no PEM': [
        { cert: 'x' },
        { code: 'ERR_OSSL_PEM_NO_START_LINE', message: 'error:0480006C:PEM routines::no start line' },
      ],
      'cert cut short': [{ cert: leaf.cert.slice(0, 200) }, { code: 'ERR_OSSL_PEM_BAD_END_LINE' }],
      'cert that is no certificate': [
        { cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
        { code: 'ERR_OSSL_ASN1_WRONG_TAG' },
      ],
      'key that is no PEM': [
        { key: 'x' },
        { code: 'ERR_OSSL_UNSUPPORTED', message: 'error:1E08010C:DECODER routines::unsupported' },
      ],
      'key of another certificate': [
        { cert: leaf.cert, key: other.key },
        {
          code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
          message: 'error:05800074:x509 certificate routines::key values mismatch',
        },
      ],
      'wrong passphrase': [
        { key: encrypted, passphrase: 'wrong' },
        { code: 'ERR_OSSL_BAD_DECRYPT', message: 'error:1C800064:Provider routines::bad decrypt' },
      ],
      'pfx of a wrong type': [
        { pfx: 5 },
        { code: 'ERR_CRYPTO_OPERATION_FAILED', message: 'Unable to load PFX certificate' },
      ],
      'pfx that does not parse': [{ pfx: 'sausage' }, { message: 'not enough data' }],
      'unknown ciphers': [{ ciphers: 'blah' }, noCipher],
      'unknown TLS 1.3 cipher': [{ ciphers: 'TLS_BLAH:AES128-SHA' }, noCipher],
      'ciphers of a wrong type': [{ ciphers: 5 }, { code: 'ERR_INVALID_ARG_TYPE' }],
      'empty ciphers': [
        { ciphers: ':' },
        { code: 'ERR_INVALID_ARG_VALUE', message: "The property 'options.ciphers' is invalid. Received [ '', '' ]" },
      ],
      'a bad level': [
        { ciphers: 'DEFAULT:@SECLEVEL=9' },
        { code: 'ERR_SSL_INVALID_COMMAND', message: 'error:0A000118:SSL routines::invalid command' },
      ],
      'unknown curve': [
        { ecdhCurve: 'blah' },
        { code: 'ERR_CRYPTO_OPERATION_FAILED', message: 'Failed to set ECDH curve' },
      ],
      'curve of a wrong type': [{ ecdhCurve: null }, { code: 'ERR_INVALID_ARG_TYPE' }],
      'empty sigalgs': [
        { sigalgs: '' },
        { code: 'ERR_INVALID_ARG_VALUE', message: "The property 'options.sigalgs' is invalid. Received ''" },
      ],
      'unknown version': [
        { minVersion: 'fhqwhgads' },
        {
          code: 'ERR_TLS_INVALID_PROTOCOL_VERSION',
          message: '"fhqwhgads" is not a valid minimum TLS protocol version',
        },
      ],
      SSLv3: [
        { secureProtocol: 'SSLv3_method' },
        { code: 'ERR_TLS_INVALID_PROTOCOL_METHOD', message: 'SSLv3 methods disabled' },
      ],
      'unknown method': [
        { secureProtocol: 'blargh' },
        { code: 'ERR_TLS_INVALID_PROTOCOL_METHOD', message: 'Unknown method: blargh' },
      ],
      'a method and a version': [
        { secureProtocol: 'TLSv1_2_method', minVersion: 'TLSv1.2' },
        {
          code: 'ERR_TLS_PROTOCOL_VERSION_CONFLICT',
          message: 'TLS protocol version "TLSv1.2" conflicts with secureProtocol "TLSv1_2_method"',
        },
      ],
      'secure options of a wrong type': [{ secureOptions: 'x' }, { code: 'ERR_INVALID_ARG_TYPE' }],
      'a fraction': [{ secureOptions: 1.5 }, { code: 'ERR_OUT_OF_RANGE' }],
      'session id context': [{ sessionIdContext: 5 }, { code: 'ERR_INVALID_ARG_TYPE' }],
      dhparam: [{ dhparam: true }, wrongType('dhparam', 'type boolean (true)')],
      'an engine key without engine': [{ privateKeyIdentifier: 'a' }, { code: 'ERR_INVALID_ARG_VALUE' }],
      'an engine': [{ clientCertEngine: 5 }, { code: 'ERR_INVALID_ARG_TYPE' }],
    };
    for (const [what, [options, error]] of Object.entries(refused)) {
      t.throws(() => tls.createSecureContext(options as never), error as Error, what);
    }
  });

  void test(`${name}: PKCS#12`, async (t) => {
    const { authority, leaf } = await credentials();
    const folder = mkdtempSync(join(tmpdir(), 'pqtls-pfx-'));
    t.teardown(() => {
      rmSync(folder, { recursive: true });
    });
    for (const [file, pem] of [
      ['key', leaf.key],
      ['cert', leaf.cert],
      ['ca', authority.cert],
    ] as const) {
      writeFileSync(join(folder, file), pem);
    }
    const files = ['-inkey', 'key', '-in', 'cert', '-certfile', 'ca', '-out', 'pfx', '-passout', 'pass:secret'];
    execFileSync('openssl', ['pkcs12', '-export', ...files], { cwd: folder, stdio: 'ignore' });
    const pfx = readFileSync(join(folder, 'pfx'));
    const forms = [
      { pfx, passphrase: 'secret' },
      { pfx: [pfx], passphrase: 'secret' },
      { pfx: [{ buf: pfx, passphrase: 'secret' }] },
    ];
    for (const form of forms) {
      // The file's own CA is trusted as well: without it the client would not accept the server.
      const { protocol } = await handshake(tls, form, form);
      t.equal(protocol, 'TLSv1.3');
    }
    t.throws(() => tls.createSecureContext({ pfx, passphrase: 'wrong' }), { message: 'mac verify failure' });
    t.throws(() => tls.createSecureContext({ pfx }), { message: 'mac verify failure' });
  });
}
