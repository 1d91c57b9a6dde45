// What an endpoint of TLS 1.3 is given: primitives, what may be agreed on, certificates and tickets.

import type { CertificateCodec } from './certificate-codec.js';
import type { TlsPrimitives, TlsSigner } from '../crypto/tls/primitives.js';
import type { CipherSuiteName } from './cipher-suites.js';
import type { NamedGroupName, SignatureSchemeName } from './constants.js';
import type { KeyExchange } from './key-share.js';
import type { SessionState } from './session-state.js';

/** A certificate chain and what signs for it. */
export interface Credential {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Names of the schemes that the key can sign with. */
  readonly schemes: readonly string[];
  /** SubjectPublicKeyInfo of the leaf, DER. */
  readonly spki: Uint8Array;
  /** undefined where the program signs. */
  readonly signer: TlsSigner | undefined;
}

/** Makes tickets of sessions, and sessions of tickets. */
export interface TicketSealer {
  /** undefined for what is too long. */
  seal(session: Uint8Array): Uint8Array | undefined;
  /** undefined for what is not ours. `renew`: its key is on its way out. */
  open(ticket: Uint8Array): { readonly session: Uint8Array; readonly renew: boolean } | undefined;
}

/** What many connections share; a server may take another one by the name that the client asks for. */
export interface TlsContext {
  readonly suites: readonly CipherSuiteName[];
  /** Most wanted first. */
  readonly groups: readonly NamedGroupName[];
  /** Offered, accepted and signed with, most wanted first. */
  readonly schemes: readonly SignatureSchemeName[];
  readonly credentials: readonly Credential[];
  /** RFC 8879 numbers, most wanted first. */
  readonly compression: readonly number[];
  /** Names that a server asks client certificates of: DER of X.501. */
  readonly authorities: readonly Uint8Array[];
  /** A client's order of suites and groups decides. */
  readonly clientOrder: boolean;
  readonly tickets: TicketSealer;
  /** Ids of sessions that the program keeps stand in the tickets. */
  readonly storesSessions: boolean;
  /** Seconds. */
  readonly sessionTimeout: number;
  /** What its sessions are bound to. */
  readonly sessionContext: Uint8Array;
}

/** What a handshake has to know of its peer's certificate. */
export interface LeafCertificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Its key usage, where it has one, allows digitalSignature. RFC 5280, Section 4.2.1.3. */
  readonly maySign: boolean;
}

/** What every endpoint needs of the world. */
export interface Environment {
  readonly primitives: TlsPrimitives;
  readonly keyExchange: KeyExchange;
  /** Of a peer's certificate, DER; undefined where it does not parse. */
  readLeaf(certificate: Uint8Array): LeafCertificate | undefined;
  /** Whether a key is of the kind that the scheme of this name is for. */
  fitsKey(scheme: string, publicKey: Uint8Array): boolean;
  readonly codec: CertificateCodec | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface EndpointConfig {
  readonly environment: Environment;
  readonly context: TlsContext;
  /** Instead of the context's. */
  readonly groups?: readonly NamedGroupName[] | undefined;
  /** In wire form, without the list's length. RFC 7301, Section 3.1. */
  readonly protocols?: Uint8Array | undefined;
  /** Bytes of a record that we take, its content type with them; offered or answered where it is given. RFC 8449. */
  readonly recordSizeLimit?: number | undefined;
  /** Pads records to a multiple of so many bytes. */
  readonly padTo?: number | undefined;
  /** Records under one key before a KeyUpdate of ours; default: what RFC 9846, Section 5.5, allows. */
  readonly recordsPerKey?: number | undefined;
  /** No session of a classical key exchange. */
  readonly requirePostQuantum?: boolean | undefined;
}

export interface ClientConfig extends EndpointConfig {
  readonly serverName?: string | undefined;
  readonly requestOcsp?: boolean | undefined;
  readonly session?: SessionState | undefined;
}

export interface ServerConfig extends EndpointConfig {
  readonly requestCertificate?: boolean | undefined;
  /** Refuses a client without one. */
  readonly requireCertificate?: boolean | undefined;
  /** Stops at the ClientHello, and asks. */
  readonly asksForHello?: boolean | undefined;
  /** The program keeps sessions, and is told of them. */
  readonly keepsSessions?: boolean | undefined;
}
