// Lists of extensions, as every message has them. RFC 9846, Section 4.2.

import { ByteReader, type ByteWriter } from '../codec.js';
import { ExtensionType } from '../constants.js';
import { ProtocolFault } from '../faults.js';

/** Bodies by type, in the order in which they came. */
export type ExtensionList = ReadonlyMap<number, Uint8Array>;

/** Reads the list with its length. None may stand in it twice. */
export function readExtensions(reader: ByteReader): ExtensionList {
  const list = new Map<number, Uint8Array>();
  const entries = new ByteReader(reader.vector16());
  while (entries.remaining > 0) {
    const type = entries.uint16();
    const body = entries.vector16();
    if (list.has(type)) throw new ProtocolFault('DUPLICATE_EXTENSION');
    list.set(type, body);
  }
  return list;
}

/** Refuses what was not asked for. RFC 9846, Section 4.2. */
export function allowOnly(list: ExtensionList, allowed: (type: number) => boolean): void {
  for (const type of list.keys()) {
    if (!allowed(type)) throw new ProtocolFault('UNEXPECTED_EXTENSION');
  }
}

const known: ReadonlySet<number> = new Set(Object.values(ExtensionType));

/** Refuses what is known to be of other messages; unknown ones have no meaning. RFC 9846, Section 4.2. */
export function refuseMisplaced(list: ExtensionList, allowed: ReadonlySet<number>): void {
  for (const type of list.keys()) {
    if (known.has(type) && !allowed.has(type)) throw new ProtocolFault('MISPLACED_EXTENSION');
  }
}

/** An extension without content: whether it is there. */
export function readFlag(list: ExtensionList, type: number): boolean {
  const body = list.get(type);
  if (body !== undefined && body.length > 0) throw new ProtocolFault('ERROR_PARSING_EXTENSION');
  return body !== undefined;
}

/** A reader of a body; what does not parse in it is an extension's fault. */
export function bodyReader(body: Uint8Array): ByteReader {
  return new ByteReader(body, 0, 'ERROR_PARSING_EXTENSION');
}

/** Writes one extension, whose body `write` writes. */
export function writeExtension(writer: ByteWriter, type: number, write?: (writer: ByteWriter) => void): void {
  writer.uint16(type).open(2);
  const start = writer.length;
  write?.(writer);
  writer.close(start, 2);
}

/** Writes a list with its length. */
export function writeExtensions(writer: ByteWriter, write: () => void): void {
  writer.open(2);
  const start = writer.length;
  write();
  writer.close(start, 2);
}
