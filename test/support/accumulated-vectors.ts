// Accumulated vectors: one 32-byte value that stands for thousands of rounds. C2SP CCTV, ML-KEM and ML-DSA "accumulated".

import { kemParameters, type KemAlgorithm, type SignatureAlgorithm } from '#src/crypto/parameters.js';
import type { CryptoProvider, ProviderXof } from '#src/crypto/provider.js';

const empty = new Uint8Array(0);

/**
 * Each round: reads d || z and absorbs ek; reads m and absorbs the ciphertext and K; reads a random ciphertext and absorbs
 * what its decapsulation yields (implicit rejection). Random bytes are SHAKE128 of the empty string, squeezed in pieces.
 */
export function accumulateKem(provider: CryptoProvider, algorithm: KemAlgorithm, rounds: number): string {
  const random = emptyShake128(provider);
  const accumulator = provider.createXof('SHAKE128');
  const seed = new Uint8Array(kemParameters[algorithm].seed);
  const m = new Uint8Array(32);
  const invalid = new Uint8Array(kemParameters[algorithm].ciphertext);
  for (let round = 0; round < rounds; round++) {
    random.readInto(seed);
    const decapsulationKey = provider.decapsulationKeyFromSeed(algorithm, seed);
    const encapsulationKey = decapsulationKey.encapsulationKey();
    accumulator.update(encapsulationKey.toBytes());
    random.readInto(m);
    const { ciphertext, sharedSecret } = encapsulationKey.encapsulateDeterministic(m);
    accumulator.update(ciphertext);
    accumulator.update(sharedSecret);
    // Not absorbed, as the vectors have it, but a wrong answer must not pass.
    if (!Buffer.from(decapsulationKey.decapsulate(ciphertext)).equals(sharedSecret)) {
      throw new Error(`${algorithm} on ${provider.name}: round ${round} decapsulates to another secret`);
    }
    random.readInto(invalid);
    accumulator.update(decapsulationKey.decapsulate(invalid));
    decapsulationKey.destroy();
  }
  return squeezeHex(accumulator);
}

/** Each round: reads xi, absorbs pk and the deterministic signature of the empty message with the empty context. */
export function accumulateSignature(provider: CryptoProvider, algorithm: SignatureAlgorithm, rounds: number): string {
  const random = emptyShake128(provider);
  const accumulator = provider.createXof('SHAKE128');
  const seed = new Uint8Array(32);
  for (let round = 0; round < rounds; round++) {
    random.readInto(seed);
    const signingKey = provider.signingKeyFromSeed(algorithm, seed);
    const verifyingKey = signingKey.verifyingKey();
    const signature = signingKey.sign(empty, { context: empty, deterministic: true });
    accumulator.update(verifyingKey.toBytes());
    accumulator.update(signature);
    if (!verifyingKey.verify(empty, signature, empty)) {
      throw new Error(`${algorithm} on ${provider.name}: round ${round} does not verify its own signature`);
    }
    signingKey.destroy();
  }
  return squeezeHex(accumulator);
}

function emptyShake128(provider: CryptoProvider): ProviderXof {
  const xof = provider.createXof('SHAKE128');
  xof.update(empty);
  return xof;
}

function squeezeHex(xof: ProviderXof): string {
  const result = Buffer.alloc(32);
  xof.readInto(result);
  return result.toString('hex');
}
