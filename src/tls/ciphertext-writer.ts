// Puts ciphertext onto a transport in the order it was made, whatever the transport does in the meantime.

import { Socket } from 'node:net';
import type { Ciphertext } from '../engine/connection.js';
import { inThisContext } from './in-this-context.js';
import { metricsOfThisThread as metrics } from './metrics.js';
import type { Transport } from './transport.js';

// In bytes: what waits together up to this is copied into one write.
const joinBelow = 4096;

type WriteCallback = (error?: Error | null) => void;

/**
 * A queue, because a transport may call back into us while it takes a write: what is made then must not overtake the
 * rest of its flight.
 */
export class CiphertextWriter {
  readonly #transport: Transport;
  readonly #queue: { readonly ciphertext: Ciphertext | undefined; readonly callback: WriteCallback | undefined }[] = [];
  #writing = false;
  #held = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * From here on the bytes are TLS's alone, as in node:tls: whoever still waits for 'readable' would take those that come
   * (the tunnel of Node 24's https.Agent does).
   */
  claimTransport(): void {
    if (this.#transport instanceof Socket) this.#transport.removeAllListeners('readable');
  }

  /** Nothing waits, so that what goes to the transport by another way overtakes nothing. */
  get isIdle(): boolean {
    return this.#queue.length === 0 && !this.#writing && !this.#held;
  }

  /** `callback` runs when the transport has taken the bytes, or with the reason why it did not. */
  write(ciphertext: Ciphertext, callback?: WriteCallback): void {
    if (this.#queue.length === 0 && !this.#writing && !this.#held) {
      this.#writing = true;
      try {
        this.#put(ciphertext, callback);
      } finally {
        this.#writing = false;
      }
      if (this.#queue.length > 0) this.#drain();
      return;
    }
    this.#queue.push({ ciphertext, callback: callback && inThisContext(callback) });
    this.#drain();
  }

  /** `run` once everything before it was written. */
  afterwards(run: () => void): void {
    this.#queue.push({ ciphertext: undefined, callback: run });
    this.#drain();
  }

  /** Keeps what is to be written until release(). */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#drain();
  }

  #drain(): void {
    if (this.#writing || this.#held) return;
    this.#writing = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        if (next.ciphertext === undefined) next.callback?.();
        else this.#putJoined(next.ciphertext, next.callback);
        if (this.#held) break;
      }
    } finally {
      this.#writing = false;
    }
  }

  /** With what waits behind it, where that is little: one system call and one segment. */
  #putJoined(first: Ciphertext, callback: WriteCallback | undefined): void {
    const ciphertexts = [first];
    const callbacks = [callback];
    let total = first.bytes.length;
    for (let next = this.#queue[0]; next?.ciphertext !== undefined; next = this.#queue[0]) {
      total += next.ciphertext.bytes.length;
      if (total > joinBelow) break;
      ciphertexts.push(next.ciphertext);
      callbacks.push(next.callback);
      this.#queue.shift();
    }
    if (ciphertexts.length === 1) {
      this.#put(first, callback);
      return;
    }
    const bytes = Buffer.concat(ciphertexts.map((ciphertext) => ciphertext.bytes));
    for (const ciphertext of ciphertexts) ciphertext.release();
    this.#put({ bytes, release: () => {} }, (error) => {
      for (const tell of callbacks) tell?.(error);
    });
  }

  #put(ciphertext: Ciphertext, callback: WriteCallback | undefined): void {
    if (!this.#transport.writable) {
      ciphertext.release();
      callback?.(Object.assign(new Error('write EPIPE: the transport is closed'), { code: 'EPIPE', syscall: 'write' }));
      return;
    }
    metrics.bytesSent += ciphertext.bytes.length;
    this.#transport.write(ciphertext.bytes, (error) => {
      ciphertext.release();
      callback?.(error);
    });
  }
}
