// Extensions that are lists of numbers: groups, signature schemes, versions, modes, compressions. RFC 9846, Section 4.2.

import type { ByteWriter } from '../codec.js';
import { ExtensionType, ProtocolVersion, PskKeyExchangeMode } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

/** supported_groups, signature_algorithms: two-byte numbers behind a two-byte length. Undefined where it is not there. */
export function readUint16List(list: ExtensionList, type: number): number[] | undefined {
  const body = list.get(type);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const values = reader.uint16List(reader.vector16());
  reader.end();
  return values;
}

export function writeUint16List(writer: ByteWriter, type: number, values: readonly number[]): void {
  writeExtension(writer, type, () => {
    writer.uint16(2 * values.length);
    for (const value of values) writer.uint16(value);
  });
}

/** supported_versions of a ClientHello, compress_certificate: behind a one-byte length. */
export function readShortUint16List(list: ExtensionList, type: number): number[] | undefined {
  const body = list.get(type);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const values = reader.uint16List(reader.vector8());
  reader.end();
  return values;
}

export function writeShortUint16List(writer: ByteWriter, type: number, values: readonly number[]): void {
  writeExtension(writer, type, () => {
    writer.uint8(2 * values.length);
    for (const value of values) writer.uint16(value);
  });
}

/** supported_versions of a ServerHello or HelloRetryRequest; undefined where it is not there. Section 4.2.1. */
export function readSelectedVersion(list: ExtensionList): number | undefined {
  const body = list.get(ExtensionType.supported_versions);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const version = reader.uint16();
  reader.end();
  return version;
}

export function writeSelectedVersion(writer: ByteWriter): void {
  writeExtension(writer, ExtensionType.supported_versions, () => writer.uint16(ProtocolVersion['TLSv1.3']));
}

/** psk_key_exchange_modes: whether psk_dhe_ke is there; undefined without the extension. Section 4.2.9. */
export function readsPskWithDhe(list: ExtensionList): boolean | undefined {
  const body = list.get(ExtensionType.psk_key_exchange_modes);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const modes = reader.vector8(1);
  reader.end();
  return modes.includes(PskKeyExchangeMode.psk_dhe_ke);
}

export function writePskWithDhe(writer: ByteWriter): void {
  writeExtension(writer, ExtensionType.psk_key_exchange_modes, () =>
    writer.uint8(1).uint8(PskKeyExchangeMode.psk_dhe_ke),
  );
}

/** max_fragment_length: the most content of a record, in bytes. RFC 6066, Section 4. */
export function readMaxFragmentLength(list: ExtensionList): number | undefined {
  const body = list.get(ExtensionType.max_fragment_length);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const exponent = reader.uint8();
  reader.end();
  if (exponent < 1 || exponent > 4) throw new ProtocolFault('INVALID_MAX_FRAGMENT_LENGTH');
  return 2 ** (8 + exponent);
}

export function writeMaxFragmentLength(writer: ByteWriter, length: number): void {
  writeExtension(writer, ExtensionType.max_fragment_length, () => writer.uint8(Math.log2(length) - 8));
}

/** record_size_limit: how long a record may be that the peer takes. RFC 8449, Section 4. */
export function readRecordSizeLimit(list: ExtensionList): number | undefined {
  const body = list.get(ExtensionType.record_size_limit);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const limit = reader.uint16();
  reader.end();
  if (limit < smallestRecordSizeLimit) throw new ProtocolFault('INVALID_RECORD_SIZE_LIMIT');
  return limit;
}

// RFC 8449, Section 4.
const smallestRecordSizeLimit = 64;

export function writeRecordSizeLimit(writer: ByteWriter, limit: number): void {
  writeExtension(writer, ExtensionType.record_size_limit, () => writer.uint16(limit));
}
