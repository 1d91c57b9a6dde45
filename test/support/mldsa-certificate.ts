// Certificates with an ML-DSA key, written by hand: Node's WebCrypto has none before Node 24. RFC 9881.

import { generateKeyPairSync, sign } from 'node:crypto';
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
  // An empty line would end a header.
  const lines = Buffer.from(bytes)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

interface Signer {
  readonly identifier: Buffer;
  sign(bytes: Uint8Array): Uint8Array;
}

function certificate(subject: string, issuer: string, publicKey: Uint8Array, isCa: boolean, signer: Signer): string {
  const name = (text: string): Buffer => sequence(der(0x31, sequence(hex('0603550403'), der(0x0c, Buffer.from(text)))));
  const extension = (oid: string, critical: boolean, value: Buffer): Buffer =>
    sequence(hex(`0603${oid}`), critical ? hex('0101ff') : Buffer.alloc(0), der(0x04, value));
  const extensions = sequence(
    extension('551d13', true, sequence(isCa ? hex('0101ff') : Buffer.alloc(0))),
    extension('551d11', false, sequence(der(0x82, Buffer.from(subject)))),
  );
  const validity = sequence(time(-1), time(30));
  const serial = hex('020107');
  const version = der(0xa0, hex('020102'));
  const body = sequence(
    ...[version, serial, signer.identifier, name(issuer), validity, name(subject), publicKey, der(0xa3, extensions)],
  );
  return pem('CERTIFICATE', sequence(body, signer.identifier, bitString(signer.sign(body))));
}

type MlDsa = keyof typeof lastArc & SignatureAlgorithm;

function mldsaKey(algorithm: MlDsa): Signer & { readonly publicKey: Buffer; readonly pem: string } {
  const signing = SigningKey.generate(algorithm);
  const seed = signing.seed();
  if (seed === undefined) throw new Error('a generated key has a seed');
  const identifier = sequence(Buffer.concat([hex('06096086480165030403'), Buffer.of(lastArc[algorithm])]));
  return {
    identifier,
    sign: (bytes) => signing.sign(bytes),
    publicKey: sequence(identifier, bitString(signing.verifyingKey.toBytes())),
    // The seed alone. RFC 9881, Section 6.
    pem: pem('PRIVATE KEY', sequence(hex('020100'), identifier, der(0x04, der(0x80, seed)))),
  };
}

/** For `localhost`; its own issuer, so `cert` is the `ca` too. */
export function selfSigned(algorithm: MlDsa): { cert: string; key: string } {
  const key = mldsaKey(algorithm);
  return { cert: certificate('localhost', 'localhost', key.publicKey, true, key), key: key.pem };
}

/** For `localhost`, issued by a CA with a P-256 key. */
export function issuedByP256(algorithm: MlDsa): { cert: string; key: string; ca: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  // ecdsa-with-SHA256
  const signer = {
    identifier: hex('300a06082a8648ce3d040302'),
    sign: (bytes: Uint8Array) => sign('sha256', bytes, privateKey),
  };
  const key = mldsaKey(algorithm);
  return {
    cert: certificate('localhost', 'ca.test', key.publicKey, false, signer),
    key: key.pem,
    ca: certificate('ca.test', 'ca.test', spki, true, signer),
  };
}
