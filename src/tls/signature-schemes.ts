// Signature schemes in IANA's spelling and in OpenSSL's (RSA-PSS+SHA256). RFC 9846, Section 4.2.3.

import { invalidArgType, nodeInvalidArgValue } from '../errors.js';
import { SignatureScheme, type SignatureSchemeName } from '../protocol/constants.js';

/** Offered, accepted and signed with where `sigalgs` is not given: post-quantum first, without SHA-1. */
export const defaultSignatureSchemes = [
  'mldsa65',
  'mldsa87',
  'mldsa44',
  'ed25519',
  'ecdsa_secp256r1_sha256',
  'rsa_pss_rsae_sha256',
  'rsa_pkcs1_sha256',
  'ecdsa_secp384r1_sha384',
  'rsa_pss_rsae_sha384',
  'rsa_pkcs1_sha384',
  'ecdsa_secp521r1_sha512',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha512',
] as const satisfies readonly SignatureSchemeName[];

/** `<key type>+<hash>` of OpenSSL, in lower case. */
const opensslSpellings: Readonly<Record<string, SignatureSchemeName>> = {
  'rsa+sha1': 'rsa_pkcs1_sha1',
  'rsa+sha256': 'rsa_pkcs1_sha256',
  'rsa+sha384': 'rsa_pkcs1_sha384',
  'rsa+sha512': 'rsa_pkcs1_sha512',
  'rsa-pss+sha256': 'rsa_pss_rsae_sha256',
  'rsa-pss+sha384': 'rsa_pss_rsae_sha384',
  'rsa-pss+sha512': 'rsa_pss_rsae_sha512',
  'pss+sha256': 'rsa_pss_rsae_sha256',
  'pss+sha384': 'rsa_pss_rsae_sha384',
  'pss+sha512': 'rsa_pss_rsae_sha512',
  'ecdsa+sha1': 'ecdsa_sha1',
  'ecdsa+sha256': 'ecdsa_secp256r1_sha256',
  'ecdsa+sha384': 'ecdsa_secp384r1_sha384',
  'ecdsa+sha512': 'ecdsa_secp521r1_sha512',
  'ml-dsa-44': 'mldsa44',
  'ml-dsa-65': 'mldsa65',
  'ml-dsa-87': 'mldsa87',
};

// Of the registry's schemes, what AWS-LC has no code for.
const absentSchemes = new Set<SignatureSchemeName>([
  'ed448',
  'rsa_pss_pss_sha256',
  'rsa_pss_pss_sha384',
  'rsa_pss_pss_sha512',
]);

/** Every scheme that can be asked for, whether it is on by default or not. */
export const availableSignatureSchemes: readonly SignatureSchemeName[] = (
  Object.keys(SignatureScheme) as SignatureSchemeName[]
).filter((name) => !absentSchemes.has(name));

/** The scheme of any spelling, or undefined. OpenSSL ignores the case; so do we. */
export function canonicalSignatureScheme(spelling: string): SignatureSchemeName | undefined {
  const name = spelling.toLowerCase();
  if (isScheme(name)) return name;
  return Object.hasOwn(opensslSpellings, name) ? opensslSpellings[name] : undefined;
}

function isScheme(name: string): name is SignatureSchemeName {
  return Object.hasOwn(SignatureScheme, name);
}

/**
 * The schemes of a `sigalgs` option, most wanted first; undefined where it is not given.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function chooseSignatureSchemes(options: {
  sigalgs?: string | null | undefined;
}): readonly SignatureSchemeName[] | undefined {
  const { sigalgs } = options;
  if (sigalgs === undefined || sigalgs === null) return undefined;
  if (typeof sigalgs !== 'string') throw invalidArgType('options.sigalgs', 'of type string', sigalgs);
  const names = new Set<SignatureSchemeName>();
  for (const item of sigalgs.split(':')) {
    const optional = item.startsWith('?');
    const name = canonicalSignatureScheme(optional ? item.slice(1) : item);
    if (name !== undefined) names.add(name);
    else if (!optional) throw nodeInvalidArgValue('options.sigalgs', sigalgs);
  }
  const known = [...names].filter((name) => !absentSchemes.has(name));
  if (known.length === 0) throw nodeInvalidArgValue('options.sigalgs', sigalgs);
  return known;
}
