// Suites and versions: what is negotiated and what getCipher() calls it, in node:tls and pqtls.

import { constants } from 'node:crypto';
import nodeTls from 'node:tls';
import { createSecureContext } from 'pqtls';
import { test } from 'tap';
import { cipherVersion, chooseCiphers } from '#src/tls/cipher-list.js';
import { handshake } from '../support/handshakes.js';
import { modules } from '../support/tls-modules.js';
import { credentials } from '../support/tls-server.js';
import { nativeContextOf } from '../support/native-context.js';

for (const [name, tls] of Object.entries(modules)) {
  void test(`${name}: getCipher() and versions`, async (t) => {
    const { authority, leaf } = await credentials();
    const rsa = await authority.issue({ kind: 'RSA-2048' });
    const { cert, key } = { cert: [leaf.cert, rsa.cert], key: [leaf.key, rsa.key] };
    const suite = (name: string, standardName: string, version: string): object => ({
      cipher: { name, standardName, version },
    });
    const server = { cert, key, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    const cases: readonly (readonly [client: object, outcome: object, server?: object])[] = [
      [{}, suite('TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384', 'TLSv1.3')],
      [
        { ciphers: 'TLS_AES_128_GCM_SHA256' },
        { protocol: 'TLSv1.3', ...suite('TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256', 'TLSv1.3') },
      ],
      [
        { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
        {
          protocol: 'TLSv1.2',
          ...suite('ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLSv1.2'),
        },
      ],
      [
        { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA' },
        suite('ECDHE-ECDSA-AES256-SHA', 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA', 'TLSv1.0'),
      ],
      [{ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }, suite('AES128-SHA', 'TLS_RSA_WITH_AES_128_CBC_SHA', 'SSLv3')],
      [{ minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }, { protocol: 'TLSv1' }],
      [{ secureProtocol: 'TLSv1_1_method', ciphers: 'ALL:@SECLEVEL=0' }, { protocol: 'TLSv1.1' }],
      [{ secureProtocol: 'SSLv23_method' }, { protocol: 'TLSv1.2' }],
      [{ secureOptions: constants.SSL_OP_NO_TLSv1_3 }, { protocol: 'TLSv1.2' }],
      [{ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, { clientError: 'ERR_SSL_NO_PROTOCOLS_AVAILABLE' }],
      [
        { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
        suite('ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLSv1.2'),
        { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384' },
      ],
      [
        { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
        suite('ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLSv1.2'),
        { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384', honorCipherOrder: false },
      ],
      [
        // The client's post-quantum groups must not stand in the way of TLS 1.2.
        { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256' },
        suite('ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLSv1.2'),
        {
          ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384',
          maxVersion: 'TLSv1.2',
          honorCipherOrder: false,
        },
      ],
    ];
    for (const [client, outcome, more] of cases) {
      const found = await handshake(tls, { ...server, ...more }, { ca: authority.cert, ...client });
      t.match(found, outcome, JSON.stringify(client));
    }
  });

  void test(`${name}: getCiphers()`, (t) => {
    const ciphers = tls.getCiphers();
    for (const cipher of ['aes128-sha', 'ecdhe-rsa-aes128-gcm-sha256', 'tls_aes_256_gcm_sha384']) {
      t.ok(ciphers.includes(cipher), cipher);
    }
    t.same(ciphers, [...new Set(ciphers)].sort(), 'sorted, each once');
    t.same(
      ciphers,
      ciphers.map((cipher) => cipher.toLowerCase()),
    );
    ciphers.push('mine');
    t.notOk(name === 'pqtls' && tls.getCiphers().includes('mine'), 'a copy');
    t.end();
  });
}

void test('lists', (t) => {
  t.match(chooseCiphers({ ciphers: 'HIGH@SECLEVEL=1:TLS_AES_128_GCM_SHA256' }), {
    tls12: /^ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:.*:AES128-SHA:PSK-AES128-CBC-SHA$/,
    tls13: 'TLS_AES_128_GCM_SHA256',
    securityLevel: 1,
  });
  for (const ciphers of ['DES-CBC3-SHA', '3DES', 'foo', 'HIGH:!ALL']) {
    t.throws(() => chooseCiphers({ ciphers }), { code: 'ERR_SSL_NO_CIPHER_MATCH' }, ciphers);
  }
  t.throws(() => chooseCiphers({ ciphers: 'HIGH:@WEAKNESS' }), { code: 'ERR_SSL_INVALID_COMMAND' });
  const suites = (ciphers: string): string[] => nativeContextOf(createSecureContext({ ciphers })).native.ciphers();
  t.ok(suites('ECDHE-RSA-AES128-GCM-SHA256:HIGH').includes('AES128-GCM-SHA256'));
  t.ok(suites('PSK+HIGH').includes('ECDHE-PSK-AES128-CBC-SHA'));
  const byDefault = suites(nodeTls.DEFAULT_CIPHERS);
  t.ok(byDefault.includes('AES128-GCM-SHA256'));
  t.notOk(byDefault.some((name) => name.includes('PSK')));
  t.equal(cipherVersion('PSK-AES128-CBC-SHA'), 'SSLv3');
  t.end();
});

void test('a list with a NUL is refused, not cut', (t) => {
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
  for (const ciphers of ['HIGH\0:!aNULL', 'TLS_AES_128_GCM_SHA256\0', '\0']) {
    t.throws(() => chooseCiphers({ ciphers }), refused);
    t.throws(() => createSecureContext({ ciphers }), refused);
  }
  t.end();
});
