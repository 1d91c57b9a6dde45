// Fresh random bytes and their wiping. JavaScript moves and copies as it likes: wiping shortens a secret's life, no more.

import { KeyDestroyedError } from '../../errors.js';
import type { TurnQueue } from './turn-queue.js';

/** Most that one call of getRandomValues() gives, in bytes. Web Cryptography, Section 10.1.1. */
const mostAtOnce = 65536;

/** `length` bytes of WebCrypto's generator, which Node and browsers have, in memory of their own. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += mostAtOnce) {
    globalThis.crypto.getRandomValues(bytes.subarray(at, at + mostAtOnce));
  }
  return bytes;
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
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #pending = 0;
  #destroyed = false;

  /** Takes ownership: the bytes given are the ones that will be wiped. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** The bytes themselves; throws KeyDestroyedError after destroy(). */
  use(): Uint8Array<ArrayBuffer> {
    if (this.#destroyed) throw new KeyDestroyedError();
    return this.#bytes;
  }

  /**
   * For an operation that runs later: a destroy() before then lets it finish, and the bytes are wiped after the last.
   * Throws KeyDestroyedError after destroy().
   */
  async useLater<T>(queue: TurnQueue, operation: (bytes: Uint8Array<ArrayBuffer>) => T): Promise<T> {
    if (this.#destroyed) throw new KeyDestroyedError();
    this.#pending++;
    return queue.run(() => {
      try {
        return operation(this.#bytes);
      } finally {
        this.#pending--;
        this.#wipeIfUnused();
      }
    });
  }

  /** No use from now on; wipes the bytes as soon as no operation is pending. Idempotent. */
  destroy(): void {
    this.#destroyed = true;
    this.#wipeIfUnused();
  }

  #wipeIfUnused(): void {
    if (this.#destroyed && this.#pending === 0) this.#bytes.fill(0);
  }
}
