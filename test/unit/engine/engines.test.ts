// The two engines with each other, in memory: every combination of group, suite, signature, client certificate, resumption.

import '../../support/both-engines.js';
import t, { type Test } from 'tap';
import type { SecureContextOptions } from 'pqtls';
import type { EngineName } from '#src/engine/connection.js';
import { NamedGroup, type NamedGroupName } from '#src/protocol/constants.js';
import { Issuer } from '../../support/certificates.js';
import { carry, End, engines, shakeHands } from '../../support/connections.js';
import { selfSigned } from '../../support/mldsa-certificate.js';

const pairs = engines
  .flatMap((client) => engines.map((server) => [client, server] as const))
  .filter(
    // The addon with itself is test/api's.
    ([client, server]) => client === 'typescript' || server === 'typescript',
  );

const root = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
const leaf = await root.issue({ subject: 'CN=localhost', names: ['localhost'] });
const rsa = await root.issue({ subject: 'CN=localhost', names: ['localhost'], kind: 'RSA-2048' });
const p384 = await root.issue({ subject: 'CN=localhost', names: ['localhost'], kind: 'P-384' });
const ca = root.cert;
const served = { cert: leaf.cert, key: leaf.key };

function made(t: Test, clientEnd: End, serverEnd: End, name: string): void {
  t.equal(clientEnd.error, undefined, name);
  t.equal(serverEnd.error, undefined, name);
  t.ok(clientEnd.done && serverEnd.done, name);
  clientEnd.send('ping');
  serverEnd.send('pong');
  carry(clientEnd, serverEnd);
  t.equal(serverEnd.plaintext + clientEnd.plaintext, 'pingpong', name);
}

function ends(
  [client, server]: readonly [EngineName, EngineName],
  clientOptions: SecureContextOptions = {},
  serverOptions: SecureContextOptions = {},
): { client: End; server: End } {
  return {
    client: End.client(client, { ca, ...clientOptions }),
    server: End.server(server, { ...served, ca, ...serverOptions }),
  };
}

const identities = {
  ecdsa_secp256r1_sha256: served,
  ecdsa_secp384r1_sha384: p384,
  ecdsa_secp521r1_sha512: await root.issue({ subject: 'CN=localhost', names: ['localhost'], kind: 'P-521' }),
  rsa_pss_rsae_sha256: rsa,
  ed25519: await root.issue({ subject: 'CN=localhost', names: ['localhost'], kind: 'Ed25519' }),
  mldsa44: selfSigned('ML-DSA-44'),
  mldsa65: selfSigned('ML-DSA-65'),
  mldsa87: selfSigned('ML-DSA-87'),
};
const groups = (Object.keys(NamedGroup) as NamedGroupName[]).filter((name) => name !== 'secp521r1');
const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** What both ends tell, the server's signature as the one of it and the client's as that of its peer. */
const told = (group: string, cipherSuite: string, resumed: boolean, scheme: string | undefined): object[] =>
  [
    { peerSignatureScheme: scheme, signatureScheme: undefined },
    { peerSignatureScheme: undefined, signatureScheme: scheme },
  ].map((schemes) => ({ group, cipherSuite, resumed, ...schemes, error: undefined, plaintext: 'ping' }));

for (const pair of pairs) {
  for (const [scheme, { cert, key }] of Object.entries(identities)) {
    t.test(`${pair.join(' to ')}, ${scheme}: every group and suite, in full and resumed`, async (t) => {
      for (const group of groups) {
        for (const ciphers of suites) {
          const made = combination(pair, { cert, key }, group, ciphers);
          const full = made(undefined);
          t.strictSame(full.agreed, told(group, ciphers, false, scheme), `${group}, ${ciphers}`);
          const resumed = made(full.session);
          t.strictSame(resumed.agreed, told(group, ciphers, true, undefined), `${group}, ${ciphers}, resumed`);
        }
      }
    });
  }
}

