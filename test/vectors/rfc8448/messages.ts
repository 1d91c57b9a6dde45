// The messages of RFC 8448's traces that this library would write otherwise, made from their fields. RFC 8448, Sections 3 to 7.
//
// Its authors' client and server are NSS: they send other extensions than ours, and in another order.

import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import type { ByteWriter } from '#src/protocol/codec.js';
import { ExtensionType, HandshakeType, helloRetryRequestRandom, NamedGroup } from '#src/protocol/constants.js';
import { writeExtension, writeExtensions } from '#src/protocol/extensions/extension-list.js';
import {
  writeClientShares,
  writeRequestedGroup,
  writeServerShare,
  type KeyShareEntry,
} from '#src/protocol/extensions/key-share.js';
import {
  writePskWithDhe,
  writeRecordSizeLimit,
  writeSelectedVersion,
  writeShortUint16List,
  writeUint16List,
} from '#src/protocol/extensions/number-lists.js';
import { bindersLengthOf, writeOfferedPsk, writeSelectedIdentity } from '#src/protocol/extensions/pre-shared-key.js';
import { writeServerName } from '#src/protocol/extensions/server-name.js';
import { EarlySecret } from '#src/protocol/key-schedule.js';
import { finishMessage, startMessage } from '#src/protocol/messages/message.js';
import { writeServerHello } from '#src/protocol/messages/server-hello.js';
import { cookie, ticket, type Trace } from './traces.js';

export const bytesOfHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

/** TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_256_GCM_SHA384. */
const suites = [0x1301, 0x1303, 0x1302];
const ellipticGroups = [NamedGroup.X25519, NamedGroup.secp256r1, NamedGroup.secp384r1];
const x25519Last = [NamedGroup.secp256r1, NamedGroup.secp384r1, NamedGroup.X25519];
/** With secp521r1 and the five finite fields of RFC 7919. */
const allGroups = [...ellipticGroups, NamedGroup.secp521r1, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104];
/** With those of DSA, which TLS 1.3 does not know. */
export const offeredSchemes = [
  0x0403, 0x0503, 0x0603, 0x0203, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, 0x0402, 0x0502, 0x0602,
  0x0202,
];
/** The most content of a record, with its type. */
export const recordSizeLimit = 0x4001;

interface TraceHello {
  readonly shares: readonly KeyShareEntry[];
  readonly groups?: 'elliptic' | 'all';
  /** An empty session_ticket. */
  readonly sessionTicket?: boolean;
  readonly earlyData?: boolean;
  readonly cookie?: boolean;
  /** Bytes of the padding extension. */
  readonly padding?: number;
  /** Section 4. */
  readonly resumes?: boolean;
}

export function clientHello(trace: Trace, hello: TraceHello): Uint8Array {
  const writer = startMessage(HandshakeType.ClientHello);
  writer.uint16(0x0303).raw(bytesOfHex(trace.clientRandom)).vector8(bytesOfHex(trace.sessionId));
  writer.uint16(2 * suites.length);
  for (const suite of suites) writer.uint16(suite);
  writer.uint8(1).uint8(0);
  writeExtensions(writer, () => {
    writeServerName(writer, 'server');
    writeExtension(writer, ExtensionType.renegotiation_info, () => writer.uint8(0));
    writeUint16List(
      writer,
      ExtensionType.supported_groups,
      hello.groups === 'elliptic' ? ellipticGroups : allGroups,
    );
    if (hello.sessionTicket === true) writeExtension(writer, ExtensionType.session_ticket);
    writeClientShares(writer, hello.shares);
    if (hello.earlyData === true) writeExtension(writer, ExtensionType.early_data);
    writeShortUint16List(writer, ExtensionType.supported_versions, [0x0304]);
    writeUint16List(writer, ExtensionType.signature_algorithms, offeredSchemes);
    if (hello.cookie === true) writeCookie(writer);
    writePskWithDhe(writer);
    writeRecordSizeLimit(writer, recordSizeLimit);
    const { padding } = hello;
    if (padding !== undefined) {
      writeExtension(writer, ExtensionType.padding, () => writer.raw(new Uint8Array(padding)));
    }
    if (hello.resumes === true) {
      const { identity, obfuscatedAge } = ticket;
      writeOfferedPsk(writer, { identity: bytesOfHex(identity), obfuscatedAge }, binderLength);
    }
  });
  const message = finishMessage(writer);
  if (hello.resumes === true) bind(message);
  return message;
}

const binderLength = 32;

function bind(message: Uint8Array): void {
  const truncated = message.subarray(0, message.length - bindersLengthOf(binderLength));
  const early = new EarlySecret(nodePrimitives, 'sha256', bytesOfHex(ticket.preSharedKey));
  message.set(early.binder(nodePrimitives.hash('sha256', truncated)), message.length - binderLength);
}

function writeCookie(writer: ByteWriter): void {
  writeExtension(writer, ExtensionType.cookie, () => writer.vector16(bytesOfHex(cookie)));
}

export function serverHello(trace: Trace, share: KeyShareEntry, resumes = false): Uint8Array {
  return writeServerHello(bytesOfHex(trace.serverRandom), bytesOfHex(trace.sessionId), 0x1301, (writer) => {
    if (resumes) writeSelectedIdentity(writer, 0);
    writeServerShare(writer, share);
    writeSelectedVersion(writer);
  });
}

export function helloRetryRequest(): Uint8Array {
  return writeServerHello(helloRetryRequestRandom, new Uint8Array(0), 0x1301, (writer) => {
    writeRequestedGroup(writer, NamedGroup.secp256r1);
    writeCookie(writer);
    writeSelectedVersion(writer);
  });
}

interface TraceEncryptedExtensions {
  /** A server's own order. */
  readonly groups: 'X25519 last' | 'all';
  readonly earlyData?: boolean;
}

export function encryptedExtensions({ groups, earlyData }: TraceEncryptedExtensions): Uint8Array {
  const writer = startMessage(HandshakeType.EncryptedExtensions);
  writeExtensions(writer, () => {
    writeUint16List(writer, ExtensionType.supported_groups, groups === 'all' ? allGroups : x25519Last);
    writeRecordSizeLimit(writer, recordSizeLimit);
    writeExtension(writer, ExtensionType.server_name);
    if (earlyData === true) writeExtension(writer, ExtensionType.early_data);
  });
  return finishMessage(writer);
}

export function certificateRequest(): Uint8Array {
  const writer = startMessage(HandshakeType.CertificateRequest);
  writer.uint8(0);
  writeExtensions(writer, () => writeUint16List(writer, ExtensionType.signature_algorithms, offeredSchemes));
  return finishMessage(writer);
}

export function newSessionTicket(): Uint8Array {
  const { lifetime, ageAdd, nonce, identity, maxEarlyData } = ticket;
  const writer = startMessage(HandshakeType.NewSessionTicket).uint32(lifetime).uint32(ageAdd);
  writer.vector8(bytesOfHex(nonce)).vector16(bytesOfHex(identity));
  writeExtensions(writer, () => writeExtension(writer, ExtensionType.early_data, () => writer.uint32(maxEarlyData)));
  return finishMessage(writer);
}

/** RFC 9846, Section 4.6. */
export const endOfEarlyData = finishMessage(startMessage(HandshakeType.EndOfEarlyData));
