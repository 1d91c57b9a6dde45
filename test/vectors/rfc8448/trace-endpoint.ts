// The engine with the keys and the randomness of a trace, which sends the trace's messages where its own would look otherwise.

import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import type { TlsSigner } from '#src/crypto/tls/primitives.js';
import { startClient } from '#src/protocol/client-handshake.js';
import type { ClientConfig, Credential, Environment, ServerConfig, TlsContext } from '#src/protocol/config.js';
import { Endpoint, type KeyLogLabel } from '#src/protocol/endpoint.js';
import { nameOf, HandshakeType, NamedGroup } from '#src/protocol/constants.js';
import type { KeyShareEntry } from '#src/protocol/extensions/key-share.js';
import type { KeyExchange } from '#src/protocol/key-share.js';
import { publicKeyOf } from '#src/engine/pure-environment.js';
import { startServer } from '#src/protocol/server-handshake.js';
import { contextOf, environment, Peer } from '../../support/endpoints.js';
import { fixedKeyPair, type FixedKeyPair } from '../../support/fixed-key-pair.js';
import { bytesOfHex, recordSizeLimit } from './messages.js';
import type { PrivateKeys, Trace } from './traces.js';

/** SHA-256 of every record. */
export function recordHashes(bytes: Buffer): string[] {
  const hashes: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    hashes.push(createHash('sha256').update(bytes.subarray(at, end)).digest('hex'));
    at = end;
  }
  return hashes;
}

type TraceGroup = 'X25519' | 'secp256r1';

function privateKeyOf(keys: PrivateKeys, group: string): Uint8Array {
  const key = keys[group as TraceGroup];
  if (key === undefined) throw new Error(`The trace has no key of ${group}`);
  return bytesOfHex(key);
}

function keyPairOf(keys: PrivateKeys, group: string): FixedKeyPair {
  return fixedKeyPair(group, privateKeyOf(keys, group));
}

export function shareOf(keys: PrivateKeys, group: TraceGroup): KeyShareEntry {
  return { group: NamedGroup[group], share: keyPairOf(keys, group).publicKey };
}

function keyExchangeOf(keys: PrivateKeys): KeyExchange {
  return {
    startKeyExchange(group, share) {
      const { publicKey, complete } = keyPairOf(keys, group);
      share.set(publicKey);
      return {
        completeInto: (peer, secret) => secret.set(complete(peer)),
        completeAsync: (peer) => Promise.resolve(Uint8Array.from(complete(peer))),
        destroy: () => {},
      };
    },
    startAndCompleteInto(group, clientShare, share, secret) {
      const { publicKey, complete } = keyPairOf(keys, group);
      share.set(publicKey);
      secret.set(complete(clientShare));
    },
  };
}

/** Signs what the trace's key has signed, with its signature: RSA-PSS and ECDSA would make another one every time. */
class TraceSigner implements TlsSigner {
  readonly schemes: readonly string[];
  readonly spki: Uint8Array;
  readonly #signature: Uint8Array;

  constructor(scheme: string, spki: Uint8Array, signature: Uint8Array) {
    this.schemes = [scheme];
    this.spki = spki;
    this.#signature = signature;
  }

