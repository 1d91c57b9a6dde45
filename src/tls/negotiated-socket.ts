// What a TLS socket tells of its connection: everything that was negotiated, and what can be derived from it.

import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, EphemeralKeyInfo, PeerCertificate } from 'node:tls';
import { kindOf, type TransportKind } from './transport.js';
import { transport, TransportSocket } from './transport-socket.js';
import type { Connection, EngineName, Negotiated } from '../engine/connection.js';
import { ephemeralKeyInfo } from './ephemeral-key.js';
import { startTrace } from './handshake-trace.js';
import { checkServername } from './options.js';
import { legacyCertificate, legacyChain, x509Chain } from './peer-certificate.js';
import {
  checkEngineOf,
  createSecureContext,
  isSecureContext,
  type SecureContext,
  type SecureContextOptions,
} from './secure-context.js';
import { sharedSigalgName } from './shared-sigalgs.js';
import { invalidArgType, outOfRange, type PeerOffer } from '../errors.js';
import { cipherVersion } from './cipher-list.js';
import type { PostQuantumMode } from './named-policies.js';
import { wrapSession, type VerifiedIdentity } from './session.js';

/** What a finished handshake leaves behind. */
export interface Established extends Negotiated {
  /** From the first byte of the handshake to its end, in milliseconds; with the first attempt, where it was retried. */
  readonly durationMs: number;
  /** The dated name of the policy, e.g. `strict-2026-11`; undefined where none was asked for. */
  readonly policy: string | undefined;
  /** What was asked of the key exchange, by options, context, policy and environment together. */
  readonly postQuantumPolicy: PostQuantumMode;
  /** This is the retry with classical groups after a first flight that was not answered. */
  readonly retriedClassical: boolean;
}

/** What was negotiated, and what it took. */
export interface HandshakeInfo extends Established {
  /** What carries it: the addon's own TCP, a net.Socket, or another Duplex. docs/tls.md says when it is which. */
  readonly transport: TransportKind;
  /** The key exchange has a post-quantum component. */
  readonly postQuantum: boolean;
  /** Groups that the ClientHello offered, by name, or `0x....` where we know none. */
  readonly offeredGroups: readonly string[];
  /** Ciphertext bytes so far. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** The last alert that we sent and that the peer sent, by its RFC 9846 name. */
  readonly alertSent: string | undefined;
  readonly alertReceived: string | undefined;
  /** What the client offered; on a server only. */
  readonly offered: PeerOffer | undefined;
}

// 255 blocks of SHA-384, the most that HKDF-Expand gives. RFC 5869, Section 2.3.
const maximumExport = 255 * 48;
// `tls13 ` and the label have 255 bytes. RFC 9846, Section 7.1.
const longestExportLabel = 255 - 6;
const maximumUint32 = 2 ** 32 - 1;

/** What the getters read; TLSSocket keeps it up to date. */
export interface ConnectionState {
  readonly connection: Connection;
  /** Undefined before the handshake is done. */
  readonly info: Established | undefined;
  readonly isServer: boolean;
  /** Whose certificate a client accepted. */
  readonly identity: VerifiedIdentity | undefined;
  /** The one that the program was told of last: the engine may know the next one already. */
  readonly session: Buffer | undefined;
}

/** The key of the state, which programs don't see. */
export const state: unique symbol = Symbol('pqtls.state');

/** The getters of TLSSocket. */
export abstract class NegotiatedSocket extends TransportSocket {
  abstract get [state](): ConnectionState;
  /** Why the peer is not trusted: an OpenSSL code as in node:tls, or the error of checkServerIdentity. */
  abstract authorizationError: string | Error | null;

  /** @internal Undocumented, and read by programs. */
  get _secureEstablished(): boolean {
    return this[state].info !== undefined;
  }

