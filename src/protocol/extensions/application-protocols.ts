// application_layer_protocol_negotiation. RFC 7301, Section 3.1.

import { latin1, type ByteWriter } from '../codec.js';
import { ExtensionType } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

/** Names of one character a byte; undefined where there are none. */
export function readProtocols(list: ExtensionList): string[] | undefined {
  const body = list.get(ExtensionType.application_layer_protocol_negotiation);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const names = parseProtocols(reader.vector16(2));
  reader.end();
  return names;
}

/** A server's choice: exactly one, of those that were offered. */
export function readChosenProtocol(list: ExtensionList, offered: readonly string[]): string | undefined {
  const names = readProtocols(list);
  if (names === undefined) return undefined;
  const [name] = names;
  if (names.length !== 1 || name === undefined) throw new ProtocolFault('ERROR_PARSING_EXTENSION');
  if (!offered.includes(name)) throw new ProtocolFault('INVALID_ALPN_PROTOCOL');
  return name;
}

/** Of the list's wire form, without its length. */
export function parseProtocols(bytes: Uint8Array): string[] {
  const reader = bodyReader(bytes);
  const names: string[] = [];
  while (reader.remaining > 0) names.push(latin1(reader.vector8(1)));
  return names;
}

/** @param protocols in wire form, without the list's length */
export function writeProtocols(writer: ByteWriter, protocols: Uint8Array): void {
  writeExtension(writer, ExtensionType.application_layer_protocol_negotiation, () => writer.vector16(protocols));
}
