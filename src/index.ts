// pqtls: node:tls-shaped sockets with post-quantum key exchange. Exports only.
/// <reference types="node" preserve="true" />

import { selectEngine } from './engine/select.js';
import { connect } from './tls/connect.js';
import { convertALPNProtocols } from './tls/alpn-protocols.js';
import {
  getCACertificates,
  rootCertificates as readRootCertificates,
  setDefaultCACertificates,
} from './tls/ca-certificates.js';
import { getCertificateCompressionAlgorithms } from './tls/certificate-compression.js';
import { getCiphers } from './tls/cipher-list.js';
import { moduleDefaults, type ModuleDefaults } from './tls/module-defaults.js';
import { metrics } from './tls/metrics.js';
import { policies } from './tls/named-policies.js';
import { nodeTls } from './tls/node-tls.js';
import { createSecureContext, SecureContext } from './tls/secure-context.js';
import { createSecurePair } from './tls/secure-pair.js';
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
  type PfxObjectInput,
  type SecureContextOptions,
} from './tls/secure-context.js';
export type { OffloadMode, SignCallback, SignRequest, SigningOptions } from './tls/signing.js';
export { convertALPNProtocols } from './tls/alpn-protocols.js';
export { getCACertificates, setDefaultCACertificates, type CaCertificatesType } from './tls/ca-certificates.js';
export { getCertificateCompressionAlgorithms } from './tls/certificate-compression.js';
export { getCiphers } from './tls/cipher-list.js';
export type { ModuleDefaults } from './tls/module-defaults.js';
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
  SignError,
  TlsError,
  UnexpectedEofError,
  UnsupportedError,
  type PeerOffer,
} from './errors.js';

/** Node's root certificates in PEM, frozen. */
export const rootCertificates = readRootCertificates();
// As of node:tls, these are the values at the time of the import; what a program assigns is on the default object.
export const {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
}: ModuleDefaults = moduleDefaults;

const functions = {
  checkServerIdentity,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createServer,
  getCACertificates,
  getCertificateCompressionAlgorithms,
  getCiphers,
  metrics,
  policies,
  SecureContext,
  selectEngine,
  Server,
  setDefaultCACertificates,
  TLSSocket,
};

/**
 * What `require('pqtls')` and the default import give: one plain, mutable object, as node:tls is. Its DEFAULT_* may be
 * assigned and hold for contexts that are made from then on.
 */
const pqtls: ModuleDefaults & typeof functions & { readonly rootCertificates: readonly string[] } = Object.assign(
  moduleDefaults,
  functions,
  { rootCertificates },
);
Object.defineProperty(pqtls, 'rootCertificates', {
  get: readRootCertificates,
  enumerable: true,
  configurable: false,
});

// Only where node:tls has it, whose names are ours.
if ('createSecurePair' in nodeTls) Object.assign(pqtls, { createSecurePair });

export default pqtls;
export { pqtls as 'module.exports' };
