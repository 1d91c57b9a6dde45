// Bytes in parts whose length and offsets fit into the 32 bits in which JavaScript and the addon tell each other counts.

/** 1 GiB. */
export const longestPart = 2 ** 30;

/** Shares memory with `bytes`; nearly always one part, `bytes` itself. */
export function inParts(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length <= longestPart) return [bytes];
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += longestPart) {
    parts.push(bytes.subarray(start, start + longestPart));
  }
  return parts;
}
