// Tickets that a server gives when the handshake is done. RFC 9846, Section 4.7.1.

import type { SuiteParameters } from './cipher-suites.js';
import { ByteReader, copyOf } from './codec.js';
import { resumptionKey } from './key-schedule.js';
import { longestTicketLifetime, writeNewSessionTicket } from './messages/new-session-ticket.js';
import { sessionContextOf, type ServerHandshake } from './server-context.js';
import { encodeSession, type SessionState } from './session-state.js';

/** Of a session that the program keeps; it stands in the ticket. */
export const storedIdLength = 32;

/** Two, as other servers give: a client that opens two connections at once has one for each. */
const ticketsGiven = 2;
const ageAddLength = 4;

/** Makes the tickets when it is called; undefined where there are none. */
export function ticketMaker(
  server: ServerHandshake,
  suite: SuiteParameters,
  resumption: Uint8Array,
): (() => void) | undefined {
  const { ownContext, config } = server;
  if (!ownContext.storesSessions) return () => giveTickets(server, suite, resumption, ticketsGiven, sealed);
  if (config.keepsSessions !== true) return undefined;
  return () => giveTickets(server, suite, resumption, ticketsGiven, stored);
}

type TicketForm = (server: ServerHandshake, session: Uint8Array) => Uint8Array | undefined;

/** A program that listens is told of these sessions as well, as in node:tls, though it need not keep them. */
const sealed: TicketForm = ({ ownContext, config, hooks }, session) => {
  if (config.keepsSessions === true) {
    hooks.onNewSession(config.environment.primitives.randomBytes(storedIdLength), copyOf(session));
  }
  return ownContext.tickets.seal(session);
};

const stored: TicketForm = ({ config, hooks }, session) => {
  const id = config.environment.primitives.randomBytes(storedIdLength);
  hooks.onNewSession(id, copyOf(session));
  return id;
};

function giveTickets(
  server: ServerHandshake,
  suite: SuiteParameters,
  resumption: Uint8Array,
  count: number,
  form: TicketForm,
): void {
  const { endpoint, config, ownContext } = server;
  const { environment } = config;
  const { primitives } = environment;
  const { facts } = endpoint;
  const lifetime = Math.min(ownContext.sessionTimeout, longestTicketLifetime);
  const context = sessionContextOf(server);
  for (let index = 0; index < count; index++) {
    const nonce = Uint8Array.of(index);
    const ageAdd = new ByteReader(primitives.randomBytes(ageAddLength)).uint32();
    const preSharedKey = resumptionKey(primitives, suite.hash, resumption, nonce);
    const state: SessionState = {
      cipherSuite: suite.id,
      preSharedKey,
      createdAt: environment.now(),
      lifetime,
      ageAdd,
      postQuantum: endpoint.isPostQuantum,
      serverName: facts.offer.serverName,
      peerChain: facts.peerChain,
      context,
      ticket: new Uint8Array(0),
    };
    const ticket = ticketOf(server, state, form);
    if (ticket !== undefined) endpoint.sendUnhashed(writeNewSessionTicket({ lifetime, ageAdd, nonce, ticket }));
  }
}

/** Wipes the session's key, and what was written of it. */
function ticketOf(server: ServerHandshake, state: SessionState, form: TicketForm): Uint8Array | undefined {
  try {
    const session = encodeSession(state);
    try {
      return form(server, session);
    } finally {
      session.fill(0);
    }
  } finally {
    state.preSharedKey.fill(0);
  }
}
