// The frame of every handshake message: its type and its length. RFC 9846, Section 4.

import { ByteWriter } from '../codec.js';

export function startMessage(type: number): ByteWriter {
  return new ByteWriter().uint8(type).open(3);
}

/** Writes the length, and ends the message. */
export function finishMessage(writer: ByteWriter): Uint8Array {
  return writer.close(4, 3).finish();
}
