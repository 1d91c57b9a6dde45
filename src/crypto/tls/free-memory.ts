// Frees what nobody needs any more, before the garbage collector would.

/** Smaller ones cost less than the call. */
const worthFreeing = 1024;

/**
 * Frees the memory of bytes that nobody but the caller has ever seen, where they are all of their buffer: afterwards they are
 * empty. Node 20 has no way to, and leaves them. Left to the garbage collector, a buffer for each record keeps it at
 * work all the time: it counts memory outside of its heap.
 *
 * Never for what a stream emitted: other listeners may have kept it, and may have given it to the kernel.
 */
export function freeMemory(bytes: Uint8Array): void {
  const buffer: ArrayBufferLike & { readonly transfer?: (length: number) => unknown } = bytes.buffer;
  if (bytes.length >= worthFreeing && bytes.length === buffer.byteLength) buffer.transfer?.(0);
}
