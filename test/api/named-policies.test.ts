// The named policies: what each of them is, that it stays so, and that options beside it can only narrow it.

import { constants } from 'node:crypto';
import { inspect } from 'node:util';
import * as tls from 'node:tls';
import { once } from 'node:events';
import t from 'tap';
import pqtls, { createSecureContext, createServer, policies, type SecureContextOptions } from 'pqtls';
import { Authority } from '#src/cli/demo-authority.js';
import { issuedByP256, selfSigned } from '../support/mldsa-certificate.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';
import { shownError } from '../support/shown-error.js';
import { nativeContextOf } from '../support/native-context.js';

const suites13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const suites12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];
const schemes = [
  'mldsa65',
  'mldsa87',
  'mldsa44',
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
];

// A dated policy never changes. Another policy gets another date, and this list one more entry.
const snapshot = {
  'default-2026-11': {
    name: 'default-2026-11',
    postQuantum: 'prefer',
    versions: ['TLSv1.3', 'TLSv1.2'],
    groups: ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'X25519', 'secp256r1', 'secp384r1'],
    cipherSuites: [...suites13, ...suites12],
    signatureSchemes: schemes,
    certificateKey: 'any',
    minimumRsaBits: 2048,
  },
  'strict-2026-11': {
    name: 'strict-2026-11',
    postQuantum: 'require',
    versions: ['TLSv1.3'],
    groups: ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'],
    cipherSuites: suites13,
    signatureSchemes: schemes,
    certificateKey: 'any',
    minimumRsaBits: 2048,
  },
  'cnsa2-2026-11': {
    name: 'cnsa2-2026-11',
    postQuantum: 'require',
    versions: ['TLSv1.3'],
    groups: ['MLKEM1024', 'SecP384r1MLKEM1024'],
    cipherSuites: ['TLS_AES_256_GCM_SHA384'],
    signatureSchemes: ['mldsa87'],
    certificateKey: 'ML-DSA-87',
    minimumRsaBits: 2048,
  },
  'compat-2026-11': {
    name: 'compat-2026-11',
    postQuantum: 'prefer',
    versions: ['TLSv1.3', 'TLSv1.2'],
    groups: [
      'X25519MLKEM768',
      'SecP256r1MLKEM768',
      'SecP384r1MLKEM1024',
      'X25519',
      'secp256r1',
      'secp384r1',
      'secp521r1',
    ],
    cipherSuites: [
      ...suites13,
      ...suites12,
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-RSA-AES128-SHA',
      'ECDHE-ECDSA-AES256-SHA',
      'ECDHE-RSA-AES256-SHA',
      'AES128-GCM-SHA256',
      'AES256-GCM-SHA384',
      'AES128-SHA',
      'AES256-SHA',
    ],
    signatureSchemes: [...schemes, 'ecdsa_secp521r1_sha512'],
    certificateKey: 'any',
    minimumRsaBits: 2048,
  },
};
const aliases = {
  default: 'default-2026-11',
  strict: 'strict-2026-11',
  cnsa2: 'cnsa2-2026-11',
  compat: 'compat-2026-11',
} as const;

function withPolicyOfProcess<T>(name: string, run: () => T): T {
  process.env['PQTLS_POLICY'] = name;
  try {
    return run();
  } finally {
    delete process.env['PQTLS_POLICY'];
  }
}

void t.test('each policy is what it was', (t) => {
  t.same(Object.keys(policies), [...Object.keys(snapshot), ...Object.keys(aliases)]);
  for (const [name, policy] of Object.entries(snapshot)) t.same(policies[name], policy, name);
  for (const [alias, name] of Object.entries(aliases)) t.equal(policies[alias], policies[name], alias);
  t.equal(pqtls.policies, policies);
  t.match(inspect(policies), /'strict-2026-11'[\s\S]*X25519MLKEM768/);
  t.ok(Object.isFrozen(policies));
  for (const policy of Object.values(policies)) {
    t.ok(Object.isFrozen(policy) && Object.values(policy).every(Object.isFrozen), policy.name);
  }
  t.end();
});

