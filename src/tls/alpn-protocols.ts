// convertALPNProtocols(): names of application protocols to wire form, as node:tls exports it. RFC 7301, Section 3.1.

import { nodeInvalidArgValue } from '../errors.js';

// Node 24 was the first that checks it here; a connection or a server refuses it on every Node.
const checksWire = Number.parseInt(process.versions.node, 10) >= 24;

/**
 * Sets `out.ALPNProtocols` to the wire form of names (1 to 255 bytes each), or to a copy of bytes that are in wire form;
 * leaves it alone for anything else.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`; RangeError `ERR_OUT_OF_RANGE` for a name above 255 bytes
 */
export function convertALPNProtocols(protocols: unknown, out: { ALPNProtocols?: Buffer }): void {
  if (Array.isArray(protocols)) {
    out.ALPNProtocols = Buffer.concat((protocols as readonly string[]).map(encodeName));
  } else if (ArrayBuffer.isView(protocols)) {
    out.ALPNProtocols = Buffer.from(Buffer.from(protocols.buffer, protocols.byteOffset, protocols.byteLength));
    if (checksWire) checkWire(out.ALPNProtocols);
  }
}

function encodeName(protocol: string, index: number): Buffer {
  // It refuses what is neither text nor bytes, in Node's words.
  const length = Buffer.byteLength(protocol);
  if (checksWire && length === 0)
    throw nodeInvalidArgValue(`protocols[${index}]`, protocol, 'must be a non-empty string');
  if (length > 255) {
    const text = `The byte length of the protocol at index ${index} exceeds the maximum length. It must be <= 255.`;
    throw Object.assign(new RangeError(`${text} Received ${length}`), { code: 'ERR_OUT_OF_RANGE' });
  }
  return Buffer.concat([Buffer.of(length), Buffer.from(protocol)]);
}

/** @throws TypeError `ERR_INVALID_ARG_VALUE` */
export function checkWire(wire: Buffer): void {
  for (let at = 0; at < wire.length; at += 1 + (wire[at] ?? 0)) {
    const length = wire[at] ?? 0;
    if (length === 0) throw nodeInvalidArgValue('ALPNProtocols', wire, 'must not contain zero-length protocol');
    if (at + 1 + length > wire.length) {
      throw nodeInvalidArgValue('ALPNProtocols', wire, 'contains truncated protocol');
    }
  }
}
