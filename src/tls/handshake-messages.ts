// What a traced event is: which record, alert or handshake message, and what stands in it, by names and sizes. RFC 9846, Section 4.

import type { TraceEvent } from '../engine/connection.js';
import {
  Alert,
  CipherSuite,
  CipherSuite12,
  ContentType,
  ExtensionType,
  HandshakeType,
  isGrease,
  NamedGroup,
  nameOf,
  ProtocolVersion,
  SignatureScheme,
} from '../protocol/constants.js';

/** A field or an extension of a message: nothing secret. */
export interface TraceDetail {
  readonly name: string;
  readonly text: string;
  /** The entries of a list; those of key_share with the bytes of the share. */
  readonly entries?: readonly TraceEntry[];
}

export interface TraceEntry {
  readonly name: string;
  readonly length?: number;
}

/** One thing that happened on a connection. */
export interface TraceStep {
  readonly sent: boolean;
  readonly kind: 'record' | 'alert' | 'handshake' | 'other';
  /** e.g. `ClientHello`; of a record, its content type; of an alert, its name. */
  readonly name: string;
  /** Bytes of the message, or of the record without its header. */
  readonly length: number;
  /** Of a handshake message. */
  readonly version?: string;
  /** An alert that ends nothing. */
  readonly warning?: boolean;
  readonly details: readonly TraceDetail[];
}

// What an engine calls the header of a record.
const recordHeader = 256;
// A list of a hostile peer is cut here.
const longestList = 32;
const headerLength = 4;

/** Reads big-endian vectors; what is cut off or does not parse reads as empty. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  uint(size: number): number {
    const end = this.#at + size;
    if (end > this.#bytes.length) {
      this.#at = this.#bytes.length;
      return 0;
    }
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at = end;
    return value;
  }

  take(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  vector(lengthSize: number): Uint8Array {
    return this.take(this.uint(lengthSize));
  }
}

/** The structure of one event; what does not parse reads as empty. */
export function readTrace(event: TraceEvent, isServer: boolean): TraceStep {
  const { sent, contentType, bytes, length } = event;
  if (contentType === recordHeader) {
    const reader = new Reader(bytes);
    const name = nameOf(ContentType, reader.uint(1));
    reader.uint(2);
    return { sent, kind: 'record', name, length: reader.uint(2), details: [] };
  }
  if (contentType === ContentType.alert) {
    const [level = 0, alert = 0] = bytes;
    return { sent, kind: 'alert', name: nameOf(Alert, alert), length, warning: level === 1, details: [] };
  }
  if (contentType !== ContentType.handshake) {
    return { sent, kind: 'other', name: nameOf(ContentType, contentType), length, details: [] };
  }
  return {
    sent,
    kind: 'handshake',
    name: messageName(bytes),
    length,
    ...versionOf(bytes, event),
    details: describeMessage(bytes, event, isServer),
  };
}

/** A HelloRetryRequest comes before the version is settled for the engine, and TLS 1.3 alone has it. */
function versionOf(message: Uint8Array, { version }: TraceEvent): { version?: string } {
  return messageName(message) === 'HelloRetryRequest' ? {} : { version: nameOf(ProtocolVersion, version) };
}

// SHA-256 of "HelloRetryRequest". RFC 9846, Section 4.1.3.
const helloRetryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

function isHelloRetryRequest(message: Uint8Array): boolean {
  const random = message.subarray(headerLength + 2, headerLength + 2 + 32);
  return Buffer.from(random).toString('hex') === helloRetryRandom;
}

function messageName(message: Uint8Array): string {
  const type = message[0] ?? 0;
  if (type === HandshakeType.ServerHello && isHelloRetryRequest(message)) return 'HelloRetryRequest';
  return nameOf(HandshakeType, type);
}

function describeMessage(message: Uint8Array, event: TraceEvent, isServer: boolean): TraceDetail[] {
  const reader = new Reader(message.subarray(headerLength));
  const isTls13 = event.version === ProtocolVersion['TLSv1.3'];
  switch (message[0]) {
    case HandshakeType.ClientHello:
      return clientHello(reader);
    case HandshakeType.ServerHello:
      return serverHello(reader);
    case HandshakeType.EncryptedExtensions:
      return extensions(reader, false);
    case HandshakeType.CertificateRequest:
      return isTls13 ? (reader.vector(1), extensions(reader, true)) : [];
    case HandshakeType.Certificate:
      return certificates(reader, isTls13, event.sent === isServer ? 'server' : 'client');
    case HandshakeType.CertificateVerify:
      return [field('signature_scheme', nameOf(SignatureScheme, reader.uint(2)))];
    default:
      return [];
  }
}

