// A SecureContext inside of AWS-LC, as its engine knows it.

import type { NativeSecureContext } from '../binding/tls-contract.js';
import type { EngineContext } from './connection.js';

/** A SecureContext inside of AWS-LC. */
export class NativeEngineContext implements EngineContext {
  readonly engine = 'aws-lc';
  readonly native: NativeSecureContext;
  /** Its handshakes call JavaScript from inside of libssl, for certificate compression. */
  readonly callsJavaScript: boolean;
  /** What signs in place of a key; the engine hands it on with its question. */
  readonly signer: unknown;

  constructor(native: NativeSecureContext, callsJavaScript: boolean, signer?: unknown) {
    this.native = native;
    this.callsJavaScript = callsJavaScript;
    this.signer = signer;
  }

  getTicketKeys(): Buffer {
    return this.native.getTicketKeys();
  }

  setTicketKeys(keys: Uint8Array): void {
    this.native.setTicketKeys(keys);
  }
}
