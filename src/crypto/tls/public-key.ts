// Reads a SubjectPublicKeyInfo and says what kind of key it holds. RFC 5480, RFC 8017, RFC 4055, RFC 8410, RFC 9881.
//
// Every key but RSA's has one encoding only: fixed bytes, then the key. So they are compared, not parsed. EC points are
// uncompressed, on a named curve. What is refused here, no implementation of the primitives gets to see.

import { signatureParameters, type SignatureAlgorithm } from '../parameters.js';
import { DerError, tryParseDer, type DerElement } from './der.js';
import { signatureHashLengths, type SignatureHash } from './signature-schemes.js';

export type EcCurve = 'secp256r1' | 'secp384r1' | 'secp521r1';

/** What a key of id-RSASSA-PSS allows, where it says so. RFC 4055, Section 3.1. */
export interface PssParameters {
  readonly hash: SignatureHash;
  readonly saltLength: number;
}

interface RsaModulus {
  /** Big-endian, without leading zeros. */
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  readonly modulusBits: number;
}

export type PublicKey =
  | { readonly type: 'ec'; readonly curve: EcCurve; readonly point: Uint8Array }
  | { readonly type: 'ed25519'; readonly bytes: Uint8Array }
  | { readonly type: 'ml-dsa'; readonly algorithm: SignatureAlgorithm; readonly bytes: Uint8Array }
  | ({ readonly type: 'rsa' } & RsaModulus)
  | ({ readonly type: 'rsa-pss'; readonly parameters: PssParameters | undefined } & RsaModulus);

