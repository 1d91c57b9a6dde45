// What a TLS socket tells of its connection: everything that was negotiated, and what can be derived from it.

import { Socket } from 'node:net';
import type { Connection, Negotiated } from '../engine/connection.js';
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
  /** The key exchange has a post-quantum component. */
  readonly postQuantum: boolean;
  /** Ciphertext bytes so far. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** What the client offered; on a server only. */
  readonly offered: PeerOffer | undefined;
}

// 255 blocks of SHA-384, the most that HKDF-Expand gives. RFC 5869, Section 2.3.
const maximumExport = 255 * 48;

/** What the getters read; TLSSocket keeps it up to date. */
export interface ConnectionState {
  readonly connection: Connection;
  /** Undefined before the handshake is done. */
  readonly info: Established | undefined;
  readonly isServer: boolean;
  /** Whose certificate a client accepted. */
  readonly identity: VerifiedIdentity | undefined;
}

/** The key of the state, which programs don't see. */
export const state: unique symbol = Symbol('pqtls.state');

/** The getters of TLSSocket. */
export abstract class NegotiatedSocket extends Socket {
  abstract get [state](): ConnectionState;

  /**
   * What was negotiated, on a client as on a server; undefined before the handshake is done.
   */
  getHandshakeInfo(): HandshakeInfo | undefined {
    const { info, connection, isServer } = this[state];
    if (info === undefined) return undefined;
    return {
      ...info,
      postQuantum: info.group?.postQuantum ?? false,
      bytesRead: connection.bytesRead,
      bytesWritten: connection.bytesWritten,
      offered: isServer ? connection.peerOffer() : undefined,
    };
  }

  /** `TLSv1.3` or `TLSv1.2`; null before the handshake is done. */
  getProtocol(): string | null {
    return this[state].info?.protocol ?? null;
  }

  /** The cipher suite, by its IANA name. */
  getCipher(): { name: string; standardName: string; version: string } | undefined {
    const info = this[state].info;
    if (info === undefined) return undefined;
    const { cipherName: name, cipherSuite: standardName } = info;
    return { name, standardName, version: cipherVersion(name) };
  }

  /**
   * The newest session, for the `session` option of a later connection; in TLS 1.3 of use only once a `session` event
   * came. Opaque and secret. undefined where there is none, null once the socket is destroyed.
   */
  getSession(): Buffer | undefined | null {
    if (this.destroyed) return null;
    const { connection, identity } = this[state];
    const session = connection.session();
    return session === undefined ? undefined : wrapSession(session, identity);
  }

  /** The ticket of the newest session, on a client; undefined where there is none, null once the socket is destroyed. */
  getTLSTicket(): Buffer | undefined | null {
    return this.destroyed ? null : this[state].connection.sessionTicket();
  }

  isSessionReused(): boolean {
    return this[state].info?.resumed ?? false;
  }

  /**
   * Keying material for a protocol above TLS. RFC 9846, Section 7.5.
   *
   * @param length bytes wanted, 1 to 12 240
   * @throws Error `ERR_TLS_INVALID_STATE` before the handshake is done and after the end; `ERR_INVALID_ARG_TYPE`,
   *   `ERR_OUT_OF_RANGE`
   */
  exportKeyingMaterial(length: number, label: string, context?: NodeJS.ArrayBufferView): Buffer {
    if (this[state].info === undefined || this.destroyed) {
      throw Object.assign(new Error('TLS handshake is not finished or the socket is destroyed'), {
        code: 'ERR_TLS_INVALID_STATE',
      });
    }
    if (typeof length !== 'number') throw invalidArgType('length', 'of type number', length);
    if (!Number.isInteger(length) || length < 1 || length > maximumExport) {
      throw outOfRange('length', `an integer >= 1 and <= ${maximumExport}`, length);
    }
    if (typeof label !== 'string') throw invalidArgType('label', 'of type string', label);
    if (context === undefined) return this[state].connection.exportKeyingMaterial(length, label);
    if (!ArrayBuffer.isView(context)) {
      throw invalidArgType('context', 'an instance of Buffer, TypedArray, or DataView', context);
    }
    const { buffer, byteOffset, byteLength } = context;
    return this[state].connection.exportKeyingMaterial(length, label, new Uint8Array(buffer, byteOffset, byteLength));
  }
}
