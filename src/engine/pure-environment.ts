// What protocol/ gets of cryptography here: node:crypto where Node has it, the CryptoProvider for key exchange and ML-DSA.

import { selectProvider } from '../crypto/select-provider.js';
import { nodePrimitives } from '../crypto/tls/node-primitives.js';
import { parsePublicKey } from '../crypto/tls/public-key.js';
import { schemeParameters } from '../crypto/tls/signature-schemes.js';
import type { CertificateCodec } from '../protocol/certificate-codec.js';
import type { Environment } from '../protocol/config.js';
import { KeyUsageBit } from '../x509/extensions.js';
import { tryParseCertificate } from '../x509/parsed-certificates.js';

export function createEnvironment(codec: CertificateCodec): Environment {
  return {
    primitives: nodePrimitives,
    keyExchange: {
      startKeyExchange: (group, share) => selectProvider(group).startKeyExchange(group, share),
      startAndCompleteInto: (group, clientShare, share, sharedSecret) =>
        selectProvider(group).startAndCompleteInto(group, clientShare, share, sharedSecret),
    },
    readLeaf(certificate) {
      const leaf = tryParseCertificate(certificate);
      if (leaf === undefined) return undefined;
      return { publicKey: leaf.spki, maySign: leaf.extensions.keyUsage?.(KeyUsageBit.digitalSignature) !== false };
    },
    fitsKey(scheme, publicKey) {
      const key = parsePublicKey(publicKey);
      return key !== undefined && schemeParameters(scheme, key) !== undefined;
    },
    codec,
    now: Date.now,
  };
}

const sequence = 0x30;
const explicitVersion = 0xa0;
/** serialNumber, signature, issuer, validity and subject stand before it. RFC 5280, Section 4.1. */
const fieldsBeforeKey = 5;

/** The SubjectPublicKeyInfo of a certificate, DER; undefined where there is none. */
export function publicKeyOf(certificate: Uint8Array): Uint8Array | undefined {
  const outer = elementAt(certificate, 0);
  if (outer?.tag !== sequence || outer.end !== certificate.length) return undefined;
  const signed = elementAt(certificate, outer.start);
  if (signed?.tag !== sequence || signed.end > outer.end) return undefined;
  let at = signed.start;
  const version = elementAt(certificate, at);
  if (version?.tag === explicitVersion) at = version.end;
  for (let field = 0; field < fieldsBeforeKey; field++) {
    const element = elementAt(certificate, at);
    if (element === undefined) return undefined;
    at = element.end;
  }
  const key = elementAt(certificate, at);
  return key?.tag === sequence && key.end <= signed.end ? certificate.subarray(at, key.end) : undefined;
}

/** Where the content of an element begins and ends. */
function elementAt(bytes: Uint8Array, at: number): { tag: number; start: number; end: number } | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const lengthBytes = first > 127 ? first - 128 : 0;
  if (lengthBytes > 3) return undefined;
  const start = at + 2 + lengthBytes;
  let length = lengthBytes === 0 ? first : 0;
  for (let index = at + 2; index < start; index++) length = length * 256 + (bytes[index] ?? 0);
  const end = start + length;
  return end > bytes.length ? undefined : { tag, start, end };
}
