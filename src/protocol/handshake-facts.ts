// What a handshake has come to so far, for whoever is told of it.

import type { SuiteParameters } from './cipher-suites.js';

/** What a ClientHello offers; a server's of the peer, a client's of itself. */
export interface ClientOffer {
  readonly versions: readonly number[];
  readonly groups: readonly number[];
  readonly signatureSchemes: readonly number[];
  readonly keyShares: readonly { readonly group: number; readonly length: number }[];
  /** Empty where there is none. */
  readonly serverName: string;
  readonly protocols: readonly string[];
  readonly ocspRequested: boolean;
}

export const emptyOffer: ClientOffer = {
  versions: [],
  groups: [],
  signatureSchemes: [],
  keyShares: [],
  serverName: '',
  protocols: [],
  ocspRequested: false,
};

/** Written by the handshake. Numbers are IANA's, 0 for none. */
export interface HandshakeFacts {
  suite: SuiteParameters | undefined;
  group: number;
  /** Bytes. */
  clientShare: number;
  serverShare: number;
  helloRetryRequest: boolean;
  resumed: boolean;
  /** Of the session that is resumed. */
  resumedPostQuantum: boolean;
  protocol: string | undefined;
  /** Of the last ClientHello. */
  offer: ClientOffer;
  /** Bytes of the first ClientHello. */
  clientHelloLength: number;
  /** What the last ServerHello or HelloRetryRequest chose. */
  chosenVersion: number;
  chosenGroup: number;
  signatureScheme: number;
  signedByProgram: boolean;
  peerSignatureScheme: number;
  /** Schemes that the peer takes. */
  peerSchemes: readonly number[];
  peerChain: readonly Uint8Array[];
  /** SubjectPublicKeyInfo of the certificate that was shown in this handshake, DER. */
  peerKey: Uint8Array | undefined;
  ownChain: readonly Uint8Array[];
  ocspResponse: Uint8Array | undefined;
  ownFinished: Uint8Array | undefined;
  peerFinished: Uint8Array | undefined;
  clientRandom: Uint8Array;
}

export function noFacts(): HandshakeFacts {
  return {
    suite: undefined,
    group: 0,
    clientShare: 0,
    serverShare: 0,
    helloRetryRequest: false,
    resumed: false,
    resumedPostQuantum: false,
    protocol: undefined,
    offer: emptyOffer,
    clientHelloLength: 0,
    chosenVersion: 0,
    chosenGroup: 0,
    signatureScheme: 0,
    signedByProgram: false,
    peerSignatureScheme: 0,
    peerSchemes: [],
    peerChain: [],
    peerKey: undefined,
    ownChain: [],
    ocspResponse: undefined,
    ownFinished: undefined,
    peerFinished: undefined,
    clientRandom: new Uint8Array(0),
  };
}