void t.test('AWS-LC has every suite, group and scheme of every policy', (t) => {
  for (const policy of Object.values(policies)) {
    const context = createSecureContext({ policy: policy.name });
    t.match(context, { policyName: policy.name, postQuantum: policy.postQuantum, groups: policy.groups });
    t.equal(context.minVersion, policy.versions.at(-1));
    if (policy.versions.includes('TLSv1.2')) {
      t.same(
        nativeContextOf(context).native.ciphers(),
        policy.cipherSuites.filter((name) => !name.startsWith('TLS_')),
        policy.name,
      );
    }
  }
  t.end();
});

void t.test('options beside a policy narrow it', (t) => {
  const made = (options: SecureContextOptions) => createSecureContext(options);
  t.same(made({ policy: 'default', groups: 'P-256:X25519MLKEM768' }).groups, ['secp256r1', 'X25519MLKEM768']);
  t.equal(made({ policy: 'default', minVersion: 'TLSv1.3' }).minVersion, 'TLSv1.3');
  t.equal(made({ policy: 'default', maxVersion: 'TLSv1.2' }).maxVersion, 'TLSv1.2');
  t.equal(made({ policy: 'strict', minVersion: 'TLSv1.2' }).minVersion, 'TLSv1.3');
  t.match(made({ policy: 'default', postQuantum: 'require' }), {
    postQuantum: 'require',
    minVersion: 'TLSv1.3',
    groups: policies['strict']?.groups,
  });
  t.equal(made({ policy: 'default', ciphers: 'TLS_AES_256_GCM_SHA384' }).minVersion, 'TLSv1.3');
  const words = nativeContextOf(made({ policy: 'default', ciphers: 'ALL:!CHACHA20:@SECLEVEL=1' })).native.ciphers();
  t.ok(words.includes('ECDHE-RSA-AES128-GCM-SHA256') && !words.includes('AES128-SHA'), 'words for many suites');
  t.notOk(words.includes('ECDHE-RSA-CHACHA20-POLY1305'));
  t.equal(made({ policy: 'default', secureProtocol: 'TLSv1_2_method' }).maxVersion, 'TLSv1.2');
  t.equal(made({ policy: 'default', secureOptions: constants.SSL_OP_NO_TLSv1_2 }).minVersion, 'TLSv1.3');

  const rows: [SecureContextOptions, RegExp][] = [
    [{ policy: 'default', groups: 'X25519MLKEM768:P-521' }, /secp521r1 .*'default-2026-11'/],
    [{ policy: 'strict', groups: 'X25519MLKEM768:X25519' }, /X25519 .*'strict-2026-11'/],
    [{ policy: 'strict', ecdhCurve: 'MLKEM1024' }, /MLKEM1024 .*'strict-2026-11'/],
    [{ policy: 'strict', maxVersion: 'TLSv1.2' }, /TLSv1\.2 .*'strict-2026-11'/],
    [{ policy: 'strict', secureProtocol: 'TLSv1_2_method' }, /TLSv1\.2 .*'strict-2026-11'/],
    [{ policy: 'strict', secureOptions: constants.SSL_OP_NO_TLSv1_3 }, /TLSv1\.2 .*'strict-2026-11'/],
    [{ policy: 'strict', postQuantum: 'prefer' }, /'prefer' .*'strict-2026-11'/],
    [{ policy: 'default', postQuantum: 'off' }, /'off' .*'default-2026-11'/],
    [{ policy: 'default', ciphers: 'AES128-SHA' }, /AES128-SHA .*'default-2026-11'/],
    [{ policy: 'default', ciphers: 'kRSA' }, /kRSA .*'default-2026-11'/],
    [{ policy: 'cnsa2', ciphers: 'TLS_AES_128_GCM_SHA256' }, /TLS_AES_128_GCM_SHA256 .*'cnsa2-2026-11'/],
    [{ policy: 'cnsa2', sigalgs: 'ed25519' }, /ed25519 .*'cnsa2-2026-11'/],
  ];
  for (const [options, message] of rows) {
    t.throws(() => made(options), { code: 'ERR_INVALID_ARG_VALUE', message }, inspect(options));
  }
  t.throws(() => made({ policy: 'paranoid' }), { code: 'ERR_INVALID_ARG_VALUE', message: /strict-2026-11/ });
  t.end();
});

