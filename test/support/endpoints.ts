// Two TLS 1.3 endpoints of protocol/ in memory, without sockets: what one writes, the other reads.

import { X509Certificate } from 'node:crypto';
import { groupLayouts, type GroupName } from '#src/crypto/parameters.js';
import { selectProvider } from '#src/crypto/select-provider.js';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { signerFromPrivateKey } from '#src/crypto/tls/node-signer.js';
import { parsePublicKey } from '#src/crypto/tls/public-key.js';
import { schemeParameters } from '#src/crypto/tls/signature-schemes.js';
import { publicKeyOf } from '#src/engine/pure-environment.js';
import { startClient } from '#src/protocol/client-handshake.js';
import type { ClientConfig, Credential, Environment, ServerConfig, TlsContext } from '#src/protocol/config.js';
import { Endpoint, PeerAlert } from '#src/protocol/endpoint.js';
import { ProtocolFault } from '#src/protocol/faults.js';
import { startServer } from '#src/protocol/server-handshake.js';
import type { SessionState } from '#src/protocol/session-state.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { Issuer } from './certificates.js';

export const keyExchange: Environment['keyExchange'] = {
  startKeyExchange: (group, share) => selectProvider(group).startKeyExchange(group, share),
  startAndCompleteInto: (group, clientShare, share, secret) =>
    selectProvider(group).startAndCompleteInto(group, clientShare, share, secret),
};

export const environment: Environment = {
  primitives: nodePrimitives,
  keyExchange,
  readLeaf(certificate) {
    const publicKey = publicKeyOf(certificate);
    return publicKey && { publicKey, maySign: true };
  },
  fitsKey: (scheme, spki) => {
    const key = parsePublicKey(spki);
    return key !== undefined && schemeParameters(scheme, key) !== undefined;
  },
  codec: undefined,
  now: () => Date.now(),
};

/** Every group that keys can be exchanged with here. */
export const groups = Object.keys(groupLayouts) as GroupName[];

export function credentialOf({ cert, key }: { cert: string; key: string }): Credential {
  const certificate = new X509Certificate(cert);
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  const signer = signerFromPrivateKey(key);
  return { chain: [certificate.raw], schemes: signer.schemes, spki, signer };
}

let known: Promise<Credential> | undefined;

export function defaultCredential(): Promise<Credential> {
  known ??= Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] }).then(credentialOf);
  return known;
}

export function contextOf(changes: Partial<TlsContext> = {}): TlsContext {
  return {
    suites: ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
    groups: ['X25519MLKEM768', 'X25519', 'secp256r1'],
    schemes: ['mldsa65', 'ed25519', 'ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256', 'ecdsa_secp384r1_sha384'],
    credentials: [],
    compression: [],
    authorities: [],
    clientOrder: false,
    tickets: new TicketKeys(nodePrimitives, () => Date.now()),
    storesSessions: false,
    sessionTimeout: 300,
    sessionContext: new Uint8Array(32),
    ...changes,
  };
}

/** One end, and what came of it. */
export class Peer {
  readonly endpoint: Endpoint;
  readonly sessions: SessionState[] = [];
  readonly stored = new Map<string, Uint8Array>();
  plaintext = Buffer.alloc(0);
  error: Error | undefined;
  /** Answers every question; by default it accepts. */
  onQuestion: (peer: Peer) => void = accept;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** @param prepare before anything is sent */
  static client(
    config: Partial<ClientConfig> = {},
    context: Partial<TlsContext> = {},
    prepare: (peer: Peer) => void = () => {},
  ): Peer {
    const full: ClientConfig = { environment, context: contextOf(context), serverName: 'localhost', ...config };
    const peer = new Peer(new Endpoint(full));
    prepare(peer);
    peer.endpoint.begin(startClient(peer.endpoint, full, (session) => peer.sessions.push(session)));
    return peer;
  }

  static async server(
    config: Partial<ServerConfig> = {},
    context: Partial<TlsContext> = {},
    prepare: (peer: Peer) => void = () => {},
  ): Promise<Peer> {
    const credentials = context.credentials ?? [await defaultCredential()];
    const full: ServerConfig = { environment, context: contextOf({ ...context, credentials }), ...config };
    const peer = new Peer(new Endpoint(full));
    prepare(peer);
    const hooks = {
      onNewSession: (id: Uint8Array, session: Uint8Array) =>
        void peer.stored.set(Buffer.from(id).toString('hex'), session),
    };
    peer.endpoint.begin(startServer(peer.endpoint, full, hooks));
    return peer;
  }

  receive(bytes: Uint8Array): void {
    if (this.error !== undefined || this.endpoint.closed) return;
    const { reader } = this.endpoint;
    reader.receive(bytes);
    this.run(() => {
      for (;;) {
        while (this.endpoint.question !== undefined) this.onQuestion(this);
        if (!reader.next()) {
          this.endpoint.flush();
          return;
        }
        const content = this.endpoint.readRecord();
        if (content !== undefined) this.plaintext = Buffer.concat([this.plaintext, content]);
      }
    });
  }

  run(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.error = error as Error;
      if (!(error instanceof ProtocolFault || error instanceof PeerAlert)) throw error;
      if (error instanceof ProtocolFault && error.alert !== 'none') this.endpoint.sendAlert(error.alert);
    }
  }

  send(text: string | Uint8Array): void {
    this.run(() => this.endpoint.prepareToSend());
    const chunk = Buffer.from(text as string);
    for (let at = 0; at < chunk.length;) {
      const output = new Uint8Array(70_000);
      const { taken, written } = this.endpoint.seal(chunk, at, output, 0);
      this.#sealed.push(this.endpoint.takeOutput(), output.slice(0, written));
      at += taken;
      if (taken === 0) this.endpoint.prepareToSend();
    }
  }

  readonly #sealed: Uint8Array[] = [];

  take(): Buffer {
    const bytes = Buffer.concat([...this.#sealed, this.endpoint.takeOutput()]);
    this.#sealed.length = 0;
    return bytes;
  }
}

export function accept({ endpoint }: Peer): void {
  const kind = endpoint.question?.kind;
  if (kind === 'client-hello' || kind === 'verify') endpoint.resume({ kind });
  else throw new Error(`Nobody answers ${kind}`);
}

/** Carries bytes both ways until neither has any. */
export function exchange(client: Peer, server: Peer): void {
  for (;;) {
    const up = client.take();
    const down = server.take();
    if (up.length === 0 && down.length === 0) return;
    server.receive(up);
    client.receive(down);
  }
}

/** What `run` throws, which must be a ProtocolFault. */
export function faultOf(run: () => unknown): ProtocolFault {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolFault) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
}
