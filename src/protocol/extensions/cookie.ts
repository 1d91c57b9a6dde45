// cookie: what a HelloRetryRequest has a client send back. RFC 9846, Section 4.2.2.

import type { ByteWriter } from '../codec.js';
import { ExtensionType } from '../constants.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

export function readCookie(list: ExtensionList): Uint8Array | undefined {
  const body = list.get(ExtensionType.cookie);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const cookie = reader.vector16(1);
  reader.end();
  return cookie;
}

export function writeCookie(writer: ByteWriter, cookie: Uint8Array): void {
  writeExtension(writer, ExtensionType.cookie, () => writer.vector16(cookie));
}
