// How an error is told: one line with its code and what to do, or one JSON object; and the exit code it stands for.

import { jsonText } from './json-text.js';
import { InvalidMessageError, NotPostQuantumError, TlsError, type LargeClientHelloHint } from '../index.js';
import { codeOf, exitCodeOf, type ExitCode } from './exit-codes.js';
import { paintFor, printable } from './terminal-text.js';

/** What `--json` says of an error. */
export interface ErrorFacts {
  readonly code: string | null;
  readonly message: string;
  readonly advice: string | null;
  readonly phase: string | null;
  readonly alertSent: string | null;
  readonly alertReceived: string | null;
  /** What a peer without post-quantum key exchange offered or chose. */
  readonly offered: unknown;
  readonly hint: LargeClientHelloHint | null;
  readonly exitCode: ExitCode;
}

const trust = 'Trust its CA with -CAfile FILE, or go on unverified with --insecure';
const otherPort = 'Ask for another port, or for -starttls where TLS begins after a plaintext greeting';

const versions = 'Allow other versions with --min-version and --max-version';

const adviceByCode: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Check the host name',
  EAI_AGAIN: 'The name server did not answer; try again, or give an address',
  ECONNREFUSED: 'Nothing listens there: check the port',
  EADDRINUSE: 'Choose another port with -accept',
  EACCES: 'Choose a port above 1023, or a path that may be written to',
  ETIMEDOUT: 'Allow more time with --timeout SECONDS',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'Allow more time with --timeout SECONDS',
  DEPTH_ZERO_SELF_SIGNED_CERT: trust,
  SELF_SIGNED_CERT_IN_CHAIN: trust,
  UNABLE_TO_GET_ISSUER_CERT: trust,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: trust,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: trust,
  CERT_HAS_EXPIRED: 'The server needs a new certificate; --insecure goes on all the same',
  CERT_NOT_YET_VALID: 'Check the clock here and there; --insecure goes on all the same',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Ask for a name of the certificate with -servername or -verify_hostname',
  ERR_SSL_WRONG_VERSION_NUMBER: otherPort,
  ERR_SSL_BAD_RECORD_TYPE: otherPort,
  ERR_SSL_HTTP_REQUEST: 'The client should speak TLS (https://)',
  ERR_PQTLS_NOT_POST_QUANTUM: '--post-quantum prefer accepts a classical key exchange too',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: versions,
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: versions,
  ERR_SSL_NO_CIPHER_MATCH: 'Choose with -cipher and -ciphersuites from what `pqtls info` lists',
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'Give the key of the certificate with -key',
  ERR_PQTLS_STARTTLS_UNSUPPORTED: 'Its port for TLS from the start may have it',
  ERR_PQTLS_STARTTLS_PROTOCOL: 'Check the port and the protocol of -starttls',
  ERR_PQTLS_STARTTLS_TIMEOUT: 'Check the port and the protocol of -starttls, or allow more time with --timeout SECONDS',
  ERR_PQTLS_STARTTLS_INJECTION: 'Somebody on the path may be injecting commands: do not trust this connection',
};

/** The options of the library by what the command calls them. */
const optionNames: Readonly<Record<string, string>> = {
  groups: '-groups',
  ecdhCurve: '-groups',
  sigalgs: '-sigalgs',
  ciphers: '-cipher',
  policy: '--policy',
  postQuantum: '--post-quantum',
  minVersion: '--min-version',
  maxVersion: '--max-version',
  servername: '-servername',
  ALPNProtocols: '-alpn',
};

function inCommandTerms(message: string): string {
  return message
    .replace(/^The property '(options\.\w+)' is invalid\. Received (.+)$/, 'The value of $1 is invalid: $2')
    .replaceAll(/["']?\boptions\.(\w+)["']?/g, (whole, name: string) => optionNames[name] ?? whole);
}

const certificateAlerts = new Set([
  'bad_certificate',
  'unsupported_certificate',
  'certificate_revoked',
  'certificate_expired',
  'certificate_unknown',
  'unknown_ca',
]);

/** The peer's alert says that it shares nothing with us, or does not like our certificate, or wants one. */
function adviceByAlert(alert: string | undefined): string | undefined {
  if (alert === 'handshake_failure' || alert === 'insufficient_security') {
    return 'Nothing in common: try other -groups, -cipher, -sigalgs or versions. TLS 1.2 servers that want a client certificate (-cert, -key) say the same';
  }
  if (alert !== undefined && certificateAlerts.has(alert)) {
    return 'The other side does not accept the certificate of -cert: it may trust another CA, or ask for another name';
  }
  if (alert === 'certificate_required') return 'Give a client certificate with -cert and -key';
  if (alert === 'no_application_protocol') return 'Offer another protocol with -alpn';
  return undefined;
}

function passphraseAdvice(message: string): string | undefined {
  return /passphrase|bad decrypt/i.test(message)
    ? 'Give the passphrase of the key with -pass env:NAME or -pass file:PATH'
    : undefined;
}

function sigalgsAdvice(message: string): string | null {
  return message.includes('-sigalgs is invalid') ? '`pqtls info` lists the signature schemes' : null;
}

export function errorFacts(error: unknown): ErrorFacts {
  const code = codeOf(error);
  const { alertSent, alertReceived, phase } = error instanceof TlsError ? error : {};
  // An aggregate of every address that was tried has no message of its own.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const text =
    error instanceof Error && error.message !== '' ? error.message : String((inner as Error)?.message ?? inner);
  const message = printable(inCommandTerms(text).replaceAll(/\s*\n\s*/g, '; '), 1000);
  const hint = (error as { hint?: LargeClientHelloHint } | undefined)?.hint ?? null;
  const advice = hint === null ? undefined : `${hint.message} Try -groups X25519:P-256`;
  const isNoTls = error instanceof InvalidMessageError && phase === 'handshake';
  return {
    code: code ?? null,
    message,
    advice:
      advice ??
      adviceByCode[code ?? ''] ??
      adviceByAlert(alertReceived) ??
      passphraseAdvice(message) ??
      (isNoTls ? otherPort : null) ??
      sigalgsAdvice(message),
    phase: phase ?? null,
    alertSent: alertSent ?? null,
    alertReceived: alertReceived ?? null,
    offered: error instanceof NotPostQuantumError ? (error.offered ?? null) : null,
    hint,
    exitCode: exitCodeOf(error),
  };
}

/** One line, with its newline. */
export function errorLine(error: unknown, about = ''): string {
  const { code, message, advice, alertSent } = errorFacts(error);
  const sentence = message.replace(/\.$/, '');
  const facts = [code, alertSent === null ? null : `alert sent: ${alertSent}`].filter((fact) => fact !== null);
  const told = facts.length === 0 ? sentence : `${sentence} (${facts.join(', ')})`;
  return `${paintFor(process.stderr)('red', 'pqtls:')} ${about}${told}.${advice === null ? '' : ` ${advice}.`}\n`;
}

/** Tells of an error and sets the exit code. */
export function reportError(error: unknown, json: boolean): void {
  if (json) process.stdout.write(`${jsonText({ event: 'error', ...errorFacts(error) })}\n`);
  else process.stderr.write(errorLine(error));
  process.exitCode = exitCodeOf(error);
}
