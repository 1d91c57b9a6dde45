// A long byte pattern that both ends of a test make by themselves: the AES-128-CTR keystream of a fixed key.

import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** Bytes that do not repeat, so that a lost, doubled or moved piece shows. */
export class Pattern {
  readonly #cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 0x50), Buffer.alloc(16));

  next(length: number): Buffer {
    return this.#cipher.update(Buffer.alloc(length));
  }
}

/** Checks a stream of chunks against the pattern; throws at the first byte that differs. */
export class PatternCheck {
  readonly #pattern = new Pattern();
  received = 0;

  accept(chunk: Uint8Array): void {
    const expected = this.#pattern.next(chunk.length);
    if (Buffer.compare(expected, chunk) !== 0) {
      const at = expected.findIndex((byte, index) => byte !== chunk[index]);
      throw new Error(`Byte ${this.received + at} differs`);
    }
    this.received += chunk.length;
  }
}

/**
 * Sends `length` bytes of the pattern with backpressure while checking as many that come back; resolves when both are
 * through. Neither side needs a half-open connection for it.
 */
export async function exchangePattern(stream: Duplex, length: number, chunkSize = 64 * 1024): Promise<number> {
  const check = new PatternCheck();
  const received = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        check.accept(chunk);
      } catch (error) {
        reject(error);
      }
      if (check.received >= length) resolve();
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Error(`closed after ${check.received} of ${length} bytes`)));
  });
  await Promise.all([received, sendPattern(stream, length, chunkSize)]);
  return check.received;
}

/**
 * Writes `length` bytes of the pattern with backpressure. Not waited for is 'drain' of the last piece: a stream whose
 * peer has everything and ends may be ending itself by then, and emits none.
 */
export async function sendPattern(stream: Duplex, length: number, chunkSize = 64 * 1024): Promise<void> {
  const pattern = new Pattern();
  for (let sent = 0; sent < length; sent += chunkSize) {
    const chunk = pattern.next(Math.min(chunkSize, length - sent));
    const mayGoOn = stream.write(chunk);
    if (!mayGoOn && sent + chunkSize < length) await once(stream, 'drain');
  }
}