function combination(
  [client, server]: readonly [EngineName, EngineName],
  { cert, key }: { readonly cert: string; readonly key: string },
  group: NamedGroupName,
  ciphers: string,
): (session: Buffer | undefined) => { agreed: object[]; session: Buffer | undefined } {
  const common = { groups: [group], ciphers, sigalgs: Object.keys(identities).join(':') };
  const ticketKeys = Buffer.alloc(48, 7);
  return (session) => {
    const near = End.client(client, { ...common, ca: [ca, cert] });
    const far = End.server(server, { ...common, cert, key, ticketKeys, offload: 'never' });
    if (session !== undefined) near.connection.offerSession(session);
    shakeHands(near, far);
    near.send('ping');
    far.send('ping');
    carry(near, far);
    const agreed = [near, far].map(({ connection, error, plaintext }) => {
      const { cipherSuite, resumed, signatureScheme, peerSignatureScheme, ...facts } = connection.negotiated();
      return { group: facts.group?.name, cipherSuite, resumed, signatureScheme, peerSignatureScheme, error, plaintext };
    });
    return { agreed, session: near.events.find((event) => event.kind === 'session')?.session };
  };
}

t.test('every kind of certificate, whole and in single bytes', async (t) => {
  for (const pair of pairs) {
    for (const [scheme, { cert, key }] of Object.entries(identities)) {
      for (const size of [Infinity, 1]) {
        const sigalgs = scheme;
        const { client, server } = ends(pair, { ca: [ca, cert], sigalgs }, { cert, key, sigalgs, offload: 'never' });
        shakeHands(client, server, size);
        made(t, client, server, `${pair.join(' to ')}: ${scheme}`);
        t.equal(client.connection.negotiated().peerSignatureScheme, scheme);
        t.equal(server.connection.negotiated().signatureScheme, scheme);
      }
    }
  }
});

t.test('HelloRetryRequest', async (t) => {
  for (const pair of pairs) {
    const { client, server } = ends(pair, { groups: ['X25519', 'secp384r1'] }, { groups: ['secp384r1'] });
    shakeHands(client, server);
    made(t, client, server, pair.join(' to '));
    for (const { connection } of [client, server]) {
      t.match(connection.negotiated(), { helloRetryRequest: true, group: { name: 'secp384r1' } });
    }
  }
});

t.test('client certificates, asked for, required, missing, untrusted', async (t) => {
  const stranger = await Issuer.selfSigned({ subject: 'CN=stranger' });
  const asking = { verifyPeer: true, requirePeer: false };
  for (const pair of pairs) {
    const [client, server] = pair;
    const handshake = (options: SecureContextOptions, settings: object): { client: End; server: End } => {
      const both = {
        client: End.client(client, { ca, ...options }),
        server: End.server(server, { ...served, ca }, settings),
      };
      shakeHands(both.client, both.server);
      return both;
    };
    const shown = handshake(p384, { ...asking, requirePeer: true });
    made(t, shown.client, shown.server, 'shown');
    t.equal(shown.server.connection.peerCertificates().length, 2, 'with the issuer that is trusted');
    t.equal(shown.server.connection.negotiated().peerSignatureScheme, 'ecdsa_secp384r1_sha384');
    const absent = handshake({}, asking);
    made(t, absent.client, absent.server, 'not shown');
    const missing = handshake({}, { ...asking, requirePeer: true });
    t.match(missing.server.error, {
      engineReason: 'PEER_DID_NOT_RETURN_A_CERTIFICATE',
      alertSent: 'certificate_required',
    });
    t.match(missing.client.error, { alertReceived: 'certificate_required' });
    const untrusted = handshake(stranger, { ...asking, requirePeer: true });
    t.match(untrusted.server.error, { engineReason: 'CERTIFICATE_VERIFY_FAILED', alertSent: 'unknown_ca' });
    t.match(untrusted.client.error, { alertReceived: 'unknown_ca' });
  }
});

