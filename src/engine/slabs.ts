// Buffers that the engine fills: plaintext that is handed out, and pooled ciphertext that comes back.

import type { Ciphertext } from './connection.js';

const plaintextSlabSize = 64 * 1024;
// Below this, plaintext is copied: a slice would pin its whole slab.
const copyBelow = 8 * 1024;
// Once less than a record is left, the next slab is cheaper than a split record.
const minimumRoom = 16 * 1024;

/** A slab that decrypted bytes are cut from. One for each thread: every call uses it and returns. */
export class PlaintextSlab {
  buffer: Buffer = Buffer.allocUnsafeSlow(plaintextSlabSize);
  offset = 0;

  /** Hands out the `length` bytes that were written at `offset`. */
  take(length: number): Buffer {
    const start = this.offset;
    if (length < copyBelow) return Buffer.from(this.buffer.subarray(start, start + length));
    const slice = this.buffer.subarray(start, start + length);
    this.offset = start + length;
    if (plaintextSlabSize - this.offset < minimumRoom) {
      this.buffer = Buffer.allocUnsafeSlow(plaintextSlabSize);
      this.offset = 0;
    }
    return slice;
  }
}

// Four full records and a flight's worth of tickets.
const ciphertextBufferSize = 4 * (16 * 1024 + 256) + 2048;
// 16 buffers, about 1.1 MB, stay; more than that are made as needed and dropped.
const pooledBuffers = 16;

const released = (): void => {};

/** Buffers for ciphertext on its way into a socket. One pool for each thread. */
export class CiphertextPool {
  readonly #free: Buffer[] = [];

  acquire(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(ciphertextBufferSize);
  }

  /** Wraps the first `length` bytes; a small piece is copied, so that its buffer is free again at once. */
  wrap(buffer: Buffer, length: number): Ciphertext {
    if (length < copyBelow) {
      const bytes = Buffer.from(buffer.subarray(0, length));
      this.release(buffer);
      return { bytes, release: released };
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
    if (this.#free.length < pooledBuffers) this.#free.push(buffer);
  }
}
