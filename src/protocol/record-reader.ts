// Finds records in what was received, and opens them. RFC 9846, Section 5.

import { copyOf } from './codec.js';
import { ContentType } from './constants.js';
import { ProtocolFault } from './faults.js';
import type { TrafficKeys } from './traffic-keys.js';

const headerLength = 5;
/** Of TLS 1.0 to 1.3 on the wire. */
const majorVersion = 3;
/** RFC 9846, Section 5.1. */
export const maxPlaintext = 16_384;
// RFC 9846, Section 5.2.
const maxCiphertext = maxPlaintext + 256;
// A record is at least its content type and the tag.
const minCiphertext = 17;
/** In a row, of records that bring nothing. */
const maxEmptyRecords = 32;
/** Bytes of early data that a server passes over: no more than any ticket of others allows by default. */
const maxSkippedEarlyData = 16_384;

const nothing = new Uint8Array(0);

/** What a server that takes no early data does with what a client sent of it. RFC 9846, Section 4.2.10. */
export type EarlyDataPolicy = 'none' | 'skip-undecryptable' | 'skip-application-data';

/** Of the thread: only a connection that waits for the rest of a record holds one. */
let spareCarry: Uint8Array | undefined;

function acquireCarry(): Uint8Array {
  const carry = spareCarry ?? new Uint8Array(headerLength + maxCiphertext);
  spareCarry = undefined;
  return carry;
}

export class RecordReader {
  /** Of the record that read() opened. */
  type = 0;
  #content: Uint8Array = nothing;
  /** Undefined while records are not protected. */
  keys: TrafficKeys | undefined;
  earlyData: EarlyDataPolicy = 'none';
  /** Middleboxes are soothed until the peer's Finished. RFC 9846, Appendix E.4. */
  allowsChangeCipherSpec = false;
  /** An alert of a peer that failed before it had keys comes in the clear. */
  allowsPlainAlert = false;
  /** What the peer was told that a record may hold, its content type with it. RFC 8449, Section 4. */
  sizeLimit = maxPlaintext + 1;
  /** Of whole records, in bytes. */
  #bytesRead = 0;
  #queue: Uint8Array[] = [];
  #chunk: Uint8Array = nothing;
  #at = 0;
  /** A record that came in several chunks. */
  #carry: Uint8Array | undefined;
  #carried = 0;
  #fragment: Uint8Array = nothing;
  #header: Uint8Array = nothing;
  /** A record is found and not read yet. */
  #found = false;
  #empty = 0;
  #skipped = 0;
  #isFirst = true;

  receive(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#queue.push(chunk);
  }

  /** Ciphertext that was looked at, in bytes: the beginning of a record counts as well. */
  get bytesRead(): number {
    return this.#bytesRead + this.#carried;
  }

  /** Ciphertext that was received and not read. */
  get buffered(): number {
    let sum = this.#chunk.length - this.#at + this.#carried;
    for (const { length } of this.#queue) sum += length;
    return sum;
  }

  /** Whether it may look again at a chunk that it was given. */
  get holdsChunks(): boolean {
    return this.#found || this.#hasMore();
  }

  /** Of the record that next() has found: five bytes. */
  get header(): Uint8Array {
    return this.#header;
  }

  drop(): void {
    this.#queue = [];
    this.#chunk = nothing;
    this.#at = 0;
    this.#carry = undefined;
    this.#carried = 0;
    this.#forgetRecord();
  }

  /** An idle connection holds no buffers. What stood in the carry stays valid until another reader acquires it. */
  #forgetRecord(): void {
    this.#found = false;
    this.#header = this.#fragment = nothing;
    if (this.#carry !== undefined && this.#carried === 0) {
      spareCarry = this.#carry;
      this.#carry = undefined;
    }
  }

  /** Whether the next record is there whole. */
  next(): boolean {
    return this.#found || this.#find();
  }

