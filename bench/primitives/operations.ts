// The operations that are timed, and the inputs that every driver gives them.

import {
  groupLayouts,
  kemParameters,
  signatureParameters,
  type GroupName,
  type HashAlgorithm,
  type KemAlgorithm,
  type SignatureAlgorithm,
  type XofAlgorithm,
} from '#src/crypto/parameters.js';

/** exchange: a key pair is made, its public half encapsulates, and the ciphertext is decapsulated: one whole key exchange. */
export type KemAction = 'generate' | 'encapsulate' | 'decapsulate' | 'exchange';

export type Operation =
  | {
      readonly kind: 'kem';
      readonly algorithm: KemAlgorithm;
      readonly action: KemAction;
    }
  | {
      readonly kind: 'signature';
      readonly algorithm: SignatureAlgorithm;
      readonly action: 'generate' | 'sign' | 'verify';
    }
  | { readonly kind: 'hash'; readonly algorithm: HashAlgorithm; readonly bytes: number }
  | { readonly kind: 'xof'; readonly algorithm: XofAlgorithm; readonly bytes: number }
  /** client: start and complete; server: startAndComplete. */
  | { readonly kind: 'group'; readonly group: GroupName; readonly action: 'client' | 'server' };

/** e.g. `ML-KEM-768 encapsulate`, `SHA3-256 64 B`, `X25519MLKEM768 server`. */
export function operationName(operation: Operation): string {
  switch (operation.kind) {
    case 'kem':
    case 'signature':
      return `${operation.algorithm} ${operation.action}`;
    case 'hash':
    case 'xof':
      return `${operation.algorithm} ${operation.bytes} B`;
    case 'group':
      return `${operation.group} ${operation.action}`;
  }
}

/** Output of the XOFs, in bytes. */
export const xofOutputLength = 32;

/** The length of every message that is signed, in bytes; the C loop's is the same. */
export const messageLength = 64;

export const operations: readonly Operation[] = [
  ...keysOf(kemParameters).flatMap((algorithm) =>
    (['generate', 'encapsulate', 'decapsulate', 'exchange'] as const).map(
      (action) => ({ kind: 'kem', algorithm, action }) as const,
    ),
  ),
  ...keysOf(signatureParameters).flatMap((algorithm) =>
    (['generate', 'sign', 'verify'] as const).map((action) => ({ kind: 'signature', algorithm, action }) as const),
  ),
  ...keysOf(groupLayouts).flatMap((group) =>
    (['client', 'server'] as const).map((action) => ({ kind: 'group', group, action }) as const),
  ),
  { kind: 'hash', algorithm: 'SHA3-256', bytes: 64 },
  { kind: 'hash', algorithm: 'SHA3-256', bytes: 16384 },
  { kind: 'hash', algorithm: 'SHA3-512', bytes: 64 },
  { kind: 'xof', algorithm: 'SHAKE128', bytes: 64 },
  { kind: 'xof', algorithm: 'SHAKE256', bytes: 64 },
];

/** Bytes that look random and are the same in every run and for every driver. */
export function fixedBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = Math.imul(state, 1664525) + 1013904223;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Messages that differ: a counter in 4 bytes, least significant first, then zeros. The C loop has the same ones. */
export interface MessageSequence {
  /** The next message, in memory that the one after it overwrites. */
  readonly next: () => Uint8Array<ArrayBuffer>;
  /** Begins anew. */
  readonly rewind: () => void;
}

/**
 * Signing takes as many tries as the message makes it, five on the average: one message alone would measure its luck,
 * and two different sequences would differ by theirs.
 */
export function messageSequence(): MessageSequence {
  const message = new Uint8Array(messageLength);
  const counter = new DataView(message.buffer);
  let next = 0;
  return {
    next() {
      counter.setUint32(0, next++, true);
      return message;
    },
    rewind() {
      next = 0;
    },
  };
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}
