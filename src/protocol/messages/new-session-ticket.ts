// NewSessionTicket. RFC 9846, Section 4.7.1.

import { ByteReader } from '../codec.js';
import { ExtensionType, HandshakeType } from '../constants.js';
import {
  bodyReader,
  readExtensions,
  refuseMisplaced,
  writeExtensions,
  type ExtensionList,
} from '../extensions/extension-list.js';
import { messageHeaderLength } from './client-hello.js';
import { finishMessage, startMessage } from './message.js';

export interface NewSessionTicket {
  /** Seconds. */
  readonly lifetime: number;
  readonly ageAdd: number;
  readonly nonce: Uint8Array;
  readonly ticket: Uint8Array;
}

/** Seven days. */
export const longestTicketLifetime = 604_800;

/** In bytes, of those that are kept, offered or given: a ClientHello has room for 64 KiB of extensions, and a cookie may have to go along. */
export const longestTicket = 32_768;

export function readNewSessionTicket(bytes: Uint8Array): NewSessionTicket {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const lifetime = reader.uint32();
  const ageAdd = reader.uint32();
  const nonce = reader.vector8();
  const ticket = reader.vector16(1);
  const extensions = readExtensions(reader);
  reader.end();
  refuseMisplaced(extensions, ofNewSessionTicket);
  checkEarlyData(extensions);
  return { lifetime, ageAdd, nonce, ticket };
}

const ofNewSessionTicket: ReadonlySet<number> = new Set([ExtensionType.early_data]);

/** Early data is never sent, but how much of it might be has to parse. RFC 9846, Section 4.2.10. */
function checkEarlyData(extensions: ExtensionList): void {
  const body = extensions.get(ExtensionType.early_data);
  if (body === undefined) return;
  const reader = bodyReader(body);
  reader.uint32();
  reader.end();
}

export function writeNewSessionTicket({ lifetime, ageAdd, nonce, ticket }: NewSessionTicket): Uint8Array {
  const writer = startMessage(HandshakeType.NewSessionTicket);
  writer.uint32(lifetime).uint32(ageAdd).vector8(nonce).vector16(ticket);
  writeExtensions(writer, () => {});
  return finishMessage(writer);
}
