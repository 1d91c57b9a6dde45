// The transport of one connection: read and written at the driver's pace, and always ended in order.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';

export class Wire {
  readonly #stream: Duplex;
  #ended = false;
  /** What stands behind a write that is held back. */
  #held: Uint8Array[] | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.once('end', () => (this.#ended = true));
    // The runner may close while something is on its way to it; what that means is told by what was read before.
    stream.on('error', () => (this.#ended = true));
    stream.once('close', () => (this.#ended = true));
  }

  /** The next bytes, or undefined where the peer has ended. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#ended) return undefined;
      await this.#nextEvent();
    }
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      const events = ['readable', 'end', 'error', 'close'];
      const listener = (): void => {
        for (const event of events) this.#stream.off(event, listener);
        resolve();
      };
      for (const event of events) this.#stream.on(event, listener);
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#held !== undefined) this.#held.push(Uint8Array.from(bytes));
    else if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(Uint8Array.from(bytes));
  }

  /** Lets one byte of what is written next through, and the rest not before letGo(). */
  hold(first: Uint8Array): void {
    this.write(first.subarray(0, 1));
    this.#held = [Uint8Array.from(first.subarray(1))];
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) this.write(bytes);
  }

  /** Ends our direction, and reads the other one to its end: closing before would cut off what is on its way. */
  async finish(): Promise<void> {
    const stream = this.#stream;
    if (stream.destroyed) return;
    stream.end();
    while ((await this.read()) !== undefined);
    if (!stream.destroyed && !stream.writableFinished)
      await Promise.race([once(stream, 'finish'), once(stream, 'close')]);
    stream.destroy();
  }
}
