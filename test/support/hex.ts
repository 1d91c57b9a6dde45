// Bytes as text: tap compares a string at once and shows where it differs; of typed arrays it makes objects, for seconds.

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
