// What a handshake agrees on, and what both sides can tell of it.

import { once } from 'node:events';
import t from 'tap';
import { createSecureContext, defaultGroups, type TLSSocket } from 'pqtls';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';
import { shownError } from '../support/shown-error.js';
import { engineUnderTest } from '../support/engine-under-test.js';

void t.test('the default is hybrid, verified and visible on both sides', async (t) => {
  const { client, served } = await connectedPair(t);
  for (const socket of [client, served]) {
    t.match(socket.getHandshakeInfo(), {
      protocol: 'TLSv1.3',
      cipherSuite: /^TLS_/,
      group: {
        name: 'X25519MLKEM768',
        id: 4588,
        postQuantum: true,
        hybrid: true,
        clientShare: 1216,
        serverShare: 1120,
      },
      postQuantum: true,
      helloRetryRequest: false,
      resumed: false,
      earlyData: false,
      servername: 'localhost',
      engine: engineUnderTest,
      engineVersion: /^(AWS-LC|OpenSSL) \d+\.\d+\.\d+/,
    });
    t.equal(socket.getProtocol(), 'TLSv1.3');
    t.equal(socket.encrypted, true);
  }
  t.equal(client.getHandshakeInfo()?.peerSignatureScheme, 'ecdsa_secp256r1_sha256');
  t.equal(client.getHandshakeInfo()?.signatureScheme, undefined);
  t.equal(served.getHandshakeInfo()?.signatureScheme, 'ecdsa_secp256r1_sha256');
  t.equal(served.getHandshakeInfo()?.peerSignatureScheme, undefined);
  t.ok((client.getHandshakeInfo()?.durationMs ?? 0) > 0);
  t.ok((client.getHandshakeInfo()?.clientHelloLength ?? 0) > 1216);
  t.equal(client.authorized, true);
  t.equal(client.authorizationError, null);
  // Two tickets are on their way or here.
  served.end('done');
  client.resume();
  await once(client, 'end');
  t.equal(client.getHandshakeInfo()?.bytesRead, served.getHandshakeInfo()?.bytesWritten);
});

void t.test('nothing is said of a handshake that is not done', async (t) => {
  const { port } = await listen(t);
  const client = await dial(t, port);
  t.equal(client.getHandshakeInfo(), undefined);
  t.equal(client.getProtocol(), null);
  t.equal(client.getCipher(), undefined);
  t.throws(() => client.exportKeyingMaterial(32, 'label'), { code: 'ERR_TLS_INVALID_STATE' });
  await once(client, 'secureConnect');
});

void t.test('the groups option decides, in any spelling', async (t) => {
  const spellings = {
    'P-256': 'secp256r1',
    prime256v1: 'secp256r1',
    x25519mlkem768: 'X25519MLKEM768',
    'SecP384r1MLKEM1024:X25519': 'SecP384r1MLKEM1024',
  };
  for (const [groups, name] of Object.entries(spellings)) {
    const { client, served } = await connectedPair(t, {}, { groups });
    t.equal(client.getHandshakeInfo()?.group?.name, name, groups);
    t.equal(served.getHandshakeInfo()?.group?.name, name, groups);
  }
});

void t.test("the server's order wins, by HelloRetryRequest if need be", async (t) => {
  const { client, served } = await connectedPair(t, {}, { groups: ['X25519', 'X25519MLKEM768'] });
  t.equal(served.getHandshakeInfo()?.group?.name, 'X25519MLKEM768');
  t.equal(client.getHandshakeInfo()?.postQuantum, true);
  const retried = await connectedPair(t, { groups: ['SecP384r1MLKEM1024'] }, { groups: defaultGroups });
  t.match(retried.client.getHandshakeInfo(), { helloRetryRequest: true, group: { name: 'SecP384r1MLKEM1024' } });
  t.match(retried.served.getHandshakeInfo(), { helloRetryRequest: true });
});

void t.test('TLS 1.2 is spoken and is never called post-quantum', async (t) => {
  const { client, served } = await connectedPair(t, { maxVersion: 'TLSv1.2' });
  for (const socket of [client, served]) {
    t.match(socket.getHandshakeInfo(), { protocol: 'TLSv1.2', postQuantum: false, group: { postQuantum: false } });
  }
});

