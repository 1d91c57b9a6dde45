// KeyUpdate. RFC 9846, Section 4.7.3.

import { ByteReader } from '../codec.js';
import { HandshakeType, KeyUpdateRequest } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { messageHeaderLength } from './client-hello.js';
import { finishMessage, startMessage } from './message.js';

/** Whether the peer asks for ours. */
export function readKeyUpdate(bytes: Uint8Array): boolean {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const request = reader.uint8();
  reader.end();
  if (request === KeyUpdateRequest.update_requested) return true;
  if (request === KeyUpdateRequest.update_not_requested) return false;
  throw new ProtocolFault('INVALID_KEY_UPDATE');
}

export function writeKeyUpdate(requestPeer: boolean): Uint8Array {
  const request = requestPeer ? KeyUpdateRequest.update_requested : KeyUpdateRequest.update_not_requested;
  return finishMessage(startMessage(HandshakeType.KeyUpdate).uint8(request));
}
