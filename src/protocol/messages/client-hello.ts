// ClientHello, read. RFC 9846, Section 4.1.2.

import { ByteReader } from '../codec.js';
import { readExtensions, type ExtensionList } from '../extensions/extension-list.js';

/** Of a handshake message's header. */
export const messageHeaderLength = 4;

export interface ClientHello {
  readonly legacyVersion: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: Uint8Array;
  readonly extensions: ExtensionList;
  /** The message, with its header. */
  readonly bytes: Uint8Array;
}

const longestSessionId = 32;

export function readClientHello(bytes: Uint8Array): ClientHello {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const legacyVersion = reader.uint16();
  const random = reader.take(32);
  const sessionId = reader.vector8();
  if (sessionId.length > longestSessionId) throw reader.fault();
  const cipherSuites = reader.uint16List(reader.vector16(2));
  const compressionMethods = reader.vector8(1);
  // A client of old has none.
  const extensions = reader.remaining === 0 ? new Map<number, Uint8Array>() : readExtensions(reader);
  reader.end();
  return { legacyVersion, random, sessionId, cipherSuites, compressionMethods, extensions, bytes };
}
