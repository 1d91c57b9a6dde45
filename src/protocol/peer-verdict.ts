// The handshake waits until it is known whether the peer's certificate is accepted. RFC 9846, Section 4.5.2.4.

import type { Endpoint } from './endpoint.js';
import { ProtocolFault } from './faults.js';
import { AwaitAnswer, type HandshakeState } from './handshake-state.js';

/** @param resumed the certificate is that of the session, from its first handshake */
export function awaitVerdict(endpoint: Endpoint, resumed: boolean, next: () => HandshakeState): HandshakeState {
  endpoint.question = { kind: 'verify', resumed };
  return new AwaitAnswer('verify', ({ alert }) => {
    if (alert !== undefined) throw new ProtocolFault('CERTIFICATE_VERIFY_FAILED', alert);
    return next();
  });
}
