// Whether a peer's certificate is accepted: the engine's verdict on the chain, and on a client the name. RFC 9525.

import type { PeerCertificate } from 'node:tls';
import type { ChainError } from '../engine/connection.js';
import { CertificateError, verificationAlert } from '../errors.js';
import { Alert } from '../protocol/constants.js';
import { checkServerIdentity, nameFields } from './server-identity.js';

/** What verification needs of a socket's options. */
export interface VerificationOptions {
  readonly isServer: boolean;
  readonly engine: string;
  /** The session that is resumed was made with a peer whose name was accepted. */
  readonly nameVerified?: boolean | undefined;
  readonly servername?: string | undefined;
  readonly host?: string | undefined;
  readonly checkServerIdentity?: ((hostname: string, certificate: PeerCertificate) => Error | undefined) | undefined;
}

/** Why a peer is not accepted. */
export interface Rejection {
  readonly error: Error;
  /** What node:tls leaves in `authorizationError`: the code, or the error where it has none. */
  readonly authorizationError: string | Error;
  /** The alert for the peer, by its number. */
  readonly alert: number;
}

/** The verdict while the handshake is suspended, so that the peer gets the alert that fits; undefined accepts. */
export function verifyPeer(
  chain: readonly Buffer[],
  chainError: ChainError | undefined,
  options: VerificationOptions,
): Rejection | undefined {
  const error = chainError === undefined ? checkName(chain, options) : untrusted(chainError, options.engine);
  if (error === undefined) return undefined;
  const { code } = error as { code?: string };
  return { error, authorizationError: code ?? error, alert: Alert[verificationAlert(code ?? '')] };
}

/** The name that a server's certificate has to have. */
export function expectedName({ servername, host }: Pick<VerificationOptions, 'servername' | 'host'>): string {
  return servername || host || 'localhost';
}

function untrusted({ code, message }: ChainError, engine: string): CertificateError {
  return new CertificateError(message, { code, phase: 'handshake', engine, alertSent: verificationAlert(code) });
}

function checkName(chain: readonly Buffer[], options: VerificationOptions): Error | undefined {
  if (options.isServer || options.nameVerified === true) return undefined;
  const hostname = expectedName(options);
  try {
    const leaf = chain[0];
    if (leaf === undefined) throw new Error('The server sent no certificate');
    const certificate = nameFields(leaf);
    // A caller's own check reports with its own error, as in node:tls.
    if (options.checkServerIdentity) return asError(options.checkServerIdentity(hostname, certificate));
    return typed(checkServerIdentity(hostname, certificate), options.engine);
  } catch (cause) {
    return cause instanceof Error ? cause : new Error('checkServerIdentity threw', { cause });
  }
}

/** Anything falsy accepts, as in node:tls; anything else refuses, an Error or not. */
function asError(answer: unknown): Error | undefined {
  if (!answer) return undefined;
  return answer instanceof Error ? answer : new Error('checkServerIdentity refused the certificate', { cause: answer });
}

/** node:tls's error for a name that does not match, as a CertificateError with the same code, reason, host and cert. */
function typed(error: Error | undefined, engine: string): CertificateError | undefined {
  if (error === undefined) return undefined;
  const details = error as { code?: string; reason?: string; host?: string; cert?: PeerCertificate };
  const code = details.code ?? 'ERR_TLS_CERT_ALTNAME_INVALID';
  const made = new CertificateError(error.message, {
    code,
    phase: 'handshake',
    engine,
    alertSent: verificationAlert(code),
    reason: details.reason,
  });
  return Object.assign(made, { host: details.host, cert: details.cert });
}
