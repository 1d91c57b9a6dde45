// onread: plaintext goes into buffers that the program gave, instead of `data` events.

/** A buffer to fill again and again, or what gives the next one; see `net.connect()`. */
export interface OnReadOptions {
  buffer: Uint8Array | (() => Uint8Array);
  /** Gets how many bytes of `buffer` were filled; `false` pauses the socket. */
  callback: (bytesWritten: number, buffer: Uint8Array) => boolean;
}

/** Hands plaintext to the program's callback, a buffer's length at a time. */
export class UserBuffer {
  readonly #callback: OnReadOptions['callback'];
  readonly #next: (() => unknown) | undefined;
  #buffer: Uint8Array | undefined;

  constructor({ buffer, callback }: OnReadOptions) {
    this.#callback = callback;
    this.#next = typeof buffer === 'function' ? buffer : undefined;
    this.#buffer = typeof buffer === 'function' ? undefined : buffer;
    this.#advance();
  }

  /**
   * Fills the buffer once.
   *
   * @returns how many bytes it took, and whether the program wants more
   */
  fill(socket: object, bytes: Uint8Array): { taken: number; wantsMore: boolean } {
    // Where the program gave no buffer nothing is lost: it gets ours.
    const buffer = this.#buffer === undefined || this.#buffer.length === 0 ? bytes : this.#buffer;
    const taken = Math.min(buffer.length, bytes.length);
    buffer.set(bytes.subarray(0, taken));
    // Compared as node:net does: only false pauses.
    const answer: unknown = Reflect.apply(this.#callback, socket, [taken, buffer]);
    this.#advance();
    return { taken, wantsMore: answer !== false };
  }

  #advance(): void {
    const buffer = this.#next?.();
    if (buffer instanceof Uint8Array) this.#buffer = buffer;
  }
}

/** Anything else than a buffer and a callback is ignored, as node:net does. */
export function userBuffer(onread: unknown): UserBuffer | undefined {
  if (typeof onread !== 'object' || onread === null) return undefined;
  const { buffer, callback } = onread as Partial<OnReadOptions>;
  if (!(buffer instanceof Uint8Array) && typeof buffer !== 'function') return undefined;
  return typeof callback === 'function' ? new UserBuffer({ buffer, callback }) : undefined;
}
