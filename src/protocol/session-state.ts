// What is left of a handshake for the next one: the client keeps it, the server seals it into the ticket. RFC 9846, Section 4.7.1.

import { ByteReader, bytesOfLatin1, ByteWriter, copyOf, latin1 } from './codec.js';
import { ProtocolFault } from './faults.js';

export interface SessionState {
  /** IANA number. */
  readonly cipherSuite: number;
  /** Secret. */
  readonly preSharedKey: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Seconds. */
  readonly lifetime: number;
  readonly ageAdd: number;
  /** Every key exchange that it descends from has a post-quantum component. */
  readonly postQuantum: boolean;
  readonly serverName: string;
  /** Of the peer, DER, leaf first. */
  readonly peerChain: readonly Uint8Array[];
  /** A server's: what it is bound to. */
  readonly context: Uint8Array;
  /** A client's. */
  readonly ticket: Uint8Array;
}

const format = 0x54;
const version = 1;

/** In memory of its own, the caller's to wipe or to hand out: it holds the key. */
export function encodeSession(session: SessionState): Uint8Array {
  const writer = new ByteWriter().uint8(format).uint8(version).uint16(session.cipherSuite);
  writer.vector8(session.preSharedKey);
  writer.uint32(Math.floor(session.createdAt / 2 ** 32)).uint32(session.createdAt % 2 ** 32);
  writer
    .uint32(session.lifetime)
    .uint32(session.ageAdd)
    .uint8(session.postQuantum ? 1 : 0);
  writer.vector16(bytesOfLatin1(session.serverName)).vector8(session.context).vector16(session.ticket).open(3);
  const start = writer.length;
  for (const certificate of session.peerChain) {
    writer.open(3);
    const at = writer.length;
    writer.raw(certificate).close(at, 3);
  }
  writer.close(start, 3);
  return writer.finish();
}

/** undefined for bytes that are not of ours. */
export function decodeSession(bytes: Uint8Array): SessionState | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof ProtocolFault) return undefined;
    throw error;
  }
}

function decode(bytes: Uint8Array): SessionState | undefined {
  const reader = new ByteReader(bytes);
  if (reader.uint8() !== format || reader.uint8() !== version) return undefined;
  const cipherSuite = reader.uint16();
  const preSharedKey = copyOf(reader.vector8(1));
  const createdAt = reader.uint32() * 2 ** 32 + reader.uint32();
  const lifetime = reader.uint32();
  const ageAdd = reader.uint32();
  const postQuantum = reader.uint8() === 1;
  const serverName = latin1(reader.vector16());
  const context = copyOf(reader.vector8());
  const ticket = copyOf(reader.vector16());
  const certificates = new ByteReader(reader.vector24());
  reader.end();
  const peerChain: Uint8Array[] = [];
  while (certificates.remaining > 0) peerChain.push(copyOf(certificates.vector24(1)));
  return {
    cipherSuite,
    preSharedKey,
    createdAt,
    lifetime,
    ageAdd,
    postQuantum,
    serverName,
    peerChain,
    context,
    ticket,
  };
}

/** Whether it may still be resumed. A clock that was set back makes it too old. */
export function isFresh({ createdAt, lifetime }: SessionState, now: number): boolean {
  const age = now - createdAt;
  return age >= 0 && age < lifetime * 1000;
}