  /**
   * What was negotiated, on a client as on a server; undefined before the handshake is done.
   */
  getHandshakeInfo(): HandshakeInfo | undefined {
    const { info, connection, isServer } = this[state];
    if (info === undefined) return undefined;
    return {
      ...info,
      transport: kindOf(this[transport]),
      postQuantum: info.group?.postQuantum ?? false,
      offeredGroups: connection.offeredGroups,
      alertSent: connection.alertSent,
      alertReceived: connection.alertReceived,
      bytesRead: connection.bytesRead,
      bytesWritten: connection.bytesWritten,
      offered: isServer ? connection.peerOffer() : undefined,
    };
  }

  /** `TLSv1.3` or `TLSv1.2`; null before the handshake is done, and after the end. */
  getProtocol(): string | null {
    return this.#orNull(() => this[state].info?.protocol ?? null);
  }

  /** The cipher suite, by its IANA name; null after the end. */
  getCipher(): { name: string; standardName: string; version: string } | undefined {
    return this.#orNull(() => {
      const info = this[state].info;
      if (info === undefined) return undefined;
      const { cipherName: name, cipherSuite: standardName } = info;
      return { name, standardName, version: cipherVersion(name) };
    });
  }

  /**
   * The newest session, for the `session` option of a later connection; in TLS 1.3 of use only once a `session` event
   * came. Opaque and secret. undefined where there is none, null once the socket is destroyed.
   */
  getSession(): Buffer | undefined | null {
    if (this.destroyed) return null;
    const { connection, identity, session: told } = this[state];
    if (told !== undefined) return Buffer.from(told);
    const session = connection.session();
    return session === undefined ? undefined : wrapSession(session, identity);
  }

  /** The ticket of the newest session, on a client; undefined where there is none, null once the socket is destroyed. */
  getTLSTicket(): Buffer | undefined | null {
    return this.destroyed ? null : this[state].connection.sessionTicket();
  }

  /** null after the end. */
  isSessionReused(): boolean {
    return this.#orNull(() => this[state].info?.resumed ?? false);
  }

  /**
   * Keying material for a protocol above TLS. RFC 9846, Section 7.5.
   *
   * @param length bytes wanted, 1 to 12 240
   * @throws Error `ERR_TLS_INVALID_STATE` before the handshake is done and after the end; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_OUT_OF_RANGE`; `ERR_SSL_INTERNAL_ERROR` for more bytes than the hash of the suite gives, 255 times its length;
   *   `ERR_SSL_TLS_ILLEGAL_EXPORTER_LABEL` for a label of more than 249 bytes
   */
  exportKeyingMaterial(length: number, label: string, context?: NodeJS.ArrayBufferView): Buffer {
    if (typeof length !== 'number') throw invalidArgType('length', 'of type number', length);
    if (!Number.isInteger(length)) throw outOfRange('length', 'an integer', length);
    if (length < 1 || length > maximumUint32) throw outOfRange('length', `>= 1 && <= ${maximumUint32}`, length);
    if (typeof label !== 'string') throw invalidArgType('label', 'of type string', label);
    if (context !== undefined && !ArrayBuffer.isView(context)) {
      throw invalidArgType('context', 'an instance of Buffer, TypedArray, or DataView', context);
    }
    if (this[state].info === undefined || this.destroyed) {
      throw Object.assign(new Error('TLS socket connection must be securely established'), {
        code: 'ERR_TLS_INVALID_STATE',
      });
    }
    // Before so much memory is asked for.
    if (length > maximumExport) throw exportRefused('internal error');
    const bytes = context && new Uint8Array(context.buffer, context.byteOffset, context.byteLength);
    try {
      return this[state].connection.exportKeyingMaterial(length, label, bytes);
    } catch (cause) {
      // OpenSSL's words for a label that has no room, and for more than the hash of this suite gives.
      throw exportRefused(
        Buffer.byteLength(label) > longestExportLabel ? 'tls illegal exporter label' : 'internal error',
        cause,
      );
    }
  }

  /**
   * The peer's certificate as node:tls's object; `{}` where it showed none and on a client that resumed a session, null after the end. An ML-DSA key adds
   * `asymmetricKeyType`.
   *
   * @param detailed with its issuers, as far as they were sent or are trusted
   */
  getPeerCertificate(detailed: true): DetailedPeerCertificate;
  getPeerCertificate(detailed?: false): PeerCertificate;
  getPeerCertificate(detailed?: boolean): PeerCertificate | DetailedPeerCertificate;
  getPeerCertificate(detailed?: boolean): PeerCertificate | DetailedPeerCertificate | null {
    if (this.destroyed) return null;
    return legacyChain(this.#hidesPeer() ? [] : this[state].connection.peerChain(), Boolean(detailed));
  }

  /** The server of a resumed session shows no certificate, and node:tls forgets the one of the first handshake. */
  #hidesPeer(): boolean {
    const { info, isServer } = this[state];
    return !isServer && info?.resumed === true;
  }

  /** Our own certificate; `{}` where we have none, null after the end. */
  getCertificate(): PeerCertificate | object | null {
    if (this.destroyed) return null;
    const der = this[state].connection.ownCertificate();
    return der === undefined ? {} : legacyCertificate({ der });
  }

  /**
   * With its issuers, as far as the peer sent them. undefined where it showed none, on a client that resumed a session,
   * and after the end.
   */
  getPeerX509Certificate(): X509Certificate | undefined {
    return this.destroyed || this.#hidesPeer() ? undefined : x509Chain(this[state].connection.peerCertificates());
  }

  /** undefined where we have none, and after the end. */
  getX509Certificate(): X509Certificate | undefined {
    const der = this.destroyed ? undefined : this[state].connection.ownCertificate();
    return der && new X509Certificate(der);
  }

  /** The verify_data of our Finished message; undefined before the handshake is done, null after the end. */
  getFinished(): Buffer | undefined {
    return this.#orNull(() => this[state].connection.finished(false));
  }

  /** The verify_data of the peer's Finished message; undefined before the handshake is done, null after the end. */
  getPeerFinished(): Buffer | undefined {
    return this.#orNull(() => this[state].connection.finished(true));
  }

  /** Signature schemes that the peer accepts and we may sign with, by OpenSSL's names; null after the end. */
  getSharedSigalgs(): string[] {
    return this.#orNull(() => this[state].connection.sharedSchemes().map(sharedSigalgName));
  }

  /**
   * The key exchange: `ECDH` with its size in bits, or `TLSGroup` for a post-quantum one, which has none. On a server
   * as well, where node:tls has null. `{}` where the key is not ephemeral, null after the end.
   */
  getEphemeralKeyInfo(): EphemeralKeyInfo | object | null {
    return this.#orNull(() => ephemeralKeyInfo(this[state].info?.group?.name));
  }

  /** Node's `_handle` is gone then, and its methods answer null. */
  #orNull<T>(read: () => T): T {
    return this.destroyed ? (null as T) : read();
  }

  /**
   * Bytes of plaintext in one record from now on, 512 to 16384; returns false and changes nothing for others.
   *
   * @throws TypeError `ERR_INVALID_ARG_TYPE`; RangeError `ERR_OUT_OF_RANGE` for what is not a 32-bit integer
   */
  setMaxSendFragment(size: number): boolean {
    if (typeof size !== 'number') throw invalidArgType('size', 'of type number', size);
    if (!Number.isInteger(size)) throw outOfRange('size', 'an integer', size);
    if (size !== (size | 0)) throw outOfRange('size', '>= -2147483648 && <= 2147483647', size);
    return !this.destroyed && this[state].connection.setMaxSendFragment(size);
  }

  /**
   * The Server Name Indication of a client that has not begun its handshake; later it has no effect.
   *
   * @throws Error `ERR_TLS_SNI_FROM_SERVER`; TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
   */
  setServername(name: string): void {
    if (typeof name !== 'string') throw invalidArgType('name', 'of type string', name);
    if (this[state].isServer) {
      throw Object.assign(new Error('Cannot issue SNI from a TLS server-side socket'), {
        code: 'ERR_TLS_SNI_FROM_SERVER',
      });
    }
    checkServername(name);
    if (!this.destroyed) this[state].connection.setServername(name);
  }

  /**
   * Key, certificate and trusted CAs for this connection alone, as in node:tls; before the handshake, or in an
   * ALPNCallback. Versions and groups stay.
   *
   * @throws Error `ERR_SSL_PASSED_A_NULL_PARAMETER` for a server and a context without a certificate
   */
  setKeyCert(context: SecureContext | SecureContextOptions): void {
    if (this.destroyed) return;
    const { engine } = this[state].connection;
    const secureContext = isSecureContext(context) ? context : createSecureContext(withEngine(context, engine));
    checkEngineOf({ engine }, secureContext);
    if (!this[state].connection.useContext(secureContext.context)) throw withoutCertificate();
  }

  /**
   * Always refused: TLS 1.3 has no renegotiation, and AWS-LC begins none in TLS 1.2. Returns false and gives `callback`
   * the error, `ERR_SSL_WRONG_SSL_VERSION` in TLS 1.3 as node:tls has it, `ERR_TLS_RENEGOTIATION_UNSUPPORTED` in TLS 1.2.
   * Returns undefined after the end.
   */
  renegotiate(options: object, callback?: (error: Error | null) => void): boolean | undefined {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw invalidArgType('options', 'of type object', options);
    }
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidArgType('callback', 'of type function', callback);
    }
    if (this.destroyed) return undefined;
    if (callback !== undefined) process.nextTick(callback, renegotiationRefused(this[state].info?.protocol));
    return false;
  }

  /** Nothing to do: a peer that asks for a renegotiation is refused. */
  disableRenegotiation(): void {}

  /** @internal The one thing that programs ask of node:tls's handle: why the peer is not trusted. */
  get ssl(): { verifyError(): Error | null } | null {
    if (this.destroyed) return null;
    return {
      verifyError: () => {
        const { authorizationError: code } = this;
        return code === null ? null : Object.assign(new Error(String(code)), { code });
      },
    };
  }

  /** Writes what happens on this connection to stderr, from now on: messages and sizes, never secrets. Returns null after the end. */
  enableTrace(): void {
    return this.#orNull(() => startTrace(this[state].connection, this[state].isServer));
  }
}

