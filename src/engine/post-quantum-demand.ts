// What a connection that requires a post-quantum key exchange tells when there was none.

import { NotPostQuantumError, type PeerOffer, type TlsError } from '../errors.js';
import {
  isGrease,
  NamedGroup,
  nameOf,
  ProtocolVersion,
  RetiredProtocolVersion,
  SignatureScheme,
} from '../protocol/constants.js';
import { isPostQuantumGroup } from '../protocol/named-groups.js';

// A peer may offer thousands; a report holds this many.
const longestList = 64;

/** What is known of the hellos. IANA numbers. */
export interface HelloFacts {
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly keyShares: readonly { readonly group: number }[];
  readonly signatureSchemes: readonly number[];
  /** What the last ServerHello or HelloRetryRequest chose; 0 where there was none. */
  readonly chosenVersion: number;
  readonly chosenGroup: number;
}

const versionNames = { ...ProtocolVersion, ...RetiredProtocolVersion };

/** What the ClientHello of a client offers. */
export function clientOffer(hello: HelloFacts): PeerOffer {
  return {
    versions: names(versionNames, hello.versions),
    groups: names(NamedGroup, hello.groups),
    keyShares: names(
      NamedGroup,
      hello.keyShares.map(({ group }) => group),
    ),
    signatureSchemes: names(SignatureScheme, hello.signatureSchemes),
  };
}

/** What a server chose, as far as it came to that. */
function serverChoice(hello: HelloFacts): PeerOffer {
  return {
    versions: hello.chosenVersion === 0 ? [] : names(versionNames, [hello.chosenVersion]),
    groups: hello.chosenGroup === 0 ? [] : names(NamedGroup, [hello.chosenGroup]),
    keyShares: [],
    signatureSchemes: [],
  };
}

function names(registry: Readonly<Record<string, number>>, ids: readonly number[]): string[] {
  return ids
    .slice(0, longestList)
    .filter((id) => !isGrease(id))
    .map((id) => nameOf(registry, id));
}

// What a server answers that speaks nothing of what was offered. RFC 9846, Section 6.2.
const refusals: readonly (string | undefined)[] = ['handshake_failure', 'protocol_version', 'insufficient_security'];

/**
 * The same failure as a NotPostQuantumError, where it comes from a peer without a post-quantum key exchange; any other
 * failure as it is.
 */
export function judgeFailure(error: TlsError, isServer: boolean, hello: HelloFacts): TlsError {
  if (error.phase !== 'handshake') return error;
  if (isServer) {
    const offer = clientOffer(hello);
    if (error.engineReason === 'UNSUPPORTED_PROTOCOL' && !offer.versions.includes('TLSv1.3')) {
      return notPostQuantum(`the client offers ${list(offer.versions)}, and TLS 1.3 is needed`, error, offer);
    }
    if (
      error.engineReason === 'NO_SHARED_GROUP' &&
      !hello.groups.some((id) => isPostQuantumGroup(nameOf(NamedGroup, id)))
    ) {
      return notPostQuantum(`the client offers the groups ${list(offer.groups)}`, error, offer);
    }
    return error;
  }
  const choice = serverChoice(hello);
  if (error.engineReason === 'UNSUPPORTED_PROTOCOL') {
    return notPostQuantum(`the server chose ${list(choice.versions)}`, error, choice);
  }
  const group = choice.groups[0];
  if (error.engineReason === 'WRONG_CURVE' && group !== undefined && !isPostQuantumGroup(group)) {
    return notPostQuantum(`the server chose the group ${group}, which was not offered`, error, choice);
  }
  // Before a ServerHello there is nothing else that it could be told of.
  if (hello.chosenVersion === 0 && refusals.includes(error.alertReceived)) {
    const meaning = 'it shares no group with us, or no version, cipher suite or signature scheme';
    return notPostQuantum(`the server sent the alert ${error.alertReceived}: ${meaning}`, error, choice);
  }
  return error;
}

/** For a handshake that came to its end with a classical group, which no engine should let happen. */
export function classicalHandshake(
  protocol: string,
  group: string | undefined,
  details: { engine: string; alertSent: string },
  offered: PeerOffer,
): NotPostQuantumError {
  const message = `Post-quantum key exchange is required: the handshake agreed on ${group ?? 'no group'} in ${protocol}`;
  return new NotPostQuantumError(message, { ...details, phase: 'handshake' }, offered);
}

/** What the peer of a connection offered or chose. */
export function peerOffer(isServer: boolean, hello: HelloFacts): PeerOffer {
  return isServer ? clientOffer(hello) : serverChoice(hello);
}

function notPostQuantum(what: string, cause: TlsError, offered: PeerOffer): NotPostQuantumError {
  const { phase, engine, alertSent, alertReceived, reason, library, engineReason } = cause;
  return new NotPostQuantumError(
    `Post-quantum key exchange is required: ${what}`,
    { phase, engine, alertSent, alertReceived, reason, library, engineReason, cause },
    offered,
  );
}

function list(values: readonly string[]): string {
  return values.length === 0 ? '(none)' : values.join(', ');
}
