// The interface between a TLS engine and whoever does its I/O: bytes in, bytes out, no socket and no timer.

import type { PeerOffer, TlsError } from '../errors.js';
import type { NamedGroupName, ProtocolVersionName } from '../protocol/constants.js';

export type EngineName = 'aws-lc' | 'typescript';

/** Ciphertext for the peer in a pooled buffer. Call release() when it was written. */
export interface Ciphertext {
  readonly bytes: Uint8Array;
  release(): void;
}

/** Something that the program may be told about; made only where the connection was asked for it. */
export type EngineEvent =
  /** A line of the NSS key log format, with its newline. Secret. */
  | { readonly kind: 'keylog'; readonly bytes: Buffer }
  /** A client's new session, in the engine's own form. Secret. */
  | { readonly kind: 'session'; readonly session: Buffer }
  | {
      /** A server's, for the program to keep. Secret. */
      readonly kind: 'new-session';
      readonly id: Buffer;
      readonly session: Buffer;
      /** The client can use it as soon as the handshake is done, so the end of the handshake waits for it. */
      readonly blocking: boolean;
    };

/** What a trace shows of a connection: never a secret. */
export interface TraceEvent {
  readonly sent: boolean;
  /** Of the protocol, 0 for a record. */
  readonly version: number;
  /** Of the record that it came in; 256 for a record header. */
  readonly contentType: number;
  /** Bytes of the message. */
  readonly length: number;
  /** Its beginning, as much as may be shown. */
  readonly bytes: Uint8Array;
}

/** A certificate, and what Node may not know of its key. */
export interface ChainEntry {
  readonly der: Buffer;
  readonly selfIssued: boolean;
  readonly mlDsa?: string | undefined;
  readonly publicKey?: Uint8Array | undefined;
}

/** Chooses a pre-shared key. TLS 1.2 only; called while the engine is at work, so that it must not throw. */
export type PskCallback = (
  /** A server's: the client's identity. A client's: the hint, or null. */
  argument: string | null,
  maximumKey: number,
  maximumIdentity: number,
) => Uint8Array | readonly [Uint8Array, string] | undefined;

export function isQuestion(value: Question | EngineEvent): value is Question {
  const { kind } = value;
  return kind === 'client-hello' || kind === 'verify' || kind === 'resume-session' || kind === 'signature';
}

/** What one call achieved. Deal with it in this order: ciphertext, events, handshakeDone, plaintext, closeNotify, error. */
export interface Progress {
  /** To write to the peer, in order. */
  readonly ciphertext: readonly Ciphertext[];
  /** Bytes of ciphertext that the engine has sent by itself. */
  readonly sent?: number;
  /** Decrypted application data, in order; the caller owns the buffers. */
  readonly plaintext: readonly Buffer[];
  /** In the order in which they happened. */
  readonly events: readonly EngineEvent[];
  /** This call finished the handshake. */
  readonly handshakeDone: boolean;
  /** More plaintext can be had from what was received: call receive() with no bytes once it was consumed. */
  readonly more: boolean;
  /** The peer closed its direction. RFC 9846, Section 6.1. */
  readonly closeNotify: boolean;
  /** The handshake waits for resume(). */
  readonly awaits: Question | undefined;
  /** The connection failed; an alert for the peer, if any, is in `ciphertext`. */
  readonly error: TlsError | undefined;
}

/** What send() took and what came of it. */
export interface SendProgress {
  /** Absent when nothing could be made of it because the connection failed. */
  readonly ciphertext: Ciphertext | undefined;
  /** Bytes of the chunk that were taken, from `offset` on. */
  readonly taken: number;
  readonly error: TlsError | undefined;
}

export interface ClientHelloInfo {
  /** Empty where the client sent none. */
  readonly serverName: string;
  readonly protocols: readonly string[];
  /** Names, or `0x....` where we know none. */
  readonly groups: readonly string[];
  readonly signatureSchemes: readonly string[];
  /** The client asks for a stapled OCSP response. */
  readonly ocspRequested: boolean;
}

export type Question =
  | {
      readonly kind: 'client-hello';
      readonly hello: ClientHelloInfo;
      /** Bytes of ciphertext that wait with it. */
      readonly buffered: () => number;
    }
  | {
      readonly kind: 'verify';
      /** undefined where the chain is trusted, otherwise what is wrong with it. */
      readonly chainError: ChainError | undefined;
      /** As the peer sent it, leaf first, DER. Empty where it sent none. */
      readonly chain: () => readonly Buffer[];
      /** Whether the peer's certificate surely has this DNS name; false says nothing. */
      readonly hasName: (name: string) => boolean;
      /** It was sent when the session was made that this handshake resumes. */
      readonly resumed: boolean;
    }
  /** A server's: the session of this id, where the program keeps it. */
  | { readonly kind: 'resume-session'; readonly id: Buffer; readonly buffered: () => number }
  | {
      readonly kind: 'signature';
      readonly ranOn: 'threadpool';
      readonly buffered: () => number;
      /** Fulfilled when it is there or has failed; undefined where nothing runs any more. */
      readonly done: Promise<unknown> | undefined;
    }
  | {
      readonly kind: 'signature';
      readonly ranOn: 'callback';
      readonly buffered: () => number;
      /** Of the context in force. */
      readonly signer: unknown;
      /** IANA name. */
      readonly scheme: string;
      /** To be signed, not hashed yet. */
      readonly data: Uint8Array;
    };

