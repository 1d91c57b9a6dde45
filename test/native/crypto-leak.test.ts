// Keys that are dropped are freed, and a handle of the wrong kind is a TypeError, never a crash.
import { loadBinding } from '#src/binding.js';
import type { NativeBinding } from '#src/binding.js';
import { DecapsulationKey, Hash, KeyExchangeGroup, SigningKey } from 'pqtls/crypto';
import t from 'tap';
import { keepsFreedMemory, memoryGrowth } from '../support/memory.js';

const state = loadBinding();
if (state.loaded) {
  const native: NativeBinding = state.binding;
  const options = { provider: 'aws-lc' } as const;

  t.test('dropped keys are freed', { skip: keepsFreedMemory }, async (t) => {
    const signer = SigningKey.generate('ML-DSA-65', options);
    const group = KeyExchangeGroup.get('X25519MLKEM768', options);
    const message = new Uint8Array(64);
    const grown = await memoryGrowth(200, () => {
      for (let i = 0; i < 100; i += 1) {
        const key = DecapsulationKey.generate('ML-KEM-768', options);
        key.encapsulationKey.encapsulate();
        group.start();
        new Hash('SHA3-256', options).update(message).clone();
        if (i % 10 === 0) {
          SigningKey.generate('ML-DSA-65', options).verifyingKey.toBytes();
          signer.sign(message);
        }
      }
    });
    // 20 000 rounds of about 8 KB would be 160 MiB.
    t.ok(grown < 64, `RSS grew by ${grown.toFixed(1)} MiB`);
  });

  t.test('no secret stays in the scratch', (t) => {
    const key = DecapsulationKey.generate('ML-KEM-768', options);
    const { ciphertext } = key.encapsulationKey.encapsulate();
    native.scratch.fill(0);
    key.decapsulate(ciphertext);
    key.seed();
    key.toBytes();
    SigningKey.generate('ML-DSA-44', options).toBytes();
    t.ok(native.scratch.every((byte) => byte === 0));
    const { sharedSecret, ciphertext: other } = key.encapsulationKey.encapsulate();
    t.ok(Buffer.from(other).equals(native.scratch.subarray(0, 1088)), 'what is public may stay');
    t.notOk(Buffer.from(native.scratch).includes(Buffer.from(sharedSecret)));
    t.end();
  });

  t.test('wrong handles and arguments throw', (t) => {
    const handles = [
      native.kemGenerate(0),
      native.kemEncapsulationKey(native.kemGenerate(0) as never),
      native.signatureGenerate(0),
      native.signatureVerifyingKey(native.signatureGenerate(0) as never),
      native.createHash(0),
      native.groupStart(0, new Uint8Array(32)),
    ];
    const values: unknown[] = [
      ...handles,
      undefined,
      null,
      0,
      1,
      2 ** 40,
      -1,
      NaN,
      'x',
      {},
      [],
      () => 0,
      new Uint8Array(32),
      Symbol('x'),
      1n,
    ];
    let calls = 0;
    for (const [name, value] of Object.entries(native)) {
      if (typeof value !== 'function' || !/^(kem|signature|hash|xof|create|digest|group)/.test(name)) continue;
      for (const first of values) {
        for (const second of values) {
          try {
            (value as (...args: unknown[]) => unknown)(first, second, second, second, second);
          } catch (error) {
            if (!(error instanceof TypeError) && !(error instanceof RangeError)) t.fail(`${name}: ${String(error)}`);
          }
          calls += 1;
        }
      }
    }
    t.ok(calls > 1000, `${calls} calls`);
    const [dk, ek, sk] = handles as [never, never, never];
    t.throws(() => native.kemEncapsulate(dk), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    t.throws(() => native.kemDestroy(ek), { name: 'TypeError' });
    t.throws(() => native.kemDestroy(sk), { name: 'TypeError' });
    t.throws(() => native.kemDecapsulate({} as never, new Uint8Array(768)), { name: 'TypeError' });
    t.end();
  });

  t.test('the floor knows its operations', (t) => {
    for (const operation of [
      ...['512', '768', '1024'].flatMap((n) =>
        ['generate', 'encapsulate', 'decapsulate'].map((o) => `ML-KEM-${n}/${o}`),
      ),
      ...['44', '65', '87'].flatMap((n) => ['generate', 'sign', 'verify'].map((o) => `ML-DSA-${n}/${o}`)),
      ...['X25519', 'secp256r1', 'secp384r1', 'X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'].flatMap(
        (g) => ['start', 'startAndComplete', 'complete'].map((o) => `${g}/${o}`),
      ),
      'SHA3-256/64',
      'SHA3-256/16384',
      'SHAKE128/0/32',
      'SHAKE256/64/1000',
    ]) {
      t.ok(native.floor(operation, 2) > 0, operation);
    }
    for (const operation of ['', 'x', 'ML-KEM-768', 'ML-KEM-768/x', 'SHA3-256/x', 'SHA3-256/99999999999', 'X25519/x']) {
      t.equal(native.floor(operation, 2), -1, operation);
    }
    t.end();
  });
}
