// Whom a context of the TypeScript engine trusts: the verdict on a peer's chain. RFC 5280, Section 6.

import type { ChainError } from './connection.js';

/** A chain that was judged. */
export interface JudgedChain {
  /** undefined where it is trusted. */
  readonly error: ChainError | undefined;
  /** DER, leaf first, completed from what was sent and is trusted. */
  readonly path: readonly Uint8Array[];
}

export interface PeerTrust {
  /** @param chain DER, leaf first */
  judge(chain: readonly Uint8Array[], ofServer: boolean): JudgedChain;
  /** Of a trusted certificate that issued this one, DER. */
  issuerOf(certificate: Uint8Array): Uint8Array | undefined;
}
