// ServerHello and HelloRetryRequest, which look alike. RFC 9846, Sections 4.1.3 and 4.1.4.

import { ByteReader, sameBytes, type ByteWriter } from '../codec.js';
import { HandshakeType, helloRetryRequestRandom, ProtocolVersion } from '../constants.js';
import { readExtensions, writeExtensions, type ExtensionList } from '../extensions/extension-list.js';
import { messageHeaderLength } from './client-hello.js';
import { finishMessage, startMessage } from './message.js';

export interface ServerHello {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly isRetry: boolean;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  readonly extensions: ExtensionList;
}

const longestSessionId = 32;

export function readServerHello(bytes: Uint8Array): ServerHello {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const legacyVersion = reader.uint16();
  const random = reader.take(32);
  const sessionId = reader.vector8();
  if (sessionId.length > longestSessionId) throw reader.fault();
  const cipherSuite = reader.uint16();
  const compressionMethod = reader.uint8();
  // TLS 1.2 has them or not.
  const extensions = reader.remaining === 0 ? new Map<number, Uint8Array>() : readExtensions(reader);
  reader.end();
  const isRetry = sameBytes(random, helloRetryRequestRandom);
  return { legacyVersion, random, isRetry, sessionId, cipherSuite, compressionMethod, extensions };
}

export function writeServerHello(
  random: Uint8Array,
  sessionId: Uint8Array,
  cipherSuite: number,
  write: (writer: ByteWriter) => void,
): Uint8Array {
  const writer = startMessage(HandshakeType.ServerHello);
  writer.uint16(ProtocolVersion['TLSv1.2']).raw(random).vector8(sessionId).uint16(cipherSuite).uint8(0);
  writeExtensions(writer, () => write(writer));
  return finishMessage(writer);
}
