// ML-DSA on every provider. FIPS 204.
import { inspect } from 'node:util';
import { providers, SigningKey, VerifyingKey } from 'pqtls/crypto';
import { signatureParameters } from '#src/crypto/parameters.js';
import type { SignatureAlgorithm } from '#src/crypto/parameters.js';
import t from 'tap';

// tap's own comparison takes seconds to describe how two signatures differ.
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

const algorithms = Object.keys(signatureParameters) as SignatureAlgorithm[];
const seed = new Uint8Array(32).map((_, i) => i);
const message = Buffer.from('a message');
const context = Buffer.from('a context');

for (const provider of providers()) {
  for (const algorithm of algorithms) {
    const sizes = signatureParameters[algorithm];
    const options = { provider };

    t.test(`${algorithm} on ${provider}`, async (t) => {
      t.test('signs and verifies, in every form', async (t) => {
        const key = SigningKey.generate(algorithm, options);
        const { verifyingKey } = key;
        const signature = key.sign(message);
        t.equal(signature.byteLength, sizes.signature);
        t.equal(signature.buffer.byteLength, sizes.signature);
        t.equal(verifyingKey.verify(message, signature), true);

        const other = await SigningKey.generateAsync(algorithm, options);
        const into = Buffer.alloc(sizes.signature);
        other.signInto(message, into, { context });
        t.equal(other.verifyingKey.verify(message, into, { context }), true);
        t.equal(await other.verifyingKey.verifyAsync(message, into, { context }), true);
        const later = await other.signAsync(message, { context });
        t.equal(other.verifyingKey.verify(message, later, { context }), true);
        t.equal(verifyingKey.verify(message, later, { context }), false, 'not with another key');
      });

      t.test('is hedged unless deterministic', async (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        t.notOk(same(key.sign(message), key.sign(message)));
        const fixed = key.sign(message, { deterministic: true });
        t.ok(same(key.sign(message, { deterministic: true }), fixed));
        t.ok(same(await key.signAsync(message, { deterministic: true }), fixed));
        const into = new Uint8Array(sizes.signature);
        key.signInto(message, into, { deterministic: true });
        t.ok(same(into, fixed));
        t.notOk(same(key.sign(message, { deterministic: true, context }), fixed), 'the context is bound');
        t.equal(key.verifyingKey.verify(message, fixed), true);
      });

      t.test('the empty message and contexts of up to 255 bytes', (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        const empty = new Uint8Array(0);
        for (const deterministic of [false, true]) {
          t.equal(key.verifyingKey.verify(empty, key.sign(empty, { deterministic })), true);
          for (const length of [0, 1, 254, 255]) {
            const context = new Uint8Array(length).fill(length);
            const signature = key.sign(message, { context, deterministic });
            t.equal(key.verifyingKey.verify(message, signature, { context }), true, `${length}`);
            t.equal(key.verifyingKey.verify(message, signature), length === 0);
          }
        }
        const tooLong = { context: new Uint8Array(256) };
        const out = new Uint8Array(sizes.signature);
        t.throws(() => key.sign(message, tooLong), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
        t.throws(() => key.signInto(message, out, tooLong), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
        t.throws(() => key.verifyingKey.verify(message, out, tooLong), {
          name: 'RangeError',
          code: 'ERR_OUT_OF_RANGE',
        });
        t.end();
      });

      t.test('a wrong signature is false, never an error', async (t) => {
        const { verifyingKey } = SigningKey.fromSeed(algorithm, seed, options);
        const signature = SigningKey.fromSeed(algorithm, seed, options).sign(message);
        for (const length of [0, 1, sizes.signature - 1, sizes.signature + 1, 10_000]) {
          const bytes = new Uint8Array(length);
          bytes.set(signature.subarray(0, length));
          t.equal(verifyingKey.verify(message, bytes), false, `${length} bytes`);
          t.equal(await verifyingKey.verifyAsync(message, bytes), false);
        }
        for (const at of [0, 40, sizes.signature >> 1, sizes.signature - 1]) {
          const bad = signature.slice();
          bad[at] = (bad[at] as number) ^ 0x80;
          t.equal(verifyingKey.verify(message, bad), false, `byte ${at}`);
        }
        t.equal(verifyingKey.verify(Buffer.from('another'), signature), false);
        t.equal(verifyingKey.verify(message, new Uint8Array(sizes.signature).fill(0xff)), false);
        t.equal(verifyingKey.verify(message, new Uint8Array(sizes.signature)), false);
      });

      t.test('seeds and raw keys go both ways', (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        t.same(key.seed(), seed);
        const generated = SigningKey.generate(algorithm, options);
        const derived = SigningKey.fromSeed(algorithm, generated.seed() as Uint8Array, options);
        t.ok(same(derived.toBytes(), generated.toBytes()));
        const bytes = key.toBytes();
        t.equal(bytes.byteLength, sizes.signingKey);
        const read = SigningKey.fromBytes(algorithm, bytes, options);
        t.equal(read.seed(), undefined);
        t.ok(same(read.toBytes(), bytes));
        t.ok(same(read.verifyingKey.toBytes(), key.verifyingKey.toBytes()));
        t.ok(same(read.sign(message, { deterministic: true }), key.sign(message, { deterministic: true })));
        const publicBytes = key.verifyingKey.toBytes();
        t.equal(publicBytes.byteLength, sizes.verifyingKey);
        const verifyingKey = VerifyingKey.fromBytes(algorithm, publicBytes, options);
        t.ok(same(verifyingKey.toBytes(), publicBytes));
        t.equal(verifyingKey.verify(message, read.sign(message)), true);
        t.end();
      });

      t.test('keys that are not well-formed are rejected', (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        const bytes = key.toBytes();
        const rejection = (reason: string) => ({ name: 'KeyRejectedError', code: 'ERR_PQTLS_KEY_REJECTED', reason });
        // rho, tr, s1 (out of range), t0
        for (const [at, value] of [
          [0, (bytes[0] as number) ^ 1],
          [64, (bytes[64] as number) ^ 1],
          [128, 0xff],
          [bytes.length - 1, (bytes[bytes.length - 1] as number) ^ 1],
        ] as const) {
          const bad = bytes.slice();
          bad[at] = value;
          t.throws(() => SigningKey.fromBytes(algorithm, bad, options), rejection('invalid_encoding'), `byte ${at}`);
        }
        for (const wrong of [-1, 1]) {
          const make = (length: number) => new Uint8Array(length + wrong);
          t.throws(() => SigningKey.fromBytes(algorithm, make(sizes.signingKey), options), rejection('wrong_length'));
          t.throws(() => SigningKey.fromSeed(algorithm, make(32), options), rejection('wrong_length'));
          t.throws(
            () => VerifyingKey.fromBytes(algorithm, make(sizes.verifyingKey), options),
            rejection('wrong_length'),
          );
        }
        t.end();
      });

      t.test('asynchronous input is copied at once', async (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        const input = Buffer.from(message);
        const ctx = Buffer.from(context);
        const pending = key.signAsync(input, { context: ctx });
        input.fill(0);
        ctx.fill(0);
        const signature = await pending;
        const copy = signature.slice();
        input.set(message);
        const verified = key.verifyingKey.verifyAsync(input, copy, { context });
        input.fill(0);
        copy.fill(0);
        t.equal(await verified, true);
      });

      t.test('a destroyed key is of no use, and a pending operation still ends', async (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        const { verifyingKey } = key;
        const pending = key.signAsync(message);
        key.destroy();
        key.destroy();
        t.equal(verifyingKey.verify(message, await pending), true);
        const destroyed = { name: 'KeyDestroyedError', code: 'ERR_PQTLS_KEY_DESTROYED' };
        t.throws(() => key.sign(message), destroyed);
        t.throws(() => key.signInto(message, new Uint8Array(sizes.signature)), destroyed);
        t.throws(() => key.toBytes(), destroyed);
        t.throws(() => key.seed(), destroyed);
        t.throws(() => key.verifyingKey, destroyed);
        await t.rejects(key.signAsync(message), destroyed);
      });

      t.test('nothing but names shows', (t) => {
        const key = SigningKey.fromSeed(algorithm, seed, options);
        t.equal(inspect(key), `SigningKey { algorithm: '${algorithm}', provider: '${provider}' }`);
        t.equal(inspect(key.verifyingKey), `VerifyingKey { algorithm: '${algorithm}', provider: '${provider}' }`);
        t.same(Reflect.ownKeys(key), []);
        t.end();
      });
    });
  }
}
