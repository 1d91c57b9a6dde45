// The hash of every handshake message so far. RFC 9846, Section 4.4.1.

import { tlsHashLengths, type TlsHash, type TlsHashName, type TlsPrimitives } from '../crypto/tls/primitives.js';
import { concat, copyOf } from './codec.js';
import { HandshakeType } from './constants.js';

export class TranscriptHash {
  readonly #primitives: TlsPrimitives;
  #name: TlsHashName | undefined;
  #hash: TlsHash | undefined;
  /** Of what came so far, where it was asked for: an own Finished and the keys after it want the same. */
  #digest: Uint8Array | undefined;
  /** Until the suite, and with it the hash, is known. */
  #messages: Uint8Array[] = [];

  constructor(primitives: TlsPrimitives) {
    this.#primitives = primitives;
  }

  add(message: Uint8Array): void {
    this.#digest = undefined;
    // In memory of its own: it may wait for the peer's answer.
    if (this.#hash === undefined) this.#messages.push(copyOf(message));
    else this.#hash.update(message);
  }

  /** From here on the hash is known. It does not change any more. */
  start(name: TlsHashName): void {
    if (this.#hash !== undefined) return;
    this.#name = name;
    this.#hash = this.#primitives.createHash(name);
    for (const message of this.#messages) this.#hash.update(message);
    this.#messages = [];
  }

  /** Keeps no message any longer, of a handshake that is over. */
  destroy(): void {
    this.#messages = [];
  }

  digest(): Uint8Array {
    if (this.#hash === undefined) throw new Error('The hash of the transcript is not known yet');
    return (this.#digest ??= this.#hash.digest());
  }

  /** What digest() would be after `rest`, with a hash that need not be the handshake's: for binders. */
  digestWith(name: TlsHashName, rest: Uint8Array): Uint8Array {
    if (this.#hash === undefined || name !== this.#name) {
      return this.#primitives.hash(name, concat(...this.#messages, rest));
    }
    const hash = this.#hash.clone();
    hash.update(rest);
    return hash.digest();
  }

  /** A HelloRetryRequest puts the hash of the first ClientHello in its place. */
  replaceByItsHash(): void {
    if (this.#name === undefined) throw new Error('The hash of the transcript is not known yet');
    const digest = this.digest();
    this.#digest = undefined;
    this.#hash = this.#primitives.createHash(this.#name);
    this.#hash.update(Uint8Array.of(HandshakeType.message_hash, 0, 0, tlsHashLengths[this.#name]));
    this.#hash.update(digest);
  }
}
