// What a connection tells besides its certificates: the same cases on node:tls and pqtls.

import t from 'tap';
import { attempt } from '../support/handshakes.js';
import { modules, onBoth } from '../support/tls-modules.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  onBoth(t, `${maxVersion}: both sides know both Finished messages`, async (t, tls) => {
    const early: unknown[] = [];
    const { client, served } = await attempt(
      t,
      tls,
      { maxVersion },
      {},
      { onClient: (client) => early.push(client.getFinished(), client.getPeerFinished()) },
    );
    t.same(early, [undefined, undefined]);
    const sizes = { 'TLSv1.2': [12], 'TLSv1.3': [32, 48] }[maxVersion];
    t.ok(sizes.includes(client.getFinished()?.length ?? 0));
    t.ok(client.getFinished()?.equals(served?.getPeerFinished() ?? Buffer.alloc(0)));
    t.ok(client.getPeerFinished()?.equals(served?.getFinished() ?? Buffer.alloc(0)));
    client.destroy();
    t.equal(client.getFinished(), null);
    t.equal(client.getPeerFinished(), null);
  });

  onBoth(t, `${maxVersion}: shared signature algorithms`, async (t, tls) => {
    const { authority, leaf } = await credentials();
    const sigalgs = 'ecdsa_secp384r1_sha384:ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256';
    const asked = { maxVersion, requestCert: true, ca: authority.cert, sigalgs };
    const { client, served } = await attempt(t, tls, asked, {
      ...leaf,
      sigalgs: 'rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256',
    });
    t.same(served?.getSharedSigalgs(), ['ECDSA+SHA256', 'RSA-PSS+SHA256'], 'in the order of the server');
    t.same(client.getSharedSigalgs(), ['ECDSA+SHA256', 'RSA-PSS+SHA256'], 'in the order of the request');
    const plain = await attempt(t, tls, { maxVersion }, {});
    t.same(plain.client.getSharedSigalgs(), [], 'none without a CertificateRequest');
    plain.client.destroy();
    t.equal(plain.client.getSharedSigalgs(), null);
  });

  onBoth(t, `${maxVersion}: the ephemeral key of a curve`, async (t, tls) => {
    const ecdhCurve = 'P-256';
    const { client } = await attempt(t, tls, { maxVersion, ecdhCurve }, { ecdhCurve });
    t.same(client.getEphemeralKeyInfo(), { type: 'ECDH', name: 'prime256v1', size: 256 });
    client.destroy();
    t.equal(client.getEphemeralKeyInfo(), null);
  });

  onBoth(t, `${maxVersion}: fragment sizes`, async (t, tls) => {
    const { client, served } = await attempt(t, tls, { maxVersion }, {});
    const sizes = [511, 512, 4000, 16384, 16385, -1, 0];
    t.same(
      sizes.map((size) => client.setMaxSendFragment(size)),
      [false, true, true, true, false, false, false],
    );
    t.throws(() => client.setMaxSendFragment('x' as never), { code: 'ERR_INVALID_ARG_TYPE' });
    for (const size of [1.5, 2 ** 31, NaN]) {
      t.throws(() => client.setMaxSendFragment(size), { code: 'ERR_OUT_OF_RANGE' });
    }
    t.equal(client.setMaxSendFragment(512), true);
    const sent = Buffer.alloc(100_000, 'abc');
    const received: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      served?.on('data', (chunk: Buffer) => {
        received.push(chunk);
        if (received.reduce((sum, part) => sum + part.length, 0) === sent.length) resolve();
      });
    });
    client.write(sent);
    await all;
    t.ok(Buffer.concat(received).equals(sent));
  });
}

onBoth(t, 'TLS 1.3 has no renegotiation', async (t, tls) => {
  const { client, served } = await attempt(t, tls, { minVersion: 'TLSv1.3' }, {});
  for (const socket of [client, served]) {
    if (socket === undefined) continue;
    const error = await new Promise<Error | null>((resolve) => {
      let returned = false;
      const result = socket.renegotiate({}, (error) => {
        t.ok(returned, 'the callback comes later');
        resolve(error);
      });
      t.equal(result, false);
      returned = true;
    });
    t.match(error, {
      code: 'ERR_SSL_WRONG_SSL_VERSION',
      library: 'SSL routines',
      reason: 'wrong ssl version',
      message: 'error:0A00010A:SSL routines::wrong ssl version',
    });
    t.equal(socket.disableRenegotiation(), undefined);
  }
  const renegotiate = client.renegotiate.bind(client) as (...args: unknown[]) => unknown;
  for (const args of [[], [null], [5], [{}, 1], [{}, null]]) {
    t.throws(() => renegotiate(...args), { code: 'ERR_INVALID_ARG_TYPE' }, JSON.stringify(args));
  }
  client.destroy();
  t.equal(
    client.renegotiate({}, () => t.fail()),
    undefined,
  );
});

