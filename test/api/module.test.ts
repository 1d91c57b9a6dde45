// The module object: DEFAULT_*, CA certificates, ALPN's wire form. As node:tls where both have it.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as nodeTls from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import pqtls from 'pqtls';
import { rejectUnauthorizedByDefault } from '#src/tls/ca-certificates.js';
import { handshake } from '../support/handshakes.js';
import { modules } from '../support/tls-modules.js';
import { projectDir } from '../support/project.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';

for (const [name, tls] of Object.entries(modules)) {
  void test(`${name}: DEFAULT_* are read at call time`, async (t) => {
    const { authority, leaf } = await credentials();
    const writable = (name === 'pqtls' ? pqtls : nodeTlsObject()) as Record<string, unknown>;
    const cases: readonly (readonly [string, string, object])[] = [
      ['DEFAULT_MAX_VERSION', 'TLSv1.2', { protocol: 'TLSv1.2' }],
      ['DEFAULT_CIPHERS', 'TLS_AES_128_GCM_SHA256', { cipher: { name: 'TLS_AES_128_GCM_SHA256' } }],
    ];
    for (const [property, value, outcome] of cases) {
      const before = writable[property];
      writable[property] = value;
      try {
        t.match(await handshake(tls, leaf, { ca: authority.cert }), outcome, property);
      } finally {
        writable[property] = before;
      }
    }
    for (const [property, value] of [
      ['DEFAULT_MIN_VERSION', 'x'],
      ['DEFAULT_ECDH_CURVE', 'x'],
      ['DEFAULT_CIPHERS', 'x'],
    ] as const) {
      const before = writable[property];
      writable[property] = value;
      try {
        t.throws(() => tls.createSecureContext(), property);
      } finally {
        writable[property] = before;
      }
    }
  });

  void test(`${name}: rootCertificates and convertALPNProtocols()`, (t) => {
    t.ok(tls.rootCertificates.length > 100);
    t.ok(Object.isFrozen(tls.rootCertificates));
    t.throws(() => Object.assign(name === 'pqtls' ? pqtls : nodeTlsObject(), { rootCertificates: [] }), TypeError);
    const out: { ALPNProtocols?: Buffer } = {};
    tls.convertALPNProtocols(['h2', 'http/1.1'], out);
    t.same(out.ALPNProtocols, Buffer.from('\x02h2\x08http/1.1'));
    tls.convertALPNProtocols(new DataView(Uint8Array.of(1, 97).buffer), out);
    t.same(out.ALPNProtocols, Buffer.from('\x01a'));
    t.throws(() => tls.convertALPNProtocols(['a'.repeat(256)], {}), {
      code: 'ERR_OUT_OF_RANGE',
      message: 'The byte length of the protocol at index 0 exceeds the maximum length. It must be <= 255. Received 256',
    });
    t.end();
  });
}

/** The object that programs assign to; a namespace import is frozen. */
function nodeTlsObject(): Record<string, unknown> {
  return (nodeTls as unknown as { default: Record<string, unknown> }).default;
}

void test('the module has every name of node:tls', (t) => {
  const missing = Object.keys(nodeTlsObject()).filter((name) => !(name in pqtls));
  t.same(missing, []);
  t.match(pqtls, { CLIENT_RENEG_LIMIT: 3, CLIENT_RENEG_WINDOW: 600, DEFAULT_ECDH_CURVE: 'auto' });
  t.end();
});

void test('getCACertificates() and setDefaultCACertificates()', async (t) => {
  const { authority } = await credentials();
  t.equal(pqtls.getCACertificates('bundled'), pqtls.rootCertificates);
  t.ok(Object.isFrozen(pqtls.getCACertificates()));
  t.ok(pqtls.getCACertificates().length >= pqtls.rootCertificates.length);
  t.ok(Array.isArray(pqtls.getCACertificates('system')));
  t.throws(() => pqtls.getCACertificates('x' as never), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: "The argument 'type' is invalid. Received 'x'",
  });
  t.throws(() => pqtls.getCACertificates(5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => pqtls.setDefaultCACertificates('x' as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => pqtls.setDefaultCACertificates([5 as never]), {
    code: 'ERR_INVALID_ARG_TYPE',
    message:
      'The "certs[0]" argument must be of type string or an instance of ArrayBufferView. Received type number (5)',
  });
  t.throws(() => pqtls.setDefaultCACertificates(['x']), {
    code: 'ERR_CRYPTO_OPERATION_FAILED',
    message: 'No valid certificates found in the provided array',
  });
  const before = pqtls.getCACertificates();
  t.teardown(() => pqtls.setDefaultCACertificates(before));
  const { port, server } = await listen(t);
  server.on('tlsClientError', () => undefined);
  t.match(await errorOf(await dial(t, port, { ca: undefined })), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  pqtls.setDefaultCACertificates([authority.cert, Buffer.from(authority.cert)]);
  t.equal(pqtls.getCACertificates().length, 1);
  await connectedPair(t, {}, { ca: undefined });
  pqtls.setDefaultCACertificates([]);
  t.same(pqtls.getCACertificates(), []);
  t.match(await errorOf(await dial(t, port, { ca: undefined })), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});

void test('NODE_EXTRA_CA_CERTS and the command line', async (t) => {
  const { authority } = await credentials();
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-ca-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'extra.pem');
  writeFileSync(file, authority.cert);
  const run = (code: string, extra: string, flags: readonly string[] = []): string =>
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', `import tls from 'pqtls'; ${code}`], {
      cwd: projectDir,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: extra },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  t.equal(run("console.log(tls.getCACertificates('extra').join(''))", file).trim(), authority.cert.trim());
  t.equal(run("console.log(tls.getCACertificates('extra').length)", join(folder, 'none.pem')), '0');
  t.equal(
    run('console.log(tls.getCACertificates().length - tls.rootCertificates.length)', file),
    '1',
    'beside the roots',
  );
  t.equal(run('console.log(tls.DEFAULT_MIN_VERSION)', '', ['--tls-min-v1.3']), 'TLSv1.3');
  t.equal(run('console.log(tls.DEFAULT_CIPHERS)', '', ['--tls-cipher-list=AES128-SHA']), 'AES128-SHA');
});

void test('NODE_TLS_REJECT_UNAUTHORIZED=0 warns once', async (t) => {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  const warnings: Error[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listener);
  try {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '1';
    t.equal(rejectUnauthorizedByDefault(), true);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    t.equal(rejectUnauthorizedByDefault(), false);
    t.equal(rejectUnauthorizedByDefault(), false);
    await new Promise(setImmediate);
  } finally {
    process.off('warning', listener);
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  }
  t.equal(
    warnings.filter(({ message }) => message.includes('insecure by disabling certificate verification')).length,
    1,
  );
});
