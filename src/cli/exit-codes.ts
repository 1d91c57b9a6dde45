// How the command ends: its exit codes, and which error is which. docs/cli.md.

import { CertificateError, NotPostQuantumError, TlsError, UnsupportedError } from '../index.js';

export const ExitCode = {
  /** Everything that was asked for was done. */
  done: 0,
  /** The TLS handshake or connection failed for a reason that has no code of its own. */
  failed: 1,
  /** Arguments or files are no good; nothing was sent. */
  misused: 2,
  /** No connection could be made, or it was lost, or nobody answered in time. */
  notConnected: 3,
  /** The peer's certificate or its name was not accepted. */
  untrusted: 4,
  /** The peer has no post-quantum key exchange, which was required. */
  notPostQuantum: 5,
  /** The server would not go from plaintext to TLS. */
  startTlsFailed: 6,
  /** TLS is not available here. */
  unavailable: 7,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What the user gave is no good; the message says what to do. */
export class UsageError extends Error {
  readonly code = 'ERR_PQTLS_USAGE';
}

/** The conversation before TLS did not come to its go-ahead. */
export class StartTlsError extends Error {
  readonly code:
    | 'ERR_PQTLS_STARTTLS_REFUSED'
    | 'ERR_PQTLS_STARTTLS_UNSUPPORTED'
    | 'ERR_PQTLS_STARTTLS_PROTOCOL'
    | 'ERR_PQTLS_STARTTLS_INJECTION'
    | 'ERR_PQTLS_STARTTLS_CLOSED'
    | 'ERR_PQTLS_STARTTLS_TIMEOUT';

  constructor(code: StartTlsError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Nobody answered in time, or the connection broke; `code` is Node's. */
export class ConnectionLostError extends Error {
  readonly code: 'ETIMEDOUT' | 'ECONNRESET';

  constructor(code: ConnectionLostError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

const networkCode =
  /^(E(CONN|HOST|NET|ADDR|PIPE|TIMEDOUT|AI_|NOTFOUND|ACCES|NOENT|NOTSOCK|INVAL|PERM|PROTO)|ERR_TLS_HANDSHAKE_TIMEOUT$|ERR_SOCKET_)/;

/** Errors of options are thrown before anything is sent. */
function isOfOptions(error: unknown, code: string): boolean {
  if (error instanceof UsageError || (error instanceof TlsError && error.phase === 'config')) return true;
  return /^(commander\.|ERR_(INVALID_ARG|OUT_OF_RANGE|MISSING_ARGS|SSL_NO_PROTOCOLS_AVAILABLE$|TLS_(INVALID_PROTOCOL|PROTOCOL_VERSION)|CRYPTO_))/.test(
    code,
  );
}

/** node:tls's codes of chains and names that are not accepted: without a prefix, but for the name's. */
function isOfCertificate(error: unknown, code: string): boolean {
  if (error instanceof CertificateError) return true;
  return code.startsWith('ERR_TLS_CERT_') || code === 'ERR_PQTLS_CERTIFICATE_KEY';
}

export function exitCodeOf(error: unknown): ExitCode {
  const code = codeOf(error) ?? '';
  if (error instanceof UnsupportedError || code === 'ERR_PQTLS_NATIVE_MISSING') return ExitCode.unavailable;
  if (isOfOptions(error, code)) return ExitCode.misused;
  if (error instanceof NotPostQuantumError) return ExitCode.notPostQuantum;
  if (error instanceof StartTlsError) return ExitCode.startTlsFailed;
  if (isOfCertificate(error, code)) return ExitCode.untrusted;
  return networkCode.test(code) ? ExitCode.notConnected : ExitCode.failed;
}
