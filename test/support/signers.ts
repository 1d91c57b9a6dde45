// A `sign` callback as a KMS would answer it, from a key that the context never sees.

import { constants, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type { SignRequest } from 'pqtls';
import { SigningKey } from 'pqtls/crypto';

/** For RSA, EC and Ed25519 keys in PEM. */
export function signerOf(pem: string): (request: SignRequest) => Buffer {
  const key: KeyObject = createPrivateKey(pem);
  return ({ data, digest, padding, saltLength }) => {
    if (padding !== 'pss' || saltLength === undefined) return sign(digest ?? null, data, key);
    return sign(digest ?? null, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  };
}

/** For the PEM of an ML-DSA key that is a seed alone. */
export function mldsaSignerOf(algorithm: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87', pem: string) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const key = SigningKey.fromSeed(algorithm, der.subarray(der.length - 32));
  return ({ data }: SignRequest): Uint8Array => key.sign(data);
}
