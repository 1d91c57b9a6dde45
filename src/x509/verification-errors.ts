// What is wrong with a chain: OpenSSL's names, as node:tls reports them, and its texts.

/** Names of X509_V_ERR_*; the last two are ours. */
export const verificationMessages = {
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
  UNABLE_TO_GET_CRL: 'unable to get certificate CRL',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'unable to decode issuer public key',
  CERT_SIGNATURE_FAILURE: 'certificate signature failure',
  CRL_SIGNATURE_FAILURE: 'CRL signature failure',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CRL_NOT_YET_VALID: 'CRL is not yet valid',
  CRL_HAS_EXPIRED: 'CRL has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
  CERT_CHAIN_TOO_LONG: 'certificate chain too long',
  CERT_REVOKED: 'certificate revoked',
  INVALID_CA: 'invalid CA certificate',
  PATH_LENGTH_EXCEEDED: 'path length constraint exceeded',
  INVALID_PURPOSE: 'unsuitable certificate purpose',
  UNHANDLED_CRITICAL_EXTENSION: 'unhandled critical extension',
  KEYUSAGE_NO_CRL_SIGN: 'key usage does not include CRL signing',
  UNHANDLED_CRITICAL_CRL_EXTENSION: 'unhandled critical CRL extension',
  PERMITTED_VIOLATION: 'permitted subtree violation',
  EXCLUDED_VIOLATION: 'excluded subtree violation',
  SUBTREE_MINMAX: 'name constraints minimum and maximum not supported',
  UNSUPPORTED_CONSTRAINT_TYPE: 'unsupported name constraint type',
  UNSUPPORTED_NAME_SYNTAX: 'unsupported or invalid name syntax',
  EE_KEY_TOO_SMALL: 'the RSA key of the certificate has less than 2048 bits',
  CA_KEY_TOO_SMALL: 'the RSA key of a CA certificate has less than 2048 bits',
  CA_MD_TOO_WEAK: 'a certificate is signed with MD5 or SHA-1',
  ERR_PQTLS_CERTIFICATE_MALFORMED: 'a certificate of the chain does not parse',
  ERR_PQTLS_CERTIFICATE_TOO_COMPLEX: 'the chain of certificates takes too much work to verify',
} as const satisfies Record<string, string>;

export type VerificationCode = keyof typeof verificationMessages;

export interface VerificationError {
  readonly code: VerificationCode;
  readonly message: string;
}

export function verificationError(code: VerificationCode): VerificationError {
  return { code, message: verificationMessages[code] };
}
