// Two ends of a pipe in memory: streams that are no sockets.

import { Duplex } from 'node:stream';

class End extends Duplex {
  other: End | undefined;
  #waiting: (() => void) | undefined;

  override _read(): void {
    const resume = this.#waiting;
    this.#waiting = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed) callback();
    else if (other.push(chunk)) process.nextTick(callback);
    else other.#waiting = callback;
  }

  override _final(callback: () => void): void {
    this.other?.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    // As a pipe's other end: it sees the end, not the error.
    if (this.other !== undefined && !this.other.readableEnded && !this.other.destroyed) this.other.push(null);
    callback(error);
  }
}

export function duplexPair(): [Duplex, Duplex] {
  const near = new End();
  const far = new End();
  near.other = far;
  far.other = near;
  return [near, far];
}
