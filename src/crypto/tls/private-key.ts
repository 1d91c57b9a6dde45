// Reads private keys: PKCS #8, and the older forms of RSA and EC keys. RFC 5958, RFC 8017, RFC 5915, RFC 8410, RFC 9881.

import * as asn1js from 'asn1js';
import { signatureParameters, type SignatureAlgorithm } from '../parameters.js';
import { DerError, parseDer, type DerElement } from './der.js';
import type { EcCurve } from './public-key.js';
import { toNumber, type RsaPrivateNumbers } from './rsa.js';

/** The bytes are views of what was given, or copies: whoever asked wipes them. */
export type PrivateKey =
  | { readonly type: 'ec'; readonly curve: EcCurve; readonly scalar: Uint8Array }
  | { readonly type: 'ed25519'; readonly seed: Uint8Array }
  | {
      readonly type: 'ml-dsa';
      readonly algorithm: SignatureAlgorithm;
      /** At least one of the two is there. */
      readonly seed: Uint8Array | undefined;
      readonly expanded: Uint8Array | undefined;
    }
  | { readonly type: 'rsa'; readonly numbers: RsaPrivateNumbers; readonly spki: Uint8Array };

const curves: ReadonlyMap<string, EcCurve> = new Map([
  ['1.2.840.10045.3.1.7', 'secp256r1'],
  ['1.3.132.0.34', 'secp384r1'],
  ['1.3.132.0.35', 'secp521r1'],
]);
const scalarLengths = { secp256r1: 32, secp384r1: 48, secp521r1: 66 } as const satisfies Record<EcCurve, number>;

const mlDsaAlgorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44'],
  ['2.16.840.1.101.3.4.3.18', 'ML-DSA-65'],
  ['2.16.840.1.101.3.4.3.19', 'ML-DSA-87'],
]);

const oids = {
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsassaPss: '1.2.840.113549.1.1.10',
  ecPublicKey: '1.2.840.10045.2.1',
  ed25519: '1.3.101.112',
} as const;

/** Reads a PrivateKeyInfo (PKCS #8). Throws DerError, which shows none of it. RFC 5958, Section 2. */
export function parsePkcs8(der: Uint8Array): PrivateKey {
  const [version, identifier, key] = parseDer(der).sequence();
  // 0, or 1 where the public key follows, which is not needed.
  if (version === undefined || identifier === undefined || key === undefined || version.smallInteger() > 1) {
    throw new DerError('a PrivateKeyInfo');
  }
  const [oid, parameters] = identifier.sequence();
  const algorithm = oid?.objectIdentifier() ?? '';
  const content = key.octetString();
  const mlDsa = mlDsaAlgorithms.get(algorithm);
  if (mlDsa !== undefined) return readMlDsaKey(mlDsa, parseDer(content));
  switch (algorithm) {
    case oids.rsaEncryption:
    case oids.rsassaPss:
      return readRsaKey(parseDer(content), identifier.raw);
    case oids.ecPublicKey:
      return readEcKey(parseDer(content), parameters);
    case oids.ed25519: {
      const seed = parseDer(content).octetString();
      if (seed.length !== 32) throw new DerError('a seed of 32 octets');
      return { type: 'ed25519', seed };
    }
    default:
      throw new DerError('a key of RSA, EC (P-256, P-384, P-521), Ed25519 or ML-DSA');
  }
}

/** Reads an RSAPrivateKey. RFC 8017, Section A.1.2. */
export function parseRsaPrivateKey(der: Uint8Array): PrivateKey {
  const identifier = new asn1js.Sequence({
    value: [new asn1js.ObjectIdentifier({ value: oids.rsaEncryption }), new asn1js.Null()],
  });
  return readRsaKey(parseDer(der), new Uint8Array(identifier.toBER()));
}

/** Reads an ECPrivateKey that names its curve. RFC 5915, Section 3. */
export function parseEcPrivateKey(der: Uint8Array): PrivateKey {
  return readEcKey(parseDer(der), undefined);
}

/** ML-DSA-*-PrivateKey ::= CHOICE { seed [0], expandedKey, both }. RFC 9881, Section 6. */
function readMlDsaKey(algorithm: SignatureAlgorithm, choice: DerElement): PrivateKey {
  const lengths = signatureParameters[algorithm];
  const ofLength = (bytes: Uint8Array, length: number): Uint8Array => {
    if (bytes.length !== length) throw new DerError(`${length} octets`);
    return bytes;
  };
  if (choice.contextTag === 0 && !choice.isConstructed) {
    return { type: 'ml-dsa', algorithm, seed: ofLength(choice.content, lengths.seed), expanded: undefined };
  }
  if (!choice.isConstructed) {
    const expanded = ofLength(choice.octetString(), lengths.signingKey);
    return { type: 'ml-dsa', algorithm, seed: undefined, expanded };
  }
  const [seed, expanded] = choice.sequence();
  if (seed === undefined || expanded === undefined) throw new DerError('a seed and an expanded key');
  return {
    type: 'ml-dsa',
    algorithm,
    seed: ofLength(seed.octetString(), lengths.seed),
    expanded: ofLength(expanded.octetString(), lengths.signingKey),
  };
}

function readEcKey(key: DerElement, parameters: DerElement | undefined): PrivateKey {
  const [version, scalar, ...optional] = key.sequence();
  if (version?.smallInteger() !== 1 || scalar === undefined) throw new DerError('an ECPrivateKey');
  const named = parameters ?? optional.find(({ contextTag }) => contextTag === 0)?.explicit();
  const curve = named && curves.get(named.objectIdentifier());
  if (curve === undefined) throw new DerError('one of the curves P-256, P-384 and P-521, by its name,');
  const bytes = scalar.octetString();
  if (bytes.length !== scalarLengths[curve]) throw new DerError(`a scalar of ${scalarLengths[curve]} octets`);
  return { type: 'ec', curve, scalar: bytes };
}

function readRsaKey(key: DerElement, identifier: Uint8Array): PrivateKey {
  const members = key.sequence();
  // Version 0: two primes.
  if (members.length !== 9 || members[0]?.smallInteger() !== 0) throw new DerError('an RSAPrivateKey of two primes');
  const [n, e, , p, q, dP, dQ, qInv] = members.slice(1).map((member) => member.positiveInteger());
  if (n === undefined || e === undefined || p === undefined || q === undefined) throw new DerError('an RSAPrivateKey');
  if (dP === undefined || dQ === undefined || qInv === undefined) throw new DerError('an RSAPrivateKey');
  const numbers = {
    n: toNumber(n),
    e: toNumber(e),
    p: toNumber(p),
    q: toNumber(q),
    dP: toNumber(dP),
    dQ: toNumber(dQ),
    qInv: toNumber(qInv),
  };
  if (numbers.p * numbers.q !== numbers.n) throw new DerError('primes whose product is the modulus');
  return { type: 'rsa', numbers, spki: encodeRsaKey(identifier, [members[1], members[2]]) };
}

/** The SubjectPublicKeyInfo of an RSA key. RFC 5280, Section 4.1. */
function encodeRsaKey(identifier: Uint8Array, numbers: readonly (DerElement | undefined)[]): Uint8Array {
  const parsed = (bytes: Uint8Array): asn1js.AsnType => asn1js.fromBER(bytes).result;
  const key = new asn1js.Sequence({ value: numbers.flatMap((number) => (number ? [parsed(number.raw)] : [])) });
  const info = new asn1js.Sequence({
    value: [parsed(identifier), new asn1js.BitString({ valueHex: key.toBER() })],
  });
  return new Uint8Array(info.toBER());
}
