// What a server chooses of what a client offers: suite, group, application protocol. RFC 9846, Section 4.1.1; RFC 7301.

import { suiteOf, type CipherSuiteName, type SuiteParameters } from './cipher-suites.js';
import { bytesOfLatin1, concat, latin1 } from './codec.js';
import { CipherSuite, NamedGroup, type NamedGroupName } from './constants.js';
import { parseProtocols } from './extensions/application-protocols.js';
import { ProtocolFault } from './faults.js';
import { isPostQuantumId } from './group-properties.js';
import { groupOf } from './key-share.js';

/** By our order, or by the client's. */
export function chooseSuite(
  ours: readonly CipherSuiteName[],
  theirs: readonly number[],
  clientOrder: boolean,
): SuiteParameters {
  const ids = ours.map((name) => CipherSuite[name] as number);
  const id = firstShared(ids, theirs, clientOrder);
  const suite = id === undefined ? undefined : suiteOf(id);
  if (suite === undefined) throw new ProtocolFault('NO_SHARED_CIPHER');
  return suite;
}

/** A post-quantum group, where there is one in common, whatever the order. */
export function chooseGroup(ours: readonly NamedGroupName[], theirs: readonly number[], clientOrder: boolean): number {
  const ids = ours.map((name) => NamedGroup[name] as number).filter((id) => groupOf(id) !== undefined);
  const id = firstShared(ids.filter(isPostQuantumId), theirs, clientOrder) ?? firstShared(ids, theirs, clientOrder);
  if (id === undefined) throw new ProtocolFault('NO_SHARED_GROUP');
  return id;
}

function firstShared(ours: readonly number[], theirs: readonly number[], clientOrder: boolean): number | undefined {
  return clientOrder ? theirs.find((id) => ours.includes(id)) : ours.find((id) => theirs.includes(id));
}

/**
 * In wire form; undefined for none. Where both have a list, they have to have a protocol in common. RFC 7301, Section 3.2.
 *
 * @param ours in wire form
 * @param chosen by the program; null refuses what is offered
 */
export function chooseProtocol(
  ours: Uint8Array | undefined,
  theirs: readonly string[] | undefined,
  chosen: Uint8Array | null | undefined,
): Uint8Array | undefined {
  if (theirs === undefined) return undefined;
  if (chosen === null) throw new ProtocolFault('NO_APPLICATION_PROTOCOL');
  if (chosen !== undefined) return chosen;
  if (ours === undefined || ours.length === 0) return undefined;
  const name = parseProtocols(ours).find((protocol) => theirs.includes(protocol));
  if (name === undefined) throw new ProtocolFault('NO_APPLICATION_PROTOCOL');
  return concat(Uint8Array.of(name.length), bytesOfLatin1(name));
}

/** The name in a chosen protocol's wire form. */
export function protocolName(wire: Uint8Array): string {
  return latin1(wire.subarray(1));
}
