// ML-KEM on every provider. FIPS 203.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { DecapsulationKey, EncapsulationKey, providers } from 'pqtls/crypto';
import { encapsulateWithM } from 'pqtls/crypto/testing';
import { kemParameters } from '#src/crypto/parameters.js';
import type { KemAlgorithm } from '#src/crypto/parameters.js';
import t from 'tap';

const algorithms = Object.keys(kemParameters) as KemAlgorithm[];
const seed = new Uint8Array(64).map((_, i) => i);

for (const provider of providers()) {
  for (const algorithm of algorithms) {
    const sizes = kemParameters[algorithm];
    const options = { provider };

    t.test(`${algorithm} on ${provider}`, async (t) => {
      t.test('both sides get the same secret, in every form', async (t) => {
        const key = DecapsulationKey.generate(algorithm, options);
        const { ciphertext, sharedSecret } = key.encapsulationKey.encapsulate();
        t.equal(ciphertext.byteLength, sizes.ciphertext);
        t.equal(sharedSecret.byteLength, 32);
        t.same(key.decapsulate(ciphertext), sharedSecret);

        const other = await DecapsulationKey.generateAsync(algorithm, options);
        const ct = Buffer.alloc(sizes.ciphertext);
        const secret = Buffer.alloc(32);
        const result = Buffer.alloc(32);
        other.encapsulationKey.encapsulateInto(ct, secret);
        other.decapsulateInto(ct, result);
        t.same(result, secret);
        t.notSame(secret, Buffer.alloc(32));

        const encapsulation = await other.encapsulationKey.encapsulateAsync();
        t.equal(encapsulation.ciphertext.byteLength, sizes.ciphertext);
        t.same(await other.decapsulateAsync(encapsulation.ciphertext), encapsulation.sharedSecret);
      });

      t.test('every result has a buffer of its own', async (t) => {
        const key = DecapsulationKey.generate(algorithm, options);
        const encapsulation = key.encapsulationKey.encapsulate();
        for (const bytes of [
          ...Object.values(encapsulation),
          ...Object.values(await key.encapsulationKey.encapsulateAsync()),
          key.decapsulate(encapsulation.ciphertext),
          await key.decapsulateAsync(encapsulation.ciphertext),
          key.toBytes(),
          key.seed() as Uint8Array,
          key.encapsulationKey.toBytes(),
        ]) {
          t.equal(bytes.constructor, Uint8Array);
          t.equal(bytes.buffer.byteLength, bytes.byteLength);
        }
      });

      t.test('a seed gives the same key, and the key gives it back', (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const again = DecapsulationKey.fromSeed(algorithm, seed, options);
        t.same(key.toBytes(), again.toBytes());
        t.same(key.seed(), seed);
        t.same(key.toBytes().subarray(-32), seed.subarray(32), 'the expanded key ends with z');
        const generated = DecapsulationKey.generate(algorithm, options);
        const derived = DecapsulationKey.fromSeed(algorithm, generated.seed() as Uint8Array, options);
        t.same(derived.toBytes(), generated.toBytes());
        t.end();
      });

      t.test('raw keys go both ways', (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const bytes = key.toBytes();
        t.equal(bytes.byteLength, sizes.decapsulationKey);
        const read = DecapsulationKey.fromBytes(algorithm, bytes, options);
        t.same(read.toBytes(), bytes);
        t.equal(read.seed(), undefined, 'it has no seed');
        const ek = key.encapsulationKey.toBytes();
        t.equal(ek.byteLength, sizes.encapsulationKey);
        t.same(read.encapsulationKey.toBytes(), ek);
        const { ciphertext, sharedSecret } = EncapsulationKey.fromBytes(algorithm, ek, options).encapsulate();
        t.same(read.decapsulate(ciphertext), sharedSecret);
        bytes.fill(0);
        t.same(read.decapsulate(ciphertext), sharedSecret, 'the key holds a copy');
        t.end();
      });

      t.test('a given m makes encapsulation repeatable', (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const m = new Uint8Array(32).fill(9);
        const one = encapsulateWithM(key.encapsulationKey, m);
        t.same(one, encapsulateWithM(key.encapsulationKey, m));
        t.same(key.decapsulate(one.ciphertext), one.sharedSecret);
        // FIPS 203, Algorithm 17: (K, r) = G(m || H(ek)).
        const h = createHash('sha3-256').update(key.encapsulationKey.toBytes()).digest();
        const g = createHash('sha3-512').update(m).update(h).digest();
        t.same(one.sharedSecret, new Uint8Array(g.subarray(0, 32)));
        t.throws(() => encapsulateWithM(key.encapsulationKey, new Uint8Array(31)), {
          name: 'KeyRejectedError',
          reason: 'wrong_length',
        });
        t.end();
      });

      t.test('a wrong ciphertext is rejected implicitly: another secret, no error', async (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const { ciphertext, sharedSecret } = key.encapsulationKey.encapsulate();
        ciphertext[0] = (ciphertext[0] as number) ^ 1;
        const rejected = key.decapsulate(ciphertext);
        t.equal(rejected.byteLength, 32);
        t.notSame(rejected, sharedSecret);
        // FIPS 203, Algorithm 18: J(z || c).
        const j = createHash('shake256', { outputLength: 32 }).update(seed.subarray(32)).update(ciphertext).digest();
        t.same(rejected, new Uint8Array(j));
        t.same(await key.decapsulateAsync(ciphertext), rejected);
      });

      t.test('keys that are not well-formed are rejected', (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const rejection = (reason: string) => ({ name: 'KeyRejectedError', code: 'ERR_PQTLS_KEY_REJECTED', reason });

        const ek = key.encapsulationKey.toBytes();
        for (const offset of [0, 384, ek.byteLength - 32 - 3]) {
          const bad = ek.slice();
          bad.set([0xff, 0xff, 0xff], offset);
          t.throws(() => EncapsulationKey.fromBytes(algorithm, bad, options), rejection('modulus_check'));
        }
        const exact = ek.slice();
        exact.set([0x01, 0x0d], 0); // 3329 in the low 12 bits of the first three bytes
        exact[1] = ((ek[1] as number) & 0xf0) | 0x0d;
        t.throws(() => EncapsulationKey.fromBytes(algorithm, exact, options), rejection('modulus_check'));
        exact[0] = 0x00;
        t.doesNotThrow(() => EncapsulationKey.fromBytes(algorithm, exact, options), '3328 is the last that passes');

        const dk = key.toBytes();
        const hashAt = sizes.decapsulationKey - 64;
        const ekAt = hashAt - sizes.encapsulationKey;
        for (const offset of [hashAt, hashAt + 31, ekAt, hashAt - 1]) {
          const bad = dk.slice();
          bad[offset] = (bad[offset] as number) ^ 1;
          t.throws(() => DecapsulationKey.fromBytes(algorithm, bad, options), rejection('hash_check'));
        }
        const unreduced = dk.slice();
        unreduced.set([0xff, 0xff, 0xff], ekAt);
        const badEk = unreduced.subarray(ekAt, hashAt);
        unreduced.set(createHash('sha3-256').update(badEk).digest(), hashAt);
        t.throws(() => DecapsulationKey.fromBytes(algorithm, unreduced, options), rejection('modulus_check'));

        for (const wrong of [-1, 1]) {
          const make = (length: number) => new Uint8Array(Math.max(0, length + wrong));
          t.throws(() => EncapsulationKey.fromBytes(algorithm, make(ek.length), options), rejection('wrong_length'));
          t.throws(() => DecapsulationKey.fromBytes(algorithm, make(dk.length), options), rejection('wrong_length'));
          t.throws(() => DecapsulationKey.fromSeed(algorithm, make(64), options), rejection('wrong_length'));
          t.throws(() => key.decapsulate(make(sizes.ciphertext)), rejection('wrong_length'));
          t.throws(() => key.decapsulateInto(make(sizes.ciphertext), new Uint8Array(32)), rejection('wrong_length'));
        }
        for (const other of algorithms.filter((name) => name !== algorithm)) {
          t.throws(() => EncapsulationKey.fromBytes(other, ek, options), rejection('wrong_length'));
        }
        t.end();
      });

      t.test('asynchronous forms reject with what the synchronous ones throw', async (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        await t.rejects(key.decapsulateAsync(new Uint8Array(3)), { name: 'KeyRejectedError', reason: 'wrong_length' });
        await t.rejects(key.decapsulateAsync('x' as never), { code: 'ERR_INVALID_ARG_TYPE' });
        await t.rejects(DecapsulationKey.generateAsync('ML-KEM-1' as never, options), {
          code: 'ERR_INVALID_ARG_VALUE',
        });
      });

      t.test('asynchronous input is copied at once', async (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const { ciphertext, sharedSecret } = key.encapsulationKey.encapsulate();
        const pending = key.decapsulateAsync(ciphertext);
        ciphertext.fill(0);
        t.same(await pending, sharedSecret);
      });

      t.test('a destroyed key is of no use, and a pending operation still ends', async (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        const { encapsulationKey } = key;
        const { ciphertext, sharedSecret } = encapsulationKey.encapsulate();
        const pending = key.decapsulateAsync(ciphertext);
        key.destroy();
        key.destroy();
        key[Symbol.dispose]();
        t.same(await pending, sharedSecret);
        const destroyed = { name: 'KeyDestroyedError', code: 'ERR_PQTLS_KEY_DESTROYED' };
        t.throws(() => key.decapsulate(ciphertext), destroyed);
        t.throws(() => key.decapsulateInto(ciphertext, new Uint8Array(32)), destroyed);
        t.throws(() => key.toBytes(), destroyed);
        t.throws(() => key.seed(), destroyed);
        t.throws(() => key.encapsulationKey, destroyed);
        await t.rejects(key.decapsulateAsync(ciphertext), destroyed);
        t.equal(encapsulationKey.encapsulate().sharedSecret.byteLength, 32, 'the public half outlives it');
      });

      t.test('nothing but names shows', (t) => {
        const key = DecapsulationKey.fromSeed(algorithm, seed, options);
        t.equal(inspect(key), `DecapsulationKey { algorithm: '${algorithm}', provider: '${provider}' }`);
        t.equal(
          inspect(key.encapsulationKey),
          `EncapsulationKey { algorithm: '${algorithm}', provider: '${provider}' }`,
        );
        t.equal(JSON.stringify(key), '{}');
        t.same(Reflect.ownKeys(key), []);
        t.end();
      });
    });
  }
}
