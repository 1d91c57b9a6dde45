// The algorithms of a certificate's key and signature, by their OIDs: Node 20 tells neither. RFC 5280, Section 4.1.

const names: Readonly<Record<string, string>> = {
  // RFC 3279, RFC 4055, RFC 5758.
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'RSA-PSS',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10040.4.3': 'dsa-with-SHA1',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-SHA256',
  '1.2.840.10045.2.1': 'EC',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  // RFC 8410.
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  // RFC 9881.
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
  // RFC 9909.
  '2.16.840.1.101.3.4.3.20': 'SLH-DSA-SHA2-128s',
  '2.16.840.1.101.3.4.3.21': 'SLH-DSA-SHA2-128f',
  '2.16.840.1.101.3.4.3.26': 'SLH-DSA-SHAKE-128s',
  '2.16.840.1.101.3.4.3.27': 'SLH-DSA-SHAKE-128f',
};

export interface AlgorithmIdentifiers {
  readonly key: string;
  readonly signature: string;
}

/** Names, the OID of what has none here, or `unreadable`. */
export function algorithmIdentifiers(der: Uint8Array): AlgorithmIdentifiers {
  try {
    return read(der);
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { key: 'unreadable', signature: 'unreadable' };
  }
}

class UnreadableError extends Error {}

function read(der: Uint8Array): AlgorithmIdentifiers {
  const [certificate] = elements(der);
  const [tbs, signature] = elements(contentOf(certificate));
  const fields = elements(contentOf(tbs));
  // version [0] may be left out; then: serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo.
  const spki = fields[fields[0]?.tag === 0xa0 ? 6 : 5];
  const [keyAlgorithm] = elements(contentOf(spki));
  return { key: algorithmName(keyAlgorithm), signature: algorithmName(signature) };
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The elements that follow each other, with definite lengths. X.690, Section 10.1. */
function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = byteAt(bytes, at);
    const first = byteAt(bytes, at + 1);
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || lengthBytes > 3) throw unreadable();
    let length = first;
    if (lengthBytes > 0) {
      length = 0;
      for (let index = 0; index < lengthBytes; index++) length = length * 256 + byteAt(bytes, at + 2 + index);
    }
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) throw unreadable();
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

/** AlgorithmIdentifier: its OID, without the parameters. */
function algorithmName(identifier: Element | undefined): string {
  const [oid] = elements(contentOf(identifier));
  if (oid?.tag !== 0x06) throw unreadable();
  const text = oidText(oid.content);
  return names[text] ?? text;
}

/** X.690, Section 8.19. */
function oidText(bytes: Uint8Array): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of bytes.subarray(0, 64)) {
    arc = arc * 128n + BigInt(byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [joined = 0n, ...rest] = arcs;
  const first = joined < 80n ? joined / 40n : 2n;
  return [first, joined - first * 40n, ...rest].join('.');
}

function contentOf(element: Element | undefined): Uint8Array {
  if (element === undefined) throw unreadable();
  return element.content;
}

function byteAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index];
  if (byte === undefined) throw unreadable();
  return byte;
}

function unreadable(): Error {
  return new UnreadableError('The certificate is no DER');
}
