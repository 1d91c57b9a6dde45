// What the addon exports for the TLS engine (native/secure_context.cc, trust_store.cc, connection*.cc, psk.cc).

/** Bits of what a Connection call returns. Mirrors ProgressFlag in native/connection.h. */
export const NativeProgress = {
  handshakeDone: 1 << 0,
  outputPending: 1 << 1,
  plaintextPending: 1 << 2,
  closeNotify: 1 << 3,
  failed: 1 << 4,
  awaitsClientHello: 1 << 5,
  awaitsVerification: 1 << 6,
  hasEvents: 1 << 7,
  awaitsSession: 1 << 8,
  awaitsSignature: 1 << 9,
} as const;

/** Indices into `progress`. Mirrors ProgressRegister in native/connection.h. */
export const ProgressRegister = {
  consumed: 0,
  plaintext: 1,
  ciphertext: 2,
  received: 3,
  /** Of a socket of the addon's: 0, 1 where a `written` event follows, or a negative errno. */
  socketStatus: 4,
  /** Ciphertext of a handshake that the addon ran alone, in bytes. */
  handshakeBytesRead: 5,
  handshakeBytesWritten: 6,
  /** Ciphertext that the addon sent when no call asked for it, in bytes, since JavaScript set it to 0. */
  sentAlone: 7,
  /** 1 while what is put off gets a call of its own, after the ticks and promises of the call that goes on. */
  takesTurns: 8,
  /** Set by JavaScript: something is put off. */
  hasPutOff: 9,
} as const;

/** Kinds of what takeEvents() returns. Mirrors EventKind in native/connection.h. */
export const NativeEvent = { keylog: 0, session: 1, 'new-session': 2, trace: 3 } as const;

/** Where signatures run. Mirrors RanOn in native/private_key_method.h. */
export const signaturePlaces = ['inline', 'threadpool', 'callback'] as const;

export interface NativeTrustStore {
  /** Returns how many certificates were added. */
  addCertificates(pem: Uint8Array): number;
  /** Trusts what `other` trusts by now. */
  addStore(other: NativeTrustStore): void;
  /** One list in PEM; switches CRL checks of whole chains on. */
  addCrl(pem: Uint8Array): void;
  allowPartialChain(): void;
}

export interface NativeSecureContext {
  /** Leaf first. Replaces the chain of the same key type. */
  setCertificateChain(pem: Uint8Array): void;
  setPrivateKey(pem: Uint8Array, passphrase: string | undefined): void;
  /** A Pkcs12Result of native/credentials.h; the file's other certificates go into `trust`. */
  loadPkcs12(der: Uint8Array, passphrase: string, trust: NativeTrustStore): number;
  /** SSL_OP_* of OpenSSL; bits without a meaning here are passed over. */
  setOptions(options: number): void;
  /** The client's order of suites and groups decides, but for a shared post-quantum group. */
  setClientOrder(): void;
  /** 0 to 5; before the certificates. */
  setSecurityLevel(level: number): void;
  /** RFC 8879 numbers, most wanted first. Needs setCertificateCodec(). */
  setCertificateCompression(algorithms: Uint16Array): void;
  setTrustStore(store: NativeTrustStore): void;
  setClientCaList(pem: Uint8Array): void;
  setVersions(minimum: number, maximum: number): void;
  setGroups(ids: Uint16Array): void;
  /** An empty `tls12` leaves no suite below TLS 1.3, an empty `tls13` the default; unknown names are passed over. */
  setCiphers(tls12: string, tls13: string): void;
  /** The suites of TLS 1.2, in order, by OpenSSL's name. */
  ciphers(): string[];
  /** The object identifier of the only kind of key that a peer's certificates may have, leaf to root. */
  setCertificateKey(oid: string): void;
  /** Whether our own certificate has another kind of key than that. */
  ownKeyForbidden(): boolean;
  /** An Offload of native/context_state.h; after the certificates and keys. */
  setOffload(offload: number): void;
  /** The program signs, for every chain; after the certificates and suites. Takes the suites with RSA key transport away. */
  setProgramSigner(): void;
  setSignatureAlgorithms(schemes: Uint16Array): void;
  /** 48 bytes; from now on they seal and open the tickets of every connection of this context. */
  setTicketKeys(keys: Uint8Array): void;
  /** The keys that seal now. Secret. */
  getTicketKeys(): Buffer;
  /** What sessions are bound to, beside the server name and the demand for a client certificate. */
  setSessionIdContext(bytes: Uint8Array): void;
  /** What is absent stays as it is; the lifetimes are set together. */
  setResumption(options: NativeResumption): void;
}

