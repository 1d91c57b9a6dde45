// Our end of a transcript: the TypeScript engine, with every byte that it does not get from its peer drawn from one source.

import { randomBytes } from 'node:crypto';
import { groupLayouts, type GroupName } from '#src/crypto/parameters.js';
import { selectProvider } from '#src/crypto/select-provider.js';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import type { TlsSigner } from '#src/crypto/tls/primitives.js';
import { publicKeyOf } from '#src/engine/pure-environment.js';
import { startClient } from '#src/protocol/client-handshake.js';
import { concat } from '#src/protocol/codec.js';
import type { ClientConfig, Credential, Environment, ServerConfig } from '#src/protocol/config.js';
import { Endpoint } from '#src/protocol/endpoint.js';
import type { KeyExchange } from '#src/protocol/key-share.js';
import { startServer } from '#src/protocol/server-handshake.js';
import type { SessionState } from '#src/protocol/session-state.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { contextOf, environment, Peer } from '../../support/endpoints.js';
import { fixedKeyPair } from '../../support/fixed-key-pair.js';
import { base64, ofBase64, type Connection, type Setup } from './transcript.js';

/** Where randomness and signatures come from: made and noted, or read back. */
export interface Source {
  draw(length: number): Uint8Array;
  sign(make: () => Uint8Array): Uint8Array;
}

export class RecordingSource implements Source {
  readonly draws: string[] = [];
  readonly signatures: string[] = [];

  draw(length: number): Uint8Array {
    const bytes = Uint8Array.from(randomBytes(length));
    this.draws.push(base64(bytes));
    return bytes;
  }

  sign(make: () => Uint8Array): Uint8Array {
    const signature = make();
    this.signatures.push(base64(signature));
    return signature;
  }
}

export class ReplayingSource implements Source {
  readonly #draws: string[];
  readonly #signatures: string[];

  constructor({ draws, signatures }: Connection) {
    this.#draws = [...draws];
    this.#signatures = [...signatures];
  }

  draw(length: number): Uint8Array {
    const bytes = ofBase64(this.#draws.shift() ?? '');
    if (bytes.length !== length) throw new Error(`${length} bytes are drawn where the record has ${bytes.length}`);
    return bytes;
  }

  sign(): Uint8Array {
    const signature = this.#signatures.shift();
    if (signature === undefined) throw new Error('The record has no such signature');
    return ofBase64(signature);
  }

  get isEmpty(): boolean {
    return this.#draws.length === 0 && this.#signatures.length === 0;
  }
}

/** FIPS 203: d || z of a key, m of an encapsulation. */
const mlkemSeed = 64;
const mlkemMessage = 32;
const privateKeyLength = 32;

function partsOf(group: GroupName): { kem: 'ML-KEM-768' | undefined; classical: string | undefined } {
  if (group === 'X25519MLKEM768') return { kem: 'ML-KEM-768', classical: 'X25519' };
  return { kem: undefined, classical: group };
}

/** X25519MLKEM768, with the KEM first (RFC 10024, Section 3), X25519 and secp256r1. */
function keyExchangeFrom(source: Source): KeyExchange {
  return {
    startKeyExchange(group, share) {
      const { kem, classical } = partsOf(group);
      const key = kem && selectProvider(kem).decapsulationKeyFromSeed(kem, source.draw(mlkemSeed));
      const pair = fixedKeyPair(classical ?? '', source.draw(privateKeyLength));
      share.set(concat(key?.encapsulationKey().toBytes() ?? new Uint8Array(0), pair.publicKey));
      const complete = (peer: Uint8Array): Uint8Array => {
        const cut = peer.length - pair.publicKey.length;
        const first = key?.decapsulate(peer.subarray(0, cut)) ?? new Uint8Array(0);
        return concat(first, pair.complete(peer.subarray(cut)));
      };
      return {
        completeInto: (peer, secret) => secret.set(complete(peer)),
        completeAsync: (peer) => Promise.resolve(Uint8Array.from(complete(peer))),
        destroy: () => key?.destroy(),
      };
    },
    startAndCompleteInto(group, clientShare, share, secret) {
      const { kem, classical } = partsOf(group);
      const cut = kem === undefined ? 0 : groupLayouts[group].clientShare - privateKeyLength;
      const made =
        kem &&
        selectProvider(kem)
          .encapsulationKeyFromBytes(kem, clientShare.subarray(0, cut))
          .encapsulateDeterministic(source.draw(mlkemMessage));
      const pair = fixedKeyPair(classical ?? '', source.draw(privateKeyLength));
      const nothing = new Uint8Array(0);
      share.set(concat(made?.ciphertext ?? nothing, pair.publicKey));
      secret.set(concat(made?.sharedSecret ?? nothing, pair.complete(clientShare.subarray(cut))));
    },
  };
}

/** Our key, where it is at hand; in a replay it is not, and need not be: signatures are checked with the certificate. */
function credentialOf(certificate: Uint8Array, source: Source, key: TlsSigner | undefined): Credential {
  const spki = publicKeyOf(certificate);
  if (spki === undefined) throw new Error('The certificate of the transcript does not parse');
  const schemes = ['ecdsa_secp256r1_sha256'];
  const sign = (scheme: string, message: Uint8Array): Uint8Array => {
    const signature = source.sign(() => {
      if (key === undefined) throw new Error('There is no key');
      return key.sign(scheme, message);
    });
    if (!nodePrimitives.verify(scheme, spki, message, signature)) throw new Error('The record signed something else');
    return signature;
  };
  return { chain: [certificate], schemes, spki, signer: { schemes, spki, sign, destroy: () => {} } };
}

export interface EndOptions {
  readonly setup: Setup;
  readonly now: number;
  readonly source: Source;
  readonly certificate: Uint8Array | undefined;
  readonly key?: TlsSigner | undefined;
  /** A client's. */
  readonly session?: SessionState | undefined;
  /** A server's: 48 bytes, the same for its connections. */
  readonly ticketKeys?: Uint8Array | undefined;
}

export function startEnd(options: EndOptions): Peer {
  const { setup, now, source, certificate, key, session, ticketKeys } = options;
  const primitives = { ...nodePrimitives, randomBytes: (length: number) => source.draw(length) };
  const fixed: Environment = { ...environment, primitives, keyExchange: keyExchangeFrom(source), now: () => now };
  const tickets = new TicketKeys(primitives, () => now);
  if (ticketKeys !== undefined) tickets.give(ticketKeys);
  const credentials = certificate === undefined ? [] : [credentialOf(certificate, source, key)];
  const schemes = ['ecdsa_secp256r1_sha256', 'mldsa44'] as const;
  const context = contextOf({ groups: setup.groups, suites: setup.suites, schemes, credentials, tickets });
  if (setup.role === 'client') {
    const config: ClientConfig = { environment: fixed, context, serverName: 'localhost', session };
    const peer = new Peer(new Endpoint(config));
    peer.endpoint.begin(startClient(peer.endpoint, config, (given) => peer.sessions.push(given)));
    return peer;
  }
  const config: ServerConfig = { environment: fixed, context, requestCertificate: setup.requestCertificate };
  const peer = new Peer(new Endpoint(config));
  peer.endpoint.begin(startServer(peer.endpoint, config, { onNewSession: () => {} }));
  return peer;
}
