// Signature schemes of TLS 1.3 handshakes, and the algorithms behind them. RFC 9846, Section 4.3.3; draft-ietf-tls-mldsa.

import type { SignatureAlgorithm } from '../parameters.js';
import type { EcCurve, PublicKey } from './public-key.js';

/** Hashes of signatures. SHA-1 and MD5 are not among them: nothing here verifies with either. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

export const signatureHashLengths = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
} as const satisfies Record<SignatureHash, number>;

/** An algorithm with everything that a verifier has to know besides the key. */
export type SignatureAlgorithmParameters =
  | { readonly type: 'ecdsa'; readonly hash: SignatureHash }
  | { readonly type: 'rsa-pkcs1'; readonly hash: SignatureHash }
  | { readonly type: 'rsa-pss'; readonly hash: SignatureHash; readonly saltLength: number }
  | { readonly type: 'ed25519' }
  | { readonly type: 'ml-dsa'; readonly algorithm: SignatureAlgorithm };

interface SchemeRow {
  readonly parameters: SignatureAlgorithmParameters;
  /** The kind of key that the scheme is for: a scheme of ECDSA fixes the curve, one of RSA-PSS the key's OID. */
  readonly key: PublicKey['type'] | EcCurve;
}

function pss(hash: SignatureHash, key: 'rsa' | 'rsa-pss'): SchemeRow {
  return { parameters: { type: 'rsa-pss', hash, saltLength: signatureHashLengths[hash] }, key };
}

/** Schemes that may sign a handshake of TLS 1.3; rsa_pkcs1_* and SHA-1 may not. */
const schemes: ReadonlyMap<string, SchemeRow> = new Map<string, SchemeRow>([
  ['ecdsa_secp256r1_sha256', { parameters: { type: 'ecdsa', hash: 'sha256' }, key: 'secp256r1' }],
  ['ecdsa_secp384r1_sha384', { parameters: { type: 'ecdsa', hash: 'sha384' }, key: 'secp384r1' }],
  ['ecdsa_secp521r1_sha512', { parameters: { type: 'ecdsa', hash: 'sha512' }, key: 'secp521r1' }],
  ['rsa_pss_rsae_sha256', pss('sha256', 'rsa')],
  ['rsa_pss_rsae_sha384', pss('sha384', 'rsa')],
  ['rsa_pss_rsae_sha512', pss('sha512', 'rsa')],
  ['rsa_pss_pss_sha256', pss('sha256', 'rsa-pss')],
  ['rsa_pss_pss_sha384', pss('sha384', 'rsa-pss')],
  ['rsa_pss_pss_sha512', pss('sha512', 'rsa-pss')],
  ['ed25519', { parameters: { type: 'ed25519' }, key: 'ed25519' }],
  ['mldsa44', { parameters: { type: 'ml-dsa', algorithm: 'ML-DSA-44' }, key: 'ml-dsa' }],
  ['mldsa65', { parameters: { type: 'ml-dsa', algorithm: 'ML-DSA-65' }, key: 'ml-dsa' }],
  ['mldsa87', { parameters: { type: 'ml-dsa', algorithm: 'ML-DSA-87' }, key: 'ml-dsa' }],
]);

/** The names of every scheme that can verify a handshake of TLS 1.3. */
export const handshakeSchemes: readonly string[] = [...schemes.keys()];

/** What a scheme verifies with, where the key is one that it is for; undefined for every other scheme or key. */
export function schemeParameters(scheme: string, key: PublicKey): SignatureAlgorithmParameters | undefined {
  const row = schemes.get(scheme);
  if (row === undefined) return undefined;
  const kind = key.type === 'ec' ? key.curve : key.type;
  return kind === row.key && fits(row.parameters, key) ? row.parameters : undefined;
}

/** The schemes that a private key can sign with, given its public half, most wanted first. */
export function schemesOf(key: PublicKey): string[] {
  return handshakeSchemes.filter((scheme) => schemeParameters(scheme, key) !== undefined && isLongEnough(scheme, key));
}

/** Whether a key may verify signatures of an algorithm. */
export function fits(parameters: SignatureAlgorithmParameters, key: PublicKey): boolean {
  switch (parameters.type) {
    case 'ecdsa':
      return key.type === 'ec';
    case 'ed25519':
      return key.type === 'ed25519';
    case 'ml-dsa':
      return key.type === 'ml-dsa' && key.algorithm === parameters.algorithm;
    case 'rsa-pkcs1':
      return key.type === 'rsa';
    case 'rsa-pss':
      if (key.type === 'rsa') return true;
      if (key.type !== 'rsa-pss') return false;
      // Parameters of the key, where it has some, bind its signatures. RFC 9846, Section 4.3.3; RFC 4055, Section 3.3.
      return (
        key.parameters === undefined ||
        (key.parameters.hash === parameters.hash && key.parameters.saltLength === parameters.saltLength)
      );
  }
}

/** PSS needs room for digest, salt and two bytes. RFC 8017, Section 9.1.1. */
function isLongEnough(scheme: string, key: PublicKey): boolean {
  if (key.type !== 'rsa' && key.type !== 'rsa-pss') return true;
  const parameters = schemeParameters(scheme, key);
  return parameters?.type === 'rsa-pss' && key.modulusBits >= 8 * (2 * signatureHashLengths[parameters.hash] + 2) + 1;
}