onBoth(t, 'setServername()', async (t, tls) => {
  const { served } = await attempt(
    t,
    tls,
    {},
    { servername: '', checkServerIdentity: () => undefined },
    {
      onClient: (client) => {
        const socket = client as unknown as { setServername(name: unknown): void };
        t.throws(() => socket.setServername(5), { code: 'ERR_INVALID_ARG_TYPE' });
        socket.setServername('late.test');
      },
    },
  );
  const socket = served as unknown as { servername: string; setServername(name: string): void };
  t.equal(socket.servername, 'late.test');
  t.throws(() => socket.setServername('x'), {
    code: 'ERR_TLS_SNI_FROM_SERVER',
    message: 'Cannot issue SNI from a TLS server-side socket',
  });
});

onBoth(t, 'what is null after the end', async (t, tls) => {
  const { client } = await attempt(t, tls, {}, {});
  client.destroy();
  for (const name of ['getCipher', 'getProtocol', 'isSessionReused', 'enableTrace'] as const) {
    t.equal(client[name](), null, name);
  }
});

void t.test('pqtls: a server knows its ephemeral key, and hybrids have a name', async (t) => {
  for (const group of ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024']) {
    const { client, served } = await connectedPair(t, { groups: [group] }, { groups: [group] });
    for (const socket of [client, served]) {
      t.same(socket.getEphemeralKeyInfo(), { type: 'TLSGroup', name: group, size: undefined });
    }
  }
  const { served } = await connectedPair(t, {}, { groups: ['X25519'] });
  t.same(served.getEphemeralKeyInfo(), { type: 'ECDH', name: 'X25519', size: 253 });
});

void t.test('pqtls: the shared schemes hold the scheme that signed, ML-DSA among them', async (t) => {
  const { client, served } = await connectedPair(t);
  t.ok(served.getSharedSigalgs().includes('ECDSA+SHA256'));
  t.ok(served.getSharedSigalgs().includes('id-ml-dsa-65+UNDEF'));
  t.same(client.getSharedSigalgs(), []);
});

void t.test('pqtls: renegotiation in TLS 1.2 is refused with a code', async (t) => {
  const { client } = await connectedPair(t, { maxVersion: 'TLSv1.2' });
  const error = await new Promise((resolve) => {
    t.equal(client.renegotiate({}, resolve), false);
  });
  t.match(error, { code: 'ERR_TLS_RENEGOTIATION_UNSUPPORTED' });
  t.equal(client.destroyed, false);
});

void t.test('pqtls: offered groups and alerts', async (t) => {
  const groups = ['X25519MLKEM768', 'secp384r1'];
  const { client, served } = await connectedPair(t, {}, { groups });
  t.same(served.getHandshakeInfo()?.offeredGroups, groups);
  t.same(client.getHandshakeInfo()?.offeredGroups, groups);
  t.equal(served.getHandshakeInfo()?.alertReceived, undefined);
  client.end();
  await new Promise((resolve) => served.once('end', resolve).resume());
  t.equal(client.getHandshakeInfo()?.alertSent, 'close_notify');
  t.equal(served.getHandshakeInfo()?.alertReceived, 'close_notify');
});

void t.test('pqtls: setKeyCert() before the handshake', async (t) => {
  const { authority, leaf } = await credentials();
  const { port } = await listen(t, { requestCert: true, ca: authority.cert });
  const client = await dial(t, port);
  t.throws(() => client.setKeyCert(5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  client.setKeyCert({ ...leaf, ca: authority.cert });
  await new Promise((resolve) => client.once('secureConnect', resolve));
  t.match(client.getCertificate(), { subject: { CN: 'localhost' } });
});

void t.test('pqtls: a server without a certificate says so', async (t) => {
  const { server, port } = await listen(t, { key: undefined, cert: undefined });
  const failed = errorOf(server, 'tlsClientError');
  await errorOf(await dial(t, port));
  t.match(await failed, { code: 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM' });
  t.ok(modules.pqtls);
});
