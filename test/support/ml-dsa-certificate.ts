// A self-signed ML-DSA-65 certificate and its key in PEM. RFC 9881.

import { SigningKey } from 'pqtls/crypto';

/** One DER element. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), body]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.of(tag, 128 + bytes.length), bytes, body]);
}

const sequence = (...content: Uint8Array[]): Buffer => der(48, ...content);
const bits = (bytes: Uint8Array): Buffer => der(3, Buffer.of(0), bytes);
const utcTime = (date: Date): Buffer =>
  der(23, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
// 2.16.840.1.101.3.4.3.18
const mlDsa65 = sequence(Buffer.from('0609608648016503040312', 'hex'));

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

export function mlDsaCertificate(name = 'localhost'): { cert: string; key: string } {
  const seed = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  const signing = SigningKey.fromSeed('ML-DSA-65', seed);
  // 2.5.4.3 (commonName), UTF8String
  const subject = sequence(der(49, sequence(Buffer.from('0603550403', 'hex'), der(12, Buffer.from(name)))));
  const day = 24 * 60 * 60 * 1000;
  // 2.5.29.17 (subjectAltName), dNSName
  const altName = sequence(Buffer.from('0603551d11', 'hex'), der(4, sequence(der(130, Buffer.from(name)))));
  const toBeSigned = sequence(
    der(160, der(2, Buffer.of(2))),
    der(2, Buffer.of(1)),
    mlDsa65,
    subject,
    sequence(utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + 20 * day))),
    subject,
    sequence(mlDsa65, bits(signing.verifyingKey.toBytes())),
    der(163, sequence(altName)),
  );
  const cert = sequence(toBeSigned, mlDsa65, bits(signing.sign(toBeSigned)));
  const key = sequence(der(2, Buffer.of(0)), mlDsa65, der(4, der(128, seed)));
  return { cert: pem('CERTIFICATE', cert), key: pem('PRIVATE KEY', key) };
}
