// The frame of every handshake message: its type and its length. RFC 9846, Section 4.

import { ByteWriter } from '../codec.js';
import { messageMemory } from '../message-memory.js';

export function startMessage(type: number): ByteWriter {
  return new ByteWriter().uint8(type).open(3);
}

/** Writes the length, and ends the message, in memory of messages: for what becomes a record at once. */
export function finishMessage(writer: ByteWriter): Uint8Array {
  return writer.close(4, 3).finish(messageMemory);
}