function clientHello(reader: Reader): TraceDetail[] {
  reader.take(2 + 32);
  reader.vector(1);
  const suites = list('cipher_suites', reader.vector(2), (suite) => ({ name: suiteName(suite.uint(2)) }));
  reader.vector(1);
  return [suites, ...extensions(reader, true)];
}

function serverHello(reader: Reader): TraceDetail[] {
  reader.take(2 + 32);
  reader.vector(1);
  const suite = suiteName(reader.uint(2));
  reader.uint(1);
  return [field('cipher_suite', suite), ...extensions(reader, false)];
}

function suiteName(id: number): string {
  return offeredName(id < 0x1300 || id > 0x13ff ? CipherSuite12 : CipherSuite, id);
}

/** What a ClientHello names: GREASE means nothing, on purpose. RFC 8701. */
function offeredName(registry: Readonly<Record<string, number>>, id: number): string {
  return isGrease(id) ? 'GREASE' : nameOf(registry, id);
}

function certificates(reader: Reader, isTls13: boolean, whose: string): TraceDetail[] {
  if (isTls13) reader.vector(1);
  const chain = new Reader(reader.vector(3));
  const sizes: number[] = [];
  while (chain.more && sizes.length < longestList) {
    sizes.push(chain.vector(3).length);
    if (isTls13) chain.vector(2);
  }
  const text = sizes.length === 0 ? 'empty' : `${sizes.join(' + ')} bytes`;
  return [{ name: `${whose} chain`, text, entries: sizes.map((length) => ({ name: 'certificate', length })) }];
}

function extensions(reader: Reader, isOffer: boolean): TraceDetail[] {
  const all = new Reader(reader.vector(2));
  const details: TraceDetail[] = [];
  while (all.more && details.length < 2 * longestList) {
    const type = all.uint(2);
    const body = all.vector(2);
    const name = offeredName(ExtensionType, type);
    details.push(
      extensionDetail(type, name, new Reader(body), body.length, isOffer) ?? field(name, `${body.length} bytes`),
    );
  }
  return details;
}

/** Only what is no secret and no identifier; undefined shows the size. */
function extensionDetail(
  type: number,
  name: string,
  body: Reader,
  length: number,
  isOffer: boolean,
): TraceDetail | undefined {
  switch (type) {
    case ExtensionType.server_name:
      if (!isOffer || length === 0) return field(name, 'acknowledged');
      return list(name, body.vector(2), (entry) => (entry.uint(1), { name: printable(entry.vector(2)) }));
    case ExtensionType.supported_groups:
      return list(name, body.vector(2), (group) => ({ name: offeredName(NamedGroup, group.uint(2)) }));
    case ExtensionType.signature_algorithms:
    case ExtensionType.signature_algorithms_cert:
      return list(name, body.vector(2), (scheme) => ({ name: offeredName(SignatureScheme, scheme.uint(2)) }));
    case ExtensionType.application_layer_protocol_negotiation:
      return list(name, body.vector(2), (protocol) => ({ name: printable(protocol.vector(1)) }));
    case ExtensionType.supported_versions:
      if (!isOffer) return field(name, nameOf(ProtocolVersion, body.uint(2)));
      return list(name, body.vector(1), (version) => ({ name: offeredName(ProtocolVersion, version.uint(2)) }));
    case ExtensionType.key_share:
      if (isOffer) return list(name, body.vector(2), keyShare);
      // A HelloRetryRequest has the group alone. RFC 9846, Section 4.2.8.
      if (length === 2) return field(name, nameOf(NamedGroup, body.uint(2)));
      return joined(name, [keyShare(body)], false);
    default:
      return undefined;
  }
}

function keyShare(entry: Reader): TraceEntry {
  return { name: offeredName(NamedGroup, entry.uint(2)), length: entry.vector(2).length };
}

function field(name: string, text: string): TraceDetail {
  return { name, text };
}

function list(name: string, bytes: Uint8Array, read: (reader: Reader) => TraceEntry): TraceDetail {
  const reader = new Reader(bytes);
  const entries: TraceEntry[] = [];
  while (reader.more && entries.length < longestList) entries.push(read(reader));
  return joined(name, entries, reader.more);
}

function joined(name: string, entries: readonly TraceEntry[], isCut: boolean): TraceDetail {
  const texts = entries.map((entry) =>
    entry.length === undefined ? entry.name : `${entry.name} (${entry.length} bytes)`,
  );
  return { name, text: [...texts, ...(isCut ? ['...'] : [])].join(', '), entries };
}

/** A peer's text must not write to the terminal. */
function printable(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString('latin1')).replaceAll(/[^ -~]/g, '?');
}
