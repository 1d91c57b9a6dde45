// Algorithms of signatures on certificates and CRLs. RFC 5758, RFC 4055, RFC 8410, RFC 9881.

import type { SignatureAlgorithm } from '../crypto/parameters.js';
import type { DerElement } from '../crypto/tls/der.js';
import { readPssParameters } from '../crypto/tls/public-key.js';
import type { SignatureAlgorithmParameters } from '../crypto/tls/signature-schemes.js';

/** `weak`: with MD5 or SHA-1, never verified. `unknown`: nothing here verifies it. */
export type CertificateSignatureAlgorithm =
  SignatureAlgorithmParameters | { readonly type: 'weak' } | { readonly type: 'unknown' };

const mlDsa = (algorithm: SignatureAlgorithm): SignatureAlgorithmParameters => ({ type: 'ml-dsa', algorithm });

const withoutParameters: ReadonlyMap<string, CertificateSignatureAlgorithm> = new Map([
  ['1.2.840.10045.4.3.2', { type: 'ecdsa', hash: 'sha256' }],
  ['1.2.840.10045.4.3.3', { type: 'ecdsa', hash: 'sha384' }],
  ['1.2.840.10045.4.3.4', { type: 'ecdsa', hash: 'sha512' }],
  ['1.3.101.112', { type: 'ed25519' }],
  ['2.16.840.1.101.3.4.3.17', mlDsa('ML-DSA-44')],
  ['2.16.840.1.101.3.4.3.18', mlDsa('ML-DSA-65')],
  ['2.16.840.1.101.3.4.3.19', mlDsa('ML-DSA-87')],
]);

/** NULL stands behind them, or nothing. RFC 4055, Section 5. */
const withNull: ReadonlyMap<string, CertificateSignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.11', { type: 'rsa-pkcs1', hash: 'sha256' }],
  ['1.2.840.113549.1.1.12', { type: 'rsa-pkcs1', hash: 'sha384' }],
  ['1.2.840.113549.1.1.13', { type: 'rsa-pkcs1', hash: 'sha512' }],
]);

/** MD2, MD5 and SHA-1 with RSA; SHA-1 with ECDSA and DSA. */
const weak: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.2.840.10040.4.3',
]);

const rsassaPss = '1.2.840.113549.1.1.10';
const sha1 = '1.3.14.3.2.26';

/** Reads an AlgorithmIdentifier. Throws DerError. */
export function readSignatureAlgorithm(identifier: DerElement): CertificateSignatureAlgorithm {
  const [id, parameters, ...more] = identifier.sequence();
  const oid = id?.objectIdentifier() ?? '';
  const unknown = { type: 'unknown' } as const;
  if (more.length > 0) return unknown;
  if (weak.has(oid)) return { type: 'weak' };
  if (oid === rsassaPss) return readPss(parameters);
  const plain = withoutParameters.get(oid);
  if (plain !== undefined) return parameters === undefined ? plain : unknown;
  const algorithm = parameters === undefined || parameters.isNull() ? withNull.get(oid) : undefined;
  return algorithm ?? unknown;
}

function readPss(parameters: DerElement | undefined): CertificateSignatureAlgorithm {
  const read = parameters && readPssParameters(parameters);
  if (read !== undefined) return { type: 'rsa-pss', ...read };
  const hash = parameters?.sequence().find(({ contextTag }) => contextTag === 0);
  // The default is SHA-1. RFC 4055, Section 3.1.
  const isSha1 = hash === undefined || hash.explicit().sequence()[0]?.objectIdentifier() === sha1;
  return { type: isSha1 ? 'weak' : 'unknown' };
}
