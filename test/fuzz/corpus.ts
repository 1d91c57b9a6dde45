// What the parsers are fed with, before it is changed: messages, records, tickets, keys and certificates of handshakes that
// are run for it.

import { generateKeyPairSync } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import type { CertificateCodec } from '#src/protocol/certificate-codec.js';
import type { ClientConfig, Credential, ServerConfig, TlsContext } from '#src/protocol/config.js';
import { CertificateCompression, ContentType, HandshakeType } from '#src/protocol/constants.js';
import { readClientHello } from '#src/protocol/messages/client-hello.js';
import { readServerHello } from '#src/protocol/messages/server-hello.js';
import { encodeSession, type SessionState } from '#src/protocol/session-state.js';
import { Issuer } from '../support/certificates.js';
import { credentialOf, environment, exchange, Peer } from '../support/endpoints.js';
import { selfSigned } from '../support/mldsa-certificate.js';
import { passphrase, pkcs12Files } from './encrypted-files.js';

export interface Corpus {
  /** By type of message, with their headers. */
  readonly messages: ReadonlyMap<number, readonly Uint8Array[]>;
  /** What each side sent, record by record joined. */
  readonly clientStreams: readonly Uint8Array[];
  readonly serverStreams: readonly Uint8Array[];
  /** Of ClientHello and of ServerHello, by type. */
  readonly clientExtensions: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly serverExtensions: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly sessions: readonly Uint8Array[];
  readonly tickets: readonly Uint8Array[];
  /** DER. */
  readonly certificates: readonly Uint8Array[];
  readonly publicKeys: readonly Uint8Array[];
  readonly privateKeys: readonly Uint8Array[];
  readonly encryptedKeys: readonly Uint8Array[];
  readonly pkcs12: readonly Uint8Array[];
  readonly revocationLists: readonly Uint8Array[];
  /** Text, of all of them. */
  readonly pem: readonly Uint8Array[];
}

const zlib: CertificateCodec = {
  compress: (_algorithm, input) => deflateSync(input),
  decompress: (_algorithm, input, length) => {
    try {
      return inflateSync(input, { maxOutputLength: length });
    } catch {
      // The contract: undefined for what does not come out.
      return undefined;
    }
  },
};

export const compressing = { environment: { ...environment, codec: zlib } };

interface Scenario {
  readonly client: Partial<ClientConfig>;
  readonly server: Partial<ServerConfig>;
  readonly clientContext?: Partial<TlsContext>;
  readonly serverContext?: Partial<TlsContext>;
}

class Recorder {
  readonly messages = new Map<number, Uint8Array[]>();
  readonly streams: Record<'client' | 'server', Uint8Array[]> = { client: [], server: [] };
  readonly sessions: SessionState[] = [];

  async run({ client, server, clientContext, serverContext }: Scenario): Promise<void> {
    const ours = Peer.client(client, clientContext);
    const theirs = await Peer.server(server, serverContext);
    const ends = { client: ours, server: theirs };
    const streams: Record<'client' | 'server', Buffer[]> = { client: [], server: [] };
    for (const end of [ours, theirs]) {
      end.endpoint.observer.message = (sent, type, bytes) => {
        if (!sent && type === ContentType.handshake) this.#add(bytes);
      };
    }
    for (let round = 0; round < 8; round++) {
      for (const [from, to] of [
        ['client', 'server'],
        ['server', 'client'],
      ] as const) {
        const bytes = ends[from].take();
        streams[from].push(bytes);
        ends[to].receive(bytes);
      }
      if (round === 4) {
        ours.send('ping');
        theirs.send('pong');
        ours.endpoint.updateKeys(true);
      }
    }
    exchange(ours, theirs);
    const error = ours.error ?? theirs.error;
    if (error !== undefined) throw error;
    this.streams.client.push(Buffer.concat(streams.client));
    this.streams.server.push(Buffer.concat(streams.server));
    this.sessions.push(...ours.sessions);
  }

  #add(bytes: Uint8Array): void {
    const type = bytes[0] ?? 0;
    this.messages.set(type, [...(this.messages.get(type) ?? []), bytes]);
  }

  of(type: number): readonly Uint8Array[] {
    return this.messages.get(type) ?? [];
  }
}

function extensionsOf(
  messages: readonly Uint8Array[],
  read: (bytes: Uint8Array) => { readonly extensions: ReadonlyMap<number, Uint8Array> },
): Map<number, Uint8Array[]> {
  const found = new Map<number, Uint8Array[]>();
  for (const message of messages) {
    for (const [type, body] of read(message).extensions) found.set(type, [...(found.get(type) ?? []), body]);
  }
  return found;
}

function keys(): { publicKeys: Uint8Array[]; privateKeys: Uint8Array[]; pem: string[] } {
  const pairs = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ];
  return {
    publicKeys: pairs.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' })),
    privateKeys: pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'der' })),
    pem: pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  };
}

export async function recordCorpus(): Promise<Corpus> {
  const recorder = new Recorder();
  const root = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
  const leaf = await root.issue({ subject: 'CN=localhost', names: ['localhost', '127.0.0.1'] });
  const mldsa = selfSigned('ML-DSA-44');
  const credentials: Credential[] = [credentialOf(leaf)];
  const compression = [CertificateCompression.zlib];
  const protocols = Buffer.from('\x02h2\x08http/1.1');
  await recorder.run({ client: {}, server: {} });
  await recorder.run({
    client: { protocols, requestOcsp: true, recordSizeLimit: 4000 },
    server: { protocols, requestCertificate: true, recordSizeLimit: 5000 },
    clientContext: { credentials, groups: ['X25519', 'secp256r1'] },
    serverContext: { groups: ['secp256r1'], authorities: [Buffer.from('300f310d300b06035504030c04726f6f74', 'hex')] },
  });
  await recorder.run({
    client: compressing,
    server: compressing,
    clientContext: { compression },
    serverContext: { compression, credentials },
  });
  await recorder.run({ client: { session: recorder.sessions[0] }, server: {} });
  const { publicKeys, privateKeys, pem } = keys();
  const crl = await root.revoke(leaf);
  const der = (text: string): Buffer => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const certificates = [leaf.cert, root.cert, mldsa.cert];
  const encryptedKey = leaf.encryptedKey(passphrase);
  return {
    messages: recorder.messages,
    clientStreams: recorder.streams.client,
    serverStreams: recorder.streams.server,
    clientExtensions: extensionsOf(recorder.of(HandshakeType.ClientHello), readClientHello),
    serverExtensions: extensionsOf(recorder.of(HandshakeType.ServerHello), readServerHello),
    sessions: recorder.sessions.map(encodeSession),
    tickets: recorder.sessions.map(({ ticket }) => ticket),
    certificates: certificates.map(der),
    publicKeys,
    privateKeys: [...privateKeys, der(mldsa.key)],
    encryptedKeys: [der(encryptedKey)],
    pkcs12: pkcs12Files(leaf),
    revocationLists: [der(crl)],
    pem: [...pem, ...certificates, `${leaf.cert}${leaf.key}`, encryptedKey].map((text) => Buffer.from(text)),
  };
}
