// Fresh random bytes and their wiping. JavaScript moves and copies as it likes: wiping shortens a secret's life, no more.

import { randomFillSync } from 'node:crypto';
import { KeyDestroyedError } from '../../errors.js';

/** `length` bytes of node:crypto's generator, in memory of their own. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return randomFillSync(new Uint8Array(length));
}

/** A copy that a later write of the caller's does not change; never a view, even for a Buffer. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Calls `use` with a fresh secret and wipes it, also when `use` throws. */
export function withRandomBytes<T>(length: number, use: (secret: Uint8Array<ArrayBuffer>) => T): T {
  const secret = randomBytes(length);
  try {
    return use(secret);
  } finally {
    secret.fill(0);
  }
}

/** Bytes that are gone after destroy(); a holder asks for them at every use. */
export class SecretBytes {
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /** Takes ownership: the bytes given are the ones that will be wiped. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** The bytes themselves; throws KeyDestroyedError after destroy(). */
  use(): Uint8Array<ArrayBuffer> {
    if (this.#bytes === undefined) throw new KeyDestroyedError();
    return this.#bytes;
  }

  /** Wipes the bytes. Idempotent. */
  destroy(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }
}
