// Finished messages. RFC 9846, Section 4.5.4.

import { HandshakeType } from './constants.js';
import type { Endpoint } from './endpoint.js';
import { ProtocolFault } from './faults.js';
import type { HandshakeMessage } from './handshake-joiner.js';
import { expectMessage } from './handshake-state.js';
import { finishedData } from './key-schedule.js';
import { messageHeaderLength } from './messages/client-hello.js';
import { finishMessage, startMessage } from './messages/message.js';

/** @param secret the traffic secret of whoever sends it */
export function sendFinished(endpoint: Endpoint, secret: Uint8Array): void {
  const data = dataOf(endpoint, secret);
  endpoint.facts.ownFinished = data;
  endpoint.send(finishMessage(startMessage(HandshakeType.Finished).raw(data)));
}

/** Checks the peer's, and takes it into the transcript. */
export function receiveFinished(endpoint: Endpoint, message: HandshakeMessage, secret: Uint8Array): void {
  expectMessage(message, HandshakeType.Finished);
  const data = message.bytes.subarray(messageHeaderLength);
  const expected = dataOf(endpoint, secret);
  if (data.length !== expected.length) throw new ProtocolFault('DECODE_ERROR');
  if (!endpoint.environment.primitives.equal(data, expected)) throw new ProtocolFault('DIGEST_CHECK_FAILED');
  endpoint.facts.peerFinished = expected;
  endpoint.transcript.add(message.bytes);
}

function dataOf({ environment, facts, transcript }: Endpoint, secret: Uint8Array): Uint8Array {
  const { suite } = facts;
  if (suite === undefined) throw new ProtocolFault('ENGINE_FAILED');
  return finishedData(environment.primitives, suite.hash, secret, transcript.digest());
}
