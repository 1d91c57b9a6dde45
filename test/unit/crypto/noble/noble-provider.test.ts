// What is particular to the noble provider: what it refuses, what it wipes, and that callers share no memory with it.
// What it has in common with `aws-lc` is tested by the suite that runs on both.

import t from 'tap';
import { createNobleProvider } from '#src/crypto/noble-provider.js';
import {
  groupLayouts,
  kemParameters,
  signatureParameters,
  type GroupName,
  type KemAlgorithm,
  type SignatureAlgorithm,
} from '#src/crypto/parameters.js';
import type { Algorithm } from '#src/crypto/provider.js';

const provider = createNobleProvider();
const kemAlgorithms = Object.keys(kemParameters) as KemAlgorithm[];
const signatureAlgorithms = Object.keys(signatureParameters) as SignatureAlgorithm[];
const groups = Object.keys(groupLayouts) as GroupName[];
const empty = new Uint8Array(0);
const rejected = { name: 'KeyRejectedError', code: 'ERR_PQTLS_KEY_REJECTED' };
const destroyed = { name: 'KeyDestroyedError', code: 'ERR_PQTLS_KEY_DESTROYED' };

t.test('supports', async (t) => {
  for (const algorithm of [...kemAlgorithms, ...signatureAlgorithms, ...groups, 'SHA3-256', 'SHAKE128'] as const) {
    t.equal(provider.supports(algorithm), true, algorithm);
  }
  t.equal(provider.supports('toString' as Algorithm), false, 'not what an object inherits');
});

for (const algorithm of kemAlgorithms) {
  const sizes = kemParameters[algorithm];

  t.test(`${algorithm}: key checks`, async (t) => {
    const key = provider.generateDecapsulationKey(algorithm);
    const encapsulationKey = key.encapsulationKey().toBytes();
    const whole = key.toBytes();
    t.strictSame(provider.decapsulationKeyFromBytes(algorithm, whole).toBytes(), whole, 'takes its own bytes');
    t.equal(provider.decapsulationKeyFromBytes(algorithm, whole).seed(), undefined, 'which hold no seed');

    const last = sizes.encapsulationKey - 32;
    for (const [name, at, bytes] of [
      ['first coefficient is q', 0, [0x01, 0x0d]],
      ['first coefficient is 4095', 0, [0xff, 0x0f]],
      ['second coefficient is q', 1, [0x10, 0xd0]],
      ['last coefficient is 4095', last - 2, [0xf0, 0xff]],
    ] as const) {
      const bad = encapsulationKey.slice();
      bad.set(bytes, at);
      t.throws(
        () => provider.encapsulationKeyFromBytes(algorithm, bad),
        { ...rejected, reason: 'modulus_check' },
        name,
      );
      const hashed = whole.slice();
      hashed.set(bad, sizes.decapsulationKey - 64 - sizes.encapsulationKey);
      t.throws(() => provider.decapsulationKeyFromBytes(algorithm, hashed), { ...rejected, reason: 'hash_check' });
      hashed.set(provider.hash('SHA3-256', bad), sizes.decapsulationKey - 64);
      t.throws(() => provider.decapsulationKeyFromBytes(algorithm, hashed), { ...rejected, reason: 'modulus_check' });
    }
    const reduced = encapsulationKey.slice();
    reduced.set([0x00, 0x0d], 0);
    t.doesNotThrow(() => provider.encapsulationKeyFromBytes(algorithm, reduced), 'q - 1 is reduced');

    const wrongHash = whole.slice();
    wrongHash[sizes.decapsulationKey - 33]! ^= 1;
    t.throws(() => provider.decapsulationKeyFromBytes(algorithm, wrongHash), { ...rejected, reason: 'hash_check' });
    t.throws(() => provider.encapsulationKeyFromBytes(algorithm, encapsulationKey.subarray(1)), {
      ...rejected,
      reason: 'wrong_length',
    });
    t.throws(() => provider.decapsulationKeyFromBytes(algorithm, whole.subarray(1)), {
      ...rejected,
      reason: 'wrong_length',
    });
  });

  t.test(`${algorithm}: no shared memory, and destroy()`, async (t) => {
    const seed = provider.generateDecapsulationKey(algorithm).seed()!;
    const key = provider.decapsulationKeyFromSeed(algorithm, seed);
    const kept = seed.slice();
    const bytes = key.toBytes();
    seed.fill(0);
    key.toBytes().fill(0);
    key.seed()!.fill(0);
    key.encapsulationKey().toBytes().fill(0);
    t.strictSame(key.seed(), kept);
    t.strictSame(key.toBytes(), bytes);

    const { ciphertext, sharedSecret } = key.encapsulationKey().encapsulate();
    t.equal(sharedSecret.buffer.byteLength, 32, 'the secret is no view of something larger');
    const pending = key.decapsulateAsync(ciphertext);
    key.destroy();
    key.destroy();
    t.strictSame(await pending, sharedSecret, 'an operation that was pending finishes');
    await t.rejects(key.decapsulateAsync(ciphertext), destroyed);
    t.throws(() => key.decapsulate(ciphertext), destroyed);
    t.throws(() => key.toBytes(), destroyed);
    t.throws(() => key.seed(), destroyed);
    t.doesNotThrow(() => key.encapsulationKey().encapsulate(), 'the public part stays');
  });

  t.test(`${algorithm}: the async forms take a copy of their input`, async (t) => {
    const key = provider.generateDecapsulationKey(algorithm);
    const { ciphertext, sharedSecret } = await key.encapsulationKey().encapsulateAsync();
    const pending = key.decapsulateAsync(ciphertext);
    ciphertext.fill(0);
    t.strictSame(await pending, sharedSecret);
  });
}

