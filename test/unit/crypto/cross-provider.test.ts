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

t.test('what one refuses, the other refuses for the same reason', async (t) => {
  for (const [one, other] of pairs.slice(0, 1)) {
    for (const algorithm of Object.keys(kemParameters) as KemAlgorithm[]) {
      const key = one.generateDecapsulationKey(algorithm);
      const notReduced = key.encapsulationKey().toBytes();
      notReduced.set([0x01, 0x0d]);
      const whole = key.toBytes();
      whole[whole.length - 40]! ^= 1;
      for (const provider of [one, other]) {
        t.throws(() => provider.encapsulationKeyFromBytes(algorithm, notReduced), {
          name: 'KeyRejectedError',
          reason: 'modulus_check',
        });
        t.throws(() => provider.decapsulationKeyFromBytes(algorithm, whole), {
          name: 'KeyRejectedError',
          reason: 'hash_check',
        });
      }
    }
    for (const algorithm of Object.keys(signatureParameters) as SignatureAlgorithm[]) {
      const whole = one.generateSigningKey(algorithm).toBytes();
      for (const at of [0, 64, 128, whole.length - 1]) {
        const bad = whole.slice();
        bad[at]! ^= 0xff;
        const refusals = [one, other].map((provider) => {
          try {
            provider.signingKeyFromBytes(algorithm, bad).sign(empty, { context: empty, deterministic: true });
            return 'accepted';
          } catch (error) {
            return (error as { reason?: string }).reason;
          }
        });
        t.equal(refusals[0], refusals[1], `${algorithm} with byte ${at} changed: ${String(refusals[0])}`);
      }
    }
  }
});
