// HKDF as TLS 1.3 uses it. RFC 5869; RFC 9846, Section 7.1.

import { tlsHashLengths, type TlsHashName, type TlsPrimitives } from '../crypto/tls/primitives.js';
import { bytesOfLatin1, ByteWriter, concat, copyOf } from './codec.js';

/** RFC 5869, Section 2.2. */
export function hkdfExtract(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  salt: Uint8Array,
  keyMaterial: Uint8Array,
): Uint8Array {
  return primitives.hmac(hash, salt, keyMaterial);
}

/** RFC 5869, Section 2.3. */
function hkdfExpand(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const size = tlsHashLengths[hash];
  if (length <= size) {
    const block = primitives.hmac(hash, secret, concat(info, Uint8Array.of(1)));
    if (length === size) return block;
    const cut = copyOf(block.subarray(0, length));
    block.fill(0);
    return cut;
  }
  const output = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += size, counter++) {
    const input = concat(block, info, Uint8Array.of(counter));
    block.fill(0);
    block = Uint8Array.from(primitives.hmac(hash, secret, input));
    output.set(block.subarray(0, Math.min(size, length - at)), at);
    input.fill(0);
  }
  block.fill(0);
  return output;
}

const labels = new Map<string, Uint8Array>();
// Those of the protocol are twenty; an exporter's are the program's, and are not kept.
const rememberedLabels = 64;

function encodedLabel(label: string): Uint8Array {
  let bytes = labels.get(label);
  if (bytes === undefined) {
    bytes = bytesOfLatin1(`tls13 ${label}`);
    if (labels.size < rememberedLabels) labels.set(label, bytes);
  }
  return bytes;
}

/** HKDF-Expand-Label. RFC 9846, Section 7.1. */
export function hkdfExpandLabel(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const info = new ByteWriter().uint16(length).vector8(encodedLabel(label)).vector8(context).view();
  return hkdfExpand(primitives, hash, secret, info, length);
}
