// CertificateVerify, and what it signs. RFC 9846, Section 4.5.3.

import { ByteReader, bytesOfLatin1 } from '../codec.js';
import { HandshakeType } from '../constants.js';
import { messageMemory } from '../message-memory.js';
import { messageHeaderLength } from './client-hello.js';
import { finishMessage, startMessage } from './message.js';

export interface CertificateVerify {
  readonly scheme: number;
  readonly signature: Uint8Array;
}

export function readCertificateVerify(bytes: Uint8Array): CertificateVerify {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const scheme = reader.uint16();
  const signature = reader.vector16();
  reader.end();
  return { scheme, signature };
}

export function writeCertificateVerify({ scheme, signature }: CertificateVerify): Uint8Array {
  return finishMessage(startMessage(HandshakeType.CertificateVerify).uint16(scheme).vector16(signature));
}

const prefixes = {
  server: contextOf('TLS 1.3, server CertificateVerify'),
  client: contextOf('TLS 1.3, client CertificateVerify'),
} as const;

/** What the key of a certificate signs. */
export function signedContent(side: 'server' | 'client', transcript: Uint8Array): Uint8Array {
  const prefix = prefixes[side];
  const content = messageMemory(prefix.length + transcript.length);
  content.set(prefix);
  content.set(transcript, prefix.length);
  return content;
}

/** 64 spaces, the context string and a zero. */
function contextOf(text: string): Uint8Array {
  return bytesOfLatin1(`${' '.repeat(64)}${text}\0`);
}