interface FixedForm {
  /** The curve or algorithm of the keys that have it. */
  readonly of: EcCurve | 'ed25519' | SignatureAlgorithm;
  readonly prefix: Uint8Array;
  readonly length: number;
  /** The first byte of the key, where it has to be one. */
  readonly first?: number;
  make(bytes: Uint8Array): PublicKey;
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function ec(curve: EcCurve, prefix: string, pointLength: number): FixedForm {
  return {
    of: curve,
    prefix: hex(prefix),
    length: pointLength,
    first: 4,
    make: (point) => ({ type: 'ec', curve, point }),
  };
}

/** SEQUENCE { SEQUENCE { id-ml-dsa-* }, BIT STRING }. RFC 9881, Section 4. */
function mlDsa(algorithm: SignatureAlgorithm, lastArc: number): FixedForm {
  const length = signatureParameters[algorithm].verifyingKey;
  const sixteenBits = (value: number): number[] => [value >> 8, value & 255];
  const prefix = Uint8Array.of(
    ...[0x30, 0x82, ...sixteenBits(length + 18)],
    ...[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, lastArc],
    ...[0x03, 0x82, ...sixteenBits(length + 1), 0],
  );
  return { of: algorithm, prefix, length, make: (bytes) => ({ type: 'ml-dsa', algorithm, bytes }) };
}

const fixedForms: readonly FixedForm[] = [
  // id-ecPublicKey with a named curve. RFC 5480, Section 2.1.1.
  ec('secp256r1', '3059301306072a8648ce3d020106082a8648ce3d030107034200', 65),
  ec('secp384r1', '3076301006072a8648ce3d020106052b81040022036200', 97),
  ec('secp521r1', '30819b301006072a8648ce3d020106052b8104002303818600', 133),
  // id-Ed25519. RFC 8410, Section 4.
  { of: 'ed25519', prefix: hex('302a300506032b6570032100'), length: 32, make: (bytes) => ({ type: 'ed25519', bytes }) },
  mlDsa('ML-DSA-44', 17),
  mlDsa('ML-DSA-65', 18),
  mlDsa('ML-DSA-87', 19),
];

/** The SubjectPublicKeyInfo of a key that is not RSA's. */
export function encodePublicKey(of: FixedForm['of'], bytes: Uint8Array): Uint8Array {
  const form = fixedForms.find((candidate) => candidate.of === of);
  if (form?.length !== bytes.length) throw new RangeError(`A public key of ${of} has another length`);
  return Uint8Array.of(...form.prefix, ...bytes);
}

/** Undefined for every encoding or kind of key that this library does not know, and for RSA keys out of bounds. */
export function parsePublicKey(spki: Uint8Array): PublicKey | undefined {
  for (const form of fixedForms) {
    const { prefix, length, first } = form;
    if (spki.length !== prefix.length + length || !startsWith(spki, prefix)) continue;
    if (first !== undefined && spki[prefix.length] !== first) continue;
    return form.make(spki.subarray(prefix.length));
  }
  return parseRsaKey(spki);
}

/** Bounds of moduli. RFC 9846, Section 9.1, leaves them open; above the upper one a verification takes too long. */
export const rsaModulusBits = { least: 2048, most: 8192 } as const;

/** Longest exponent, as in BoringSSL: every further bit costs a multiplication. */
const mostExponentBits = 33;

/** SEQUENCE, two lengths, tags, the identifier with parameters: no key within the bounds takes more. */
const mostRsaBytes = rsaModulusBits.most / 8 + 256;

const rsaEncryption = '1.2.840.113549.1.1.1';
const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const hashIdentifiers: ReadonlyMap<string, SignatureHash> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

function parseRsaKey(spki: Uint8Array): PublicKey | undefined {
  return spki.length > mostRsaBytes ? undefined : tryParseDer(spki, readRsaKey);
}

/** Whether it is an RSA key that is refused because it is too short. */
export function isShortRsaKey(spki: Uint8Array): boolean {
  const key = spki.length > mostRsaBytes || !namesRsa(spki) ? undefined : tryParseDer(spki, readRsaNumbers);
  return key !== undefined && key.modulusBits < rsaModulusBits.least;
}

/** The object identifiers of both kinds of RSA key begin like this: 1.2.840.113549.1.1. RFC 8017, Appendix C. */
const rsaPrefix = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/** Two lengths of four bytes at most stand before it. */
const latestIdentifier = 2 * (1 + 4);

/** Nearly every chain has other keys by now, and a parser makes a hundred objects to find that out. */
function namesRsa(spki: Uint8Array): boolean {
  for (let at = 0; at <= latestIdentifier; at++) {
    if (rsaPrefix.every((byte, index) => spki[at + index] === byte)) return true;
  }
  return false;
}

interface RsaNumbers extends RsaModulus {
  readonly algorithm: string;
  readonly parameters: DerElement | undefined;
}

/** SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING }. RFC 5280, Section 4.1. */
function readRsaNumbers(info: DerElement): RsaNumbers | undefined {
  const [identifier, bits] = fields(info, 2);
  const [oid, parameters] = fields(identifier, 1, 2);
  const algorithm = oid.objectIdentifier();
  if (algorithm !== rsaEncryption && algorithm !== rsassaPss) return undefined;
  const key = tryParseDer(bits.bitString(), (element) => {
    const [modulus, exponent] = fields(element, 2);
    return { modulus: modulus.positiveInteger(), exponent: exponent.positiveInteger() };
  });
  return key && { algorithm, parameters, ...key, modulusBits: bitLength(key.modulus) };
}

function readRsaKey(info: DerElement): PublicKey | undefined {
  const read = readRsaNumbers(info);
  if (read === undefined || !isWithinBounds(read)) return undefined;
  const { algorithm, parameters, ...numbers } = read;
  // NULL is there. RFC 3279, Section 2.3.1.
  if (algorithm === rsaEncryption) return parameters?.isNull() === true ? { type: 'rsa', ...numbers } : undefined;
  if (parameters === undefined) return { type: 'rsa-pss', parameters: undefined, ...numbers };
  const restriction = readPssParameters(parameters);
  return restriction && { type: 'rsa-pss', parameters: restriction, ...numbers };
}

/**
 * RSASSA-PSS-params of a key or a signature with SHA-2, and MGF1 with the same hash; undefined for every other, so for the
 * defaults, which are SHA-1. Throws DerError. RFC 4055, Section 3.1.
 */
export function readPssParameters(element: DerElement): PssParameters | undefined {
  const members = new Map(element.sequence().map((member) => [member.contextTag, member.explicit()]));
  const [hashMember, maskMember, salt, trailer] = [0, 1, 2, 3].map((tag) => members.get(tag));
  if (hashMember === undefined || maskMember === undefined) return undefined;
  const hash = hashOf(hashMember);
  const [maskAlgorithm, maskHash] = fields(maskMember, 2);
  if (hash === undefined || maskAlgorithm.objectIdentifier() !== mgf1 || hashOf(maskHash) !== hash) return undefined;
  if (trailer !== undefined && trailer.smallInteger() !== 1) return undefined;
  const saltLength = salt?.smallInteger() ?? 20;
  return saltLength <= signatureHashLengths.sha512 ? { hash, saltLength } : undefined;
}

/** Parameters are NULL or absent. RFC 4055, Section 2.1. */
function hashOf(identifier: DerElement): SignatureHash | undefined {
  const [oid, parameters] = fields(identifier, 1, 2);
  if (parameters !== undefined && !parameters.isNull()) return undefined;
  return hashIdentifiers.get(oid.objectIdentifier());
}

type Fields<Least extends 1 | 2> = Least extends 1 ? [DerElement, DerElement | undefined] : [DerElement, DerElement];

/** The fields of a SEQUENCE with a number of them. */
function fields<Least extends 1 | 2>(element: DerElement, least: Least, most: number = least): Fields<Least> {
  const found = element.sequence();
  if (found.length < least || found.length > most) throw new DerError(`a SEQUENCE of ${least} to ${most} elements`);
  return found as Fields<Least>;
}

function isWithinBounds({ modulus, exponent, modulusBits }: RsaModulus): boolean {
  if (modulusBits < rsaModulusBits.least || modulusBits > rsaModulusBits.most) return false;
  const isOdd = (bytes: Uint8Array): boolean => ((bytes.at(-1) ?? 0) & 1) === 1;
  if (!isOdd(modulus) || !isOdd(exponent)) return false;
  const bits = bitLength(exponent);
  return bits >= 2 && bits <= mostExponentBits;
}

function bitLength(bytes: Uint8Array): number {
  return bytes.length * 8 - Math.clz32(bytes[0] ?? 0) + 24;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}
