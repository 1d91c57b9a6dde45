// Each provider against the other: what one makes, the other understands, and the same seeds give the same bytes.

import t from 'tap';
import {
  groupLayouts,
  hashLengths,
  kemParameters,
  maxContextLength,
  signatureParameters,
  type GroupName,
  type HashAlgorithm,
  type KemAlgorithm,
  type SignatureAlgorithm,
  type XofAlgorithm,
} from '#src/crypto/parameters.js';
import type { CryptoProvider } from '#src/crypto/provider.js';
import type { KeyRejectedError } from '#src/errors.js';
import { providerPairs } from '../../support/both-providers.js';
import { hex } from '../../support/hex.js';

const rounds = 5;
const empty = new Uint8Array(0);
const pairs = providerPairs();
if (pairs.length === 0) t.pass('only one provider can be used here', { skip: 'the addon is not built' });

/** Bytes that differ with their label and are the same in every run. */
function bytes(length: number, label: string): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(length);
  pairs[0]![0].xofInto('SHAKE256', Buffer.from(label), output);
  return output;
}

for (const [one, other] of pairs) {
  const names = `${one.name} -> ${other.name}`;

  for (const algorithm of Object.keys(kemParameters) as KemAlgorithm[]) {
    t.test(`${names}: ${algorithm}`, async (t) => {
      const sizes = kemParameters[algorithm];
      for (let round = 0; round < rounds; round++) {
        const seed = bytes(sizes.seed, `${algorithm} seed ${round}`);
        const key = one.decapsulationKeyFromSeed(algorithm, seed);
        const twin = other.decapsulationKeyFromSeed(algorithm, seed);
        t.equal(hex(key.toBytes()), hex(twin.toBytes()), 'the same decapsulation key from a seed');
        const read = other.decapsulationKeyFromBytes(algorithm, key.toBytes());
        t.equal(
          hex(read.encapsulationKey().toBytes()),
          hex(key.encapsulationKey().toBytes()),
          'the same encapsulation key',
        );

        const there = other.encapsulationKeyFromBytes(algorithm, key.encapsulationKey().toBytes());
        const m = bytes(32, `${algorithm} m ${round}`);
        const made = [there, key.encapsulationKey()].map((encapsulationKey) => {
          const { ciphertext, sharedSecret } = encapsulationKey.encapsulateDeterministic(m);
          return hex(ciphertext) + hex(sharedSecret);
        });
        t.equal(made[0], made[1], 'the same ciphertext and secret from an m');

        const { ciphertext, sharedSecret } = there.encapsulate();
        t.equal(hex(key.decapsulate(ciphertext)), hex(sharedSecret), 'encapsulated there, decapsulated here');
        t.equal(hex(read.decapsulate(ciphertext)), hex(sharedSecret), 'and with the key that was read from bytes');

        ciphertext[round * 31]! ^= 1 << round;
        const implicit = key.decapsulate(ciphertext);
        t.not(hex(implicit), hex(sharedSecret));
        t.equal(hex(twin.decapsulate(ciphertext)), hex(implicit), 'the same secret from implicit rejection');
        const random = bytes(sizes.ciphertext, `${algorithm} ciphertext ${round}`);
        t.equal(hex(key.decapsulate(random)), hex(twin.decapsulate(random)));
      }
      const generated = one.generateDecapsulationKey(algorithm);
      const again = other.decapsulationKeyFromSeed(algorithm, generated.seed()!);
      t.equal(hex(again.toBytes()), hex(generated.toBytes()), 'a generated key is the key of its seed');
    });
  }

  for (const algorithm of Object.keys(signatureParameters) as SignatureAlgorithm[]) {
    t.test(`${names}: ${algorithm}`, async (t) => {
      for (let round = 0; round < rounds; round++) {
        const seed = bytes(32, `${algorithm} seed ${round}`);
        const key = one.signingKeyFromSeed(algorithm, seed);
        const twin = other.signingKeyFromSeed(algorithm, seed);
        t.equal(hex(key.toBytes()), hex(twin.toBytes()), 'the same signing key from a seed');
        const read = other.signingKeyFromBytes(algorithm, key.toBytes());
        t.equal(hex(read.verifyingKey().toBytes()), hex(key.verifyingKey().toBytes()), 'the same verifying key');
        const there = other.verifyingKeyFromBytes(algorithm, key.verifyingKey().toBytes());

        const message = bytes([0, 1, 135, 136, 5000][round] ?? 32, `${algorithm} message ${round}`);
        const context = bytes([0, 1, 32, 254, maxContextLength][round] ?? 0, `${algorithm} context ${round}`);
        const deterministic = key.sign(message, { context, deterministic: true });
        t.equal(hex(twin.sign(message, { context, deterministic: true })), hex(deterministic), 'the same signature');
        t.equal(hex(read.sign(message, { context, deterministic: true })), hex(deterministic));

        const hedged = key.sign(message, { context, deterministic: false });
        t.not(hex(hedged), hex(deterministic));
        t.equal(there.verify(message, deterministic, context), true, 'signed here, verified there');
        t.equal(there.verify(message, hedged, context), true);
        t.equal(there.verify(message, hedged, bytes(33, 'another context')), false);
        t.equal(there.verify(bytes(33, 'another message'), hedged, context), false);
        hedged[hedged.length - 1]! ^= 1;
        t.equal(there.verify(message, hedged, context), false, 'with a bit flipped in the hint');
        t.equal(key.verifyingKey().verify(message, hedged, context), false);
      }
      const generated = one.generateSigningKey(algorithm);
      const again = other.signingKeyFromSeed(algorithm, generated.seed()!);
      t.equal(hex(again.toBytes()), hex(generated.toBytes()), 'a generated key is the key of its seed');
    });
  }

  for (const group of Object.keys(groupLayouts) as GroupName[]) {
    t.test(`${names}: ${group}, the client on the first`, async (t) => {
      const layout = groupLayouts[group];
      for (let round = 0; round < rounds; round++) {
        const clientShare = new Uint8Array(layout.clientShare);
        const exchange = one.startKeyExchange(group, clientShare);
        const share = new Uint8Array(layout.serverShare);
        const serverSecret = new Uint8Array(layout.sharedSecret);
        other.startAndCompleteInto(group, clientShare, share, serverSecret);
        const clientSecret = new Uint8Array(layout.sharedSecret);
        exchange.completeInto(share, clientSecret);
        t.equal(hex(clientSecret), hex(serverSecret));
      }
      const { exchange, share } = await one.startKeyExchangeAsync(group);
      const answer = await other.startAndCompleteAsync(group, share);
      t.equal(hex(await exchange.completeAsync(answer.share)), hex(answer.sharedSecret));
    });
  }

  t.test(`${names}: hashes`, async (t) => {
    // Lengths around every rate of the sponge: 72, 104, 136, 144, 168.
    for (const length of [0, 1, 71, 72, 73, 103, 104, 135, 136, 137, 143, 144, 167, 168, 169, 1000]) {
      const data = bytes(length, `data ${length}`);
      for (const algorithm of Object.keys(hashLengths) as HashAlgorithm[]) {
        t.equal(hex(one.hash(algorithm, data)), hex(other.hash(algorithm, data)), `${algorithm} of ${length} bytes`);
      }
      for (const algorithm of ['SHAKE128', 'SHAKE256'] satisfies XofAlgorithm[]) {
        const outputs = [one, other].map((provider) => {
          const output = new Uint8Array(length + 1);
          provider.xofInto(algorithm, data, output);
          return hex(output);
        });
        t.equal(outputs[0], outputs[1], `${algorithm} of ${length} bytes`);
      }
    }
  });
}