t.test('resumption, with every hash, and with none that fits', async (t) => {
  for (const pair of pairs) {
    for (const ciphers of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384']) {
      const serverOptions = { ticketKeys: Buffer.alloc(48, 7) };
      const first = ends(pair, { ciphers }, serverOptions);
      shakeHands(first.client, first.server);
      const sessions = first.client.events.flatMap((event) => (event.kind === 'session' ? [event.session] : []));
      t.equal(sessions.length, 2, `${pair.join(' to ')}: two tickets`);
      for (const session of sessions) {
        const { client, server } = ends(pair, { ciphers }, serverOptions);
        t.equal(client.connection.offerSession(session), true);
        shakeHands(client, server);
        made(t, client, server, 'resumed');
        t.equal(client.connection.negotiated().resumed, true);
        t.equal(server.connection.negotiated().resumed, true);
        t.match(client.questions, [{ kind: 'verify', resumed: true }], 'the chain is judged anew');
      }
      const others = ends(pair, { ciphers }, { ticketKeys: Buffer.alloc(48, 8) });
      t.equal(others.client.connection.offerSession(sessions[0] ?? Buffer.alloc(0)), true);
      shakeHands(others.client, others.server);
      made(t, others.client, others.server, 'other keys');
      t.equal(others.client.connection.negotiated().resumed, false, 'a full handshake follows');
      const retried = ends(
        pair,
        { ciphers, groups: ['X25519', 'secp384r1'] },
        { ...serverOptions, groups: ['secp384r1'] },
      );
      retried.client.connection.offerSession(sessions[1] ?? Buffer.alloc(0));
      shakeHands(retried.client, retried.server);
      made(t, retried.client, retried.server, 'after a HelloRetryRequest');
      t.match(retried.client.connection.negotiated(), { resumed: true, helloRetryRequest: true });
    }
  }
});

t.test('ALPN, exporter, Finished and the end are the same on both sides', async (t) => {
  const alpn = Buffer.from('\x02h2\x08http/1.1', 'latin1');
  for (const [client, server] of pairs) {
    const one = End.client(client, { ca }, { alpn });
    const other = End.server(server, served, { alpn: Buffer.from('\x08http/1.1') });
    shakeHands(one, other);
    made(t, one, other, `${client} to ${server}`);
    t.equal(one.connection.negotiated().alpn, 'http/1.1');
    t.equal(other.connection.negotiated().alpn, 'http/1.1');
    const context = Uint8Array.of(1, 2, 3);
    for (const given of [undefined, context]) {
      t.same(
        one.connection.exportKeyingMaterial(100, 'EXPORTER-test', given),
        other.connection.exportKeyingMaterial(100, 'EXPORTER-test', given),
      );
    }
    t.same(one.connection.finished(false), other.connection.finished(true));
    t.same(one.connection.finished(true), other.connection.finished(false));
    one.take(one.connection.shutdown());
    carry(one, other);
    t.equal(other.closed, true);
    t.equal(other.error, undefined);
    other.send('still here');
    carry(one, other);
    t.equal(one.plaintext, 'pongstill here', 'half-closed');
    const refusing = End.server(server, served, { alpn: Buffer.from('\x04none') });
    const refused = End.client(client, { ca }, { alpn });
    shakeHands(refused, refusing);
    t.match(refusing.error, { engineReason: 'NO_APPLICATION_PROTOCOL', alertSent: 'no_application_protocol' });
    t.match(refused.error, { alertReceived: 'no_application_protocol' });
  }
});

t.test('a megabyte each way', async (t) => {
  const text = 'x'.repeat(1_000_000);
  for (const pair of pairs) {
    const { client, server } = ends(pair);
    shakeHands(client, server);
    client.send(text);
    server.send(text);
    carry(client, server, 40_000);
    t.equal(client.plaintext.length, text.length);
    t.equal(server.plaintext.length, text.length);
  }
});