for (const algorithm of signatureAlgorithms) {
  const sizes = signatureParameters[algorithm];

  t.test(`${algorithm}: signing keys`, async (t) => {
    const key = provider.generateSigningKey(algorithm);
    const whole = key.toBytes();
    t.strictSame(provider.signingKeyFromBytes(algorithm, whole).verifyingKey().toBytes(), key.verifyingKey().toBytes());
    t.throws(() => provider.signingKeyFromBytes(algorithm, whole.subarray(1)), { ...rejected, reason: 'wrong_length' });
    const range = whole.slice();
    range[128] = 0xff;
    t.throws(() => provider.signingKeyFromBytes(algorithm, range), { ...rejected, reason: 'invalid_encoding' });
    for (const [part, at] of [
      ['rho', 0],
      ['tr', 64],
      ['t0', whole.length - 1],
    ] as const) {
      const bad = whole.slice();
      bad[at]! ^= 1;
      t.throws(() => provider.signingKeyFromBytes(algorithm, bad), { ...rejected, reason: 'invalid_encoding' }, part);
    }
    t.throws(() => provider.verifyingKeyFromBytes(algorithm, empty), { ...rejected, reason: 'wrong_length' });

    const pending = key.signAsync(empty, { context: empty, deterministic: false });
    key.destroy();
    t.equal(key.verifyingKey().verify(empty, await pending, empty), true, 'an operation that was pending finishes');
    await t.rejects(key.signAsync(empty, { context: empty, deterministic: false }), destroyed);
    t.throws(() => key.sign(empty, { context: empty, deterministic: true }), destroyed);
    t.throws(() => key.toBytes(), destroyed);
  });

  t.test(`${algorithm}: verify() says false to anything, and throws at nothing`, async (t) => {
    const verifyingKey = provider.generateSigningKey(algorithm).verifyingKey();
    for (const length of [0, 1, sizes.signature - 1, sizes.signature + 1]) {
      t.equal(verifyingKey.verify(empty, new Uint8Array(length), empty), false, `${length} bytes`);
    }
    for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      t.equal(verifyingKey.verify(empty, new Uint8Array(sizes.signature).fill(byte), empty), false, `all ${byte}`);
    }
    const random = new Uint8Array(sizes.signature);
    for (let i = 0; i < 20; i++) {
      provider.xofInto('SHAKE128', Uint8Array.of(i), random);
      t.equal(verifyingKey.verify(empty, random, empty), false);
    }
  });
}

