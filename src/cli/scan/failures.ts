// Why a handshake failed, from the errors of both TLS stacks: a refusal, a reset, an end, a silence, no TLS, broken TLS, no
// way to where TLS begins.

import {
  AlertReceivedError,
  HandshakeTimeoutError,
  InvalidMessageError,
  PeerIncompatibleError,
  TlsError,
  UnexpectedEofError,
} from '../../index.js';
import type { ProbeResult } from './report.js';

export interface Failure {
  readonly result: Exclude<ProbeResult, 'accepted'>;
  readonly detail: string;
}

/** Which part of a connection failed. */
export type Stage = 'setup' | 'connect' | 'plaintext' | 'handshake';

export function failureOf(error: unknown, stage: Stage): Failure {
  const { code, message } = asSystemError(error);
  const detail = shortened(code === undefined ? message : `${code}: ${message}`);
  // Our own stack does not take the options: the endpoint has seen nothing.
  if (stage === 'setup') return { result: 'not-tried', detail };
  if (stage === 'connect') return { result: 'unreachable', detail: connectProblem(error) };
  // Before TLS nothing is said of TLS, whatever the answer was.
  if (stage === 'plaintext') return { result: 'no-starttls', detail };
  if (error instanceof TlsError) return ofTlsError(error) ?? ofTransport(error) ?? { result: 'broken', detail };
  return ofTransport(error) ?? ofOpensslError(error) ?? { result: 'broken', detail };
}

// Bytes that are no TLS record, or plain HTTP. AWS-LC's names, but for the one of an answer.
const notTlsReasons = new Set([
  'WRONG_VERSION_NUMBER',
  'HTTP_REQUEST',
  'HTTP_RESPONSE',
  'HTTPS_PROXY_REQUEST',
  'INVALID_OUTER_RECORD_TYPE',
  'ENCRYPTED_LENGTH_TOO_LONG',
]);

function ofTlsError(error: TlsError): Failure | undefined {
  const detail = shortened(`${error.code}: ${error.message}`);
  if (error instanceof AlertReceivedError) return { result: 'refused', detail: `alert ${error.alertReceived}` };
  // It answers, with alerts alone.
  if (error.engineReason === 'TOO_MANY_WARNING_ALERTS') return { result: 'refused', detail };
  if (error instanceof PeerIncompatibleError) return { result: 'refused', detail };
  if (error instanceof HandshakeTimeoutError) return { result: 'timeout', detail };
  // An end in the middle of a record; one between records has a node:tls code, below.
  if (error instanceof UnexpectedEofError && error.engineReason !== undefined) return { result: 'closed', detail };
  if (error instanceof InvalidMessageError && notTlsReasons.has(error.engineReason ?? '')) {
    return { result: 'not-tls', detail };
  }
  return undefined;
}

function ofTransport(error: unknown): Failure | undefined {
  const { code, syscall } = asSystemError(error);
  switch (code) {
    case 'ECONNRESET':
      // Both stacks give an end before the end of the handshake this code as well, without a system call.
      return syscall === undefined
        ? { result: 'closed', detail: 'the connection was closed in the handshake, without an alert' }
        : { result: 'reset', detail: 'the connection was reset' };
    case 'EPIPE':
    case 'ECONNABORTED':
      return { result: 'reset', detail: `the connection was reset (${code})` };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { result: 'timeout', detail: `the connection was lost (${code})` };
    default:
      return undefined;
  }
}

/** What OpenSSL says by way of node:tls. */
function ofOpensslError(error: unknown): Failure | undefined {
  const { code, message } = asSystemError(error);
  if (code === undefined) return undefined;
  const [, alert] = /_ALERT_(\w+)$/.exec(code) ?? [];
  if (alert !== undefined) return { result: 'refused', detail: `alert ${alert.toLowerCase()}` };
  // Its own configuration (a system's, say) leaves nothing to offer.
  if (/NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE/.test(code)) return { result: 'not-tried', detail: code };
  // The endpoint answered, with a version that was not offered.
  if (/UNSUPPORTED_PROTOCOL|WRONG_VERSION_NUMBER|WRONG_SSL_VERSION|INAPPROPRIATE_FALLBACK/.test(code)) {
    return { result: 'refused', detail: code };
  }
  return { result: 'broken', detail: shortened(`${code}: ${message}`) };
}

function connectProblem(error: unknown): string {
  // node:net tries several addresses, and has an error of each.
  if (error instanceof AggregateError) {
    const errors: readonly unknown[] = error.errors;
    return shortened(errors.map((each) => asSystemError(each).message).join('; '));
  }
  return shortened(asSystemError(error).message);
}

function asSystemError(error: unknown): { code?: string | undefined; syscall?: string | undefined; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return {
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof syscall === 'string' ? { syscall } : {}),
  };
}

/** A peer can make a message long, by the names of its certificate for example; OpenSSL's tells of threads and lines. */
function shortened(text: string): string {
  const plain = text.replace(/[0-9A-F]{8,16}:error:[0-9A-F]{8}:/, '').replace(/:[^:\s]*\.c:\d+:?\s*$/, '');
  return plain.length > 300 ? `${plain.slice(0, 300)}...` : plain;
}