void t.test('ALPN', async (t) => {
  const agreed = await connectedPair(t, { ALPNProtocols: ['h2', 'http/1.1'] }, { ALPNProtocols: ['http/1.1', 'h2'] });
  t.equal(agreed.client.alpnProtocol, 'h2', 'the server chooses');
  t.equal(agreed.served.alpnProtocol, 'h2');
  const none = await connectedPair(t, {}, { ALPNProtocols: ['h2'] });
  t.equal(none.client.alpnProtocol, false);
  const silent = await connectedPair(t, { ALPNProtocols: ['h2'] });
  t.equal(silent.served.alpnProtocol, false);

  const { server, port } = await listen(t, { ALPNProtocols: ['h2'] });
  const refused = errorOf(server, 'tlsClientError');
  const client = await dial(t, port, { ALPNProtocols: ['other'] });
  t.match(shownError(await errorOf(client)), { class: 'AlertReceivedError', alertReceived: 'no_application_protocol' });
  t.match(shownError(await refused), { class: 'PeerIncompatibleError', alertSent: 'no_application_protocol' });
});

void t.test('SNI: contexts by name, by pattern and by callback', async (t) => {
  const { authority } = await credentials();
  const a = createSecureContext(await authority.issue({ names: ['a.test'] }));
  const wild = await authority.issue({ names: ['*.b.test'] });
  const { server, port } = await listen(t);
  server.addContext('a.test', a);
  server.addContext('*.b.test', wild);
  t.throws(() => server.addContext('', a), { code: 'ERR_TLS_REQUIRED_SERVER_NAME' });
  for (const servername of ['a.test', 'x.b.test', 'localhost']) {
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = await dial(t, port, { servername });
    await once(client, 'secureConnect');
    const [served] = await accepted;
    t.equal(served.servername, servername);
    client.destroy();
  }
  const wrong = await dial(t, port, { servername: 'x.y.b.test' });
  t.match(await errorOf(wrong), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });

  const asked: string[] = [];
  const byCallback = await listen(t, {
    SNICallback: (servername, callback) => {
      asked.push(servername);
      setImmediate(() => callback(null, servername === 'a.test' ? a : undefined));
    },
  });
  const client = await dial(t, byCallback.port, { servername: 'a.test' });
  await once(client, 'secureConnect');
  t.same(asked, ['a.test']);
  const other = await dial(t, byCallback.port);
  await once(other, 'secureConnect');
  t.same(asked, ['a.test', 'localhost']);
});

void t.test('an SNICallback that fails ends the handshake with its error', async (t) => {
  const { server, port } = await listen(t, {
    SNICallback: (_name, callback) => callback(Object.assign(new Error('no such tenant'), { code: 'E_TENANT' })),
  });
  const failed = errorOf(server, 'tlsClientError');
  const client = await dial(t, port);
  t.match(await errorOf(client), { code: 'ECONNRESET' });
  t.match(await failed, { code: 'E_TENANT' });
});

void t.test('client certificates', async (t) => {
  const { authority, leaf } = await credentials();
  const mutual = { requestCert: true, ca: authority.cert };
  const shown = await connectedPair(t, mutual, { ...leaf });
  t.equal(shown.served.authorized, true);
  t.equal(shown.served.getHandshakeInfo()?.peerSignatureScheme, 'ecdsa_secp256r1_sha256');

  const optional = await connectedPair(t, { ...mutual, rejectUnauthorized: false });
  t.equal(optional.served.authorized, false);

  const { server, port } = await listen(t, mutual);
  const refused = errorOf(server, 'tlsClientError');
  const client = await dial(t, port);
  client.resume();
  t.match(shownError(await errorOf(client)), { class: 'AlertReceivedError', alertReceived: 'certificate_required' });
  t.match(shownError(await refused), { class: 'CertificateError', code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' });
});

void t.test('exporters agree', async (t) => {
  const { client, served } = await connectedPair(t);
  const context = Buffer.from('context');
  t.same(
    client.exportKeyingMaterial(48, 'EXPORTER-pqtls', context),
    served.exportKeyingMaterial(48, 'EXPORTER-pqtls', context),
  );
  t.notSame(client.exportKeyingMaterial(48, 'EXPORTER-pqtls'), client.exportKeyingMaterial(48, 'EXPORTER-other'));
});