export interface NativeResumption {
  /** Neither offer nor accept a session whose key exchange was classical. */
  readonly requirePostQuantum?: boolean;
  /** No tickets: the program keeps the sessions. */
  readonly noTickets?: boolean;
  /** Seconds for which a session can be resumed. */
  readonly timeout?: number;
  /** Seconds after which own ticket keys are replaced. */
  readonly ticketKeyLifetime?: number;
}

/** `bytes` of a session: the class of its key exchange (1 classical, 2 post-quantum), then AWS-LC's serialisation. */
export interface NativeEventRecord {
  readonly kind: number;
  readonly bytes: Buffer;
  /** Of `new-session`. */
  readonly id?: Buffer;
  /** Of `new-session`: the client can use it as soon as the handshake is done. */
  readonly blocking?: boolean;
}

export interface NativeClientHello {
  serverName: string;
  protocols: string[];
  groups: number[];
  signatureSchemes: number[];
  keyShares: { group: number; length: number }[];
  /** The client asks for a stapled OCSP response. */
  ocspRequested: boolean;
  versions: number[];
  /** What the last ServerHello or HelloRetryRequest chose; 0 where there was none. */
  chosenVersion: number;
  chosenGroup: number;
  length: number;
}

/** A certificate of the peer's chain. */
export interface NativeChainEntry {
  der: Buffer;
  selfIssued: boolean;
  /** `ml-dsa-44`, `ml-dsa-65` or `ml-dsa-87`, where its key is one. */
  mlDsa?: string;
  /** The raw ML-DSA key. */
  publicKey?: Buffer;
}

/** A server's gets the client's identity and returns the key. A client's gets the hint and returns key and identity. */
export type NativePskCallback = (
  argument: string | null,
  maximumKey: number,
  maximumIdentity: number,
) => Uint8Array | readonly [Uint8Array, string] | undefined;

/** Indices into what negotiated() writes. Mirrors NegotiatedFact in native/connection.h. */
export const NegotiatedFact = {
  version: 0,
  cipher: 1,
  group: 2,
  clientShare: 3,
  serverShare: 4,
  clientHelloLength: 5,
  signatureScheme: 6,
  peerSignatureScheme: 7,
  helloRetryRequest: 8,
  resumed: 9,
  sessionPostQuantum: 10,
  alpnLength: 11,
  serverNameLength: 12,
  /** Index into signaturePlaces. */
  signatureRanOn: 13,
} as const;

export const negotiatedFacts = 14;

/** What waits for the program's signature. */
export interface NativeSignRequest {
  readonly scheme: number;
  readonly data: Buffer;
}

/** The alerts are RFC 9846 numbers, -1 where there was none. */
export interface NativeFailure {
  library: string;
  reason: string;
  alertSent: number;
  alertReceived: number;
}

