// A hybrid handshake of client and server over noble alone, for a bundle: nothing of Node's may be imported here.

import { createNobleProvider } from '#src/crypto/noble-provider.js';
import { noblePrimitives } from '#src/crypto/tls/noble-primitives.js';
import { nobleSignerFromPkcs8 } from '#src/crypto/tls/noble-signer.js';
import { parsePublicKey } from '#src/crypto/tls/public-key.js';
import { schemeParameters } from '#src/crypto/tls/signature-schemes.js';
import { startClient } from '#src/protocol/client-handshake.js';
import { latin1, bytesOfLatin1 } from '#src/protocol/codec.js';
import type { ClientConfig, Environment, ServerConfig, TlsContext } from '#src/protocol/config.js';
import { NamedGroup, nameOf } from '#src/protocol/constants.js';
import { Endpoint } from '#src/protocol/endpoint.js';
import { startServer } from '#src/protocol/server-handshake.js';
import type { SessionState } from '#src/protocol/session-state.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { KeyUsageBit } from '#src/x509/extensions.js';
import { tryParseCertificate } from '#src/x509/parsed-certificates.js';
import { TrustStore } from '#src/x509/trust-store.js';
import { verifyChain } from '#src/x509/verify-chain.js';

const environment: Environment = {
  primitives: noblePrimitives,
  keyExchange: createNobleProvider(),
  readLeaf(der) {
    const leaf = tryParseCertificate(der);
    return (
      leaf && {
        publicKey: leaf.spki,
        maySign: leaf.extensions.keyUsage?.(KeyUsageBit.digitalSignature) !== false,
      }
    );
  },
  fitsKey: (scheme, spki) => {
    const key = parsePublicKey(spki);
    return key !== undefined && schemeParameters(scheme, key) !== undefined;
  },
  codec: undefined,
  now: () => Date.now(),
};

export interface HandshakeResult {
  readonly group: string;
  readonly suite: string | undefined;
  readonly resumed: boolean;
  readonly received: string;
  readonly exportersAgree: boolean;
}

/** A full handshake and one that resumes it, with data both ways. `root` and `leaf` are DER, `key` is PKCS #8. */
export function handshakes(root: Uint8Array, leaf: Uint8Array, key: Uint8Array): HandshakeResult[] {
  const signer = nobleSignerFromPkcs8(key);
  const context: TlsContext = {
    suites: ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
    groups: ['X25519MLKEM768', 'X25519'],
    schemes: ['mldsa65', 'ecdsa_secp256r1_sha256'],
    credentials: [{ chain: [leaf], schemes: signer.schemes, spki: signer.spki, signer }],
    compression: [],
    authorities: [],
    clientOrder: false,
    tickets: new TicketKeys(noblePrimitives, environment.now),
    storesSessions: false,
    sessionTimeout: 300,
    sessionContext: new Uint8Array(32),
  };
  const trusted = new TrustStore([root]);
  const first = handshake(context, trusted, undefined);
  return [first.result, handshake(context, trusted, first.session).result];
}

function handshake(
  context: TlsContext,
  trusted: TrustStore,
  session: SessionState | undefined,
): { result: HandshakeResult; session: SessionState | undefined } {
  let newest: SessionState | undefined;
  const clientConfig: ClientConfig = {
    environment,
    context: { ...context, credentials: [] },
    serverName: 'localhost',
    session,
  };
  const serverConfig: ServerConfig = { environment, context };
  const client = new Endpoint(clientConfig);
  const server = new Endpoint(serverConfig);
  server.begin(startServer(server, serverConfig, { onNewSession: () => {} }));
  client.begin(startClient(client, clientConfig, (given) => (newest = given)));
  carry(client, server, trusted);
  const received = [send(client, server, 'ping', trusted), send(server, client, 'pong', trusted)].join();
  const { facts } = client;
  const exporters = [client, server].map((end) =>
    latin1(end.exportKeyingMaterial('EXPORTER-x', new Uint8Array(0), 32)),
  );
  const result = {
    group: nameOf(NamedGroup, facts.group),
    suite: facts.suite?.name,
    resumed: facts.resumed && server.facts.resumed,
    received,
    exportersAgree: exporters[0] === exporters[1],
  };
  return { result, session: newest };
}

function carry(client: Endpoint, server: Endpoint, trusted: TrustStore): void {
  for (;;) {
    const up = client.takeOutput();
    const down = server.takeOutput();
    if (up.length === 0 && down.length === 0) return;
    receive(server, up, trusted);
    receive(client, down, trusted);
  }
}

/** Returns the data that came. */
function receive(end: Endpoint, bytes: Uint8Array, trusted: TrustStore): string {
  let text = '';
  end.reader.receive(bytes);
  for (;;) {
    while (end.question !== undefined) {
      judge(end, trusted);
      end.resume({ kind: 'verify' });
    }
    if (!end.reader.next()) break;
    const content = end.readRecord();
    if (content !== undefined) text += latin1(content);
  }
  end.flush();
  return text;
}

function judge({ facts }: Endpoint, trusted: TrustStore): void {
  const { error } = verifyChain(facts.peerChain, {
    trusted,
    purpose: 'serverAuth',
    time: Date.now(),
    verifySignature: (...signed) => noblePrimitives.verifySignature(...signed),
  });
  if (error !== undefined) throw new Error(error.code);
}

function send(from: Endpoint, to: Endpoint, text: string, trusted: TrustStore): string {
  from.prepareToSend();
  const before = receive(to, from.takeOutput(), trusted);
  const output = new Uint8Array(1000);
  const { written } = from.seal(bytesOfLatin1(text), 0, output, 0);
  return before + receive(to, output.subarray(0, written), trusted);
}
