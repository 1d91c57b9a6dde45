// What a trace shows of the messages of the TypeScript engine: as much as is no secret and says something.

import { ContentType, HandshakeType, ProtocolVersion } from '../protocol/constants.js';
import type { Endpoint, Observer } from '../protocol/endpoint.js';
import type { TraceEvent } from './connection.js';

/** Shown whole, up to a bound. */
const tracedMessages: ReadonlySet<number> = new Set([
  HandshakeType.ClientHello,
  HandshakeType.ServerHello,
  HandshakeType.EncryptedExtensions,
  HandshakeType.CertificateRequest,
  HandshakeType.Certificate,
]);
const maxTracedBytes = 32 * 1024;
const headerLength = 4;
/** What a TraceEvent has in place of a content type. */
const recordHeader = 256;

/** Tells of every message and record from now on. */
export function trace({ observer }: Endpoint, sink: (event: TraceEvent) => void): void {
  const onMessage: Observer['message'] = (sent, contentType, bytes) => {
    const shown = bytes.subarray(0, tracedLength(contentType, bytes));
    const version = ProtocolVersion['TLSv1.3'];
    sink({ sent, version, contentType, length: bytes.length, bytes: Buffer.from(shown) });
  };
  const onRecord: Observer['record'] = (sent, header) => {
    sink({ sent, version: 0, contentType: recordHeader, length: header.length, bytes: Buffer.from(header) });
  };
  observer.message = onMessage;
  observer.record = onRecord;
}

function tracedLength(contentType: number, bytes: Uint8Array): number {
  if (contentType === ContentType.alert) return 2;
  if (contentType !== ContentType.handshake) return 0;
  const [type = -1] = bytes;
  if (tracedMessages.has(type)) return maxTracedBytes;
  return type === HandshakeType.CertificateVerify ? headerLength + 2 : headerLength;
}
