// enableTrace: what happens on a connection as text, by names and sizes, never by content that is secret.

import type { Connection, TraceEvent } from '../engine/connection.js';
import {
  Alert,
  CipherSuite,
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  nameOf,
  ProtocolVersion,
  SignatureScheme,
} from '../protocol/constants.js';

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

/** Shows everything from now on on stderr. */
export function startTrace(connection: Connection, isServer: boolean): void {
  const side = isServer ? 'server' : 'client';
  const print = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  connection.enableTrace(
    (event) => print(`pqtls ${side}: ${describeTrace(event, isServer)}`),
    (count) => print(`pqtls ${side}: ... ${count} more`),
  );
}

/** One event as text: a line, and indented lines of details. */
export function describeTrace(event: TraceEvent, isServer: boolean): string {
  const direction = event.sent ? 'Sent' : 'Received';
  const { contentType, bytes, length } = event;
  if (contentType === recordHeader) {
    const reader = new Reader(bytes);
    const type = nameOf(ContentType, reader.uint(1));
    reader.uint(2);
    return `${direction} Record: ${type}, ${reader.uint(2)} bytes`;
  }
  if (contentType === ContentType.alert) {
    const [level = 0, alert = 0] = bytes;
    return `${direction} Alert: ${nameOf(Alert, alert)}${level === 1 ? ' (warning)' : ''}`;
  }
  if (contentType !== ContentType.handshake) return `${direction} ${nameOf(ContentType, contentType)}, ${length} bytes`;
  const version = nameOf(ProtocolVersion, event.version);
  const lines = describeMessage(bytes, event, isServer);
  const title = `${direction} ${messageName(bytes)}, ${length} bytes, ${version}`;
  return [title, ...lines.map((line) => `    ${line}`)].join('\n');
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

function describeMessage(message: Uint8Array, event: TraceEvent, isServer: boolean): string[] {
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
      return [`signature_scheme: ${nameOf(SignatureScheme, reader.uint(2))}`];
    default:
      return [];
  }
}

function clientHello(reader: Reader): string[] {
  reader.take(2 + 32);
  reader.vector(1);
  const suites = list(reader.vector(2), (suite) => nameOf(CipherSuite, suite.uint(2)));
  reader.vector(1);
  return [`cipher_suites: ${suites}`, ...extensions(reader, true)];
}

function serverHello(reader: Reader): string[] {
  reader.take(2 + 32);
  reader.vector(1);
  const suite = nameOf(CipherSuite, reader.uint(2));
  reader.uint(1);
  return [`cipher_suite: ${suite}`, ...extensions(reader, false)];
}

function certificates(reader: Reader, isTls13: boolean, whose: string): string[] {
  if (isTls13) reader.vector(1);
  const chain = new Reader(reader.vector(3));
  const sizes: number[] = [];
  while (chain.more && sizes.length < longestList) {
    sizes.push(chain.vector(3).length);
    if (isTls13) chain.vector(2);
  }
  return [`${whose} chain: ${sizes.length === 0 ? 'empty' : `${sizes.join(' + ')} bytes`}`];
}

function extensions(reader: Reader, isOffer: boolean): string[] {
  const all = new Reader(reader.vector(2));
  const lines: string[] = [];
  while (all.more && lines.length < 2 * longestList) {
    const type = all.uint(2);
    const body = all.vector(2);
    const detail = extensionDetail(type, new Reader(body), body.length, isOffer);
    lines.push(`${nameOf(ExtensionType, type)}: ${detail ?? `${body.length} bytes`}`);
  }
  return lines;
}

/** Only what is no secret and no identifier; undefined shows the size. */
function extensionDetail(type: number, body: Reader, length: number, isOffer: boolean): string | undefined {
  switch (type) {
    case ExtensionType.server_name:
      if (!isOffer || length === 0) return 'acknowledged';
      return list(body.vector(2), (name) => (name.uint(1), printable(name.vector(2))));
    case ExtensionType.supported_groups:
      return list(body.vector(2), (group) => nameOf(NamedGroup, group.uint(2)));
    case ExtensionType.signature_algorithms:
    case ExtensionType.signature_algorithms_cert:
      return list(body.vector(2), (scheme) => nameOf(SignatureScheme, scheme.uint(2)));
    case ExtensionType.application_layer_protocol_negotiation:
      return list(body.vector(2), (protocol) => printable(protocol.vector(1)));
    case ExtensionType.supported_versions:
      if (!isOffer) return nameOf(ProtocolVersion, body.uint(2));
      return list(body.vector(1), (version) => nameOf(ProtocolVersion, version.uint(2)));
    case ExtensionType.key_share:
      if (isOffer) return list(body.vector(2), keyShare);
      // A HelloRetryRequest has the group alone. RFC 9846, Section 4.2.8.
      return length === 2 ? nameOf(NamedGroup, body.uint(2)) : keyShare(body);
    default:
      return undefined;
  }
}

function keyShare(entry: Reader): string {
  return `${nameOf(NamedGroup, entry.uint(2))} (${entry.vector(2).length} bytes)`;
}

function list(bytes: Uint8Array, read: (reader: Reader) => string): string {
  const reader = new Reader(bytes);
  const names: string[] = [];
  while (reader.more && names.length < longestList) names.push(read(reader));
  if (reader.more) names.push('...');
  return names.join(', ');
}

/** A peer's text must not write to the terminal. */
function printable(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString('latin1')).replaceAll(/[^ -~]/g, '?');
}
