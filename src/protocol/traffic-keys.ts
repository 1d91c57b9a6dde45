// One direction's record protection: key, IV and sequence number of one traffic secret. RFC 9846, Sections 5.2, 5.3, 7.3.

import {
  aeadKeyLengths,
  aeadNonceLength,
  aeadTagLength,
  type Opened,
  type TlsAead,
  type TlsPrimitives,
} from '../crypto/tls/primitives.js';
import { copyOf } from './codec.js';
import type { SuiteParameters } from './cipher-suites.js';
import { hkdfExpandLabel } from './hkdf.js';

const nothing = new Uint8Array(0);

export class TrafficKeys {
  readonly suite: SuiteParameters;
  readonly #aead: TlsAead;
  readonly #iv: Uint8Array;
  /** The same one for every record. */
  readonly #nonce: Uint8Array;
  #sequence = 0;

  constructor(primitives: TlsPrimitives, suite: SuiteParameters, secret: Uint8Array) {
    this.suite = suite;
    const key = hkdfExpandLabel(primitives, suite.hash, secret, 'key', nothing, aeadKeyLengths[suite.aead]);
    this.#aead = primitives.aead(suite.aead, key);
    key.fill(0);
    this.#iv = hkdfExpandLabel(primitives, suite.hash, secret, 'iv', nothing, aeadNonceLength);
    this.#nonce = copyOf(this.#iv);
  }

  /** Records so far. */
  get records(): number {
    return this.#sequence;
  }

  /** Writes ciphertext and tag; returns their length. */
  seal(header: Uint8Array, plaintext: readonly Uint8Array[], output: Uint8Array, offset: number): number {
    this.#setNonce();
    const length = this.#aead.seal(this.#nonce, header, plaintext, output, offset);
    this.#sequence += 1;
    return length;
  }

  /**
   * Returns the plaintext without its last byte, and that, the content type where there is no padding; undefined for a record
   * that is not authentic, which counts as none. `ciphertext` has that byte and the tag at least.
   */
  open(header: Uint8Array, ciphertext: Uint8Array): Opened | undefined {
    this.#setNonce();
    const opened = this.#aead.open(this.#nonce, header, ciphertext, ciphertext.length - aeadTagLength - 1);
    if (opened !== undefined) this.#sequence += 1;
    return opened;
  }

  destroy(): void {
    this.#aead.destroy();
    this.#iv.fill(0);
    this.#nonce.fill(0);
  }

  /** The IV, with the sequence number laid over its last eight bytes. RFC 9846, Section 5.3. */
  #setNonce(): void {
    const iv = this.#iv;
    const nonce = this.#nonce;
    let rest = this.#sequence;
    for (let at = aeadNonceLength - 1; at >= 4; at--) {
      nonce[at] = (iv[at] ?? 0) ^ (rest & 0xff);
      rest = Math.floor(rest / 256);
    }
  }
}
