// From shared secrets to traffic secrets, one type for each stage. RFC 9846, Section 7.1.

import { tlsHashLengths, type TlsHashName, type TlsPrimitives } from '../crypto/tls/primitives.js';
import { hkdfExpandLabel, hkdfExtract } from './hkdf.js';

const nothing = new Uint8Array(0);

/** RFC 9846, Section 7.1: Derive-Secret, given the hash of the messages. */
function deriveSecret(schedule: Schedule, secret: Uint8Array, label: string, transcript: Uint8Array): Uint8Array {
  const { primitives, hash } = schedule;
  return hkdfExpandLabel(primitives, hash, secret, label, transcript, tlsHashLengths[hash]);
}

interface Schedule {
  readonly primitives: TlsPrimitives;
  readonly hash: TlsHashName;
}

/** The start: a pre-shared key, or zeros. */
export class EarlySecret implements Schedule {
  readonly primitives: TlsPrimitives;
  readonly hash: TlsHashName;
  readonly #secret: Uint8Array;

  constructor(primitives: TlsPrimitives, hash: TlsHashName, preSharedKey?: Uint8Array) {
    this.primitives = primitives;
    this.hash = hash;
    const zeros = new Uint8Array(tlsHashLengths[hash]);
    this.#secret = hkdfExtract(primitives, hash, zeros, preSharedKey ?? zeros);
  }

  /** The binder of a resumed session, over the hash of the ClientHello without its binders. Section 4.2.11.2. */
  binder(truncatedTranscript: Uint8Array): Uint8Array {
    const key = deriveSecret(this, this.#secret, 'res binder', this.primitives.hash(this.hash, nothing));
    const binder = finishedData(this.primitives, this.hash, key, truncatedTranscript);
    key.fill(0);
    return binder;
  }

  /** Ends this stage. */
  intoHandshakeSecret(sharedSecret: Uint8Array): HandshakeSecret {
    const derived = deriveSecret(this, this.#secret, 'derived', this.primitives.hash(this.hash, nothing));
    const secret = hkdfExtract(this.primitives, this.hash, derived, sharedSecret);
    derived.fill(0);
    this.destroy();
    return new HandshakeSecret(this, secret);
  }

  destroy(): void {
    this.#secret.fill(0);
  }
}

export class HandshakeSecret implements Schedule {
  readonly primitives: TlsPrimitives;
  readonly hash: TlsHashName;
  readonly #secret: Uint8Array;

  constructor({ primitives, hash }: Schedule, secret: Uint8Array) {
    this.primitives = primitives;
    this.hash = hash;
    this.#secret = secret;
  }

  /** Of ClientHello...ServerHello. */
  clientTraffic(transcript: Uint8Array): Uint8Array {
    return deriveSecret(this, this.#secret, 'c hs traffic', transcript);
  }

  serverTraffic(transcript: Uint8Array): Uint8Array {
    return deriveSecret(this, this.#secret, 's hs traffic', transcript);
  }

  /** Ends this stage. */
  intoMasterSecret(): MasterSecret {
    const { primitives, hash } = this;
    const derived = deriveSecret(this, this.#secret, 'derived', primitives.hash(hash, nothing));
    const secret = hkdfExtract(primitives, hash, derived, new Uint8Array(tlsHashLengths[hash]));
    derived.fill(0);
    this.destroy();
    return new MasterSecret(this, secret);
  }

  destroy(): void {
    this.#secret.fill(0);
  }
}

export class MasterSecret implements Schedule {
  readonly primitives: TlsPrimitives;
  readonly hash: TlsHashName;
  readonly #secret: Uint8Array;

  constructor({ primitives, hash }: Schedule, secret: Uint8Array) {
    this.primitives = primitives;
    this.hash = hash;
    this.#secret = secret;
  }

  /** Of ClientHello...server Finished. */
  clientTraffic(transcript: Uint8Array): Uint8Array {
    return deriveSecret(this, this.#secret, 'c ap traffic', transcript);
  }

  serverTraffic(transcript: Uint8Array): Uint8Array {
    return deriveSecret(this, this.#secret, 's ap traffic', transcript);
  }

  exporter(transcript: Uint8Array): Uint8Array {
    return deriveSecret(this, this.#secret, 'exp master', transcript);
  }

  /** Of ClientHello...client Finished. */
  resumption(transcript: Uint8Array): Uint8Array {
    return deriveSecret(this, this.#secret, 'res master', transcript);
  }

  destroy(): void {
    this.#secret.fill(0);
  }
}

/** The verify_data of a Finished message, and a binder. RFC 9846, Section 4.5.4. */
export function finishedData(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  baseKey: Uint8Array,
  transcript: Uint8Array,
): Uint8Array {
  const key = hkdfExpandLabel(primitives, hash, baseKey, 'finished', nothing, tlsHashLengths[hash]);
  const data = primitives.hmac(hash, key, transcript);
  key.fill(0);
  return data;
}

/** The secret after a KeyUpdate. RFC 9846, Section 7.2. */
export function nextTrafficSecret(primitives: TlsPrimitives, hash: TlsHashName, secret: Uint8Array): Uint8Array {
  return hkdfExpandLabel(primitives, hash, secret, 'traffic upd', nothing, tlsHashLengths[hash]);
}

/** The pre-shared key of a ticket. RFC 9846, Section 4.7.1. */
export function resumptionKey(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  resumptionSecret: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return hkdfExpandLabel(primitives, hash, resumptionSecret, 'resumption', nonce, tlsHashLengths[hash]);
}

/** TLS-Exporter. No context is an empty one. RFC 9846, Section 7.5. */
export function exportKeyingMaterial(
  primitives: TlsPrimitives,
  hash: TlsHashName,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const size = tlsHashLengths[hash];
  const derived = hkdfExpandLabel(primitives, hash, exporterSecret, label, primitives.hash(hash, nothing), size);
  const material = hkdfExpandLabel(primitives, hash, derived, 'exporter', primitives.hash(hash, context), length);
  derived.fill(0);
  return material;
}
