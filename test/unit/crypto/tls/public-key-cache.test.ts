// Keys that were parsed before: the same ones come back, no two are mixed up, and peers cannot fill it.

import { generateKeyPairSync, sign } from 'node:crypto';
import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { PublicKeyCache } from '#src/crypto/tls/public-key-cache.js';

const spkiOf = (): Uint8Array =>
  new Uint8Array(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }));

t.test('a key is parsed once, and keeps nothing of the bytes that it came in', async (t) => {
  const cache = new PublicKeyCache();
  const spki = spkiOf();
  const certificate = new Uint8Array(1000);
  certificate.set(spki, 100);
  const first = cache.get(certificate.subarray(100, 100 + spki.length));
  const before = first?.object.export({ type: 'spki', format: 'der' });
  certificate.fill(0);
  t.ok(first);
  t.equal(cache.get(spki), first);
  t.same(before, Buffer.from(spki));
  t.same(first?.object.export({ type: 'spki', format: 'der' }), Buffer.from(spki));
  t.equal(cache.get(new Uint8Array(91)), undefined, 'what is no key');
  t.equal(cache.get(new Uint8Array(0)), undefined);
});

t.test('the oldest makes room', async (t) => {
  const cache = new PublicKeyCache();
  const spkis = Array.from({ length: 129 }, spkiOf);
  const known = spkis.map((spki) => cache.get(spki));
  t.equal(cache.get(spkis[128] ?? spkiOf()), known[128]);
  t.equal(cache.get(spkis[1] ?? spkiOf()), known[1]);
  t.not(cache.get(spkis[0] ?? spkiOf()), known[0], 'the first of 129 has gone');
});

t.test('a signature of another key does not verify, whichever was seen before', async (t) => {
  const message = new Uint8Array(32);
  const [one, other] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  if (one === undefined || other === undefined) throw new Error('no keys');
  const signature = sign('sha256', message, one.privateKey);
  const verify = ({ publicKey }: typeof one, bytes = signature): boolean => {
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    return nodePrimitives.verify('ecdsa_secp256r1_sha256', spki, message, bytes);
  };
  for (let visit = 0; visit < 2; visit++) {
    t.equal(verify(one), true);
    t.equal(verify(other), false);
    t.equal(verify(one, sign('sha256', message, other.privateKey)), false);
  }
});

t.test('a point that is not on its curve is refused each time', async (t) => {
  const spki = spkiOf();
  spki[spki.length - 1] = (spki[spki.length - 1] ?? 0) ^ 1;
  for (let visit = 0; visit < 2; visit++) {
    t.equal(nodePrimitives.verify('ecdsa_secp256r1_sha256', spki, new Uint8Array(1), new Uint8Array(70)), false);
  }
});
