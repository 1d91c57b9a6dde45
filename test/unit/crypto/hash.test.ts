// SHA-3 and SHAKE on every provider, against node:crypto. FIPS 202.
import { createHash, randomBytes } from 'node:crypto';
import { Hash, hash, hashAsync, hashInto, providers, Xof, xof, xofAsync, xofInto } from 'pqtls/crypto';
import type { HashAlgorithm, XofAlgorithm } from 'pqtls/crypto';
import t from 'tap';

const hashes: Record<HashAlgorithm, { length: number; block: number }> = {
  'SHA3-224': { length: 28, block: 144 },
  'SHA3-256': { length: 32, block: 136 },
  'SHA3-384': { length: 48, block: 104 },
  'SHA3-512': { length: 64, block: 72 },
};
const xofs: Record<XofAlgorithm, { block: number }> = { SHAKE128: { block: 168 }, SHAKE256: { block: 136 } };
const data = randomBytes(1024);
const finalized = { code: 'ERR_CRYPTO_HASH_FINALIZED' };

const expectedHash = (algorithm: HashAlgorithm, input: Uint8Array): Uint8Array =>
  new Uint8Array(createHash(algorithm.toLowerCase()).update(input).digest());
const expectedXof = (algorithm: XofAlgorithm, input: Uint8Array, outputLength: number): Uint8Array =>
  new Uint8Array(createHash(algorithm.toLowerCase(), { outputLength }).update(input).digest());

/** Lengths around every multiple of the block up to four blocks. */
const boundaries = (block: number): number[] =>
  [0, 1, 2, 3, 4].flatMap((n) => [n * block - 1, n * block, n * block + 1]).filter((length) => length >= 0);

for (const provider of providers()) {
  const options = { provider };

  for (const [algorithm, { length, block }] of Object.entries(hashes) as [
    HashAlgorithm,
    (typeof hashes)['SHA3-256'],
  ][]) {
    t.test(`${algorithm} on ${provider}`, async (t) => {
      for (const size of boundaries(block)) {
        const input = data.subarray(0, size);
        const expected = expectedHash(algorithm, input);
        const into = Buffer.alloc(length);
        hashInto(algorithm, input, into, options);
        const results = [hash(algorithm, input, options), into, await hashAsync(algorithm, input, options)];
        t.ok(
          results.every((digest) => Buffer.from(expected).equals(digest)),
          `${size} bytes at once`,
        );
        let wrong = 0;
        for (let cut = 0; cut <= size; cut += 1) {
          const digest = new Hash(algorithm, options)
            .update(input.subarray(0, cut))
            .update(input.subarray(cut))
            .digest();
          wrong += Buffer.from(expected).equals(digest) ? 0 : 1;
        }
        t.equal(wrong, 0, `${size} bytes in two pieces, cut everywhere`);
      }
      const bytewise = new Hash(algorithm, options);
      for (const byte of data) bytewise.update(Uint8Array.of(byte));
      t.same(bytewise.digest(), expectedHash(algorithm, data), 'byte by byte');

      const digest = hash(algorithm, data, options);
      t.equal(digest.constructor, Uint8Array);
      t.equal(digest.buffer.byteLength, length, 'a buffer of its own');
    });

    t.test(`class Hash: ${algorithm} on ${provider}`, (t) => {
      const one = new Hash(algorithm, options);
      t.equal(one.digestLength, length);
      t.equal(one.update(data), one, 'update() chains');
      const two = one.clone();
      two.update(data);
      const into = new Uint8Array(length);
      one.digestInto(into);
      t.same(into, expectedHash(algorithm, data));
      t.same(two.digest(), expectedHash(algorithm, Buffer.concat([data, data])), 'a clone goes its own way');
      t.throws(() => one.update(data), finalized);
      t.throws(() => one.digest(), finalized);
      t.throws(() => one.digestInto(into), finalized);
      t.throws(() => one.clone(), finalized);
      const three = new Hash(algorithm, options);
      t.throws(() => three.digestInto(new Uint8Array(length - 1)), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
      t.throws(() => three.update('text' as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
      t.same(three.digest(), expectedHash(algorithm, new Uint8Array(0)), 'a refused call changes nothing');
      t.end();
    });
  }

  for (const [algorithm, { block }] of Object.entries(xofs) as [XofAlgorithm, { block: number }][]) {
    t.test(`${algorithm} on ${provider}`, async (t) => {
      for (const size of boundaries(block)) {
        const input = data.subarray(0, size);
        for (const length of [0, 1, block - 1, block, block + 1, 3 * block]) {
          const expected = Buffer.from(length === 0 ? [] : expectedXof(algorithm, input, length));
          const into = Buffer.alloc(length);
          xofInto(algorithm, input, into, options);
          const results = [
            xof(algorithm, input, length, options),
            into,
            await xofAsync(algorithm, input, length, options),
            new Xof(algorithm, options).update(input).read(length),
          ];
          t.ok(
            results.every((output) => expected.equals(output)),
            `${size} bytes to ${length}`,
          );
        }
      }
      const total = 3 * block + 7;
      const expected = Buffer.from(expectedXof(algorithm, data, total));
      let wrong = 0;
      for (let cut = 0; cut <= total; cut += 1) {
        const reader = new Xof(algorithm, options).update(data);
        wrong += Buffer.concat([reader.read(cut), reader.read(total - cut)]).equals(expected) ? 0 : 1;
      }
      t.equal(wrong, 0, 'squeezed in two pieces, cut everywhere');
      const reader = new Xof(algorithm, options).update(data);
      const pieces: Uint8Array[] = [];
      for (let i = 0; i < total; i += 1) pieces.push(reader.read(1));
      t.ok(Buffer.concat(pieces).equals(expected), 'squeezed byte by byte');
    });

    t.test(`class Xof: ${algorithm} on ${provider}`, (t) => {
      const one = new Xof(algorithm, options).update(data.subarray(0, 10));
      const two = one.clone();
      one.update(data.subarray(10));
      const expected = Buffer.from(expectedXof(algorithm, data, 400));
      t.ok(expected.subarray(0, 100).equals(one.read(100)));
      const three = one.clone();
      t.ok(expected.subarray(100, 400).equals(one.read(300)));
      t.ok(expected.subarray(100, 400).equals(three.read(300)), 'a clone keeps the position');
      t.same(two.read(32), expectedXof(algorithm, data.subarray(0, 10), 32), 'a clone goes its own way');
      t.throws(() => three.update(data), finalized);
      const four = new Xof(algorithm, options);
      four.read(0);
      t.throws(() => four.update(data), finalized, 'reading nothing is reading');
      t.throws(() => four.clone().update(data), finalized);
      for (const length of [-1, 1.5, NaN, 2 ** 31]) {
        t.throws(() => four.read(length), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
        t.throws(() => xof(algorithm, data, length, options), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
      }
      t.throws(() => four.read('1' as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
      t.end();
    });
  }

  t.test(`asynchronous input is copied at once on ${provider}`, async (t) => {
    const input = Buffer.from(data);
    const pending = [hashAsync('SHA3-256', input, options), xofAsync('SHAKE128', input, 32, options)];
    input.fill(0);
    t.same(await Promise.all(pending), [expectedHash('SHA3-256', data), expectedXof('SHAKE128', data, 32)]);
  });
}
