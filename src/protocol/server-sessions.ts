// Finds the session that a client wants to resume, in its ticket or with the program. RFC 9846, Section 4.2.11.

import type { SuiteParameters } from './cipher-suites.js';
import type { ReadOffer } from './client-hello-offer.js';
import { sameBytes } from './codec.js';
import { ProtocolFault } from './faults.js';
import { AwaitAnswer, type HandshakeState } from './handshake-state.js';
import { EarlySecret } from './key-schedule.js';
import type { ClientHello } from './messages/client-hello.js';
import { hasHashOf, sessionContextOf, type ServerHandshake } from './server-context.js';
import { storedIdLength } from './server-tickets.js';
import { decodeSession, isFresh, type SessionState } from './session-state.js';

/** A session that the handshake goes on with. */
export interface ResumedSession {
  readonly session: SessionState;
  /** Of its identity in the ClientHello. */
  readonly index: number;
  /** The client should get a new ticket. */
  readonly renew: boolean;
}

/** Of the identities of a client; every one costs a decryption. */
const maxTried = 4;

/** Goes on with the first session that is acceptable, or with none. */
export function findSession(
  server: ServerHandshake,
  hello: ClientHello,
  offer: ReadOffer,
  suite: SuiteParameters,
  proceed: (resumed: ResumedSession | undefined) => HandshakeState,
): HandshakeState {
  const { endpoint, config, ownContext } = server;
  const identities = offer.psks?.identities ?? [];
  const settle = (session: SessionState | undefined, index: number, renew: boolean): ResumedSession | undefined => {
    if (session === undefined || !isAcceptable(server, session, suite)) return undefined;
    verifyBinder(server, hello, offer, session, suite, index);
    endpoint.facts.resumed = true;
    endpoint.facts.resumedPostQuantum = session.postQuantum;
    endpoint.facts.peerChain = session.peerChain;
    return { session, index, renew };
  };
  if (ownContext.storesSessions) {
    const index = identities.findIndex(({ identity }) => identity.length === storedIdLength);
    const id = identities[index]?.identity;
    if (config.keepsSessions !== true || id === undefined) return proceed(undefined);
    endpoint.question = { kind: 'resume-session', id };
    return new AwaitAnswer('resume-session', ({ session }) => {
      const kept = session === undefined ? undefined : decodeSession(session);
      return proceed(settle(kept, index, false));
    });
  }
  for (const [index, { identity }] of identities.slice(0, maxTried).entries()) {
    const opened = ownContext.tickets.open(identity);
    if (opened === undefined) continue;
    const session = decodeSession(opened.session);
    opened.session.fill(0);
    const resumed = settle(session, index, opened.renew);
    if (resumed !== undefined) return proceed(resumed);
  }
  return proceed(undefined);
}

function isAcceptable(server: ServerHandshake, session: SessionState, suite: SuiteParameters): boolean {
  const { endpoint, config } = server;
  if (!hasHashOf(suite, session.cipherSuite) || !isFresh(session, config.environment.now())) return false;
  if (endpoint.requirePostQuantum && !session.postQuantum) return false;
  // Whoever showed no certificate then has to show one now.
  if (config.requireCertificate === true && config.requestCertificate === true && session.peerChain.length === 0) {
    return false;
  }
  const { serverName } = endpoint.facts.offer;
  return session.serverName === serverName && sameBytes(session.context, sessionContextOf(server));
}

/** Only who has the key can have made it. RFC 9846, Section 4.2.11.2. */
function verifyBinder(
  server: ServerHandshake,
  hello: ClientHello,
  offer: ReadOffer,
  session: SessionState,
  suite: SuiteParameters,
  index: number,
): void {
  const { primitives } = server.config.environment;
  const truncated = hello.bytes.subarray(0, hello.bytes.length - (offer.psks?.bindersLength ?? 0));
  const early = new EarlySecret(primitives, suite.hash, session.preSharedKey);
  const expected = early.binder(server.endpoint.transcript.digestWith(suite.hash, truncated));
  early.destroy();
  const binder = offer.psks?.binders[index];
  if (binder === undefined || !primitives.equal(binder, expected)) throw new ProtocolFault('DIGEST_CHECK_FAILED');
}
