// After the handshake: tickets and new keys. RFC 9846, Section 4.7.

import { HandshakeType } from './constants.js';
import type { Endpoint } from './endpoint.js';
import { ProtocolFault } from './faults.js';
import type { HandshakeMessage } from './handshake-joiner.js';
import { HandshakeState } from './handshake-state.js';
import { readKeyUpdate } from './messages/key-update.js';
import { readNewSessionTicket, type NewSessionTicket } from './messages/new-session-ticket.js';

/** The last state. */
export class ExpectTraffic extends HandshakeState {
  readonly #endpoint: Endpoint;
  readonly #onTicket: ((ticket: NewSessionTicket) => void) | undefined;

  /** @param onTicket a client's; a server gets none */
  constructor(endpoint: Endpoint, onTicket: ((ticket: NewSessionTicket) => void) | undefined) {
    super();
    this.#endpoint = endpoint;
    this.#onTicket = onTicket;
  }

  override handle(message: HandshakeMessage): HandshakeState {
    if (message.type === HandshakeType.KeyUpdate) {
      this.#endpoint.onKeyUpdate(readKeyUpdate(message.bytes));
    } else if (message.type === HandshakeType.NewSessionTicket && this.#onTicket !== undefined) {
      const ticket = readNewSessionTicket(message.bytes);
      this.#endpoint.countTicket();
      this.#onTicket(ticket);
    } else {
      throw new ProtocolFault('UNEXPECTED_MESSAGE');
    }
    return this;
  }
}
