// The provider `noble`: every primitive in TypeScript over @noble/post-quantum, @noble/curves and @noble/hashes.
//
// For where no addon loads. Slower than `aws-lc` by one to two orders of magnitude, and without its constant-time
// guarantee: the algorithms avoid branches on secrets, the JavaScript engine promises nothing.

import { hashLengths, groupLayouts, kemParameters, signatureParameters } from './parameters.js';
import { hash, NobleHash, NobleXof, xofInto } from './noble/hash.js';
import { NobleDecapsulationKey, NobleEncapsulationKey } from './noble/kem.js';
import { NobleKeyExchange, startAndCompleteInto } from './noble/key-exchange.js';
import { copyOf } from './noble/secret-bytes.js';
import { NobleSigningKey, NobleVerifyingKey } from './noble/signature.js';
import { TurnQueue } from './noble/turn-queue.js';
import { nobleVersion } from './noble/version.js';
import type { CryptoProvider } from './provider.js';

/** Makes the provider; providers made by two calls share nothing but code. */
export function createNobleProvider(): CryptoProvider {
  const queue = new TurnQueue();
  return {
    name: 'noble',
    version: nobleVersion,
    fips: false,
    capabilities: Object.freeze({ mlKem: true, mlDsa: true, tls: false }),
    supports: (algorithm) =>
      [kemParameters, signatureParameters, hashLengths, groupLayouts, { SHAKE128: 1, SHAKE256: 1 }].some((table) =>
        Object.hasOwn(table, algorithm),
      ),

    generateDecapsulationKey: (algorithm) => NobleDecapsulationKey.generate(algorithm, queue),
    generateDecapsulationKeyAsync: (algorithm) => queue.run(() => NobleDecapsulationKey.generate(algorithm, queue)),
    decapsulationKeyFromSeed: (algorithm, seed) => NobleDecapsulationKey.fromSeed(algorithm, seed, queue),
    decapsulationKeyFromBytes: (algorithm, bytes) => NobleDecapsulationKey.fromBytes(algorithm, bytes, queue),
    encapsulationKeyFromBytes: (algorithm, bytes) => NobleEncapsulationKey.fromBytes(algorithm, bytes, queue),

    generateSigningKey: (algorithm) => NobleSigningKey.generate(algorithm, queue),
    generateSigningKeyAsync: (algorithm) => queue.run(() => NobleSigningKey.generate(algorithm, queue)),
    signingKeyFromSeed: (algorithm, seed) => NobleSigningKey.fromSeed(algorithm, seed, queue),
    signingKeyFromBytes: (algorithm, bytes) => NobleSigningKey.fromBytes(algorithm, bytes, queue),
    verifyingKeyFromBytes: (algorithm, bytes) => new NobleVerifyingKey(algorithm, bytes, queue),

    hash,
    hashInto: (algorithm, data, digest) => digest.set(hash(algorithm, data)),
    hashAsync(algorithm, data) {
      const taken = copyOf(data);
      return queue.run(() => hash(algorithm, taken));
    },
    createHash: (algorithm) => NobleHash.create(algorithm),
    xofInto,
    xofAsync(algorithm, data, length) {
      const taken = copyOf(data);
      return queue.run(() => {
        const output = new Uint8Array(length);
        xofInto(algorithm, taken, output);
        return output;
      });
    },
    createXof: (algorithm) => NobleXof.create(algorithm),

    startKeyExchange: (group, share) => new NobleKeyExchange(group, share, queue),
    startKeyExchangeAsync: (group) =>
      queue.run(() => {
        const share = new Uint8Array(groupLayouts[group].clientShare);
        return { exchange: new NobleKeyExchange(group, share, queue), share };
      }),
    startAndCompleteInto: (group, clientShare, share, sharedSecret) =>
      startAndCompleteInto(group, clientShare, share, sharedSecret, queue),
    startAndCompleteAsync(group, clientShare) {
      const taken = copyOf(clientShare);
      return queue.run(() => {
        const share = new Uint8Array(groupLayouts[group].serverShare);
        const sharedSecret = new Uint8Array(groupLayouts[group].sharedSecret);
        startAndCompleteInto(group, taken, share, sharedSecret, queue);
        return { share, sharedSecret };
      });
    },
  };
}
