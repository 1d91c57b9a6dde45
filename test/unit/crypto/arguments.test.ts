// What every public function does with arguments that it cannot use: the same on every provider.
import { runInNewContext } from 'node:vm';
import * as api from 'pqtls/crypto';
import {
  ActiveKeyExchange,
  DecapsulationKey,
  EncapsulationKey,
  Hash,
  KeyExchangeGroup,
  providers,
  SigningKey,
  VerifyingKey,
  Xof,
} from 'pqtls/crypto';
import t from 'tap';
import { resizableBuffer } from '../../support/resizable-buffer.js';

const never = (value: unknown): never => value as never;

/** A Uint8Array of `length` whose buffer was transferred away. */
function detached(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A Uint8Array of `length` whose resizable buffer has become too short for it, by its length or by its offset. */
function outOfBounds(length: number, cut: 'end' | 'start' | 'tracking'): Uint8Array {
  const buffer = resizableBuffer(8 + length);
  const bytes = cut === 'tracking' ? new Uint8Array(buffer, 8) : new Uint8Array(buffer, 8, length);
  buffer.resize(cut === 'end' ? 8 + length - 1 : 4);
  return bytes;
}

const shared = (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length));

for (const provider of providers()) {
  const options = { provider };

  t.test(`arguments on ${provider}`, async (t) => {
    const dk = DecapsulationKey.generate('ML-KEM-768', options);
    const ek = dk.encapsulationKey;
    const sk = SigningKey.generate('ML-DSA-44', options);
    const vk = sk.verifyingKey;
    const group = KeyExchangeGroup.get('X25519MLKEM768', options);
    const message = Buffer.from('message');
    const secret = (): Uint8Array => new Uint8Array(32);
    const ciphertext = (): Uint8Array => new Uint8Array(1088);
    const clientShare = group.start().share;

    /** Every place for bytes in the API: its length, and a call with these bytes there. */
    const places: Record<string, { length: number; use: (bytes: never) => unknown; empty?: true }> = {
      'DecapsulationKey.fromSeed seed': { length: 64, use: (b) => DecapsulationKey.fromSeed('ML-KEM-768', b, options) },
      'DecapsulationKey.fromBytes bytes': {
        length: 2400,
        use: (b) => DecapsulationKey.fromBytes('ML-KEM-768', b, options),
      },
      'EncapsulationKey.fromBytes bytes': {
        length: 1184,
        use: (b) => EncapsulationKey.fromBytes('ML-KEM-768', b, options),
      },
      'decapsulate ciphertext': { length: 1088, use: (b) => dk.decapsulate(b) },
      'decapsulateInto ciphertext': { length: 1088, use: (b) => dk.decapsulateInto(b, secret()) },
      'decapsulateInto sharedSecret': { length: 32, use: (b) => dk.decapsulateInto(ciphertext(), b) },
      'decapsulateAsync ciphertext': { length: 1088, use: (b) => dk.decapsulateAsync(b) },
      'encapsulateInto ciphertext': { length: 1088, use: (b) => ek.encapsulateInto(b, secret()) },
      'encapsulateInto sharedSecret': { length: 32, use: (b) => ek.encapsulateInto(ciphertext(), b) },
      'SigningKey.fromSeed seed': { length: 32, use: (b) => SigningKey.fromSeed('ML-DSA-44', b, options) },
      'SigningKey.fromBytes bytes': { length: 2560, use: (b) => SigningKey.fromBytes('ML-DSA-44', b, options) },
      'VerifyingKey.fromBytes bytes': { length: 1312, use: (b) => VerifyingKey.fromBytes('ML-DSA-44', b, options) },
      'sign message': { length: 7, use: (b) => sk.sign(b) },
      'sign context': { length: 7, use: (b) => sk.sign(message, { context: b }) },
      'signInto message': { length: 7, use: (b) => sk.signInto(b, new Uint8Array(2420)) },
      'signInto signature': { length: 2420, use: (b) => sk.signInto(message, b) },
      'signAsync message': { length: 7, use: (b) => sk.signAsync(b) },
      'verify message': { length: 7, use: (b) => vk.verify(b, new Uint8Array(2420)) },
      'verify signature': { length: 2420, use: (b) => vk.verify(message, b) },
      'verify context': { length: 7, use: (b) => vk.verify(message, new Uint8Array(2420), { context: b }) },
      'verifyAsync signature': { length: 2420, use: (b) => vk.verifyAsync(message, b) },
      'hash data': { length: 7, use: (b) => api.hash('SHA3-256', b, options) },
      'hashInto data': { length: 7, use: (b) => api.hashInto('SHA3-256', b, secret(), options) },
      'hashInto digest': { length: 32, use: (b) => api.hashInto('SHA3-256', message, b, options) },
      'hashAsync data': { length: 7, use: (b) => api.hashAsync('SHA3-256', b, options) },
      'xof data': { length: 7, use: (b) => api.xof('SHAKE128', b, 8, options) },
      'xofInto output': { length: 7, use: (b) => api.xofInto('SHAKE128', message, b, options) },
      'xofAsync data': { length: 7, use: (b) => api.xofAsync('SHAKE128', b, 8, options) },
      'Hash.update data': { length: 7, use: (b) => new Hash('SHA3-256', options).update(b) },
      'Hash.digestInto digest': { length: 32, use: (b) => new Hash('SHA3-256', options).digestInto(b) },
      'Xof.update data': { length: 7, use: (b) => new Xof('SHAKE128', options).update(b) },
      'Xof.readInto output': { length: 7, use: (b) => new Xof('SHAKE128', options).readInto(b) },
      'startInto share': { length: 1216, use: (b) => group.startInto(b) },
      'startAndComplete clientShare': { length: 1216, use: (b) => group.startAndComplete(b) },
      'startAndCompleteInto share': {
        length: 1120,
        use: (b) => group.startAndCompleteInto(clientShare, b, new Uint8Array(64)),
      },
      'startAndCompleteInto sharedSecret': {
        length: 64,
        use: (b) => group.startAndCompleteInto(clientShare, new Uint8Array(1120), b),
      },
      'startAndCompleteAsync clientShare': { length: 1216, use: (b) => group.startAndCompleteAsync(b) },
      'complete serverShare': { length: 1120, use: (b) => group.start().complete(b) },
      'completeAsync serverShare': { length: 1120, use: (b) => group.start().completeAsync(b) },
    };

    const refused = async (use: () => unknown): Promise<unknown> => {
      try {
        await use();
        return undefined;
      } catch (error) {
        return error;
      }
    };

    for (const [place, { length, use }] of Object.entries(places)) {
      for (const [what, value] of [
        ['undefined', undefined],
        ['null', null],
        ['a string', 'x'.repeat(length)],
        ['a number', length],
        ['an array', new Array(length).fill(0)],
        ['an ArrayBuffer', new ArrayBuffer(length)],
        ['a DataView', new DataView(new ArrayBuffer(length))],
        ['a Uint16Array', new Uint16Array(length)],
        ['a Uint8ClampedArray', new Uint8ClampedArray(length)],
        ['a pretender', Object.create(Uint8Array.prototype)],
        ['a proxy', new Proxy(new Uint8Array(length), {})],
        ['shared bytes', shared(length)],
      ] as const) {
        if (place.endsWith('context') && value === undefined) continue;
        t.match(
          await refused(() => use(never(value))),
          { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' },
          `${place}: ${what}`,
        );
      }
      t.match(
        await refused(() => use(never(detached(length)))),
        { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' },
        `${place}: a detached buffer`,
      );
      for (const cut of ['end', 'start', 'tracking'] as const) {
        t.match(
          await refused(() => use(never(outOfBounds(length, cut)))),
          { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /resized/ },
          `${place}: a view that its buffer no longer holds (${cut})`,
        );
      }
      t.notMatch(
        await refused(() => use(never(runInNewContext(`new Uint8Array(${length})`)))),
        { name: 'TypeError' },
        `${place}: bytes of another realm are bytes`,
      );
    }
  });

  t.test(`views of resizable buffers are bytes on ${provider}`, (t) => {
    const buffer = resizableBuffer(8, 64);
    const [all, some, none] = [new Uint8Array(buffer), new Uint8Array(buffer, 2, 4), new Uint8Array(buffer, 8)];
    const digest = (bytes: Uint8Array): string => Buffer.from(api.hash('SHA3-256', bytes, options)).toString('hex');
    const expected = (length: number): string => digest(new Uint8Array(length));
    t.strictSame([all, some, none].map(digest), [8, 4, 0].map(expected));
    buffer.resize(64);
    t.strictSame([all, some, none].map(digest), [64, 4, 56].map(expected), 'grown');
    buffer.resize(6);
    t.strictSame([all, some].map(digest), [6, 4].map(expected), 'shrunk, and still held');
    t.equal(digest(new Uint8Array(0)), expected(0), 'an empty view is empty input');
    t.end();
  });

  t.test(`overlapping buffers are refused on ${provider}`, (t) => {
    const overlap = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: /overlaps/ };
    const memory = Buffer.alloc(8192);
    const at = (offset: number, length: number): Uint8Array =>
      new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
    const dk = DecapsulationKey.generate('ML-KEM-768', options);
    t.throws(() => dk.encapsulationKey.encapsulateInto(at(0, 1088), at(1087, 32)), overlap);
    t.throws(() => dk.encapsulationKey.encapsulateInto(at(31, 1088), at(0, 32)), overlap);
    dk.encapsulationKey.encapsulateInto(at(0, 1088), at(1088, 32));
    t.throws(() => dk.decapsulateInto(at(0, 1088), at(500, 32)), overlap);
    dk.decapsulateInto(at(0, 1088), at(2000, 32));
    t.same(at(2000, 32), at(1088, 32), 'neighbours in one buffer are fine');

    const sk = SigningKey.generate('ML-DSA-44', options);
    t.throws(() => sk.signInto(at(2419, 10), at(0, 2420)), overlap);
    t.throws(() => sk.signInto(at(4000, 10), at(0, 2420), { context: at(0, 5) }), overlap);
    sk.signInto(at(2420, 10), at(0, 2420), { context: at(2430, 5) });
    t.equal(sk.verifyingKey.verify(at(2420, 10), at(0, 2420), { context: at(2430, 5) }), true);

    t.throws(() => api.hashInto('SHA3-256', at(0, 32), at(31, 32), options), overlap);
    t.throws(() => api.xofInto('SHAKE128', at(0, 32), at(0, 32), options), overlap);

    const group = KeyExchangeGroup.get('X25519', options);
    const active = group.startInto(at(0, 32));
    t.throws(() => group.startAndCompleteInto(at(0, 32), at(16, 32), at(100, 32)), overlap);
    t.throws(() => group.startAndCompleteInto(at(0, 32), at(100, 32), at(31, 32)), overlap);
    t.throws(() => group.startAndCompleteInto(at(0, 32), at(100, 32), at(131, 32)), overlap);
    group.startAndCompleteInto(at(0, 32), at(32, 32), at(64, 32));
    t.throws(() => active.completeInto(at(32, 32), at(32, 32)), overlap);
    active.completeInto(at(32, 32), at(96, 32));
    t.same(at(96, 32), at(64, 32));
    t.end();
  });

  t.test(`algorithms and options on ${provider}`, (t) => {
    const value = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
    const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
    const data = new Uint8Array(1);
    for (const unknown of ['', 'ml-kem-768', 'toString', '__proto__', 'constructor']) {
      t.throws(() => DecapsulationKey.generate(never(unknown), options), {
        ...value,
        message: /ML-KEM-512, ML-KEM-768/,
      });
      t.throws(() => EncapsulationKey.fromBytes(never(unknown), data, options), value);
      t.throws(() => SigningKey.generate(never(unknown), options), { ...value, message: /ML-DSA-44, ML-DSA-65/ });
      t.throws(() => VerifyingKey.fromBytes(never(unknown), data, options), value);
      t.throws(() => api.hash(never(unknown), data, options), { ...value, message: /SHA3-224, SHA3-256/ });
      t.throws(() => api.xof(never(unknown), data, 1, options), { ...value, message: /SHAKE128, SHAKE256/ });
      t.throws(() => new Hash(never(unknown), options), value);
      t.throws(() => new Xof(never(unknown), options), value);
    }
    for (const wrong of [undefined, null, 768, Symbol('x'), {}, ['ML-KEM-768']]) {
      t.throws(() => DecapsulationKey.generate(never(wrong), options), type);
      t.throws(() => api.hash(never(wrong), data, options), type);
    }
    for (const wrong of [null, 1, 'noble']) {
      t.throws(() => DecapsulationKey.generate('ML-KEM-768', never(wrong)), type);
      t.throws(() => SigningKey.generate('ML-DSA-44', never(wrong)), type);
      t.throws(() => api.hash('SHA3-256', data, never(wrong)), type);
      t.throws(() => KeyExchangeGroup.get('X25519', never(wrong)), type);
      t.throws(() => SigningKey.generate('ML-DSA-44', options).sign(data, never(wrong)), type);
    }
    t.throws(() => SigningKey.generate('ML-DSA-44', options).sign(data, { deterministic: never(1) }), type);
    t.end();
  });
}

t.test('keys are made by their static methods only', (t) => {
  for (const Class of [
    DecapsulationKey,
    EncapsulationKey,
    SigningKey,
    VerifyingKey,
    KeyExchangeGroup,
    ActiveKeyExchange,
  ]) {
    t.throws(() => void Reflect.construct(Class, []), { name: 'TypeError', code: 'ERR_ILLEGAL_CONSTRUCTOR' });
    t.throws(() => void Reflect.construct(Class, [Symbol('internal'), {}]), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  }
  // A state of the caller's would make digests that nothing hashed.
  const state = { update() {}, digestInto() {}, readInto() {}, clone: () => state };
  for (const [Class, algorithm] of [
    [Hash, 'SHA3-256'],
    [Xof, 'SHAKE128'],
  ] as const) {
    for (const extra of [[state], [state, state], [Symbol('internal'), state], [undefined, state], [null]]) {
      t.throws(() => void Reflect.construct(Class, [algorithm, undefined, ...extra]), {
        name: 'TypeError',
        code: 'ERR_ILLEGAL_CONSTRUCTOR',
        message: `A ${Class.name} with a state cannot be constructed; use clone()`,
      });
    }
    t.doesNotThrow(() => void Reflect.construct(Class, [algorithm, undefined, undefined]));
  }
  t.throws(() => DecapsulationKey.prototype.decapsulate.call(never({}), new Uint8Array(1088)), TypeError);
  t.end();
});
