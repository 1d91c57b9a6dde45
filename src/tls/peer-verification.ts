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
  /** Whether the certificate surely has this DNS name; false says nothing. */
  readonly hasName?: ((name: string) => boolean) | undefined;
  /** All that node:tls gives to a program's own check. */
  readonly certificate: () => PeerCertificate;
}

/** Why a peer is not accepted. */
export interface Rejection {
  readonly error: Error;
  /**
   * What node:tls leaves in `authorizationError`: the code, or the message where there is none. A program's own check may
   * refuse with what has neither; then it is undefined.
   */
  readonly authorizationError: string;
  /** The alert for the peer, by its number. */
  readonly alert: number;
}

/**
 * The verdict while the handshake is suspended, so that the peer gets the alert that fits; undefined accepts. What the
 * program's own check throws is passed on: the caller has to end the connection then.
 */
export function verifyPeer(
  chain: () => readonly Buffer[],
  chainError: ChainError | undefined,
  options: VerificationOptions,
): Rejection | undefined {
  const error = chainError === undefined ? checkName(chain, options) : untrusted(chainError, options.engine);
  if (error === undefined) return undefined;
  const { code } = error as { code?: string };
  return { error, authorizationError: code || error.message, alert: Alert[verificationAlert(code ?? '')] };
}

/** The name that a server's certificate has to have. */
export function expectedName({ servername, host }: Pick<VerificationOptions, 'servername' | 'host'>): string {
  return servername || host || 'localhost';
}

function untrusted({ code, message }: ChainError, engine: string): CertificateError {
  return new CertificateError(message, { code, phase: 'handshake', engine, alertSent: verificationAlert(code) });
}

/**
 * A server that showed a pre-shared key and no certificate: the check of its name is asked all the same, with an empty
 * certificate, as in node:tls. The default one refuses. Throws as verifyPeer() does.
 */
export function verifyKeyHolder(options: Omit<VerificationOptions, 'certificate'>): Error | undefined {
  const hostname = options.servername || options.host || 'localhost';
  const nothing = {} as PeerCertificate;
  if (options.checkServerIdentity) return options.checkServerIdentity(hostname, nothing) || undefined;
  return defaultCheck(hostname, nothing, { engine: options.engine, certificate: () => nothing });
}

function checkName(chain: () => readonly Buffer[], options: VerificationOptions): Error | undefined {
  if (options.isServer || options.nameVerified === true) return undefined;
  const hostname = expectedName(options);
  // Most names: node:tls's own check, which is asked below, costs a second parse of the certificate.
  if (!options.checkServerIdentity && options.hasName?.(hostname) === true) return undefined;
  const leaf = chain()[0];
  if (leaf === undefined) return new Error('The server sent no certificate');
  // A caller's own check reports with its own error, as in node:tls: anything falsy accepts, all else refuses.
  if (options.checkServerIdentity) return options.checkServerIdentity(hostname, options.certificate()) || undefined;
  return defaultCheck(hostname, leaf, options);
}

/** Our own check fails closed, whatever in the certificate it may trip on. */
function defaultCheck(
  hostname: string,
  certificate: Buffer | PeerCertificate,
  told: Pick<VerificationOptions, 'engine' | 'certificate'>,
): Error | undefined {
  try {
    const named = Buffer.isBuffer(certificate) ? nameFields(certificate) : certificate;
    const error = checkServerIdentity(hostname, named);
    return error === undefined ? undefined : typed(error, told);
  } catch (cause) {
    return cause instanceof Error ? cause : new Error('checkServerIdentity threw', { cause });
  }
}

/** node:tls's error for a name that does not match, as a CertificateError with the same code, reason, host and cert. */
function typed(
  error: Error,
  { engine, certificate }: Pick<VerificationOptions, 'engine' | 'certificate'>,
): CertificateError {
  const details = error as { code?: string; reason?: string; host?: string };
  const code = details.code ?? 'ERR_TLS_CERT_ALTNAME_INVALID';
  const made = new CertificateError(error.message, {
    code,
    phase: 'handshake',
    engine,
    alertSent: verificationAlert(code),
    reason: details.reason,
  });
  return Object.assign(made, { host: details.host, cert: certificate() });
}
