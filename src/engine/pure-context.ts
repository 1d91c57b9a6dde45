// A SecureContext of the TypeScript engine: what the protocol shares among connections, and whom it trusts.

import { nameOf, ProtocolVersion } from '../protocol/constants.js';
import type { TlsContext } from '../protocol/config.js';
import type { TicketKeys } from '../protocol/ticket-keys.js';
import type { EngineContext } from './connection.js';
import type { PeerTrust } from './peer-trust.js';

/** Everything that a builder has collected. */
export interface PureContextParts {
  readonly tls: TlsContext;
  readonly tickets: TicketKeys;
  readonly trust: PeerTrust;
  readonly requirePostQuantum: boolean;
}

export class PureEngineContext implements EngineContext {
  readonly engine = 'typescript';
  readonly tls: TlsContext;
  readonly trust: PeerTrust;
  /** No session of a classical key exchange. */
  readonly requirePostQuantum: boolean;
  /** What signs in place of a key; the engine hands it on with its question. */
  readonly signer: unknown;
  readonly #tickets: TicketKeys;

  constructor({ tls, tickets, trust, requirePostQuantum }: PureContextParts, signer?: unknown) {
    this.tls = tls;
    this.trust = trust;
    this.requirePostQuantum = requirePostQuantum;
    this.signer = signer;
    this.#tickets = tickets;
  }

  getTicketKeys(): Buffer {
    return Buffer.from(this.#tickets.current());
  }

  setTicketKeys(keys: Uint8Array): void {
    this.#tickets.give(keys);
  }

  /** With the certificates, the trust and the session context of `other`; versions and groups stay. */
  withCredentialsOf(other: PureEngineContext): TlsContext {
    const { credentials, authorities, sessionContext } = other.tls;
    return { ...this.tls, credentials, authorities, sessionContext };
  }
}

/** What the engine speaks. */
export const onlyVersion = nameOf(ProtocolVersion, ProtocolVersion['TLSv1.3']);