/** What certificate verification found. `code` is OpenSSL's name as in node:tls, e.g. `CERT_HAS_EXPIRED`. */
export interface ChainError {
  readonly code: string;
  readonly message: string;
}

/** What a connection may do less than its context. */
export interface Restriction {
  /** Default: the context's. */
  readonly minVersion?: ProtocolVersionName | undefined;
  /** Most wanted first. */
  readonly groups: readonly NamedGroupName[];
}

export type Answer =
  | {
      readonly kind: 'client-hello';
      readonly context?: EngineContext | undefined;
      readonly alert?: number | undefined;
      /** To staple, DER. */
      readonly ocspResponse?: Uint8Array | undefined;
      /** The chosen protocol in wire form; null refuses whatever the client offers. Default: the connection's list. */
      readonly alpn?: Uint8Array | null | undefined;
      /** A context brings its certificates along, not its versions and groups: those it must have are given here. */
      readonly restriction?: Restriction | undefined;
      /** From here on, let no handshake end without a post-quantum group. */
      readonly requirePostQuantum?: boolean | undefined;
    }
  /** An alert rejects the peer's certificate and is sent to it. */
  | { readonly kind: 'verify'; readonly alert?: number | undefined }
  | { readonly kind: 'resume-session'; readonly session: Uint8Array | undefined }
  /** After giveSignature(), or when the threadpool is done. */
  | { readonly kind: 'signature' };

/** An engine's own, immutable form of a SecureContext. */
export interface EngineContext {
  readonly engine: EngineName;
  /** Those that seal now. Secret. */
  getTicketKeys(): Buffer;
  /** 48 bytes, for every connection of this context from now on. */
  setTicketKeys(keys: Uint8Array): void;
}

/** What a connection is made for. */
export interface ConnectionOptions {
  readonly isServer: boolean;
  /** Ask the peer for its certificate; a client always does. */
  readonly verifyPeer: boolean;
  /** A server refuses a client without a certificate. */
  readonly requirePeer: boolean;
  /** A server stops at the ClientHello and asks. */
  readonly suspendOnClientHello: boolean;
  readonly servername: string | undefined;
  /** Wire form. RFC 7301, Section 3.1. */
  readonly alpn: Uint8Array | undefined;
  /** The ciphertext's receiver is done with it when it calls release(). */
  readonly poolsOutput: boolean;
  readonly restriction?: Restriction | undefined;
  /** Pads records to a multiple of so many bytes; the TypeScript engine's. */
  readonly recordPadding?: number | undefined;
  /** What the peer may send in a record, in bytes, its content type with them; the TypeScript engine's. RFC 8449. */
  readonly recordSizeLimit?: number | undefined;
  /** Let no handshake end without a post-quantum group. */
  readonly requirePostQuantum?: boolean | undefined;
}

/** What a finished handshake agreed on. */
export interface Negotiated {
  readonly protocol: ProtocolVersionName;
  /** IANA name, e.g. `TLS_AES_128_GCM_SHA256`. */
  readonly cipherSuite: string;
  /** OpenSSL's name, e.g. `ECDHE-RSA-AES128-GCM-SHA256`; a TLS 1.3 suite has one name only. */
  readonly cipherName: string;
  /** The group of the key exchange; undefined for a TLS 1.2 key exchange without one. */
  readonly group: NegotiatedGroup | undefined;
  /** What we signed the handshake with; undefined where we sent no certificate. */
  readonly signatureScheme: string | undefined;
  /** Where it was made; undefined where there is none. */
  readonly signatureRanOn: 'inline' | 'threadpool' | 'callback' | undefined;
  /** What the peer signed the handshake with; undefined where it sent no certificate, and in a resumed handshake. */
  readonly peerSignatureScheme: string | undefined;
  readonly helloRetryRequest: boolean;
  readonly resumed: boolean;
  /** The weakest key exchange that the session descends from: through every resumption, that of the first as well. */
  readonly sessionKeyExchange: 'post-quantum' | 'classical';
  /** Always false: 0-RTT is neither offered nor accepted. */
  readonly earlyData: false;
  readonly alpn: string | undefined;
  readonly servername: string | undefined;
  readonly engine: EngineName;
  /** e.g. `AWS-LC 5.12.0`. */
  readonly engineVersion: string;
  /** Bytes of the first ClientHello message. */
  readonly clientHelloLength: number;
}

