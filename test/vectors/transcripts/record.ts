// Records the transcripts anew, against OpenSSL 3.5 of Node 26: npm run build && node .build/test/vectors/transcripts/record.js

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { X509Certificate, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { signerFromPrivateKey } from '#src/crypto/tls/node-signer.js';
import type { TlsSigner } from '#src/crypto/tls/primitives.js';
import type { SessionState } from '#src/protocol/session-state.js';
import type { Peer } from '../../support/endpoints.js';
import { Issuer } from '../../support/certificates.js';
import { selfSigned } from '../../support/mldsa-certificate.js';
import { nodeBinary } from '../../support/node-versions.js';
import { RecordingSource, startEnd } from './fixed-end.js';
import type { OpensslPeer } from './openssl-peer.js';
import { base64, transcriptNames, transcriptPath } from './transcript.js';
import type { Connection, Setup, Step, Transcript, TranscriptName } from './transcript.js';

interface Scenario {
  readonly setup: Setup;
  readonly peer: Omit<OpensslPeer, 'role'>;
  readonly showsCertificate?: boolean;
}

const suites = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'] as const;
const client: Setup = { role: 'client', groups: ['X25519MLKEM768', 'X25519', 'secp256r1'], suites };
const server: Setup = { role: 'server', groups: ['X25519MLKEM768', 'X25519', 'secp256r1'], suites };

async function scenarios(): Promise<Record<TranscriptName, Scenario>> {
  const { cert, key } = await Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] });
  const identity = { cert, key };
  const trusting = { rejectUnauthorized: false };
  return {
    client: { setup: client, peer: { options: identity, connections: 1 } },
    'client-retry': { setup: client, peer: { options: { ...identity, ecdhCurve: 'P-256' }, connections: 1 } },
    'client-resumption': { setup: client, peer: { options: identity, connections: 2 } },
    'client-certificate': {
      setup: { ...client, suites: ['TLS_CHACHA20_POLY1305_SHA256'] },
      peer: { options: { ...identity, ...trusting, requestCert: true }, connections: 1 },
      showsCertificate: true,
    },
    'client-mldsa44': { setup: client, peer: { options: selfSigned('ML-DSA-44'), connections: 1 } },
    server: { setup: server, peer: { options: trusting, connections: 1 }, showsCertificate: true },
    'server-retry': {
      setup: { ...server, groups: ['secp256r1'] },
      peer: { options: { ...trusting, ecdhCurve: 'X25519:P-256' }, connections: 1 },
      showsCertificate: true,
    },
    'server-resumption': { setup: server, peer: { options: trusting, connections: 2 }, showsCertificate: true },
    'server-certificate': {
      setup: { ...server, suites: ['TLS_AES_128_GCM_SHA256'], requestCertificate: true },
      peer: { options: { ...trusting, ...identity }, connections: 1 },
      showsCertificate: true,
    },
  };
}

/** Our program: a client says ping and ends when it is answered; a server answers. */
class Conversation {
  readonly steps: Step[] = [];
  readonly #peer: Peer;
  readonly #isClient: boolean;
  #said = false;
  #ended = false;

  constructor(peer: Peer, isClient: boolean) {
    this.#peer = peer;
    this.#isClient = isClient;
  }

  /** What is to be sent at the start. */
  begin(): Buffer {
    return this.#note({});
  }

