// StartTLS of LDAP: an extended request in BER. RFC 4511, Sections 4.12 and 4.14.

import { quoted, type Wire } from './wire.js';

const startTlsOid = '1.3.6.1.4.1.1466.20037';
const tag = {
  integer: 0x02,
  enumerated: 0x0a,
  octetString: 0x04,
  sequence: 0x30,
  extendedRequest: 0x77,
  extendedResponse: 0x78,
  requestName: 0x80,
} as const;
const messageId = 1;
const largestMessage = 16 * 1024;

/** Result codes that are worth a word. RFC 4511, Section 4.1.9. */
const resultNames: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  8: 'strongerAuthRequired',
  10: 'referral',
  13: 'confidentialityRequired',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
};

export async function ldap(wire: Wire): Promise<void> {
  wire.send(
    encode(
      tag.sequence,
      encode(tag.integer, Buffer.of(messageId)),
      encode(tag.extendedRequest, encode(tag.requestName, Buffer.from(startTlsOid))),
    ),
  );
  const message = new Elements(await readMessage(wire), wire);
  const id = message.take(tag.integer);
  // A notice of disconnection has number 0. RFC 4511, Section 4.4.1.
  if (![0, messageId].includes(id.length === 1 ? (id[0] ?? -1) : -1)) throw wire.broken('an answer to another request');
  const response = new Elements(message.take(tag.extendedResponse), wire);
  const result = response.take(tag.enumerated)[0] ?? -1;
  response.take(tag.octetString);
  const diagnostic = response.take(tag.octetString).toString('utf8');
  if (result === 0 && id[0] === messageId) return;
  const name = resultNames[result] ?? `result code ${result}`;
  throw wire.refused(diagnostic === '' ? name : `${name}: ${diagnostic}`);
}

function encode(type: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  // All of ours are short.
  return Buffer.concat([Buffer.of(type, body.length), body]);
}

async function readMessage(wire: Wire): Promise<Buffer> {
  const start = await wire.bytes(2);
  const [type, first = 0] = start;
  if (type !== tag.sequence) throw wire.broken(quoted(start.toString('latin1')));
  let length = first;
  if (first >= 0x80) {
    const size = first & 0x7f;
    if (size === 0 || size > 4) throw wire.broken('a message of unknown length');
    length = (await wire.bytes(size)).readUIntBE(0, size);
  }
  if (length > largestMessage) throw wire.broken(`a message of ${length} bytes`);
  return wire.bytes(length);
}

/** Elements of definite length, one after the other. */
class Elements {
  #rest: Buffer;
  readonly #wire: Wire;

  constructor(bytes: Buffer, wire: Wire) {
    this.#rest = bytes;
    this.#wire = wire;
  }

  take(type: number): Buffer {
    const bytes = this.#rest;
    const first = bytes[1] ?? 0;
    const size = first < 0x80 ? 0 : first & 0x7f;
    const start = 2 + size;
    if (bytes[0] !== type || size > 4 || first === 0x80 || bytes.length < start) throw this.#broken();
    const length = size === 0 ? first : bytes.readUIntBE(2, size);
    if (bytes.length < start + length) throw this.#broken();
    this.#rest = bytes.subarray(start + length);
    return bytes.subarray(start, start + length);
  }

  #broken(): Error {
    return this.#wire.broken('an answer that is no ExtendedResponse');
  }
}
