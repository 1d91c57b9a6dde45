// From shared secrets to traffic secrets, one type for each stage. RFC 9846, Section 7.1.

import { tlsHashLengths, type TlsHashName, type TlsPrimitives } from '../crypto/tls/primitives.js';
import { copyOf } from './codec.js';
import { hkdfExpandLabel, hkdfExtract } from './hkdf.js';

const nothing = new Uint8Array(0);

interface Schedule {
  readonly primitives: TlsPrimitives;
  readonly hash: TlsHashName;
}

/** What every stage has: its secret, which the next one ends. */
abstract class Stage implements Schedule {
  readonly primitives: TlsPrimitives;
  readonly hash: TlsHashName;
  readonly #secret: Uint8Array;

  constructor({ primitives, hash }: Schedule, secret: Uint8Array) {
    this.primitives = primitives;
    this.hash = hash;
    this.#secret = secret;
  }

  /** Derive-Secret, given the hash of the messages; of none by default. */
  protected derive(label: string, transcript = hashOfNothing(this)): Uint8Array {
    const { primitives, hash } = this;
    return hkdfExpandLabel(primitives, hash, this.#secret, label, transcript, tlsHashLengths[hash]);
  }

  /** The secret of the next stage. Ends this one. */
  protected advance(input: Uint8Array): Uint8Array {
    const derived = this.derived();
    const secret = hkdfExtract(this.primitives, this.hash, derived, input);
    derived.fill(0);
    this.destroy();
    return secret;
  }

  /** What the next stage begins with; the caller's to wipe. */
  protected derived(): Uint8Array {
    return this.derive('derived');
  }

  destroy(): void {
    this.#secret.fill(0);
  }
}

/** The same for every connection, by hash, and no secret; the last two of an EarlySecret without a pre-shared key. */
const hashesOfNothing = new Map<TlsHashName, Uint8Array>();
const unkeyedSecrets = new Map<TlsHashName, Uint8Array>();
const unkeyedDerived = new Map<TlsHashName, Uint8Array>();

function hashOfNothing({ primitives, hash }: Schedule): Uint8Array {
  return kept(hashesOfNothing, hash, () => primitives.hash(hash, nothing));
}

function kept(known: Map<TlsHashName, Uint8Array>, hash: TlsHashName, make: () => Uint8Array): Uint8Array {
  let bytes = known.get(hash);
  if (bytes === undefined) known.set(hash, (bytes = make()));
  return bytes;
}

/** The start: a pre-shared key, or zeros. */
export class EarlySecret extends Stage {
  readonly #isKeyed: boolean;

  constructor(primitives: TlsPrimitives, hash: TlsHashName, preSharedKey?: Uint8Array) {
    const zeros = new Uint8Array(tlsHashLengths[hash]);
    super(
      { primitives, hash },
      preSharedKey === undefined
        ? copyOf(kept(unkeyedSecrets, hash, () => hkdfExtract(primitives, hash, zeros, zeros)))
        : hkdfExtract(primitives, hash, zeros, preSharedKey),
    );
    this.#isKeyed = preSharedKey !== undefined;
  }

  protected override derived(): Uint8Array {
    return this.#isKeyed ? super.derived() : copyOf(kept(unkeyedDerived, this.hash, () => super.derived()));
  }

  /** The binder of a resumed session, over the hash of the ClientHello without its binders. Section 4.2.11.2. */
  binder(truncatedTranscript: Uint8Array): Uint8Array {
    const key = this.derive('res binder');
    const binder = finishedData(this.primitives, this.hash, key, truncatedTranscript);
    key.fill(0);
    return binder;
  }

  /** Ends this stage. */
  intoHandshakeSecret(sharedSecret: Uint8Array): HandshakeSecret {
    return new HandshakeSecret(this, this.advance(sharedSecret));
  }
}

export class HandshakeSecret extends Stage {
  /** Of ClientHello...ServerHello. */
  clientTraffic(transcript: Uint8Array): Uint8Array {
    return this.derive('c hs traffic', transcript);
  }

  serverTraffic(transcript: Uint8Array): Uint8Array {
    return this.derive('s hs traffic', transcript);
  }

  /** Ends this stage. */
  intoMasterSecret(): MasterSecret {
    return new MasterSecret(this, this.advance(new Uint8Array(tlsHashLengths[this.hash])));
  }
}

export class MasterSecret extends Stage {
  /** Of ClientHello...server Finished. */
  clientTraffic(transcript: Uint8Array): Uint8Array {
    return this.derive('c ap traffic', transcript);
  }

  serverTraffic(transcript: Uint8Array): Uint8Array {
    return this.derive('s ap traffic', transcript);
  }

  exporter(transcript: Uint8Array): Uint8Array {
    return this.derive('exp master', transcript);
  }

  /** Of ClientHello...client Finished. */
  resumption(transcript: Uint8Array): Uint8Array {
    return this.derive('res master', transcript);
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
  const derived = hkdfExpandLabel(primitives, hash, exporterSecret, label, hashOfNothing({ primitives, hash }), size);
  const material = hkdfExpandLabel(primitives, hash, derived, 'exporter', primitives.hash(hash, context), length);
  derived.fill(0);
  return material;
}