for (const group of groups) {
  const layout = groupLayouts[group];

  t.test(`${group}: shares`, async (t) => {
    const clientShare = new Uint8Array(layout.clientShare);
    const exchange = provider.startKeyExchange(group, clientShare);
    const server = await provider.startAndCompleteAsync(group, clientShare);
    t.equal(server.share.length, layout.serverShare);
    t.equal(server.sharedSecret.length, layout.sharedSecret);
    const secret = new Uint8Array(layout.sharedSecret);
    exchange.completeInto(server.share, secret);
    t.strictSame(secret, server.sharedSecret);
    t.throws(() => exchange.completeInto(server.share, secret), destroyed, 'completes once');

    const { exchange: another, share: anotherShare } = await provider.startKeyExchangeAsync(group);
    await t.rejects(another.completeAsync(server.share.subarray(1)), { ...rejected, reason: 'wrong_length' });
    const other = await provider.startAndCompleteAsync(group, anotherShare);
    const pending = another.completeAsync(other.share);
    another.destroy();
    t.strictSame(await pending, other.sharedSecret, 'a pending completion survives destroy()');
    await t.rejects(another.completeAsync(other.share), destroyed);
    await t.rejects(provider.startAndCompleteAsync(group, clientShare.subarray(1)), {
      ...rejected,
      reason: 'wrong_length',
    });
  });

  // The classical component of each group, at its offset, replaced by what no peer may send.
  const isX25519 = group.startsWith('X25519');
  const classicalLength = isX25519 ? 32 : group.includes('256') ? 65 : 97;
  const clientAt =
    layout.kind === 'hybrid' && layout.first.startsWith('ML-KEM') ? layout.clientShare - classicalLength : 0;
  const serverAt =
    layout.kind === 'hybrid' && layout.first.startsWith('ML-KEM') ? layout.serverShare - classicalLength : 0;
  const points: [string, Uint8Array][] = isX25519
    ? [
        ['the point 0', new Uint8Array(32)],
        ['the point 1', Uint8Array.of(1, ...new Uint8Array(31))],
        ['a point of order 8', Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')],
        ['p, not reduced', Buffer.from(`ed${'ff'.repeat(30)}7f`, 'hex')],
      ]
    : [
        ['off the curve', Uint8Array.of(4, ...new Uint8Array(classicalLength - 1).fill(1))],
        ['a coordinate above p', Uint8Array.of(4, ...new Uint8Array(classicalLength - 1).fill(255))],
        ['zero', new Uint8Array(classicalLength)],
        ['the hybrid form of SEC 1', Uint8Array.of(6, ...new Uint8Array(classicalLength - 1))],
      ];
  const bad = layout.kind === 'kem' ? [] : points;
  t.test(`${group}: refuses`, async (t) => {
    const clientShare = new Uint8Array(layout.clientShare);
    provider.startKeyExchange(group, clientShare);
    const server = await provider.startAndCompleteAsync(group, clientShare);
    const refused = { ...rejected, reason: 'invalid_encoding' };
    for (const [name, share] of bad) {
      const badClient = clientShare.slice();
      badClient.set(share, clientAt);
      const serverShare = new Uint8Array(layout.serverShare);
      const secret = new Uint8Array(layout.sharedSecret).fill(1);
      t.throws(() => provider.startAndCompleteInto(group, badClient, serverShare, secret), refused, `client: ${name}`);
      t.strictSame(secret, new Uint8Array(layout.sharedSecret), 'and leaves no half of a secret');
      const badServer = server.share.slice();
      badServer.set(share, serverAt);
      const exchange = provider.startKeyExchange(group, new Uint8Array(layout.clientShare));
      secret.fill(1);
      t.throws(() => exchange.completeInto(badServer, secret), refused, `server: ${name}`);
      t.strictSame(secret, new Uint8Array(layout.sharedSecret), 'and leaves no half of a secret');
    }
    if (layout.kind !== 'classical') {
      const notReduced = clientShare.slice();
      const kemAt = layout.kind === 'hybrid' && clientAt === 0 ? classicalLength : 0;
      notReduced.fill(0xff, kemAt, kemAt + 3);
      await t.rejects(provider.startAndCompleteAsync(group, notReduced), { ...rejected, reason: 'modulus_check' });
    }
  });
}

t.test('hashes: pieces, clones and one-shot agree', async (t) => {
  const data = new Uint8Array(1000);
  provider.xofInto('SHAKE256', Uint8Array.of(7), data);
  // An odd offset: noble reads words only where they are aligned.
  for (const part of [data, data.subarray(1), Buffer.from(data).subarray(3, 700)]) {
    const hash = provider.createHash('SHA3-384');
    hash.update(part.subarray(0, 137));
    const copy = hash.clone();
    hash.update(part.subarray(137));
    copy.update(part.subarray(137));
    const digests = [new Uint8Array(48), new Uint8Array(48)] as const;
    hash.digestInto(digests[0]);
    copy.digestInto(digests[1]);
    t.strictSame(digests[0], provider.hash('SHA3-384', part));
    t.strictSame(digests[1], await provider.hashAsync('SHA3-384', part));

    const xof = provider.createXof('SHAKE128');
    xof.update(part);
    const start = new Uint8Array(200);
    xof.readInto(start);
    const fork = xof.clone();
    const rest = [new Uint8Array(131), new Uint8Array(131)] as const;
    xof.readInto(rest[0]);
    fork.readInto(rest[1].subarray(0, 1));
    fork.readInto(rest[1].subarray(1));
    const whole = await provider.xofAsync('SHAKE128', part, 331);
    t.strictSame(Buffer.concat([start, rest[0]]), Buffer.from(whole));
    t.strictSame(Buffer.concat([start, rest[1]]), Buffer.from(whole));
  }
});
