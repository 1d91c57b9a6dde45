// ClientHello, written: what a client offers. RFC 9846, Section 4.1.2.

import { tlsHashLengths } from '../crypto/tls/primitives.js';
import { suiteOf } from './cipher-suites.js';
import type { ByteWriter } from './codec.js';
import { CipherSuite, ExtensionType, HandshakeType, ProtocolVersion, SignatureScheme } from './constants.js';
import type { ClientConfig } from './config.js';
import { writeProtocols } from './extensions/application-protocols.js';
import { writeCookie } from './extensions/cookie.js';
import { writeExtensions } from './extensions/extension-list.js';
import { writeClientShares, type KeyShareEntry } from './extensions/key-share.js';
import {
  writePskWithDhe,
  writeRecordSizeLimit,
  writeShortUint16List,
  writeUint16List,
} from './extensions/number-lists.js';
import { bindersLengthOf, writeOfferedPsk } from './extensions/pre-shared-key.js';
import { writeServerName } from './extensions/server-name.js';
import { writeStatusRequest } from './extensions/status-request.js';
import { EarlySecret } from './key-schedule.js';
import { finishMessage, startMessage } from './messages/message.js';
import type { SessionState } from './session-state.js';
import type { TranscriptHash } from './transcript.js';

/** What changes from the first ClientHello to a second. */
export interface HelloContent {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  /** IANA numbers. */
  readonly groups: readonly number[];
  readonly shares: readonly KeyShareEntry[];
  readonly cookie: Uint8Array | undefined;
  readonly session: SessionState | undefined;
  /** RFC 8879 numbers that can be decompressed. */
  readonly compression: readonly number[];
}

/** The message, with its binder, which the transcript so far goes into. */
export function writeClientHello(config: ClientConfig, content: HelloContent, transcript: TranscriptHash): Uint8Array {
  const { random, sessionId } = content;
  const writer = startMessage(HandshakeType.ClientHello);
  writer.uint16(ProtocolVersion['TLSv1.2']).raw(random).vector8(sessionId);
  const { suites } = config.context;
  writer.uint16(2 * suites.length);
  for (const name of suites) writer.uint16(CipherSuite[name]);
  // legacy_compression_methods: null.
  writer.uint8(1).uint8(0);
  writeExtensions(writer, () => writeAll(writer, config, content));
  const message = finishMessage(writer);
  if (content.session !== undefined) bind(config, content.session, message, transcript);
  return message;
}

function writeAll(writer: ByteWriter, config: ClientConfig, content: HelloContent): void {
  const { context, serverName, protocols, requestOcsp, recordSizeLimit } = config;
  if (serverName !== undefined) writeServerName(writer, serverName);
  writeUint16List(writer, ExtensionType.supported_groups, content.groups);
  writeUint16List(
    writer,
    ExtensionType.signature_algorithms,
    context.schemes.map((name) => SignatureScheme[name]),
  );
  if (protocols !== undefined && protocols.length > 0) writeProtocols(writer, protocols);
  if (requestOcsp === true) writeStatusRequest(writer);
  if (content.compression.length > 0) {
    writeShortUint16List(writer, ExtensionType.compress_certificate, content.compression);
  }
  if (recordSizeLimit !== undefined) writeRecordSizeLimit(writer, recordSizeLimit);
  writeShortUint16List(writer, ExtensionType.supported_versions, [ProtocolVersion['TLSv1.3']]);
  if (content.cookie !== undefined) writeCookie(writer, content.cookie);
  writePskWithDhe(writer);
  writeClientShares(writer, content.shares);
  // The last one, always.
  if (content.session !== undefined) writeSession(writer, config, content.session);
}

function writeSession(writer: ByteWriter, config: ClientConfig, session: SessionState): void {
  const age = config.environment.now() - session.createdAt;
  // Modulo 2^32, so that nobody on the path sees how old it is. RFC 9846, Section 4.2.11.1.
  const obfuscatedAge = (age + session.ageAdd) % 2 ** 32;
  writeOfferedPsk(writer, { identity: session.ticket, obfuscatedAge }, hashLengthOf(session));
}

function bind(config: ClientConfig, session: SessionState, message: Uint8Array, transcript: TranscriptHash): void {
  const suite = suiteOf(session.cipherSuite);
  if (suite === undefined) return;
  const truncated = message.subarray(0, message.length - bindersLengthOf(hashLengthOf(session)));
  const early = new EarlySecret(config.environment.primitives, suite.hash, session.preSharedKey);
  const binder = early.binder(transcript.digestWith(suite.hash, truncated));
  early.destroy();
  message.set(binder, message.length - binder.length);
}

function hashLengthOf(session: SessionState): number {
  return tlsHashLengths[suiteOf(session.cipherSuite)?.hash ?? 'sha256'];
}
