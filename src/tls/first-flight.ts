// A client's first flight that no server byte answered: what to say of it, and the one classical retry. docs/policy.md.

import type { Duplex } from 'node:stream';
import type { Connection } from '../engine/connection.js';

/** Beside an error whose cause may be a middlebox that drops a ClientHello of more than one segment. */
export interface LargeClientHelloHint {
  readonly code: 'ERR_PQTLS_LARGE_CLIENTHELLO_DROPPED';
  readonly message: string;
  /** Bytes of the ClientHello message. */
  readonly clientHelloLength: number;
  /** TCP segments of 1460 bytes that it takes, at least. */
  readonly segments: number;
}

/** A ClientHello of more bytes than this may not fit one packet of the paths that are in use. */
export const largeClientHello = 1200;

// TCP payload of an Ethernet frame over IPv4, in bytes.
const segmentSize = 1460;
// Of the record around the ClientHello, in bytes. RFC 9846, Section 5.1.
const recordHeader = 5;

// What a dropped first flight ends with: a reset, a silent end, or nothing until a timer runs out.
const droppedCodes = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ERR_TLS_HANDSHAKE_TIMEOUT']);

/** The hint for an error of a client that sent its ClientHello and never received a byte; undefined for any other. */
export function droppedClientHello(
  error: Error,
  clientHelloLength: number,
  bytesRead: number,
): LargeClientHelloHint | undefined {
  const { code } = error as { code?: unknown };
  if (bytesRead > 0 || clientHelloLength <= largeClientHello) return undefined;
  if (typeof code !== 'string' || !droppedCodes.has(code)) return undefined;
  const segments = Math.ceil((recordHeader + clientHelloLength) / segmentSize);
  return {
    code: 'ERR_PQTLS_LARGE_CLIENTHELLO_DROPPED',
    message:
      `The connection died before the server answered a ClientHello of ${clientHelloLength} bytes ` +
      `(${segments} TCP segments or more). Some middleboxes drop a ClientHello that does not fit one segment; ` +
      'a connection with classical groups only shows whether one is on this path.',
    clientHelloLength,
    segments,
  };
}

/** A client's first flight: whether it was lost, and whether it is sent once more with classical groups. */
export class FirstFlight {
  /** Undefined where no retry is wanted, or was made. */
  #redial: Redial | undefined;
  #retried = false;

  constructor(dial: Redial | undefined) {
    this.#redial = dial;
  }

  /** A retry may come. */
  get retries(): boolean {
    return this.#redial !== undefined;
  }

  get retried(): boolean {
    return this.#retried;
  }

  /** The transport failed in the handshake. Says in the error if the ClientHello may be why, and how to dial again. */
  lost(error: Error, { clientHelloLength, bytesRead }: Connection): Redial | undefined {
    const hint = droppedClientHello(error, clientHelloLength, bytesRead);
    if (hint === undefined) return undefined;
    withHint(error, hint);
    const dial = this.#redial;
    this.#redial = undefined;
    this.#retried ||= dial !== undefined;
    return dial;
  }
}

/** Puts the hint beside the error's own code and message, which programs compare. */
export function withHint(error: Error, hint: LargeClientHelloHint): Error {
  return Object.assign(error, { hint });
}

/** The key under which connect() tells a socket how to dial again. */
export const redial: unique symbol = Symbol('pqtls.redial');

/** Makes a new transport to the same place. */
export type Redial = () => Duplex;