/** OpenSSL's numbers of its reasons. */
const exportFaults = { 'internal error': '0A0C0103', 'tls illegal exporter label': '0A00016F' } as const;

function exportRefused(reason: keyof typeof exportFaults, cause?: unknown): Error {
  const options = cause === undefined ? undefined : { cause };
  return Object.assign(new Error(`error:${exportFaults[reason]}:SSL routines::${reason}`, options), {
    library: 'SSL routines',
    reason,
    code: `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`,
  });
}

/** What is no object is refused as it is. */
function withEngine(options: SecureContextOptions, engine: EngineName): SecureContextOptions {
  return typeof options === 'object' && !Array.isArray(options) ? { engine, ...options } : options;
}

function withoutCertificate(): Error {
  return Object.assign(new Error('error:0A0C0102:SSL routines::passed a null parameter'), {
    library: 'SSL routines',
    reason: 'passed a null parameter',
    code: 'ERR_SSL_PASSED_A_NULL_PARAMETER',
  });
}

function renegotiationRefused(protocol: string | undefined): Error {
  if (protocol === 'TLSv1.3') {
    return Object.assign(new Error('error:0A00010A:SSL routines::wrong ssl version'), {
      library: 'SSL routines',
      reason: 'wrong ssl version',
      code: 'ERR_SSL_WRONG_SSL_VERSION',
    });
  }
  return Object.assign(new Error('TLS session renegotiation is unsupported by this TLS implementation'), {
    code: 'ERR_TLS_RENEGOTIATION_UNSUPPORTED',
  });
}
