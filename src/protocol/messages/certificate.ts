// Certificate, CertificateRequest and CompressedCertificate. RFC 9846, Sections 4.3.2 and 4.5.2; RFC 8879, Section 4.

import { ByteReader, type ByteWriter } from '../codec.js';
import { ExtensionType, HandshakeType } from '../constants.js';
import {
  allowOnly,
  bodyReader,
  readExtensions,
  refuseMisplaced,
  writeExtension,
  writeExtensions,
  type ExtensionList,
} from '../extensions/extension-list.js';
import {
  readShortUint16List,
  readUint16List,
  writeShortUint16List,
  writeUint16List,
} from '../extensions/number-lists.js';
import { readStatus, writeStatus } from '../extensions/status-request.js';
import { ProtocolFault } from '../faults.js';
import { messageHeaderLength } from './client-hello.js';
import { finishMessage, startMessage } from './message.js';

export interface CertificateMessage {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Of the leaf's, DER. */
  readonly ocspResponse: Uint8Array | undefined;
}

/** Outside of post-handshake authentication the request's context is empty, and so is the answer's. */
export function readCertificate(body: Uint8Array, asked: { readonly ocsp: boolean }): CertificateMessage {
  const reader = new ByteReader(body);
  if (reader.vector8().length > 0) throw reader.fault();
  const entries = new ByteReader(reader.vector24());
  reader.end();
  const chain: Uint8Array[] = [];
  let ocspResponse: Uint8Array | undefined;
  while (entries.remaining > 0) {
    chain.push(entries.vector24(1));
    const extensions = readExtensions(entries);
    allowOnly(extensions, (type) => asked.ocsp && type === ExtensionType.status_request);
    const status = extensions.get(ExtensionType.status_request);
    if (status === undefined) continue;
    const response = readStatus(status);
    // Those of the others are not used.
    if (chain.length === 1) ocspResponse = response;
  }
  return { chain, ocspResponse };
}

export function writeCertificate(chain: readonly Uint8Array[], ocspResponse?: Uint8Array): Uint8Array {
  const writer = startMessage(HandshakeType.Certificate);
  writer.uint8(0).open(3);
  const start = writer.length;
  for (const [index, certificate] of chain.entries()) {
    writer.open(3);
    const at = writer.length;
    writer.raw(certificate).close(at, 3);
    writeExtensions(writer, () => {
      if (index === 0 && ocspResponse !== undefined) writeStatus(writer, ocspResponse);
    });
  }
  writer.close(start, 3);
  return finishMessage(writer);
}

export interface CompressedCertificate {
  readonly algorithm: number;
  readonly uncompressedLength: number;
  readonly compressed: Uint8Array;
}

export function readCompressedCertificate(bytes: Uint8Array): CompressedCertificate {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const algorithm = reader.uint16();
  const uncompressedLength = reader.uint24();
  const compressed = reader.vector24(1);
  reader.end();
  return { algorithm, uncompressedLength, compressed };
}

export function writeCompressedCertificate(message: CompressedCertificate): Uint8Array {
  const writer = startMessage(HandshakeType.CompressedCertificate);
  writer.uint16(message.algorithm).uint24(message.uncompressedLength).open(3);
  const start = writer.length;
  writer.raw(message.compressed).close(start, 3);
  return finishMessage(writer);
}

export interface CertificateRequest {
  readonly signatureSchemes: readonly number[];
  /** RFC 8879 numbers that the peer decompresses. */
  readonly compression: readonly number[];
}

const ofCertificateRequest: ReadonlySet<number> = new Set([
  ExtensionType.status_request,
  ExtensionType.signature_algorithms,
  ExtensionType.signed_certificate_timestamp,
  ExtensionType.compress_certificate,
  ExtensionType.certificate_authorities,
  ExtensionType.oid_filters,
  ExtensionType.signature_algorithms_cert,
]);

export function readCertificateRequest(bytes: Uint8Array): CertificateRequest {
  const reader = new ByteReader(bytes, messageHeaderLength);
  // Only post-handshake authentication, which was not offered, has a context. Section 4.3.2.
  if (reader.vector8().length > 0) throw reader.fault();
  const extensions: ExtensionList = readExtensions(reader);
  reader.end();
  refuseMisplaced(extensions, ofCertificateRequest);
  const signatureSchemes = readUint16List(extensions, ExtensionType.signature_algorithms);
  if (signatureSchemes === undefined) throw new ProtocolFault('MISSING_EXTENSION');
  readUint16List(extensions, ExtensionType.signature_algorithms_cert);
  checkAuthorities(extensions);
  return {
    signatureSchemes,
    compression: readShortUint16List(extensions, ExtensionType.compress_certificate) ?? [],
  };
}

/** Which certificate fits is not chosen by them; but they have to parse. Section 4.2.4. */
function checkAuthorities(extensions: ExtensionList): void {
  const body = extensions.get(ExtensionType.certificate_authorities);
  if (body === undefined) return;
  const reader = bodyReader(body);
  const names = bodyReader(reader.vector16(3));
  reader.end();
  while (names.remaining > 0) names.vector16(1);
}

export function writeCertificateRequest(
  signatureSchemes: readonly number[],
  compression: readonly number[],
  authorities: readonly Uint8Array[],
): Uint8Array {
  const writer = startMessage(HandshakeType.CertificateRequest);
  writer.uint8(0);
  writeExtensions(writer, () => {
    writeUint16List(writer, ExtensionType.signature_algorithms, signatureSchemes);
    if (compression.length > 0) writeShortUint16List(writer, ExtensionType.compress_certificate, compression);
    if (authorities.length > 0) writeAuthorities(writer, authorities);
  });
  return finishMessage(writer);
}

function writeAuthorities(writer: ByteWriter, authorities: readonly Uint8Array[]): void {
  writeExtension(writer, ExtensionType.certificate_authorities, () => {
    writer.open(2);
    const start = writer.length;
    for (const name of authorities) writer.vector16(name);
    writer.close(start, 2);
  });
}
