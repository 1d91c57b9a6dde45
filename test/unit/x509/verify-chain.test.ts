// Verdicts on chains, with each implementation of the primitives.

import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import t from 'tap';
import { noblePrimitives } from '#src/crypto/tls/noble-primitives.js';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { parseCertificate } from '#src/x509/certificate.js';
import { parseRevocationList } from '#src/x509/revocation-list.js';
import { TrustStore } from '#src/x509/trust-store.js';
import { verifyChain, type ChainOptions } from '#src/x509/verify-chain.js';
import { chainCases, day, make, type Node } from '../../support/chains.js';

const options = (trusted: readonly Node[], more: Partial<ChainOptions> = {}): ChainOptions => ({
  trusted: new TrustStore(trusted.map(({ der }) => der)),
  purpose: 'serverAuth',
  time: Date.now(),
  verifySignature: nodePrimitives.verifySignature,
  ...more,
});

t.setTimeout(240_000);

t.test('every kind of chain', async (t) => {
  for (const { title, chain, trusted, crls, allowPartial, expected } of await chainCases()) {
    // noble verifies what is signed in each way: all of them with it would take a minute.
    const implementations = /^(signed by|a forged)/.test(title) ? [nodePrimitives, noblePrimitives] : [nodePrimitives];
    for (const { name, verifySignature } of implementations) {
      const verdict = verifyChain(
        chain.map(({ der }) => der),
        options(trusted, { verifySignature, allowPartial, crls: crls?.map(parseRevocationList) }),
      );
      t.equal(verdict.error?.code, expected, `${title}, ${name}`);
      t.same(verdict.path[0], chain[0]?.der);
    }
  }
});

t.test('the roots of Node', async (t) => {
  const ders = rootCertificates.map((pem) => new Uint8Array(new X509Certificate(pem).raw));
  const trusted = new TrustStore(ders);
  for (const der of ders) {
    const { subject, issuer, notAfter, signatureAlgorithm, tbs, signature, spki } = parseCertificate(der);
    t.equal(subject.canonical, issuer.canonical);
    t.equal(
      trusted.withSubject(subject).some((root) => Buffer.compare(root.der, der) === 0),
      true,
    );
    if (signatureAlgorithm.type !== 'weak' && signatureAlgorithm.type !== 'unknown') {
      t.ok(nodePrimitives.verifySignature(signatureAlgorithm, spki, tbs, signature), subject.canonical);
    }
    const node = new X509Certificate(der);
    t.equal(notAfter, Date.parse(node.validTo));
    const verdict = verifyChain([der], options([], { trusted, time: notAfter - 1 }));
    // A root is no server: its key usage says so. But it is trusted.
    t.match(verdict.error?.code ?? 'INVALID_PURPOSE', 'INVALID_PURPOSE');
  }
});

t.test('time', async (t) => {
  const root = await make({ cn: 'root', ca: true });
  const leaf = await make({ from: -day, to: day }, root);
  const at = (time: number): string | undefined => verifyChain([leaf.der], options([root], { time })).error?.code;
  const { notBefore, notAfter } = parseCertificate(leaf.der);
  t.same(
    [at(notBefore - 1), at(notBefore), at(notAfter), at(notAfter + 1)],
    [...['CERT_NOT_YET_VALID', undefined, undefined], 'CERT_HAS_EXPIRED'],
  );
});

t.test('certificates of every byte string', async (t) => {
  const root = await make({ cn: 'root', ca: true });
  const middle = await make({ cn: 'middle', ca: true }, root);
  const leaf = await make({}, middle);
  const bounds = options([root]);
  for (let at = 0; at < leaf.der.length; at++) {
    for (const bit of [1, 0x80]) {
      const changed = leaf.der;
      changed[at] = (changed[at] ?? 0) ^ bit;
      t.ok(verifyChain([changed, middle.der], bounds).error, `byte ${at}`);
    }
    t.ok(verifyChain([leaf.der.subarray(0, at), middle.der], bounds).error);
  }
  t.equal(verifyChain([], bounds).error?.code, 'ERR_PQTLS_CERTIFICATE_MALFORMED');
  t.equal(verifyChain([leaf.der, new Uint8Array(10)], bounds).error?.code, 'ERR_PQTLS_CERTIFICATE_MALFORMED');
  t.equal(verifyChain(Array<Uint8Array>(33).fill(leaf.der), bounds).error?.code, 'CERT_CHAIN_TOO_LONG');
  t.equal(verifyChain([new Uint8Array(200_000)], bounds).error?.code, 'ERR_PQTLS_CERTIFICATE_MALFORMED');
});

t.test('a chain that is too deep', async (t) => {
  const root = await make({ cn: 'root', ca: true });
  const chain = [root];
  for (let depth = 0; depth < 4; depth++) chain.unshift(await make({ cn: `ca ${depth}`, ca: true }, chain[0]));
  chain.unshift(await make({}, chain[0]));
  const ders = chain.map(({ der }) => der);
  t.equal(verifyChain(ders, options([root], { maxDepth: 4 })).error, undefined);
  t.equal(verifyChain(ders, options([root], { maxDepth: 3 })).error?.code, 'CERT_CHAIN_TOO_LONG');
});

t.test('certificates that sign each other', async (t) => {
  // Every one of them can be the issuer of every other, and none is trusted.
  const one = await make({ cn: 'hydra', ca: true });
  const heads: Node[] = [];
  for (let i = 0; i < 24; i++) heads.push(await make({ cn: 'hydra', ca: true, keysOf: one }));
  const leaf = await make({}, one);
  const root = await make({ cn: 'root', ca: true });
  let verified = 0;
  const counting: ChainOptions['verifySignature'] = (...parameters) => {
    verified++;
    return nodePrimitives.verifySignature(...parameters);
  };
  const chain = [leaf, ...heads].map(({ der }) => der);
  t.ok(verifyChain(chain, options([root], { verifySignature: counting })).error);
  t.ok(verified <= 65, `${verified} signatures were verified`);
  // With a good path among them, in the first place.
  t.equal(verifyChain(chain, options([one])).error, undefined);
});

t.test('a long revocation list', async (t) => {
  const root = await make({ cn: 'root', ca: true });
  const leaf = await make({}, root);
  const list = await root.crl([...Array.from({ length: 1000 }, (_, index) => (0x100000 + index).toString(16)), leaf]);
  const verdict = verifyChain([leaf.der], options([root], { crls: [parseRevocationList(list)] }));
  t.equal(verdict.error?.code, 'CERT_REVOKED');
});

t.test('a client', async (t) => {
  const root = await make({ cn: 'root', ca: true });
  t.equal(verifyChain([(await make({}, root)).der], options([root], { purpose: 'clientAuth' })).error, undefined);
});
