// Parsed certificates are kept within bounds, and nothing of a verdict is.

import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { ParsedCertificates, parsedCertificateBounds, tryParseCertificate } from '#src/x509/parsed-certificates.js';
import { TrustStore } from '#src/x509/trust-store.js';
import { verifyChain } from '#src/x509/verify-chain.js';
import { Issuer } from '../../support/certificates.js';

const root = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
const leaf = new X509Certificate((await root.issue({ subject: 'CN=leaf', names: ['leaf.test'] })).cert).raw;

/** Another certificate, as far as the parser looks: the end of its signature. */
function variant(number: number): Buffer {
  const der = Buffer.from(leaf);
  der.writeUInt32BE(number, der.length - 4);
  return der;
}

t.test('the same certificate is parsed once, whatever bytes it came in', (t) => {
  const kept = new ParsedCertificates();
  const message = Buffer.concat([Buffer.alloc(10_000), leaf]);
  const first = kept.parse(message.subarray(10_000));
  t.equal(kept.parse(leaf), first);
  t.equal(first.der.buffer.byteLength, leaf.length, 'no message is kept with it');
  t.not(kept.parse(variant(1)), first, 'one byte makes another');
  message.fill(0);
  t.same(Buffer.from(first.der), leaf);
  t.throws(() => kept.parse(leaf.subarray(1)));
  t.equal(kept.size, 2, 'what does not parse is not kept');
  t.end();
});

const multiplier = 0x01000193;

/** Two with the same FNV-1a, found by the birthday paradox in the end of the signature. */
function alike(): [Buffer, Buffer] {
  const seen = new Map<number, number>();
  const step = (sum: number, bytes: Uint8Array): number =>
    bytes.reduce((state, byte) => Math.imul(state ^ byte, multiplier), sum);
  const before = step(0x811c9dc5, leaf.subarray(0, -6));
  const end = (number: number): Buffer => {
    const bytes = Buffer.alloc(6);
    // Odd multipliers: each number has an end of its own.
    bytes.writeUInt32BE(Math.imul(number, 0x9e3779b1) >>> 0);
    bytes.writeUInt16BE(Math.imul(number, 0x85ebca6b) >>> 16, 4);
    return bytes;
  };
  for (let number = 0; ; number++) {
    const sum = step(before, end(number));
    const other = seen.get(sum);
    if (other !== undefined) return [whole(end(number)), whole(end(other))];
    seen.set(sum, number);
  }
}

const whole = (end: Buffer): Buffer => Buffer.concat([leaf.subarray(0, -end.length), end]);

t.test('two with the same checksum are not taken for each other', (t) => {
  const kept = new ParsedCertificates(multiplier);
  const [one, other] = alike();
  t.notSame(one, other);
  const first = kept.parse(one);
  t.same(Buffer.from(kept.parse(other).der), other);
  t.equal(kept.size, 1, 'the newer one is kept');
  t.equal(kept.bytes, leaf.length);
  t.not(kept.parse(one), first);
  t.same(Buffer.from(kept.parse(one).der), one);
  t.end();
});

t.test('the least recently used goes', (t) => {
  const kept = new ParsedCertificates();
  const first = kept.parse(leaf);
  for (let number = 0; number < 2 * parsedCertificateBounds.certificates; number++) {
    kept.parse(variant(number));
    if (kept.parse(leaf) !== first) t.fail('what is in use goes');
  }
  t.equal(kept.size, parsedCertificateBounds.certificates);
  t.ok(kept.bytes <= parsedCertificateBounds.bytes);
  t.equal(kept.bytes, parsedCertificateBounds.certificates * leaf.length);
  t.end();
});

t.test('large ones count by their bytes, the largest are not kept', async (t) => {
  const kept = new ParsedCertificates();
  const names = Array.from({ length: 600 }, (_, index) => `${'x'.repeat(12)}${index}.test`);
  const large = new X509Certificate((await root.issue({ subject: 'CN=large', names })).cert).raw;
  t.ok(large.length > 10_000 && large.length < parsedCertificateBounds.largest);
  for (let number = 0; number < 150; number++) {
    const der = Buffer.from(large);
    der.writeUInt32BE(number, der.length - 4);
    kept.parse(der);
  }
  t.ok(kept.bytes <= parsedCertificateBounds.bytes);
  t.ok(kept.size < 150);
  const huge = await root.issue({ subject: 'CN=huge', names: [...names, ...names.map((name) => `other-${name}`)] });
  const der = new X509Certificate(huge.cert).raw;
  t.ok(der.length > parsedCertificateBounds.largest);
  const before = kept.size;
  t.not(kept.parse(der), kept.parse(der));
  t.equal(kept.size, before);
});

t.test('a verdict is made anew', (t) => {
  const trusted = new TrustStore([new X509Certificate(root.cert).raw]);
  const judge = (chain: Uint8Array, time: number): string | undefined =>
    verifyChain([chain], {
      trusted,
      purpose: 'serverAuth',
      time,
      verifySignature: (...signed) => nodePrimitives.verifySignature(...signed),
    }).error?.code;
  const parsed = tryParseCertificate(leaf);
  t.equal(judge(leaf, Date.now()), undefined);
  t.equal(tryParseCertificate(leaf), parsed, 'by the verifier as well');
  t.equal(judge(leaf, Date.now() + 10_000 * 86_400_000), 'CERT_HAS_EXPIRED');
  t.equal(judge(variant(7), Date.now()), 'CERT_SIGNATURE_FAILURE');
  t.equal(judge(leaf, Date.now()), undefined);
  t.end();
});
