// What sockets, servers and contexts need of an engine, whichever it is.

import type { NativeResumption, NativeSecureContext, NativeTrustStore } from '../binding/tls-contract.js';
import type { CertificateCodec } from '../protocol/certificate-codec.js';
import type { ProtocolVersionName } from '../protocol/constants.js';
import type { Connection, ConnectionOptions, EngineContext, EngineName } from './connection.js';

/**
 * A context that is being made, for either engine. What it refuses it throws as an Error with `library` and `reason`,
 * AWS-LC's names for the fault.
 */
export type ContextBuilder = NativeSecureContext;

/** Certificates that are trusted, for either engine. */
export type TrustStore = NativeTrustStore;

export type Resumption = NativeResumption;

export interface TlsEngine {
  readonly name: EngineName;
  /** The lowest version that it speaks. */
  readonly lowestVersion: ProtocolVersionName;
  createTrustStore(): TrustStore;
  createContext(): ContextBuilder;
  /** @param signer what signs in place of a key; the engine hands it on with its question */
  finishContext(
    builder: ContextBuilder,
    details: { readonly compresses: boolean; readonly signer: unknown },
  ): EngineContext;
  /** Of every context to come. */
  setCertificateCodec(codec: CertificateCodec): void;
  createConnection(context: EngineContext, options: ConnectionOptions): Connection;
}

/** For a context of another engine. */
export function otherEngine(expected: EngineName, { engine }: EngineContext): TypeError {
  return Object.assign(
    new TypeError(`The secure context is of the engine '${engine}', and this connection of '${expected}'`),
    { code: 'ERR_INVALID_ARG_VALUE' },
  );
}
