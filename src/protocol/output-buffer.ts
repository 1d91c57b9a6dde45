// What is on its way to the peer: messages until they are records, and records until somebody takes them.

import { copyOf } from './codec.js';

const scratchSize = 4096;
const mostSpare = 4;
/** Emptied buffers: memory outside of V8's heap is dear to get and to free. No secret was in them. */
const spare: Uint8Array[] = [];
const nothing = new Uint8Array(0);

export class OutputBuffer {
  #bytes: Uint8Array = nothing;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All of it, until the next change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Room for `count` bytes, which begins at `length` of the returned buffer; added() says how many were used. */
  reserve(count: number): Uint8Array {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const isSmall = needed <= scratchSize;
      const grown =
        (isSmall ? spare.pop() : undefined) ?? new Uint8Array(Math.max(needed, scratchSize, 2 * this.#length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#release();
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
    if (this.#length === 0) return nothing;
    const taken = copyOf(this.bytes);
    this.clear();
    return taken;
  }

  clear(): void {
    this.#release();
    this.#length = 0;
  }

  #release(): void {
    if (this.#bytes.length === scratchSize && spare.length < mostSpare) spare.push(this.#bytes);
    this.#bytes = nothing;
  }
}
