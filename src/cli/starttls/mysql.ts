// TLS of MySQL and MariaDB: the greeting has the capability, a short response asks for it. MySQL's client/server protocol,
// "Protocol::HandshakeV10" and "Protocol::SSLRequest".

import { quoted, type Wire } from './wire.js';

const capability = { protocol41: 0x0200, ssl: 0x0800, secureConnection: 0x8000 } as const;
const protocolVersion = 10;
const errorMarker = 0xff;
const maximumPacket = 0x0100_0000;
const utf8mb4 = 45;
/** After the server's version: thread id, first part of the scramble, a filler. */
const beforeCapabilities = 4 + 8 + 1;

export async function mysql(wire: Wire): Promise<void> {
  const header = await wire.bytes(4);
  const length = header.readUIntLE(0, 3);
  const sequence = header.readUInt8(3);
  // What speaks another protocol has letters there; the first packet has number 0.
  if (sequence !== 0 || length === 0 || length > 16 * 1024) throw wire.broken(quoted(header.toString('latin1')));
  const greeting = await wire.bytes(length);
  if (greeting[0] === errorMarker) throw wire.refused(errorMessage(greeting));
  const versionEnd = greeting.indexOf(0, 1);
  const capabilitiesAt = versionEnd + 1 + beforeCapabilities;
  if (greeting[0] !== protocolVersion || versionEnd < 0 || greeting.length < capabilitiesAt + 2) {
    throw wire.broken(`a greeting that is not of protocol version ${protocolVersion}`);
  }
  const capabilities = greeting.readUInt16LE(capabilitiesAt);
  if ((capabilities & capability.ssl) === 0) throw wire.unsupported('its greeting has no CLIENT_SSL capability');
  wire.send(sslRequest());
}

function sslRequest(): Buffer {
  const body = Buffer.alloc(32);
  body.writeUInt32LE(capability.protocol41 | capability.ssl | capability.secureConnection, 0);
  body.writeUInt32LE(maximumPacket, 4);
  body.writeUInt8(utf8mb4, 8);
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(1, 3);
  return Buffer.concat([header, body]);
}

/** ERR_Packet: marker, a number, of some servers an SQL state, a text. */
function errorMessage(packet: Buffer): string {
  const code = packet.length >= 3 ? packet.readUInt16LE(1) : 0;
  return `error ${code}: ${packet.toString('utf8', 3).replace(/^#[0-9A-Z]{5}/, '')}`;
}
