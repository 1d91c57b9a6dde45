// Makes records of content, plain or protected, padded where that is asked for. RFC 9846, Section 5.

import { aeadTagLength } from '../crypto/tls/primitives.js';
import { ContentType } from './constants.js';
import { maxPlaintext } from './record-reader.js';
import type { TrafficKeys } from './traffic-keys.js';

const headerLength = 5;

/** The most that a record is longer than its content without padding. */
export const recordOverhead = headerLength + 1 + aeadTagLength;

export class RecordWriter {
  /** Undefined while records are not protected. */
  keys: TrafficKeys | undefined;
  /** The minor version of plain records: some servers want TLS 1.0 of the first ClientHello. RFC 9846, Section 5.1. */
  minorVersion = 1;
  /** Ciphertext so far, in bytes. */
  bytesWritten = 0;

  /** Content of one record, in bytes. */
  #fragment = maxPlaintext;
  /** What the peer takes, without the content type. RFC 8449, Section 4. */
  #peerLimit = maxPlaintext;
  #padTo = 0;
  readonly #header = Uint8Array.of(ContentType.application_data, 3, 3, 0, 0);
  /** Content type and padding. */
  #tail: Uint8Array = new Uint8Array(1);
  readonly #parts: Uint8Array[] = [this.#tail, this.#tail];

  /** The most content that a record may hold now. */
  get fragment(): number {
    return Math.min(this.#fragment, this.#peerLimit);
  }

  limitFragment(size: number): void {
    this.#fragment = Math.min(size, maxPlaintext);
  }

  /** record_size_limit counts the content type. */
  limitForPeer(limit: number): void {
    this.#peerLimit = Math.min(limit - 1, maxPlaintext);
  }

  /** Protected records are padded to a multiple of so many bytes, where they may be as long. */
  padTo(size: number): void {
    this.#padTo = size;
  }

  /** The most that write() makes of so much content. */
  sizeOf(length: number): number {
    return headerLength + this.#paddedLength(length) + 1 + aeadTagLength;
  }

  /** Writes one record of `content` from `start` to `end`, which `fragment` allows. Returns its length. */
  write(type: number, content: Uint8Array, start: number, end: number, output: Uint8Array, offset: number): number {
    const { keys } = this;
    const length = keys === undefined ? end - start : this.#paddedLength(end - start) + 1 + aeadTagLength;
    const header = this.#header;
    header[0] = keys === undefined ? type : ContentType.application_data;
    header[2] = keys === undefined ? this.minorVersion : 3;
    header[3] = length >>> 8;
    header[4] = length;
    output.set(header, offset);
    const at = offset + headerLength;
    if (keys === undefined) {
      output.set(content.subarray(start, end), at);
    } else {
      this.#parts[0] = content.subarray(start, end);
      this.#parts[1] = this.#tailOf(type, length - (end - start) - aeadTagLength);
      keys.seal(header, this.#parts, output, at);
    }
    this.bytesWritten += headerLength + length;
    return headerLength + length;
  }

  #paddedLength(length: number): number {
    if (this.#padTo === 0 || this.keys === undefined) return length;
    const padded = Math.ceil((length + 1) / this.#padTo) * this.#padTo - 1;
    return Math.max(length, Math.min(padded, this.fragment));
  }

  #tailOf(type: number, length: number): Uint8Array {
    if (this.#tail.length !== length) this.#tail = new Uint8Array(length);
    this.#tail[0] = type;
    return this.#tail;
  }
}
