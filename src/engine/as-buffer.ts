// What becomes the program's, as the Buffer that it expects, without a copy.

/** The same memory, which is the program's own from here on. */
export function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