  sign(scheme: string, message: Uint8Array): Uint8Array {
    if (!verifies(scheme, this.spki, message, this.#signature)) throw new Error('The trace signed something else');
    return this.#signature;
  }

  destroy(): void {}
}

/** The engine refuses RSA of 1024 bits, which the traces have; the signatures are right all the same. */
function verifies(scheme: string, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  if (scheme === 'ecdsa_secp256r1_sha256') return verify('sha256', message, key, signature);
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return scheme === 'rsa_pss_rsae_sha256' && verify('sha256', message, { key, ...pss }, signature);
}

function credentialOf(certificate: string, scheme: string, signature: string): Credential {
  const chain = [Uint8Array.from(Buffer.from(certificate, 'base64'))];
  const spki = publicKeyOf(chain[0] ?? new Uint8Array(0));
  if (spki === undefined) throw new Error('The certificate of the trace does not parse');
  const signer = new TraceSigner(scheme, spki, Buffer.from(signature, 'base64'));
  return { chain, schemes: [scheme], spki, signer };
}

function environmentOf(random: readonly string[], keys: PrivateKeys): Environment {
  const queue = random.map(bytesOfHex);
  const primitives = {
    ...nodePrimitives,
    verify: verifies,
    randomBytes(): Uint8Array {
      const next = queue.shift();
      if (next === undefined) throw new Error('The trace has no more randomness');
      return next;
    },
  };
  return { ...environment, primitives, keyExchange: keyExchangeOf(keys) };
}

/** A message of ours, and the one that the trace has in its place. */
export interface Replaced {
  readonly type: string;
  readonly own: Uint8Array;
  readonly sent: Uint8Array;
}

class TraceEndpoint extends Endpoint {
  readonly secrets = new Map<KeyLogLabel, string>();
  readonly replaced: Replaced[] = [];
  readonly #messages: Uint8Array[];
  readonly #isCompatible: boolean;

  /** @param messages sent, in this order, in place of the next one of their type */
  constructor(config: ServerConfig | ClientConfig, trace: Trace, messages: readonly Uint8Array[]) {
    super(config);
    this.#messages = [...messages];
    this.#isCompatible = trace.sessionId !== '';
    this.observer.secret = (label, _random, secret) =>
      void this.secrets.set(label, Buffer.from(secret).toString('hex'));
  }

  override send(message: Uint8Array): void {
    const index = this.#messages.findIndex((bytes) => bytes[0] === message[0]);
    const [sent = message] = index < 0 ? [] : this.#messages.splice(index, 1);
    if (sent !== message) {
      this.replaced.push({ type: nameOf(HandshakeType, message[0] ?? 0), own: message, sent });
    }
    super.send(sent);
  }

  /** Our client always sends it; that of the traces does in Section 7 alone. */
  override oweChangeCipherSpec(): void {
    if (this.#isCompatible) super.oweChangeCipherSpec();
    else this.flush();
  }

  override sendChangeCipherSpec(): void {
    if (this.#isCompatible) super.sendChangeCipherSpec();
    else this.flush();
  }
}

export interface TracePeer {
  readonly peer: Peer;
  readonly endpoint: TraceEndpoint;
}

const suites: TlsContext['suites'] = ['TLS_AES_128_GCM_SHA256'];
const schemes: TlsContext['schemes'] = ['rsa_pss_rsae_sha256', 'ecdsa_secp256r1_sha256'];

export function traceClient(trace: Trace, messages: readonly Uint8Array[]): TracePeer {
  const { clientCertificate, clientSignature = '' } = trace;
  const credentials =
    clientCertificate === undefined ? [] : [credentialOf(clientCertificate, 'rsa_pss_rsae_sha256', clientSignature)];
  const groups = Object.keys(trace.clientKeys) as TraceGroup[];
  const config: ClientConfig = {
    environment: environmentOf([trace.clientRandom, trace.sessionId], trace.clientKeys),
    context: contextOf({ suites, schemes, groups, credentials }),
    serverName: 'server',
    recordSizeLimit,
  };
  const endpoint = new TraceEndpoint(config, trace, messages);
  const peer = new Peer(endpoint);
  endpoint.begin(startClient(endpoint, config, (session) => peer.sessions.push(session)));
  return { peer, endpoint };
}

export function traceServer(
  trace: Trace,
  messages: readonly Uint8Array[],
  changes: Partial<TlsContext> = {},
): TracePeer {
  const credentials = [credentialOf(trace.serverCertificate, trace.serverScheme, trace.serverSignature)];
  const groups = Object.keys(trace.serverKeys) as TraceGroup[];
  const config: ServerConfig = {
    environment: environmentOf([trace.serverRandom], trace.serverKeys),
    context: contextOf({ suites, schemes, groups, credentials, ...changes }),
    requestCertificate: trace.clientCertificate !== undefined,
    recordSizeLimit,
  };
  const endpoint = new TraceEndpoint(config, trace, messages);
  const peer = new Peer(endpoint);
  endpoint.begin(startServer(endpoint, config, { onNewSession: () => {} }));
  return { peer, endpoint };
}
