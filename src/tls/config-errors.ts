// Errors of a context's configuration: AWS-LC's reasons in the words and codes that node:tls has from OpenSSL.

import { TlsError } from '../errors.js';

/** What was being read. */
export type ConfigStep = 'cert' | 'key' | 'pfx' | 'ciphers' | 'other';

interface OpensslError {
  readonly code: string;
  readonly message: string;
}

const unsupportedKey = { code: 'ERR_OSSL_UNSUPPORTED', message: 'error:1E08010C:DECODER routines::unsupported' };
const badDecrypt = { code: 'ERR_OSSL_BAD_DECRYPT', message: 'error:1C800064:Provider routines::bad decrypt' };
const keyMismatch = {
  code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
  message: 'error:05800074:x509 certificate routines::key values mismatch',
};
const wrongTag = { code: 'ERR_OSSL_ASN1_WRONG_TAG', message: 'error:068000A8:asn1 encoding routines::wrong tag' };

/** By AWS-LC's reason. */
const certReasons: Readonly<Record<string, OpensslError>> = {
  NO_START_LINE: { code: 'ERR_OSSL_PEM_NO_START_LINE', message: 'error:0480006C:PEM routines::no start line' },
  BAD_END_LINE: { code: 'ERR_OSSL_PEM_BAD_END_LINE', message: 'error:04800066:PEM routines::bad end line' },
  BAD_BASE64_DECODE: {
    code: 'ERR_OSSL_PEM_BAD_BASE64_DECODE',
    message: 'error:04800064:PEM routines::bad base64 decode',
  },
  KEY_SIZE_TOO_SMALL: { code: 'ERR_SSL_EE_KEY_TOO_SMALL', message: 'error:0A00018F:SSL routines::ee key too small' },
};

const keyReasons: Readonly<Record<string, OpensslError>> = {
  NO_START_LINE: unsupportedKey,
  BAD_END_LINE: unsupportedKey,
  BAD_BASE64_DECODE: unsupportedKey,
  BAD_DECRYPT: badDecrypt,
  BAD_PASSWORD_READ: badDecrypt,
  INCORRECT_PASSWORD: badDecrypt,
  KEY_VALUES_MISMATCH: keyMismatch,
  KEY_TYPE_MISMATCH: keyMismatch,
};

const cipherReasons: Readonly<Record<string, OpensslError>> = {
  NO_CIPHER_MATCH: { code: 'ERR_SSL_NO_CIPHER_MATCH', message: 'error:0A0000B9:SSL routines::no cipher match' },
  INVALID_COMMAND: { code: 'ERR_SSL_INVALID_COMMAND', message: 'error:0A000118:SSL routines::invalid command' },
};

/** AWS-LC's libraries whose reasons are OpenSSL's, by what OpenSSL puts before a reason in the code. */
const opensslPrefixes: Readonly<Record<string, string>> = {
  'PEM routines': 'PEM_',
  'X.509 certificate routines': 'X509_',
  'public key routines': 'EVP_',
  'ASN.1 encoding routines': 'ASN1_',
};

function opensslError(step: ConfigStep, library: string, reason: string): OpensslError | undefined {
  if (step === 'cert') {
    if (reason in certReasons) return certReasons[reason];
    return library === 'PEM routines' ? undefined : wrongTag;
  }
  if (step === 'key') return keyReasons[reason] ?? (library === 'SSL routines' ? undefined : unsupportedKey);
  if (step === 'pfx') return keyReasons[reason];
  return step === 'ciphers' ? cipherReasons[reason] : undefined;
}

/** The TlsError of phase `config` for a reason of AWS-LC. */
export function configError(step: ConfigStep, library: string, reason: string, cause?: unknown): TlsError {
  const known = opensslError(step, library, reason);
  const fallback = `ERR_${library === 'SSL routines' ? 'SSL' : 'OSSL'}_${opensslPrefixes[library] ?? ''}${reason}`;
  const text = known?.message ?? (cause instanceof Error ? cause.message : reason);
  // `error:<number>:<library>::<reason>`
  const [, , knownLibrary, , knownReason] = known === undefined ? [] : known.message.split(':');
  return new TlsError(text, {
    code: known?.code ?? (reason === '' ? 'ERR_PQTLS_CONFIG' : fallback),
    phase: 'config',
    engine: 'aws-lc',
    library: knownLibrary ?? library,
    reason: knownReason ?? reason.toLowerCase().replaceAll('_', ' '),
    engineReason: reason,
    cause,
  });
}

/** Turns what the binding throws into a TlsError; everything else stays as it is. */
export function withConfigErrors<T>(step: ConfigStep, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!isBindingError(error)) throw error;
    throw configError(step, error.library, error.reason.toUpperCase().replaceAll(' ', '_'), error);
  }
}

function isBindingError(error: unknown): error is Error & { library: string; reason: string } {
  if (!(error instanceof Error) || error instanceof TlsError) return false;
  const { library, reason } = error as { library?: unknown; reason?: unknown };
  return typeof library === 'string' && typeof reason === 'string';
}

/** An Error with Node's `ERR_CRYPTO_OPERATION_FAILED`. */
export function operationFailed(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_CRYPTO_OPERATION_FAILED' });
}
