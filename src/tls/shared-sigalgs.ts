// Signature schemes by the names that OpenSSL gives them, which getSharedSigalgs() answers with.

import type { SignatureSchemeName } from '../protocol/constants.js';

const opensslNames: Readonly<Record<SignatureSchemeName, string>> = {
  rsa_pkcs1_sha1: 'RSA+SHA1',
  ecdsa_sha1: 'ECDSA+SHA1',
  rsa_pkcs1_sha256: 'RSA+SHA256',
  ecdsa_secp256r1_sha256: 'ECDSA+SHA256',
  rsa_pkcs1_sha384: 'RSA+SHA384',
  ecdsa_secp384r1_sha384: 'ECDSA+SHA384',
  rsa_pkcs1_sha512: 'RSA+SHA512',
  ecdsa_secp521r1_sha512: 'ECDSA+SHA512',
  rsa_pss_rsae_sha256: 'RSA-PSS+SHA256',
  rsa_pss_rsae_sha384: 'RSA-PSS+SHA384',
  rsa_pss_rsae_sha512: 'RSA-PSS+SHA512',
  ed25519: 'Ed25519+UNDEF',
  ed448: 'Ed448+UNDEF',
  rsa_pss_pss_sha256: 'RSA-PSS+SHA256',
  rsa_pss_pss_sha384: 'RSA-PSS+SHA384',
  rsa_pss_pss_sha512: 'RSA-PSS+SHA512',
  mldsa44: 'id-ml-dsa-44+UNDEF',
  mldsa65: 'id-ml-dsa-65+UNDEF',
  mldsa87: 'id-ml-dsa-87+UNDEF',
};

/** OpenSSL's name; `UNDEF+UNDEF` for a scheme that we don't know, as node:tls has it. */
export function sharedSigalgName(scheme: string): string {
  return (opensslNames as Readonly<Record<string, string | undefined>>)[scheme] ?? 'UNDEF+UNDEF';
}