t.test('what one refuses, the other refuses for the same reason, in the same words', async (t) => {
  for (const [one, other] of pairs.slice(0, 1)) {
    /** What each says of it; the tests of each algorithm hold the reasons and the words themselves. */
    const same = (what: string, refused: (provider: CryptoProvider) => unknown, reason?: string): void => {
      const refusals = [one, other].map((provider) => {
        try {
          refused(provider);
          return 'accepted';
        } catch (error) {
          const { name, message, reason } = error as KeyRejectedError;
          return { name, message, reason };
        }
      });
      t.same(refusals[0], refusals[1], what);
      if (reason !== undefined) t.match(refusals[0], { name: 'KeyRejectedError', reason }, `${what}: ${reason}`);
    };

    for (const algorithm of Object.keys(kemParameters) as KemAlgorithm[]) {
      const key = one.generateDecapsulationKey(algorithm);
      const notReduced = key.encapsulationKey().toBytes();
      notReduced.set([0x01, 0x0d]);
      const whole = key.toBytes();
      whole[whole.length - 40]! ^= 1;
      same(algorithm, (provider) => provider.encapsulationKeyFromBytes(algorithm, notReduced), 'modulus_check');
      same(algorithm, (provider) => provider.decapsulationKeyFromBytes(algorithm, whole), 'hash_check');
    }

    for (const algorithm of Object.keys(signatureParameters) as SignatureAlgorithm[]) {
      const whole = one.generateSigningKey(algorithm).toBytes();
      for (const at of [0, 64, 128, whole.length - 1]) {
        const bad = whole.slice();
        bad[at]! ^= 0xff;
        same(`${algorithm} with byte ${at} changed`, (provider) => {
          provider.signingKeyFromBytes(algorithm, bad).sign(empty, { context: empty, deterministic: true });
        });
      }
    }

    for (const group of Object.keys(groupLayouts) as GroupName[]) {
      const layout = groupLayouts[group];
      const answer = (clientShare: Uint8Array) => (provider: CryptoProvider) =>
        provider.startAndCompleteInto(
          group,
          clientShare,
          new Uint8Array(layout.serverShare),
          new Uint8Array(layout.sharedSecret),
        );
      const good = new Uint8Array(layout.clientShare);
      one.startKeyExchange(group, good);
      if (layout.kind === 'kem') {
        const badKem = good.slice().fill(0xff, 0, 3);
        same(`${group}: a key that is not reduced`, answer(badKem), 'modulus_check');
        continue;
      }
      const kem = layout.kind === 'hybrid' ? [layout.first, layout.second].find((name) => name in kemParameters) : '';
      const kemLength = kemParameters[kem as KemAlgorithm]?.encapsulationKey ?? 0;
      const curveAt = layout.kind === 'hybrid' && layout.first === kem ? kemLength : 0;
      const curveLength = good.length - kemLength;
      // All zeros: a point of low order on X25519, and neither the right form nor on the curve elsewhere.
      const badCurve = good.slice().fill(0, curveAt, curveAt + curveLength);
      same(`${group}: a bad curve part`, answer(badCurve), 'invalid_encoding');
      same(
        `${group}: a bad curve part from the server`,
        (provider) => {
          const exchange = provider.startKeyExchange(group, new Uint8Array(layout.clientShare));
          exchange.completeInto(new Uint8Array(layout.serverShare), new Uint8Array(layout.sharedSecret));
        },
        'invalid_encoding',
      );
      if (layout.kind === 'hybrid') {
        const badKem = good.slice();
        badKem.fill(0xff, curveAt === 0 ? curveLength : 0, (curveAt === 0 ? curveLength : 0) + 3);
        same(`${group}: a bad ML-KEM part`, answer(badKem), 'modulus_check');
      } else if (group !== 'X25519') {
        const offCurve = good.slice();
        offCurve[offCurve.length - 1]! ^= 1;
        same(`${group}: a point off the curve`, answer(offCurve), 'invalid_encoding');
      }
    }
  }
});
