// Joins handshake messages out of records, which may hold parts of one or several. RFC 9846, Sections 4 and 5.1.

import { HandshakeType } from './constants.js';
import { ProtocolFault } from './faults.js';

const headerLength = 4;
/** The largest message of any kind that is no certificate. */
const maxMessage = 65_536;
/** Certificates, as they come or compressed: OpenSSL's limit. */
const maxCertificateMessage = 102_400;

export interface HandshakeMessage {
  readonly type: number;
  /** With its header, as the transcript wants it. */
  readonly bytes: Uint8Array;
}

const certificateTypes: ReadonlySet<number> = new Set([HandshakeType.Certificate, HandshakeType.CompressedCertificate]);

const nothing = new Uint8Array(0);

export class HandshakeJoiner {
  #bytes: Uint8Array = nothing;
  #start = 0;
  #end = 0;

  /** No message, nor part of one, is waiting. */
  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** Takes the content of a record, for good. */
  add(content: Uint8Array): void {
    if (this.isEmpty) {
      // Nearly always whole messages, which are handed out where they stand.
      this.#bytes = content;
      this.#start = 0;
      this.#end = content.length;
    } else {
      this.#reserve(content.length);
      this.#bytes.set(content, this.#end);
      this.#end += content.length;
    }
    this.#checkLength();
  }

  /** The next whole message, the caller's to keep. */
  next(): HandshakeMessage | undefined {
    const length = this.#checkLength();
    if (length === undefined || this.#end - this.#start < length) return undefined;
    const type = this.#byte(this.#start);
    const bytes = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    if (this.isEmpty) {
      this.#bytes = nothing;
      this.#start = this.#end = 0;
    }
    return { type, bytes };
  }

  clear(): void {
    // What was handed out is its owner's.
    this.#bytes.fill(0, this.#start);
    this.#start = this.#end;
  }

  /** Refuses a message by its header, before it is there. */
  #checkLength(): number | undefined {
    const start = this.#start;
    if (this.#end - start < headerLength) return undefined;
    const length = headerLength + this.#byte(start + 1) * 65_536 + this.#byte(start + 2) * 256 + this.#byte(start + 3);
    const limit = certificateTypes.has(this.#byte(start)) ? maxCertificateMessage : maxMessage;
    if (length > headerLength + limit) throw new ProtocolFault('EXCESSIVE_MESSAGE_SIZE');
    return length;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const waiting = this.#bytes.subarray(this.#start, this.#end);
    const grown = new Uint8Array(Math.max(waiting.length + count, 2 * waiting.length));
    grown.set(waiting);
    this.#bytes = grown;
    this.#end = waiting.length;
    this.#start = 0;
  }
}
