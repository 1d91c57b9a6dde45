// Which certificate a server shows, what a client trusts, revocation lists, and certificate compression.

import { createHook } from 'node:async_hooks';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as zlib from 'node:zlib';
import { test } from 'tap';
import pqtls, { type TLSSocket } from 'pqtls';
import { canonicalSignatureScheme, chooseSignatureSchemes } from '#src/tls/signature-schemes.js';
import { handshake } from '../support/handshakes.js';
import { modules } from '../support/tls-modules.js';
import { selfSigned } from '../support/mldsa-certificate.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';

for (const [name, tls] of Object.entries(modules)) {
  void test(`${name}: trust`, async (t) => {
    const { authority, leaf } = await credentials();
    const serial = new X509Certificate(leaf.cert).serialNumber;
    const [clean, revoked] = [await authority.crl(['0123']), await authority.crl([serial])];
    const cases: readonly (readonly [what: string, client: object, error: string | undefined])[] = [
      ['no list', {}, undefined],
      ['a list without it', { crl: clean }, undefined],
      ['a list with it', { crl: [Buffer.from(revoked)] }, 'CERT_REVOKED'],
      ['a CA that is not there', { ca: [] }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['the leaf as CA', { ca: leaf.cert }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['the leaf as CA, partial chain', { ca: leaf.cert, allowPartialTrustChain: true }, undefined],
    ];
    for (const [what, client, error] of cases) {
      const found = await handshake(tls, leaf, { ca: authority.cert, ...client });
      t.equal(found.clientError, error, what);
    }
  });
}

void test('chains side by side, chosen by the schemes of the client', async (t) => {
  const { authority, leaf } = await credentials();
  const [rsa, ed25519, mlDsa] = [
    await authority.issue({ kind: 'RSA-2048' }),
    await authority.issue({ kind: 'Ed25519' }),
    selfSigned('ML-DSA-65'),
  ];
  const all = [rsa, mlDsa, leaf, ed25519];
  const { port, server } = await listen(t, {
    cert: all.map(({ cert }) => cert),
    key: all.map(({ key }) => key).reverse(),
  });
  server.on('tlsClientError', () => undefined);
  const cases: readonly (readonly [sigalgs: string | undefined, scheme: string, shown: string])[] = [
    [undefined, 'mldsa65', mlDsa.cert],
    ['ML-DSA-65:ECDSA+SHA256', 'mldsa65', mlDsa.cert],
    ['ECDSA+SHA256:RSA-PSS+SHA256', 'ecdsa_secp256r1_sha256', leaf.cert],
    ['ed25519:ecdsa_secp256r1_sha256', 'ed25519', ed25519.cert],
    ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha256', rsa.cert],
  ];
  for (const [sigalgs, scheme, shown] of cases) {
    let raw: Buffer | undefined;
    const client = await dial(t, port, {
      sigalgs,
      ca: [authority.cert, mlDsa.cert],
      checkServerIdentity: (_host, certificate) => {
        raw = certificate.raw;
        return undefined;
      },
    });
    await once(client, 'secureConnect');
    t.equal(client.getHandshakeInfo()?.peerSignatureScheme, scheme);
    t.same(raw, new X509Certificate(shown).raw, scheme);
    client.destroy();
  }
  const none = await dial(t, port, { sigalgs: 'ecdsa_secp521r1_sha512' });
  t.match(await errorOf(none), { code: /^ERR_SSL_(SSLV3_ALERT|SSL\/TLS_ALERT)_HANDSHAKE_FAILURE$/ });
});

void test('a short RSA key needs a lower level, on both sides', async (t) => {
  const { authority } = await credentials();
  const short = await authority.issue({ kind: 'RSA-1024' });
  t.throws(() => pqtls.createSecureContext(short), { code: 'ERR_SSL_EE_KEY_TOO_SMALL' });
  const server = { ...short, ciphers: 'DEFAULT:@SECLEVEL=0' };
  const { port, server: listening } = await listen(t, server);
  listening.on('tlsClientError', () => undefined);
  t.match(await errorOf(await dial(t, port)), { code: 'EE_KEY_TOO_SMALL' });
  await once(await dial(t, port, { ciphers: 'DEFAULT:@SECLEVEL=0' }), 'secureConnect');
});

const compressors = pqtls.getCertificateCompressionAlgorithms();

for (const algorithm of compressors) {
  void test(`certificate compression: ${algorithm}`, async (t) => {
    const options = { certificateCompression: [algorithm] };
    const secureContext = pqtls.createSecureContext({ ...(await credentials()).leaf, ...options });
    const plain = await connectedPair(t, { secureContext });
    const first = await connectedPair(t, { secureContext }, options);
    const second = await connectedPair(t, { secureContext }, options);
    t.equal(second.client.authorized, true, 'from the cache');
    const sizes: number[] = [];
    for (const { client, served } of [plain, first, second]) {
      // To the end, so that the tickets count for all of them.
      served.end();
      client.resume();
      await once(client, 'close');
      sizes.push(client.getHandshakeInfo()?.bytesRead ?? 0);
    }
    t.ok((sizes[1] ?? 0) < (sizes[0] ?? 0), `compressed: ${sizes.join(' ')} bytes`);
  });
}

void test('certificate compression: options', (t) => {
  const context = (certificateCompression: unknown) => () =>
    pqtls.createSecureContext({ certificateCompression } as never);
  t.throws(context('zlib'), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(context(['gzip']), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: "The property 'options.certificateCompression[0]' must be 'zlib', 'brotli', or 'zstd'. Received 'gzip'",
  });
  t.throws(context(['zlib', 'zlib']), { code: 'ERR_CRYPTO_OPERATION_FAILED' });
  t.throws(context(['zlib', 'zlib', 'zlib', 'zlib']), { code: 'ERR_INVALID_ARG_VALUE' });
  t.doesNotThrow(context([]));
  t.equal(compressors.includes('zstd'), 'zstdCompressSync' in zlib);
  t.end();
});

void test('certificate compression: destroy() and write() inside of zlib', async (t) => {
  const options = { certificateCompression: compressors };
  const { port, server } = await listen(t, options, (socket) => {
    socket.on('error', () => undefined).resume();
  });
  server.on('tlsClientError', () => undefined);
  for (const act of ['destroy', 'write'] as const) {
    const client: TLSSocket = await dial(t, port, options);
    let seen = 0;
    // The program's own hooks run where zlib makes its handle: while libssl waits for the certificate.
    const hook = createHook({
      init(_id, type) {
        if (type !== 'ZLIB' && type !== 'BROTLI' && type !== 'ZSTD') return;
        seen += 1;
        if (act === 'destroy') client.destroy();
        else client.write('early');
      },
    });
    hook.enable();
    const closed = once(client, act === 'destroy' ? 'close' : 'secureConnect');
    await closed;
    hook.disable();
    t.ok(seen > 0, act);
    t.equal(client.destroyed, act === 'destroy');
    client.destroy();
  }
});

void test('spellings of signature schemes', (t) => {
  t.equal(canonicalSignatureScheme('RSA-PSS+SHA256'), 'rsa_pss_rsae_sha256');
  t.equal(canonicalSignatureScheme('ECDSA+SHA384'), 'ecdsa_secp384r1_sha384');
  t.equal(canonicalSignatureScheme('ed25519'), 'ed25519');
  t.equal(canonicalSignatureScheme('constructor'), undefined);
  t.same(chooseSignatureSchemes({ sigalgs: '?rot13:RSA+SHA256:ed25519:ed25519' }), ['rsa_pkcs1_sha256', 'ed25519']);
  t.throws(() => chooseSignatureSchemes({ sigalgs: 'rot13' }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.end();
});
