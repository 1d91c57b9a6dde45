// Frees what nobody needs any more, before the garbage collector would.

/** Smaller ones cost less than the call. */
const worthFreeing = 1024;

/**
 * Frees the memory of bytes that the caller alone has and that are all of their buffer: afterwards they are empty. Others are
 * left as they are, and everything on Node 20, which has no way to. Left to the garbage collector, a buffer for each record
 * keeps it at work all the time: it counts memory outside of its heap.
 */
export function freeMemory(bytes: Uint8Array): void {
  const buffer: ArrayBufferLike & { readonly transfer?: (length: number) => unknown } = bytes.buffer;
  if (bytes.length >= worthFreeing && bytes.length === buffer.byteLength) buffer.transfer?.(0);
}
