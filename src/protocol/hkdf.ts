// HKDF as TLS 1.3 uses it. RFC 5869; RFC 9846, Section 7.1.

import { tlsHashLengths, type TlsHashName, type TlsPrimitives } from '../crypto/tls/primitives.js';
import { bytesOfLatin1, concat } from './codec.js';
import { ProtocolFault } from './faults.js';

/** RFC 5869, Section 2.2. */
export function hkdfExtract(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  salt: Uint8Array,
  keyMaterial: Uint8Array,
): Uint8Array {
  return primitives.hmac(hash, salt, keyMaterial);
}

/**
 * RFC 5869, Section 2.3.
 *
 * @param info with a byte more, for the counter
 */
function hkdfExpand(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const size = tlsHashLengths[hash];
  const last = info.length - 1;
  if (length <= size) {
    info[last] = 1;
    const block = primitives.hmac(hash, secret, info);
    if (length === size) return block;
    // A key or an IV: as short as that V8 has it in its heap, where a view of the block is another object outside.
    const output = new Uint8Array(length);
    for (let at = 0; at < length; at++) output[at] = block[at] ?? 0;
    block.fill(0);
    return output;
  }
  const output = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += size, counter++) {
    info[last] = counter;
    const input = concat(block, info);
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
  return hkdfExpand(primitives, hash, secret, infoOf(encodedLabel(label), context, length), length);
}

// Every secret of a connection needs one, and none is needed when its HMAC is done.
const longestInfo = 2 + 1 + 0xff + 1 + 0xff + 1;
const scratch = new Uint8Array(longestInfo);

/** HkdfLabel, and room for the counter: valid until the next one. */
function infoOf(label: Uint8Array, context: Uint8Array, length: number): Uint8Array {
  if (length > 0xffff || label.length > 0xff || context.length > 0xff) throw new ProtocolFault('ENGINE_FAILED');
  const info = scratch.subarray(0, 2 + 1 + label.length + 1 + context.length + 1);
  info[0] = length >>> 8;
  info[1] = length;
  info[2] = label.length;
  info.set(label, 3);
  const at = 3 + label.length;
  info[at] = context.length;
  info.set(context, at + 1);
  return info;
}
