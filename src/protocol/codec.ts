// Reads and writes the presentation language of TLS, bounds first. RFC 9846, Section 3.

import { ProtocolFault, type FaultReason } from './faults.js';

/** Reads a message from front to back. Whatever does not fit throws. */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** What a length that does not fit is. */
  readonly #reason: FaultReason;
  #at: number;

  constructor(bytes: Uint8Array, at = 0, reason: FaultReason = 'DECODE_ERROR') {
    this.bytes = bytes;
    this.#at = at;
    this.#reason = reason;
  }

  get at(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.bytes.length - this.#at;
  }

  uint8(): number {
    return this.#uint(1);
  }

  uint16(): number {
    return this.#uint(2);
  }

  uint24(): number {
    return this.#uint(3);
  }

  uint32(): number {
    return this.#uint(4);
  }

  #uint(size: number): number {
    const end = this.#at + size;
    if (end > this.bytes.length) throw this.fault();
    let value = 0;
    // Not by shifts: 32 bits would come out negative.
    for (let at = this.#at; at < end; at++) value = value * 256 + (this.bytes[at] ?? 0);
    this.#at = end;
    return value;
  }

  /** A view of the next bytes, not a copy. */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.bytes.length) throw this.fault();
    const part = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  vector8(atLeast = 0): Uint8Array {
    return this.#vector(this.uint8(), atLeast);
  }

  vector16(atLeast = 0): Uint8Array {
    return this.#vector(this.uint16(), atLeast);
  }

  vector24(atLeast = 0): Uint8Array {
    return this.#vector(this.uint24(), atLeast);
  }

  #vector(length: number, atLeast: number): Uint8Array {
    if (length < atLeast) throw this.fault();
    return this.take(length);
  }

  /** A vector of two-byte numbers, of which there must be one. */
  uint16List(vector: Uint8Array): number[] {
    if (vector.length < 2 || vector.length % 2 !== 0) throw this.fault();
    return uint16sOf(vector);
  }

  /** Nothing may follow what was read. */
  end(): void {
    if (this.#at !== this.bytes.length) throw this.fault();
  }

  fault(): ProtocolFault {
    return new ProtocolFault(this.#reason);
  }
}

function uint16sOf(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) values.push((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
  return values;
}

/** Room for a ClientHello with a post-quantum share. */
const scratchSize = 2048;
const mostSpare = 4;
/** Wiped buffers of writers that are done: memory outside of V8's heap is dear to get and to free. */
const spare: Uint8Array[] = [];
const nothing = new Uint8Array(0);

/** Writes a message into a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array = spare.pop() ?? new Uint8Array(scratchSize);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  uint16(value: number): this {
    this.#reserve(2);
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
    return this;
  }

  uint24(value: number): this {
    return this.uint8(value >>> 16).uint16(value & 0xffff);
  }

  uint32(value: number): this {
    return this.uint16(Math.floor(value / 65536)).uint16(value % 65536);
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  vector8(bytes: Uint8Array): this {
    return this.open(1)
      .raw(bytes)
      .close(this.#length - bytes.length, 1);
  }

  vector16(bytes: Uint8Array): this {
    return this.open(2)
      .raw(bytes)
      .close(this.#length - bytes.length, 2);
  }

  /** Leaves room for a length of `size` bytes; what follows is counted by close(). */
  open(size: number): this {
    this.#reserve(size);
    this.#length += size;
    return this;
  }

  /** Writes the length of what was written from `start` on into the `size` bytes before it. */
  close(start: number, size: number): this {
    let length = this.#length - start;
    if (length >= 256 ** size) throw new ProtocolFault('ENGINE_FAILED');
    for (let at = start - 1; at >= start - size; at--) {
      this.#bytes[at] = length;
      length = Math.floor(length / 256);
    }
    return this;
  }

  /** What was written, in memory of its own unless `memory` gives another. Wipes the writer's: it may hold a session's key. */
  finish(memory = (length: number): Uint8Array => new Uint8Array(length)): Uint8Array {
    const written = memory(this.#length);
    written.set(this.#bytes.subarray(0, this.#length));
    this.#release();
    this.#length = 0;
    return written;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, scratchSize, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#release();
    this.#bytes = grown;
  }

  #release(): void {
    const bytes = this.#bytes;
    bytes.fill(0, 0, this.#length);
    if (bytes.length === scratchSize && spare.length < mostSpare) spare.push(bytes);
    this.#bytes = nothing;
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Bytes of their own. `slice()` makes none of a Node Buffer. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Not for secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** One character a byte, as names on the wire are compared. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function bytesOfLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