/** Every call that returns a number returns bits of NativeProgress and leaves its counts in `progress`. */
export interface NativeConnection {
  receive(
    chunk: Uint8Array,
    offset: number,
    plaintext: Uint8Array,
    plaintextOffset: number,
    ciphertext: Uint8Array,
  ): number;
  /** @throws Error `ERR_TLS_INVALID_STATE` before the end of the handshake */
  send(chunk: Uint8Array, offset: number, ciphertext: Uint8Array): number;
  flush(ciphertext: Uint8Array): number;
  shutdown(ciphertext: Uint8Array): number;
  /**
   * An alert of 0 goes on; `context` null keeps the one the connection was made with; `alpn` in wire form takes the place
   * of the list, null refuses whatever the client offers.
   */
  answerClientHello(
    context: NativeSecureContext | null,
    alert: number,
    ocspResponse: Uint8Array | undefined,
    alpn: Uint8Array | null | undefined,
  ): void;
  /** Takes over a context's certificates, before ours was chosen. */
  /** False, and nothing changes, for a server and a context without a certificate. */
  useContext(context: NativeSecureContext): boolean;
  answerVerification(alert: number): void;
  /** undefined where there is no such session. */
  answerSession(session: Uint8Array | undefined): void;
  /** A promise of the end of a signature on the threadpool, or what the program is to sign; undefined where neither waits. */
  awaitedSignature(): Promise<unknown> | NativeSignRequest | undefined;
  /** The program's, or undefined when the threadpool is done. False where there is none: the handshake will fail. */
  answerSignature(signature: Uint8Array | undefined): boolean;
  /** The id of the session that answerSession() is asked for. */
  wantedSession(): Buffer;
  /** From now on sessions are events, and a server asks for those that it does not have. */
  enableSessionEvents(): void;
  /** A client's, before the first byte; ignored where it does not parse or fit. */
  offerSession(session: Uint8Array): boolean;
  /** Whatever the contexts allow, no session of a classical key exchange is offered or accepted. */
  requirePostQuantumSessions(): void;
  /** The newest session. Secret. */
  session(): Buffer | undefined;
  sessionTicket(): Buffer | undefined;
  /** Empties the queue of events; `untraced` counts those for the trace that it had no room for. */
  takeEvents(): NativeEventRecord[] & { untraced?: number };
  /** From now on every secret of the connection is an event, in the NSS key log format. */
  enableKeylog(): void;
  /** From now on messages, alerts and records are events. */
  enableTrace(): void;
  /** False where it is too late. */
  setServerName(name: string): boolean;
  /** False outside of 512 to 16384 bytes. */
  setMaxSendFragment(size: number): boolean;
  /** A client asks for a stapled OCSP response. */
  requestOcsp(): void;
  /** False where the hint is too long. */
  setPskIdentityHint(hint: string): boolean;
  /** Called while libssl is on the stack. It must not throw. */
  setPskCallback(callback: NativePskCallback): void;
  /** The peer's certificate, its issuers, and theirs, as far as they were sent or are trusted. */
  peerChain(): NativeChainEntry[];
  /** DER of what we show. */
  ownCertificate(): Buffer | undefined;
  ownIssuer(): Buffer | undefined;
  /** What the server stapled. */
  ocspResponse(): Buffer | undefined;
  /** verify_data; undefined before the handshake is done. */
  finished(ofPeer: boolean): Buffer | undefined;
  /** Schemes that the peer accepts and we may sign with. */
  sharedSchemes(): number[];
  /** Before the handshake, narrows what the context allows. A minimum of 0 keeps the context's version. */
  restrict(minimum: number, groups: Uint16Array): void;
  /** Ends the connection with an alert of ours. */
  abort(alert: number, ciphertext: Uint8Array): number;
  clientHello(): NativeClientHello;
  /** The verdict on the chain, an X509_V_ERR_*, above one bit that says whether the handshake resumed a session. */
  verifyResult(): number;
  /** What the verdict means, in OpenSSL's words. */
  verifyMessage(): string;
  peerCertificates(): Buffer[];
  /** Whether the peer's certificate has this DNS name, or it with `*` for its first label. False says nothing. */
  matchesName(name: string): boolean;
  /** Writes `negotiatedFacts` numbers; false before the handshake is done. */
  negotiated(facts: Int32Array): boolean;
  /** By IANA and by OpenSSL. */
  cipherNames(): [string, string];
  /** One character a byte. */
  alpn(): string;
  serverName(): string;
  failure(): NativeFailure;
  bytesRead(): number;
  bytesWritten(): number;
  exportKeyingMaterial(out: Uint8Array, label: string, context: Uint8Array | undefined): void;
  destroy(): void;
}

export interface NativeTls {
  readonly progress: Int32Array;
  /** The codec of this environment: compresses where `length` is 0, otherwise decompresses to exactly `length` bytes. */
  setCertificateCodec(codec: (algorithm: number, input: Uint8Array, length: number) => Uint8Array | undefined): void;
  readonly TrustStore: new () => NativeTrustStore;
  readonly SecureContext: new () => NativeSecureContext;
  readonly Connection: new (
    context: NativeSecureContext,
    isServer: boolean,
    verifyPeer: boolean,
    requirePeer: boolean,
    suspendOnClientHello: boolean,
    serverName: string | undefined,
    alpn: Uint8Array | undefined,
  ) => NativeConnection;
}