  onChunk(chunk: Buffer): Buffer {
    const peer = this.#peer;
    peer.receive(chunk);
    if (peer.error !== undefined) throw peer.error;
    return Buffer.concat([this.#note({ received: base64(chunk) }), this.#act()]);
  }

  #act(): Buffer {
    const { endpoint, plaintext } = this.#peer;
    const sent: Buffer[] = [];
    if (endpoint.handshakeDone && !this.#said && (this.#isClient || plaintext.length > 0)) {
      this.#said = true;
      this.#peer.send(this.#isClient ? 'ping' : 'pong');
      sent.push(this.#note({ did: this.#isClient ? 'ping' : 'pong' }));
    }
    if (!this.#ended && endpoint.closed) {
      this.#ended = true;
      endpoint.close();
      sent.push(this.#note({ did: 'end' }));
    }
    return Buffer.concat(sent);
  }

  #note(step: Omit<Step, 'sent'>): Buffer {
    const sent = this.#peer.take();
    this.steps.push({ ...step, sent: base64(sent) });
    return sent;
  }
}

async function converse(socket: Socket, peer: Peer, source: RecordingSource, isClient: boolean): Promise<Connection> {
  const conversation = new Conversation(peer, isClient);
  const write = (bytes: Buffer): void => void (bytes.length > 0 && socket.write(bytes));
  write(conversation.begin());
  socket.on('data', (chunk) => {
    write(conversation.onChunk(chunk));
    if (peer.endpoint.closed) socket.end();
  });
  await once(socket, 'close');
  const { facts, handshakeDone, closed } = peer.endpoint;
  if (!handshakeDone || !closed) throw new Error('The connection did not come to its end');
  const { draws, signatures } = source;
  return { draws, signatures, steps: conversation.steps, resumed: facts.resumed, group: facts.group };
}

interface Ours {
  readonly setup: Setup;
  readonly now: number;
  readonly certificate: Uint8Array | undefined;
  readonly key: TlsSigner | undefined;
  readonly ticketKeys: Uint8Array;
}

async function record(name: TranscriptName, { setup, peer, showsCertificate }: Scenario): Promise<void> {
  const { cert, key } = await Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] });
  const ours: Ours = {
    setup,
    now: Date.now(),
    certificate: showsCertificate === true ? Uint8Array.from(new X509Certificate(cert).raw) : undefined,
    key: showsCertificate === true ? signerFromPrivateKey(key) : undefined,
    ticketKeys: Uint8Array.from(randomBytes(48)),
  };
  const connections = setup.role === 'client' ? await asClient(ours, peer) : await asServer(ours, peer);
  const version = await versionOf();
  const transcript: Transcript = {
    peer: version,
    setup,
    now: ours.now,
    ...(ours.certificate === undefined ? {} : { certificate: base64(ours.certificate) }),
    ...(setup.role === 'server' ? { ticketKeys: base64(ours.ticketKeys) } : {}),
    connections,
  };
  writeFileSync(transcriptPath(name), `${JSON.stringify(transcript, null, 1)}\n`);
  process.stdout.write(`${name}: ${connections.length} with ${version}\n`);
}

async function asClient(ours: Ours, peer: Scenario['peer']): Promise<Connection[]> {
  const child = await startPeer({ ...peer, role: 'server' });
  const [line] = (await once(createInterface({ input: outputOf(child) }), 'line')) as [string];
  const connections: Connection[] = [];
  let session: SessionState | undefined;
  for (let count = 0; count < peer.connections; count++) {
    const source = new RecordingSource();
    const end = startEnd({ ...ours, source, session });
    const socket = connect(Number(line), '127.0.0.1');
    connections.push(await converse(socket, end, source, true));
    session = end.sessions.at(-1);
  }
  await ended(child);
  return connections;
}

async function asServer(ours: Ours, peer: Scenario['peer']): Promise<Connection[]> {
  const connections: Promise<Connection>[] = [];
  const server = createServer((socket) => {
    const source = new RecordingSource();
    connections.push(converse(socket, startEnd({ ...ours, source }), source, false));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = await startPeer({ ...peer, role: 'client', port: (server.address() as AddressInfo).port });
  await ended(child);
  server.close();
  return Promise.all(connections);
}

async function startPeer(peer: OpensslPeer): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('openssl-peer.js', import.meta.url));
  const node = await nodeBinary('26');
  return spawn(node, [program, JSON.stringify(peer)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function outputOf(child: ChildProcess): NodeJS.ReadableStream {
  if (child.stdout === null) throw new Error('The peer has no output');
  return child.stdout;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`The peer ended with ${child.exitCode}`);
}

async function versionOf(): Promise<string> {
  const script = "process.stdout.write('Node ' + process.versions.node + ', OpenSSL ' + process.versions.openssl)";
  const child = spawn(await nodeBinary('26'), ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of outputOf(child)) text += String(chunk);
  return text;
}

const all = await scenarios();
for (const name of transcriptNames) await record(name, all[name]);
