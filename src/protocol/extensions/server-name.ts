// server_name. RFC 6066, Section 3.

import { bytesOfLatin1, latin1, type ByteWriter } from '../codec.js';
import { ExtensionType, hostNameType } from '../constants.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

const longestName = 255;

/** The host name, of one character a byte; undefined where there is none. One host_name, as every client sends it. */
export function readServerName(list: ExtensionList): string | undefined {
  const body = list.get(ExtensionType.server_name);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const names = bodyReader(reader.vector16(1));
  reader.end();
  if (names.uint8() !== hostNameType) throw names.fault();
  const name = names.vector16(1);
  names.end();
  if (name.length > longestName || name.includes(0)) throw names.fault();
  return latin1(name);
}

export function writeServerName(writer: ByteWriter, name: string): void {
  const bytes = bytesOfLatin1(name);
  writeExtension(writer, ExtensionType.server_name, () =>
    writer
      .uint16(3 + bytes.length)
      .uint8(hostNameType)
      .vector16(bytes),
  );
}