/** The part of Negotiated that every handshake is counted and told by. */
export interface HandshakeOutcome extends Pick<
  Negotiated,
  'protocol' | 'resumed' | 'helloRetryRequest' | 'alpn' | 'servername'
> {
  /** IANA number; 0 for a TLS 1.2 key exchange without one. */
  readonly group: number;
}

export interface NegotiatedGroup {
  /** IANA name, or `0x....` where we know none. */
  readonly name: string;
  /** IANA number. */
  readonly id: number;
  readonly postQuantum: boolean;
  readonly hybrid: boolean;
  /** Bytes of key_exchange that the client sent; 0 in TLS 1.2. */
  readonly clientShare: number;
  /** Bytes of key_exchange that the server sent; 0 in TLS 1.2. */
  readonly serverShare: number;
}

/** One TLS connection. Every method but destroy() may be called only before destroy(). */
export interface Connection {
  readonly engine: EngineName;
  /** A client's first flight. */
  start(): Progress;
  /**
   * @param isUnshared nobody else has the chunk's memory, nor ever will: the engine may free it. Default: false
   */
  receive(chunk: Uint8Array | undefined, isUnshared?: boolean): Progress;
  /** Encrypts as much of `chunk` as fits one pooled buffer; call again from `offset + taken`. */
  send(chunk: Uint8Array, offset: number): SendProgress;
  resume(answer: Answer): Progress;
  /** The program's signature. False where it is not valid for our certificate: the handshake will fail. */
  giveSignature(signature: Uint8Array | undefined): boolean;
  /** A client's session to resume, before start(). What does not parse or fit is ignored. */
  offerSession(session: Uint8Array): boolean;
  /** The newest session; undefined where there is none. Secret. */
  session(): Buffer | undefined;
  /** The newest session's ticket, on a client. */
  sessionTicket(): Buffer | undefined;
  /** Make `session` or `new-session` events, and ask for the sessions that the program keeps. */
  enableSessionEvents(): void;
  /** close_notify. RFC 9846, Section 6.1. */
  shutdown(): Progress;
  /** Once the handshake is done; after destroy() as well. */
  negotiated(): Negotiated;
  /** What every socket is told of it; cheaper than negotiated(). */
  outcome(): HandshakeOutcome;
  /** What the peer offered (a client) or chose (a server), as far as it is known. */
  peerOffer(): PeerOffer;
  /** On a server, once there is a version to speak: what the ClientHello names; undefined where it names none. */
  readonly offeredServerName: string | undefined;
  /** Bytes of the first ClientHello message; 0 where there was none yet. */
  readonly clientHelloLength: number;
  /** Groups that the last ClientHello offered, by name, or `0x....` where we know none; after destroy() as well. */
  readonly offeredGroups: readonly string[];
  /** DER, leaf first. */
  peerCertificates(): readonly Buffer[];
  /** The peer's certificate, its issuers, and theirs, as far as they were sent or are trusted. */
  peerChain(): readonly ChainEntry[];
  /** What we show, DER. */
  ownCertificate(): Buffer | undefined;
  /** Who issued it, DER, where that is known. */
  ownIssuer(): Buffer | undefined;
  /** What the server stapled. */
  ocspResponse(): Buffer | undefined;
  /** verify_data of a Finished message, ours or the peer's; undefined before the handshake is done. */
  finished(ofPeer: boolean): Buffer | undefined;
  /** Names of the schemes that the peer accepts and we may sign with. */
  sharedSchemes(): readonly string[];
  /** Alerts by name, the last of each direction. */
  readonly alertSent: string | undefined;
  readonly alertReceived: string | undefined;
  /** From now on there are `keylog` events. */
  enableKeylog(): void;
  /** From now on messages, alerts and records are shown to `sink`, which must not throw. */
  enableTrace(sink: (event: TraceEvent) => void, onLost: (count: number) => void): void;
  /** Takes over a context's certificates; before the handshake, or while it is suspended. */
  useContext(context: EngineContext): boolean;
  /** Before the handshake. False where it was not taken. */
  setServername(name: string): boolean;
  /** Bytes of plaintext in a record, 512 to 16384; false for others. */
  setMaxSendFragment(size: number): boolean;
  requestOcsp(): void;
  /** False where the hint is too long. */
  setPskIdentityHint(hint: string): boolean;
  setPskCallback(callback: PskCallback): void;
  /** Ciphertext, in bytes. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer;
  /** Wipes the keys. Idempotent. */
  destroy(): void;
}