void t.test('a policy of the process narrows programs that do not know of it', (t) => {
  withPolicyOfProcess('strict', () => {
    const context = createSecureContext({ ciphers: 'HIGH:TLS_AES_128_GCM_SHA256', ecdhCurve: 'X25519:X25519MLKEM768' });
    t.match(context, { policyName: 'strict-2026-11', postQuantum: 'require', groups: ['X25519MLKEM768'] });
    t.equal(createSecureContext({ policy: 'compat' }).postQuantum, 'require', 'its mode holds beside another policy');
    t.equal(createSecureContext({ postQuantum: 'off' }).postQuantum, 'require');
    t.throws(() => createSecureContext({ ecdhCurve: 'X25519' }), /strict-2026-11/);
  });
  t.end();
});

void t.test('defaults of the module are narrowed too', (t) => {
  const { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION } = pqtls;
  t.teardown(() => {
    Object.assign(pqtls, { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION });
  });
  pqtls.DEFAULT_CIPHERS = 'AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_256_GCM_SHA384';
  pqtls.DEFAULT_ECDH_CURVE = 'P-521:P-256';
  pqtls.DEFAULT_MIN_VERSION = 'TLSv1';
  const context = createSecureContext({ policy: 'default' });
  t.match(context, { minVersion: 'TLSv1.2', groups: ['secp256r1'] });
  t.same(nativeContextOf(context).native.ciphers(), ['ECDHE-RSA-AES128-GCM-SHA256']);
  t.throws(() => createSecureContext({ policy: 'strict' }), { code: 'ERR_INVALID_ARG_VALUE', message: /secp256r1/ });
  pqtls.DEFAULT_ECDH_CURVE = 'auto';
  pqtls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  t.equal(createSecureContext({ policy: 'default' }).minVersion, 'TLSv1.3');
  pqtls.DEFAULT_MIN_VERSION = 'TLSv1.2';
  pqtls.DEFAULT_MAX_VERSION = 'TLSv1.2';
  t.throws(() => createSecureContext({ policy: 'strict' }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => createSecureContext({ postQuantum: 'require' }), { code: 'ERR_PQTLS_NOT_POST_QUANTUM' });
  t.end();
});

void t.test('a policy holds whatever @SECLEVEL says', async (t) => {
  const authority = await Authority.create();
  const short = await authority.issue({ kind: 'RSA-1024' });
  t.throws(() => createSecureContext({ ...short, policy: 'default', ciphers: 'HIGH:@SECLEVEL=0' }), {
    code: 'ERR_SSL_EE_KEY_TOO_SMALL',
  });
  const { port, server } = await listen(t, { ...short, ciphers: 'HIGH:@SECLEVEL=0' });
  server.on('tlsClientError', () => {});
  const lenient = await dial(t, port, { ca: authority.cert, ciphers: 'HIGH:@SECLEVEL=0' });
  await once(lenient, 'secureConnect');
  const held = await dial(t, port, { ca: authority.cert, ciphers: 'HIGH:@SECLEVEL=0', policy: 'default' });
  t.match(await errorOf(held), { code: 'EE_KEY_TOO_SMALL' });
});

void t.test('a connection tells its policy', async (t) => {
  const { client, served } = await connectedPair(t, { policy: 'strict' }, { policy: 'default' });
  t.match(client.getHandshakeInfo(), { policy: 'default-2026-11', postQuantumPolicy: 'prefer' });
  t.match(served.getHandshakeInfo(), { policy: 'strict-2026-11', postQuantumPolicy: 'require' });
  const none = await connectedPair(t);
  t.match(none.client.getHandshakeInfo(), { policy: undefined, postQuantumPolicy: 'prefer' });
});

void t.test('contexts beside a policy', async (t) => {
  const { leaf } = await credentials();
  const plain = createSecureContext(leaf);
  const strict = createSecureContext({ ...leaf, policy: 'strict-2026-11' });
  const other = { code: 'ERR_INVALID_ARG_VALUE', message: /strict-2026-11/ };
  t.throws(() => createServer({ secureContext: plain, policy: 'strict' }), other);
  const { server, port } = await listen(t, { secureContext: strict, policy: 'strict' });
  t.throws(() => server.addContext('a.test', plain), other);
  t.throws(() => server.addContext('a.test', { ...leaf, groups: 'X25519' }), other);
  server.addContext('localhost', leaf);
  server.setSecureContext(leaf);
  const client = await dial(t, port);
  await once(client, 'secureConnect');
  t.equal(client.getHandshakeInfo()?.cipherSuite, 'TLS_AES_256_GCM_SHA384', 'the order of the client');
});

void t.test('a policy of a server name does not bring an older version along', async (t) => {
  const { leaf } = await credentials();
  const { server, port } = await listen(t, { minVersion: 'TLSv1.3' });
  server.on('tlsClientError', () => {});
  server.addContext('localhost', createSecureContext({ ...leaf, policy: 'default', groups: 'X25519MLKEM768:P-256' }));
  const old = await dial(t, port, { maxVersion: 'TLSv1.2' });
  t.match(await errorOf(old), { alertReceived: 'protocol_version' });
  const beyond = await dial(t, port, { groups: 'X25519' });
  t.match(await errorOf(beyond), { alertReceived: 'handshake_failure' }, 'its groups hold');
  const client = await dial(t, port);
  await once(client, 'secureConnect');
  t.equal(client.getProtocol(), 'TLSv1.3');
});

void t.test('cnsa2', async (t) => {
  const identity = selfSigned('ML-DSA-87');
  const { client, served } = await connectedPair(
    t,
    { ...identity, policy: 'cnsa2' },
    { ca: identity.cert, policy: 'cnsa2' },
  );
  t.match(client.getHandshakeInfo(), {
    policy: 'cnsa2-2026-11',
    cipherSuite: 'TLS_AES_256_GCM_SHA384',
    group: { name: 'MLKEM1024' },
    peerSignatureScheme: 'mldsa87',
  });
  t.match(served.getHandshakeInfo(), { signatureScheme: 'mldsa87', offered: { signatureSchemes: ['mldsa87'] } });

  const { server, port } = await listen(t, identity);
  const accepted = once(server, 'secureConnection');
  const hybrid = await dial(t, port, { ca: identity.cert, policy: 'cnsa2' });
  await once(hybrid, 'secureConnect');
  await accepted;
  t.equal(hybrid.getHandshakeInfo()?.group?.name, 'SecP384r1MLKEM1024', 'the hybrid, where the peer has no MLKEM1024');

  const mixed = issuedByP256('ML-DSA-87');
  const { port: mixedPort, server: mixedServer } = await listen(t, { cert: mixed.cert, key: mixed.key });
  mixedServer.on('tlsClientError', () => {});
  const trusting = await dial(t, mixedPort, { ca: mixed.ca });
  await once(trusting, 'secureConnect');
  const strict = await dial(t, mixedPort, { ca: mixed.ca, policy: 'cnsa2' });
  t.match(await errorOf(strict), { code: 'ERR_PQTLS_CERTIFICATE_KEY', alertSent: 'unsupported_certificate' });

  const weaker = [{ ...selfSigned('ML-DSA-65') }, (await credentials()).leaf];
  for (const credential of weaker) {
    const lesser = await listen(t, credential);
    lesser.server.on('tlsClientError', () => {});
    const refused = await dial(t, lesser.port, { ca: credential.cert, policy: 'cnsa2' });
    t.match(await errorOf(refused), { alertReceived: 'handshake_failure' });
  }
});

void t.test('compat reaches static RSA, default does not', async (t) => {
  const authority = await Authority.create();
  const rsa = await authority.issue({ kind: 'RSA-2048' });
  const server = tls.createServer({ ...rsa, ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const reached = await dial(t, port, { ca: authority.cert, policy: 'compat' });
  await once(reached, 'secureConnect');
  t.match(reached.getHandshakeInfo(), { protocol: 'TLSv1.2', group: undefined, postQuantum: false });
  const refused = await dial(t, port, { ca: authority.cert, policy: 'default' });
  t.match(shownError(await errorOf(refused)), { alertReceived: 'handshake_failure', class: 'AlertReceivedError' });
});
