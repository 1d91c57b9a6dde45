// A self-signed certificate with an ML-DSA key, written by hand: Node's WebCrypto has none before Node 24. RFC 9881.

import { SigningKey, type SignatureAlgorithm } from 'pqtls/crypto';

// id-ml-dsa-44, -65, -87. RFC 9881, Section 2.
const lastArc = { 'ML-DSA-44': 17, 'ML-DSA-65': 18, 'ML-DSA-87': 19 } as const;

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.of(body.length >> 16, (body.length >> 8) & 255, body.length & 255);
  const short = body.length < 256 ? length.subarray(2) : body.length < 65536 ? length.subarray(1) : length;
  return Buffer.concat([Buffer.of(tag, 0x80 | short.length), short, body]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const bitString = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

function time(offsetDays: number): Buffer {
  const date = new Date(Date.now() + offsetDays * 24 * 60 * 60 * 1000);
  const text = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return der(0x18, Buffer.from(`${text}Z`));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/** For `localhost`; its own issuer, so `cert` is the `ca` too. */
export function selfSigned(algorithm: keyof typeof lastArc & SignatureAlgorithm): { cert: string; key: string } {
  const signing = SigningKey.generate(algorithm);
  const seed = signing.seed();
  if (seed === undefined) throw new Error('a generated key has a seed');
  const identifier = sequence(Buffer.concat([hex('06096086480165030403'), Buffer.of(lastArc[algorithm])]));
  // CN=localhost
  const name = sequence(der(0x31, sequence(hex('0603550403'), der(0x0c, Buffer.from('localhost')))));
  const extension = (oid: string, critical: boolean, value: Buffer): Buffer =>
    sequence(hex(`0603${oid}`), critical ? hex('0101ff') : Buffer.alloc(0), der(0x04, value));
  const extensions = sequence(
    extension('551d13', true, sequence(hex('0101ff'))),
    extension('551d11', false, sequence(der(0x82, Buffer.from('localhost')))),
  );
  const body = sequence(
    der(0xa0, hex('020102')),
    hex('020107'),
    identifier,
    name,
    sequence(time(-1), time(30)),
    name,
    sequence(identifier, bitString(signing.verifyingKey.toBytes())),
    der(0xa3, extensions),
  );
  const certificate = sequence(body, identifier, bitString(signing.sign(body)));
  // The seed alone. RFC 9881, Section 6.
  const key = sequence(hex('020100'), identifier, der(0x04, der(0x80, seed)));
  return { cert: pem('CERTIFICATE', certificate), key: pem('PRIVATE KEY', key) };
}
