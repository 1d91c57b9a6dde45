// The options of a TLSSocket, and the callbacks among them.

import type { EventEmitter } from 'node:events';
import type { PeerCertificate } from 'node:tls';
import type { redial, Redial } from './first-flight.js';
import type { AlpnCallback } from './handshake-decisions.js';
import type { handshakeFollower, HandshakeFollower } from './handshake-trace.js';
import type { ClientPskCallback, ServerPskCallback } from './pre-shared-keys.js';
import type { ConnectionSecurity } from './policy.js';
import type { RecordOptions } from './record-options.js';
import type { SecureContext, SecureContextOptions } from './secure-context.js';
import type { TLSSocket } from './socket.js';
import type { OnReadOptions } from './user-buffer.js';

/**
 * The key under which a server says that a client may show no certificate where it is asked for one; what it shows is
 * judged in the handshake all the same. node:tls has no option for it. Internal.
 */
export const mayShowNone: unique symbol = Symbol('pqtls.mayShowNone');

/** Answers with the context for a server name; without one the server's own is used. */
export type SniCallback = (
  this: TLSSocket,
  servername: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void;

/** The key under which a server's options, checked and one object for many sockets, hold what policies made of them. */
export const preparedSecurity: unique symbol = Symbol('pqtls.preparedSecurity');

/** The most that setTimeout takes, in milliseconds. */
export const longestTimeout = 0x7fff_ffff;

export interface TLSSocketOptions extends SecureContextOptions, RecordOptions {
  /** @internal */
  readonly [preparedSecurity]?: ConnectionSecurity;
  isServer?: boolean | undefined;
  /** Default: made of the other options. */
  secureContext?: SecureContext | undefined;
  /** A server asks for a client's certificate. Default false. */
  requestCert?: boolean | undefined;
  /** Refuse a peer whose certificate is not trusted. Default true. */
  rejectUnauthorized?: boolean | undefined;
  /** Names in order of preference, or wire form. */
  ALPNProtocols?: readonly string[] | Uint8Array | undefined;
  /** A server's, in place of ALPNProtocols. */
  ALPNCallback?: AlpnCallback | undefined;
  SNICallback?: SniCallback | undefined;
  /** The server that emits `OCSPRequest`, `newSession` and `resumeSession`; becomes `server` of its sockets. */
  server?: EventEmitter | undefined;
  /** A client's session to resume: what getSession() or a `session` event gave. */
  session?: Buffer | string | undefined;
  /** A client asks for a stapled OCSP response; see `OCSPResponse`. Default false. */
  requestOCSP?: boolean | undefined;
  /** Pre-shared keys, in TLS 1.2 only. */
  pskCallback?: ClientPskCallback | ServerPskCallback<TLSSocket> | undefined;
  /** A server's hint about which identity to show, at most 128 bytes. */
  pskIdentityHint?: string | undefined;
  /** Writes what happens to stderr, without secrets. Default false. */
  enableTrace?: boolean | undefined;
  /** A client's Server Name Indication: a host name. An IP address is none, but is sent all the same, as by node:tls. */
  servername?: string | undefined;
  /** Default: checkServerIdentity() of this module. */
  checkServerIdentity?: ((hostname: string, certificate: PeerCertificate) => Error | undefined) | undefined;
  /** The name that a client checks the certificate against. Default: servername, then `localhost`. */
  host?: string | undefined;
  /** Of a socket without a transport; one that has a transport does as that does. Default false. */
  allowHalfOpen?: boolean | undefined;
  /** Of a socket without a transport: plaintext goes into this buffer, there is no `data`. */
  onread?: OnReadOptions | undefined;
  /** A server's socket that is paused when `secureConnection` is emitted. */
  pauseOnConnect?: boolean | undefined;
  highWaterMark?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds until an unfinished handshake fails. Default: none for a client; a Server passes its own. */
  handshakeTimeout?: number | undefined;
  /** @internal connect()'s way to dial again, for retryClassical. */
  [redial]?: Redial | undefined;
  /** @internal */
  [handshakeFollower]?: HandshakeFollower | undefined;
  /** @internal */
  [mayShowNone]?: boolean | undefined;
}
