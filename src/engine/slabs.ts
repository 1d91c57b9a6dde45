// Buffers that the engine fills: a slab for plaintext, copied out at once, and a pool for ciphertext.

import type { Ciphertext } from './connection.js';

const plaintextSlabSize = 64 * 1024;

// From so much ciphertext on, plaintext is decrypted into a buffer that is handed out itself.
const largeInput = plaintextSlabSize / 2;

// A record of which the beginning came before. RFC 9846, Section 5.2.
const carriedOver = 16 * 1024 + 256;

/**
 * Where plaintext is decrypted to before it is handed out. What is handed out is a buffer of its own: a shared slab would
 * show one connection the bytes of another through `.buffer`, and a program that transfers its chunk would take the slab
 * away. Little of it is copied out of a slab of the thread, which every call uses and returns.
 */
export class PlaintextSlab {
  readonly #shared: Buffer = Buffer.allocUnsafeSlow(plaintextSlabSize);

  /** Where to decrypt `pending` bytes of ciphertext to: until take(), the caller's alone where that is much. */
  acquire(pending: number): Buffer {
    return pending < largeInput ? this.#shared : Buffer.allocUnsafeSlow(pending + carriedOver);
  }

  /** Hands out the first `length` bytes of what acquire() gave; undefined for none. */
  take(buffer: Buffer, length: number): Buffer | undefined {
    if (buffer !== this.#shared && length >= largeInput) return buffer.subarray(0, length);
    if (length === 0) return undefined;
    const bytes = Buffer.allocUnsafeSlow(length);
    buffer.copy(bytes, 0, 0, length);
    return bytes;
  }
}

// Four full records and a flight's worth of tickets.
const ciphertextBufferSize = 4 * (16 * 1024 + 256) + 2048;
// 16 buffers, about 1.1 MB, stay; more than that are made as needed and dropped.
const pooledBuffers = 16;
// Below this, ciphertext is copied, so that its buffer is free again at once.
const longestCopy = 8 * 1024;

const nothing = (): void => {};

/** Buffers for ciphertext on its way into a socket. One pool for each thread. */
export class CiphertextPool {
  readonly #free: Buffer[] = [];

  acquire(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(ciphertextBufferSize);
  }

  /**
   * Wraps the first `length` bytes. `pooled`: the receiver is done with them when it calls release(); otherwise it gets
   * a copy to keep.
   * Below `copyBelow` bytes there is a copy either way; 0 suits a receiver that is done with them at once.
   */
  wrap(buffer: Buffer, length: number, pooled: boolean, copyBelow = longestCopy): Ciphertext {
    if (!pooled || length < copyBelow) {
      const bytes = Buffer.allocUnsafeSlow(length);
      buffer.copy(bytes, 0, 0, length);
      this.release(buffer);
      return { bytes, release: nothing };
    }
    let held = true;
    return {
      bytes: buffer.subarray(0, length),
      release: () => {
        if (held) this.release(buffer);
        held = false;
      },
    };
  }

  release(buffer: Buffer): void {
    if (this.#free.length < pooledBuffers && buffer.length === ciphertextBufferSize) this.#free.push(buffer);
  }
}
