// What a provider says of a key or share that only it can see is bad: one wording, whichever provider refuses.
//
// Where the bad part came in a hybrid share, `algorithm` is the group, and the message names the part too.

import { KeyRejectedError } from '../errors.js';
import { groupLayouts } from './parameters.js';
import type { Algorithm } from './provider.js';

/** A coefficient of an encapsulation key is not below q. FIPS 203, Section 7.2. */
export function notReduced(algorithm: Algorithm): KeyRejectedError {
  return new KeyRejectedError(
    `${partOf(algorithm, 'kem')} encapsulation key has a coefficient that is not below 3329`,
    'modulus_check',
  );
}

/** FIPS 203, Section 7.3. */
export function wrongHash(algorithm: Algorithm): KeyRejectedError {
  return new KeyRejectedError(
    `The ${algorithm} decapsulation key does not contain the hash of its encapsulation key`,
    'hash_check',
  );
}

/** AWS-LC does not tell the two apart. FIPS 204, Algorithm 25, asks for neither. */
export function inconsistentSigningKey(algorithm: Algorithm): KeyRejectedError {
  return new KeyRejectedError(
    `The ${algorithm} signing key has a coefficient out of range, or its parts do not belong together`,
    'invalid_encoding',
  );
}

/** RFC 9846, Section 4.2.8.2. */
export function invalidPoint(algorithm: Algorithm): KeyRejectedError {
  return new KeyRejectedError(
    `${partOf(algorithm, 'curve')} share is not an uncompressed point on the curve`,
    'invalid_encoding',
  );
}

/** RFC 7748, Section 6.1. */
export function zeroSharedSecret(algorithm: Algorithm): KeyRejectedError {
  return new KeyRejectedError(
    `${partOf(algorithm, 'curve')} share is of low order: the shared secret would be all zeros`,
    'invalid_encoding',
  );
}

/** e.g. `X25519MLKEM768: the ML-KEM-768`, `The X25519`, `The MLKEM768`. */
function partOf(algorithm: Algorithm, which: 'kem' | 'curve'): string {
  const layout = Object.hasOwn(groupLayouts, algorithm)
    ? groupLayouts[algorithm as keyof typeof groupLayouts]
    : undefined;
  if (layout?.kind !== 'hybrid') {
    return `The ${algorithm}`;
  }
  const firstIsKem = layout.first.startsWith('ML-KEM');
  return `${algorithm}: the ${(which === 'kem') === firstIsKem ? layout.first : layout.second}`;
}
