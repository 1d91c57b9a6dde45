// status_request: the stapled OCSP response. RFC 6066, Section 8; RFC 9846, Section 4.5.2.1.

import type { ByteWriter } from '../codec.js';
import { ExtensionType, ocspStatusType } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

/** Whether a client asks for one. Which responders it trusts does not matter: there is one response, or none. */
export function readsStatusRequest(list: ExtensionList): boolean {
  const body = list.get(ExtensionType.status_request);
  if (body === undefined) return false;
  const reader = bodyReader(body);
  if (reader.uint8() !== ocspStatusType) return false;
  const responders = bodyReader(reader.vector16());
  while (responders.remaining > 0) responders.vector16(1);
  reader.vector16();
  reader.end();
  return true;
}

export function writeStatusRequest(writer: ByteWriter): void {
  writeExtension(writer, ExtensionType.status_request, () => writer.uint8(ocspStatusType).uint16(0).uint16(0));
}

/** Of a certificate's entry. */
export function readStatus(body: Uint8Array): Uint8Array {
  const reader = bodyReader(body);
  if (reader.uint8() !== ocspStatusType) throw new ProtocolFault('ERROR_PARSING_EXTENSION');
  const response = reader.vector24(1);
  reader.end();
  return response;
}

export function writeStatus(writer: ByteWriter, response: Uint8Array): void {
  writeExtension(writer, ExtensionType.status_request, () => {
    writer.uint8(ocspStatusType).open(3);
    const start = writer.length;
    writer.raw(response).close(start, 3);
  });
}