  /** Whether there is something left of a chunk; one without is forgotten. */
  #hasMore(): boolean {
    while (this.#at >= this.#chunk.length) {
      const next = this.#queue.shift();
      this.#chunk = next ?? nothing;
      this.#at = 0;
      if (next === undefined) return false;
    }
    return true;
  }

  #find(): boolean {
    if (this.#carried > 0) return this.#findInCarry();
    if (!this.#hasMore()) return false;
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    if (available >= headerLength) {
      const length = this.#checkHeader(chunk, at);
      if (available >= headerLength + length) {
        this.#at = at + headerLength + length;
        this.#header = chunk.subarray(at, at + headerLength);
        this.#fragment = chunk.subarray(at + headerLength, this.#at);
        return (this.#found = true);
      }
    }
    this.#carry ??= acquireCarry();
    return this.#findInCarry();
  }

  #findInCarry(): boolean {
    const carry = this.#carry ?? nothing;
    if (!this.#fillCarry(carry, headerLength)) return false;
    const end = headerLength + this.#checkHeader(carry, 0);
    if (!this.#fillCarry(carry, end)) return false;
    this.#header = carry.subarray(0, headerLength);
    this.#fragment = carry.subarray(headerLength, end);
    this.#carried = 0;
    return (this.#found = true);
  }

  #fillCarry(carry: Uint8Array, end: number): boolean {
    while (this.#carried < end) {
      if (!this.#hasMore()) return false;
      const part = this.#chunk.subarray(this.#at, this.#at + end - this.#carried);
      carry.set(part, this.#carried);
      this.#carried += part.length;
      this.#at += part.length;
    }
    return true;
  }

  /** Returns the length of the fragment. */
  #checkHeader(bytes: Uint8Array, at: number): number {
    if (this.#isFirst) {
      refuseOtherProtocols(bytes, at);
      this.#isFirst = false;
    }
    // The version beside TLS 1.x is no version of a record; otherwise it has no meaning. RFC 9846, Section 5.1.
    if (bytes[at + 1] !== majorVersion) throw new ProtocolFault('WRONG_VERSION_NUMBER');
    const length = (bytes[at + 3] ?? 0) * 256 + (bytes[at + 4] ?? 0);
    if (length > maxCiphertext) throw new ProtocolFault('ENCRYPTED_LENGTH_TOO_LONG');
    return length;
  }

  /** What read() opened, in memory of its own: the caller's to keep. */
  takeContent(): Uint8Array {
    const content = this.#content;
    this.#content = nothing;
    return content;
  }

  /** Opens the record that next() found. False for one that is passed over; otherwise there are `type` and content. */
  read(): boolean {
    const header = this.#header;
    const fragment = this.#fragment;
    this.#bytesRead += headerLength + fragment.length;
    this.#forgetRecord();
    return this.#open(header, fragment);
  }

  #open(header: Uint8Array, fragment: Uint8Array): boolean {
    const outerType = header[0] ?? 0;
    if (outerType === ContentType.change_cipher_spec && this.#isIgnorable(fragment)) return false;
    const { keys } = this;
    if (keys === undefined) return this.#readPlain(outerType, fragment);
    if (outerType !== ContentType.application_data) {
      if (outerType !== ContentType.alert || !this.allowsPlainAlert) {
        throw new ProtocolFault(isContentType(outerType) ? 'UNEXPECTED_RECORD' : 'INVALID_OUTER_RECORD_TYPE');
      }
      return this.#readPlain(outerType, fragment);
    }
    const opened = fragment.length < minCiphertext ? undefined : keys.open(header, fragment);
    if (opened === undefined) {
      if (this.earlyData !== 'skip-undecryptable') throw new ProtocolFault('DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
      return this.#skip(fragment.length);
    }
    this.earlyData = 'none';
    this.allowsPlainAlert = false;
    const { head, tail } = opened;
    if (head.length + 1 > this.sizeLimit) throw new ProtocolFault('DATA_LENGTH_TOO_LONG');
    // The content type is the last byte that is not zero. RFC 9846, Section 5.4.
    const [type = 0] = tail;
    if (type !== 0) return this.#accept(type, head);
    let end = head.length - 1;
    while (end >= 0 && head[end] === 0) end--;
    if (end < 0) throw new ProtocolFault('UNEXPECTED_RECORD');
    return this.#accept(head[end] ?? 0, copyOf(head.subarray(0, end)));
  }

  #readPlain(type: number, fragment: Uint8Array): boolean {
    if (type === ContentType.application_data && this.earlyData === 'skip-application-data') {
      return this.#skip(fragment.length);
    }
    if (fragment.length > maxPlaintext) throw new ProtocolFault('DATA_LENGTH_TOO_LONG');
    return this.#accept(type, copyOf(fragment));
  }

  #accept(type: number, content: Uint8Array): boolean {
    this.type = type;
    this.#content = content;
    if (content.length === 0) this.#countEmpty();
    else this.#empty = 0;
    return true;
  }

  /** A change_cipher_spec of one byte 1 is dropped; every other is an error. RFC 9846, Section 5. */
  #isIgnorable(fragment: Uint8Array): boolean {
    if (!this.allowsChangeCipherSpec || fragment.length !== 1 || fragment[0] !== 1) {
      throw new ProtocolFault('UNEXPECTED_RECORD');
    }
    this.#countEmpty();
    return true;
  }

  #countEmpty(): void {
    this.#empty += 1;
    if (this.#empty > maxEmptyRecords) throw new ProtocolFault('TOO_MANY_EMPTY_FRAGMENTS');
  }

  /** Of early data that was passed over, in bytes. */
  get skipped(): number {
    return this.#skipped;
  }

  #skip(length: number): false {
    this.#skipped += length;
    if (this.#skipped > maxSkippedEarlyData) throw new ProtocolFault('TOO_MUCH_SKIPPED_EARLY_DATA');
    return false;
  }
}

function isContentType(type: number): boolean {
  return type >= ContentType.change_cipher_spec && type <= ContentType.application_data;
}

/** Says what it is that came to this port, where that is known. It gets no answer. */
function refuseOtherProtocols(bytes: Uint8Array, at: number): void {
  if (bytes[at + 1] === majorVersion) return;
  const start = String.fromCharCode(...bytes.subarray(at, at + headerLength));
  if (/^(GET |POST |HEAD |PUT )/.test(start)) throw new ProtocolFault('HTTP_REQUEST');
  if (start === 'CONNE') throw new ProtocolFault('HTTPS_PROXY_REQUEST');
  if (start === 'HTTP/') throw new ProtocolFault('HTTP_RESPONSE');
  throw new ProtocolFault('WRONG_VERSION_NUMBER', 'none');
}
