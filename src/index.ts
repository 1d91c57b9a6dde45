// pqtls: node:tls-shaped sockets with post-quantum key exchange. Exports only.
/// <reference types="node" preserve="true" />

import { selectEngine } from './engine/select.js';
import { connect } from './tls/connect.js';
import { metrics } from './tls/metrics.js';
import { policies } from './tls/named-policies.js';
import { createSecureContext, SecureContext } from './tls/secure-context.js';
import { checkServerIdentity } from './tls/server-identity.js';
import { createServer, Server } from './tls/server.js';
import { TLSSocket } from './tls/socket.js';

export { selectEngine, type EngineChoice } from './engine/select.js';
export type { Capabilities } from './binding.js';
export { connect, type ConnectionOptions } from './tls/connect.js';
export {
  createSecureContext,
  SecureContext,
  type KeyObjectInput,
  type PemInput,
  type SecureContextOptions,
} from './tls/secure-context.js';
export { checkServerIdentity } from './tls/server-identity.js';
export { createServer, Server, type ServerConstructor, type TlsServerOptions } from './tls/server.js';
export { handshakeChannels, type HandshakeTrace } from './diagnostics.js';
export type { LargeClientHelloHint } from './tls/first-flight.js';
export {
  metrics,
  type DurationHistogram,
  type FailureCount,
  type HandshakeCount,
  type Metrics,
} from './tls/metrics.js';
export { policies, type Policy, type PolicyName, type PostQuantumMode } from './tls/named-policies.js';
export type { HandshakeInfo } from './tls/negotiated-socket.js';
export { TLSSocket, type SniCallback, type TLSSocketOptions } from './tls/socket.js';
export type { AlpnCallback } from './tls/handshake-decisions.js';
export type { MlDsaFields } from './tls/peer-certificate.js';
export type { ClientPskCallback, PskNegotation, ServerPskCallback } from './tls/pre-shared-keys.js';
export type { Negotiated, NegotiatedGroup } from './engine/connection.js';
export { defaultGroups } from './protocol/named-groups.js';
export {
  AlertReceivedError,
  CertificateError,
  DecryptError,
  HandshakeTimeoutError,
  InternalError,
  InvalidMessageError,
  NotPostQuantumError,
  PeerIncompatibleError,
  PeerMisbehavedError,
  TlsError,
  UnexpectedEofError,
  UnsupportedError,
  type PeerOffer,
} from './errors.js';

/** What `require('pqtls')` and the default import give: one plain, mutable object, as node:tls is. */
const pqtls = {
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  metrics,
  policies,
  SecureContext,
  selectEngine,
  Server,
  TLSSocket,
};

export default pqtls;
export { pqtls as 'module.exports' };
