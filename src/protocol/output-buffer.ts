// What is on its way to the peer: messages until they are records, and records until somebody takes them.

import { copyOf } from './codec.js';

const scratchSize = 4096;
const mostSpare = 4;
/** Emptied buffers: memory outside of V8's heap is dear to get and to free. No key was in them. */
const spare: Uint8Array[] = [];
const nothing = new Uint8Array(0);

export class OutputBuffer {
  #bytes: Uint8Array = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Room for `count` bytes, which begins at `length` of the returned buffer; added() says how many were used. */
  reserve(count: number): Uint8Array {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const isSmall = needed <= scratchSize;
      const grown =
        (isSmall ? spare.pop() : undefined) ?? new Uint8Array(Math.max(needed, scratchSize, 2 * this.#length));
      grown.set(this.#bytes.subarray(0, this.#length));
      release(this.#bytes);
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  added(count: number): void {
    this.#length += count;
  }

  add(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** All of it; the caller's to keep. */
  take(): Uint8Array {
    return this.#length === 0 ? nothing : this.consume(copyOf);
  }

  /** Empties it into `use`, which may not keep what it is given. What is added meanwhile is none of that. */
  consume<T>(use: (bytes: Uint8Array) => T): T {
    const bytes = this.#bytes;
    const length = this.#length;
    this.#bytes = nothing;
    this.#length = 0;
    try {
      return use(bytes.subarray(0, length));
    } finally {
      release(bytes);
    }
  }

  clear(): void {
    release(this.#bytes);
    this.#bytes = nothing;
    this.#length = 0;
  }
}

function release(bytes: Uint8Array): void {
  if (bytes.length === scratchSize && spare.length < mostSpare) spare.push(bytes);
}
