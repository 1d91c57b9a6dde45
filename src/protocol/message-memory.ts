// Memory of what we send, until it is a record or a signature: pieces of slabs, each given out once.
//
// A Uint8Array of more than 64 bytes has memory outside of V8's heap, which takes longer to get and to free than to fill. A piece
// keeps its slab alive, and lies beside those of other connections: what waits for a peer or for the program has memory of its own,
// and so has every secret.

const slabSize = 16 * 1024;
/** What is larger has memory of its own. */
export const largestPiece = 2048;

let slab = new Uint8Array(0);
let used = 0;

/** So many zeros, which nobody else has. */
export function messageMemory(length: number): Uint8Array {
  if (length > largestPiece) return new Uint8Array(length);
  if (used + length > slab.length) {
    slab = new Uint8Array(slabSize);
    used = 0;
  }
  const piece = slab.subarray(used, used + length);
  used += length;
  return piece;
}
