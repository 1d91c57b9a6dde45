// A handshake message taken apart, so that a test can change its parts and put it together again. RFC 9846, Section 4.

import { HandshakeType } from '#src/protocol/constants.js';

export class MessageDraft {
  readonly type: number;
  /** What stands before the extensions. */
  head: Buffer;
  /** In order. */
  extensions: [type: number, body: Buffer][] = [];

  /** Reads a ClientHello, ServerHello, EncryptedExtensions, CertificateRequest or NewSessionTicket. */
  constructor(message: Uint8Array) {
    const bytes = Buffer.from(message);
    this.type = bytes.readUInt8(0);
    const start = headLength(bytes);
    this.head = bytes.subarray(4, start);
    for (let at = start + 2; at < bytes.length;) {
      const end = at + 4 + bytes.readUInt16BE(at + 2);
      this.extensions.push([bytes.readUInt16BE(at), Buffer.from(bytes.subarray(at + 4, end))]);
      at = end;
    }
  }

  get(type: number): Buffer {
    const body = this.extensions.find(([known]) => known === type)?.[1];
    if (body === undefined) throw new Error(`The message has no extension ${type}`);
    return body;
  }

  has(type: number): boolean {
    return this.extensions.some(([known]) => known === type);
  }

  /** In the same place, or before the last one, which pre_shared_key may have to be. */
  set(type: number, body: Uint8Array): this {
    const known = this.extensions.find((entry) => entry[0] === type);
    if (known !== undefined) known[1] = Buffer.from(body);
    else this.extensions.splice(-1, 0, [type, Buffer.from(body)]);
    return this;
  }

  add(type: number, body: Uint8Array = Buffer.alloc(0)): this {
    this.extensions.push([type, Buffer.from(body)]);
    return this;
  }

  drop(type: number): this {
    this.extensions = this.extensions.filter(([known]) => known !== type);
    return this;
  }

  build(): Buffer {
    const bodies = this.extensions.flatMap(([type, body]) => [uint16(type), uint16(body.length), body]);
    const list = Buffer.concat(bodies);
    return messageOf(this.type, Buffer.concat([this.head, uint16(list.length), list]));
  }
}

/** Where the length of the extensions stands. */
function headLength(bytes: Buffer): number {
  const type = bytes.readUInt8(0);
  const afterRandom = 4 + 2 + 32;
  switch (type) {
    case HandshakeType.ClientHello: {
      const suites = afterRandom + 1 + bytes.readUInt8(afterRandom);
      const compression = suites + 2 + bytes.readUInt16BE(suites);
      return compression + 1 + bytes.readUInt8(compression);
    }
    case HandshakeType.ServerHello:
      return afterRandom + 1 + bytes.readUInt8(afterRandom) + 3;
    case HandshakeType.EncryptedExtensions:
      return 4;
    case HandshakeType.CertificateRequest:
      return 4 + 1 + bytes.readUInt8(4);
    case HandshakeType.NewSessionTicket: {
      const ticket = 4 + 8 + 1 + bytes.readUInt8(12);
      return ticket + 2 + bytes.readUInt16BE(ticket);
    }
    default:
      throw new Error(`No extensions stand in a message of type ${type}`);
  }
}

export function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

export function uint24(value: number): Buffer {
  return Buffer.concat([Buffer.of(value >> 16), uint16(value & 0xffff)]);
}

/** Behind a length of two bytes. */
export function vector16(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function messageOf(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), uint24(body.length), body]);
}
