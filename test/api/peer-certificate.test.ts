// Certificate objects: the same cases on node:tls and pqtls, and ML-DSA keys, which not every Node knows.

import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';
import t from 'tap';
import { attempt } from '../support/handshakes.js';
import { modules, onBoth } from '../support/tls-modules.js';
import { selfSigned } from '../support/mldsa-certificate.js';
import { credentials } from '../support/tls-server.js';
import { connectedPair } from '../support/tls-server.js';

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  onBoth(t, `${maxVersion}: the chain, with its end in the trust store`, async (t, tls) => {
    const { authority, leaf } = await credentials();
    const { client, served } = await attempt(t, tls, { maxVersion }, {});
    const short = client.getPeerCertificate();
    t.equal(short.subject.CN, 'localhost');
    t.notOk('issuerCertificate' in short);
    t.ok(short.raw.equals(new X509Certificate(leaf.cert).raw));
    const detailed = client.getPeerCertificate(true);
    const root = detailed.issuerCertificate;
    t.ok(root.raw.equals(new X509Certificate(authority.cert).raw), 'not sent, but trusted');
    t.equal(root.issuerCertificate, root);
    t.equal(Object.getPrototypeOf(detailed.subject), null);

    t.same(served?.getPeerCertificate(), {});
    t.same(served?.getPeerCertificate(true), {});
    t.equal(served?.getPeerX509Certificate(), undefined);
    t.same(client.getCertificate(), {});
    t.equal(client.getX509Certificate(), undefined);
    t.same(served?.getCertificate(), short);
    t.equal(served?.getX509Certificate()?.fingerprint256, short.fingerprint256);

    client.destroy();
    t.equal(client.getPeerCertificate(), null);
    t.equal(client.getCertificate(), null);
    t.equal(client.getPeerX509Certificate(), undefined);
    t.equal(client.getX509Certificate(), undefined);
  });
}

void t.test('every field is that of node:tls', async (t) => {
  const { authority } = await credentials();
  for (const kind of ['P-256', 'P-384', 'RSA-2048', 'Ed25519'] as const) {
    const leaf = await authority.issue({ kind });
    const cert = `${leaf.cert}\n${authority.cert}`;
    // AWS-LC does not accept it by default.
    const sigalgs = kind === 'Ed25519' ? { sigalgs: 'ed25519' } : {};
    const theirs = await attempt(t, modules['node:tls'], { ...leaf, cert, ...sigalgs }, sigalgs);
    const ours = await attempt(t, modules.pqtls, { ...leaf, cert, ...sigalgs }, sigalgs);
    for (const detailed of [false, true]) {
      const expected = theirs.client.getPeerCertificate(detailed);
      const actual = ours.client.getPeerCertificate(detailed);
      t.same(Object.keys(actual), Object.keys(expected), kind);
      t.strictSame(actual, expected, kind);
    }
  }
});

onBoth(t, 'a client certificate on the server', async (t, tls) => {
  const { authority, leaf } = await credentials();
  const { client, served } = await attempt(t, tls, { requestCert: true, ca: authority.cert }, leaf);
  const shown = served?.getPeerCertificate(true);
  t.equal(shown?.issuerCertificate.subject.CN, 'pqtls test CA');
  t.same(client.getCertificate(), served?.getPeerCertificate());
});

onBoth(t, 'checkServerIdentity() gets the whole object', async (t, tls) => {
  const seen: DetailedPeerCertificate[] = [];
  const checkServerIdentity = (_name: string, certificate: object) => {
    seen.push(certificate as DetailedPeerCertificate);
    return undefined;
  };
  await attempt(t, tls, {}, { checkServerIdentity });
  t.equal(seen[0]?.pubkey?.length, 65);
  t.equal(seen[0]?.issuerCertificate.subject.CN, 'pqtls test CA');
});

onBoth(t, 'nothing before the handshake', async (t, tls) => {
  const before: unknown[] = [];
  await attempt(
    t,
    tls,
    {},
    {},
    { onClient: (client) => before.push(client.getPeerCertificate(), client.getPeerX509Certificate()) },
  );
  t.same(before, [{}, undefined]);
});

void t.test('pqtls: ML-DSA certificates, whether Node knows their keys or not', async (t) => {
  const sizes = { 'ML-DSA-44': 1312, 'ML-DSA-65': 1952, 'ML-DSA-87': 2592 } as const;
  for (const [algorithm, size] of Object.entries(sizes)) {
    const leaf = selfSigned(algorithm as keyof typeof sizes);
    const { client, served } = await connectedPair(t, leaf, { ca: leaf.cert });
    const certificate = client.getPeerCertificate(true);
    t.match(certificate, { subject: { CN: 'localhost' }, asymmetricKeyType: algorithm.toLowerCase(), ca: true });
    t.equal(certificate.pubkey?.length, size);
    t.equal(certificate.issuerCertificate, certificate, 'its own issuer');
    t.ok(client.getPeerX509Certificate());
    t.equal(served.getX509Certificate()?.fingerprint256, certificate.fingerprint256);
    t.match(served.getCertificate(), { subject: { CN: 'localhost' } });
  }
});
