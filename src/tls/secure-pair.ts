// createSecurePair(): TLS between two streams in memory, which node:tls deprecated in Node 0.11 and removed in Node 24.

import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { deprecate } from 'node:util';
import { createSecureContext, type SecureContext } from './secure-context.js';
import { TLSSocket, type TLSSocketOptions } from './socket.js';

/** One end of a pair: what is written to it is read from the other, which decides when a write is done. */
class PairedEnd extends Duplex {
  #other: PairedEnd | undefined;
  #whenRead: (() => void) | undefined;

  static pair(): [PairedEnd, PairedEnd] {
    const ends: [PairedEnd, PairedEnd] = [new PairedEnd(), new PairedEnd()];
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  override _read(): void {
    const callback = this.#whenRead;
    this.#whenRead = undefined;
    callback?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const other = this.#other;
    if (other === undefined || chunk.length === 0) {
      process.nextTick(callback);
      return;
    }
    other.#whenRead = callback;
    other.push(chunk);
  }

  override _final(callback: () => void): void {
    this.#other?.once('end', callback);
    this.#other?.push(null);
  }
}

/** Emits `secure` when the handshake is done. */
export class SecurePair extends EventEmitter {
  readonly server: unknown;
  readonly credentials: SecureContext;
  /** Ciphertext: for whoever carries it to the peer. */
  readonly encrypted: Duplex;
  readonly cleartext: TLSSocket;

  constructor(
    context: SecureContext = createSecureContext(),
    isServer = false,
    requestCert = !isServer,
    rejectUnauthorized = !isServer,
    options: TLSSocketOptions = {},
  ) {
    super();
    const [encrypted, inner] = PairedEnd.pair();
    this.server = options.server;
    this.credentials = context;
    this.encrypted = encrypted;
    this.cleartext = new TLSSocket(inner, {
      secureContext: context,
      isServer,
      requestCert,
      rejectUnauthorized,
      ...options,
    });
    this.cleartext.once('secure', () => this.emit('secure'));
  }

  destroy(): void {
    this.cleartext.destroy();
    this.encrypted.destroy();
  }
}

/**
 * A client's (or server's) TLS between `cleartext` and `encrypted`. A client verifies its peer, which in node:tls it does
 * not unless `rejectUnauthorized` says so.
 *
 * @deprecated `new TLSSocket(duplex)` does the same.
 */
export const createSecurePair = deprecate(
  (...values: ConstructorParameters<typeof SecurePair>): SecurePair => new SecurePair(...values),
  'tls.createSecurePair() is deprecated. Please use tls.TLSSocket instead.',
  'DEP0064',
);
