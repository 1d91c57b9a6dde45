// What the addon exports for the TLS engine (native/secure_context.cc, trust_store.cc, connection.cc).

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
} as const;

/** Indices into `progress`. Mirrors ProgressRegister in native/connection.h. */
export const ProgressRegister = { consumed: 0, plaintext: 1, ciphertext: 2 } as const;

/** Kinds of what takeEvents() returns. Mirrors EventKind in native/connection.h. */
export const NativeEvent = { keylog: 0 } as const;

export interface NativeTrustStore {
  /** Returns how many certificates were added. */
  addCertificates(pem: Uint8Array): number;
}

export interface NativeSecureContext {
  /** Leaf first. Replaces the chain of the same key type. */
  setCertificateChain(pem: Uint8Array): void;
  setPrivateKey(pem: Uint8Array, passphrase: string | undefined): void;
  setTrustStore(store: NativeTrustStore): void;
  setClientCaList(pem: Uint8Array): void;
  setVersions(minimum: number, maximum: number): void;
  setGroups(ids: Uint16Array): void;
  /** Empty strings leave the defaults; names that AWS-LC does not know are passed over. */
  setCiphers(tls12: string, tls13: string): void;
  /** The suites of TLS 1.2, in order, by OpenSSL's name. */
  ciphers(): string[];
  /** The object identifier of the only kind of key that a peer's certificates may have, leaf to root. */
  setCertificateKey(oid: string): void;
  setSignatureAlgorithms(schemes: Uint16Array): void;
  /** Which sessions may be resumed; absent from an addon that resumes none across contexts. */
  setResumption?(options: { requirePostQuantum: boolean }): void;
}

export interface NativeClientHello {
  serverName: string;
  protocols: string[];
  groups: number[];
  signatureSchemes: number[];
  keyShares: { group: number; length: number }[];
  versions: number[];
  /** What the last ServerHello or HelloRetryRequest chose; 0 where there was none. */
  chosenVersion: number;
  chosenGroup: number;
  length: number;
}

export interface NativeNegotiated {
  version: number;
  cipherSuite: string;
  cipherId: number;
  group: number;
  clientShare: number;
  serverShare: number;
  clientHelloLength: number;
  signatureScheme: number;
  peerSignatureScheme: number;
  helloRetryRequest: boolean;
  resumed: boolean;
  alpn: string;
  serverName: string;
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
  send(chunk: Uint8Array, offset: number, ciphertext: Uint8Array): number;
  flush(ciphertext: Uint8Array): number;
  shutdown(ciphertext: Uint8Array): number;
  /** An alert of 0 goes on; `context` null keeps the one the connection was made with. */
  answerClientHello(context: NativeSecureContext | null, alert: number): void;
  answerVerification(alert: number): void;
  /** Empties the queue of events. */
  takeEvents(): { kind: number; bytes: Buffer }[];
  /** From now on every secret of the connection is an event, in the NSS key log format. */
  enableKeylog(): void;
  /** Before the handshake, narrows what the context allows. A minimum of 0 keeps the context's version. */
  restrict(minimum: number, groups: Uint16Array): void;
  /** Ends the connection with an alert of ours. */
  abort(alert: number, ciphertext: Uint8Array): number;
  clientHello(): NativeClientHello;
  verifyResult(): { code: number; message: string };
  peerCertificates(): Buffer[];
  negotiated(): NativeNegotiated | null;
  failure(): NativeFailure;
  bytesRead(): number;
  bytesWritten(): number;
  exportKeyingMaterial(out: Uint8Array, label: string, context: Uint8Array | undefined): void;
  destroy(): void;
}

export interface NativeTls {
  readonly progress: Int32Array;
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
