// Puts the contents of records together for the program: what is small is copied, what is large is handed out as it is.

import { freeMemory } from '../crypto/tls/free-memory.js';
import { asBuffer } from './as-buffer.js';

/** From so many bytes on, a chunk for each record costs less than copying. */
const large = 4096;

export class ContentJoiner {
  /** Of all that came, in bytes. */
  length = 0;
  readonly #into: Buffer[];
  #small: Uint8Array[] = [];
  #smallLength = 0;

  constructor(into: Buffer[]) {
    this.#into = into;
  }

  /** Takes `content`, whose memory is nobody else's. */
  add(content: Uint8Array): void {
    this.length += content.length;
    if (content.length >= large) {
      this.end();
      this.#into.push(asBuffer(content));
    } else if (content.length > 0) {
      this.#small.push(content);
      this.#smallLength += content.length;
    }
  }

  /** Nothing more is joined to what came so far. */
  end(): void {
    const parts = this.#small;
    const [only] = parts;
    if (only === undefined) return;
    this.#into.push(parts.length === 1 ? asBuffer(only) : joined(parts, this.#smallLength));
    this.#small = [];
    this.#smallLength = 0;
  }
}

/** Not of Buffer's pool, where the program would see other bytes beside its own. */
function joined(parts: readonly Uint8Array[], length: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
    freeMemory(part);
  }
  return whole;
}
