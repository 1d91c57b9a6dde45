// Our end of a connection of the matrix: a client or a server of pqtls that moves the bytes and tells what it saw.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { connect, createServer, type TLSSocket } from 'pqtls';
import type { Cell, Group } from './axes.js';
import type { Credentials } from './credentials.js';

/** Enough for many records and more than any socket buffer takes at once. */
export const echoedBytes = 1024 * 1024;

export interface Observation {
  readonly protocol: string | null;
  readonly cipherSuite: string | undefined;
  readonly group: string | undefined;
  /** Our own signature's, and the peer's. */
  readonly signatureScheme: string | undefined;
  readonly peerSignatureScheme: string | undefined;
  readonly resumed: boolean | undefined;
  readonly helloRetryRequest: boolean | undefined;
  readonly authorized: boolean;
  /** SHA-256 of the peer's leaf, in hex; empty where it showed none. */
  readonly peerCertificate: string;
  readonly sent: string;
  readonly received: string;
}

export interface SideOptions {
  readonly cell: Cell;
  readonly credentials: Credentials;
  /** What we offer or accept, most wanted first. */
  readonly groups: readonly Group[];
}

/** One connection to a peer's server. The session that came with it is for the next. */
export async function dial(
  port: number,
  { cell, credentials, groups }: SideOptions,
  session: Buffer | undefined,
  signal: AbortSignal,
): Promise<{ readonly seen: Observation; readonly session: Buffer | undefined }> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: credentials.server.ca,
    ...(cell.clientAuth ? { cert: credentials.client.cert, key: credentials.client.key } : {}),
    ...common(cell, groups),
    session,
  });
  const abort = (): void => void socket.destroy(new Error('out of time'));
  signal.addEventListener('abort', abort);
  try {
    // What fails later rejects whoever waits; there is always somebody.
    socket.on('error', () => {});
    let next: Buffer | undefined;
    socket.on('session', (got: Buffer) => (next ??= got));
    await once(socket, 'secureConnect');
    const data = randomBytes(echoedBytes);
    socket.write(data);
    const echo = await read(socket, echoedBytes);
    const seen = observe(socket, data, echo);
    socket.end();
    if (!socket.closed) await once(socket, 'close');
    return { seen, session: next };
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** A server that echoes. */
export interface OurServer {
  readonly port: number;
  next(): Promise<Observation>;
  close(): Promise<void>;
}

export function serverOptions({ cell, credentials, groups }: SideOptions) {
  return {
    cert: credentials.server.cert,
    key: credentials.server.key,
    ...(cell.clientAuth ? { requestCert: true, ca: credentials.client.ca } : {}),
    ...common(cell, groups),
  };
}

export async function serve(side: SideOptions, signal: AbortSignal): Promise<OurServer> {
  const server = createServer(serverOptions(side));
  const sockets = new Set<TLSSocket>();
  const seen = new Queue<Observation>();
  server.on('tlsClientError', (error) => seen.fail(error));
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (error: Error) => seen.fail(error));
    echo(socket).then(
      (observation) => seen.push(observation),
      (error: Error) => seen.fail(error),
    );
  });
  return listening(server, seen, signal, () => {
    for (const socket of sockets) socket.destroy();
  });
}

/** @param end ends the connections that are left, when the server is closed */
export async function listening(
  server: Server,
  seen: Queue<Observation>,
  signal: AbortSignal,
  end: () => void,
): Promise<OurServer> {
  const abort = (): void => seen.fail(new Error('out of time'));
  signal.addEventListener('abort', abort);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    next: () => seen.next(),
    async close() {
      signal.removeEventListener('abort', abort);
      server.close();
      end();
      await once(server, 'close');
    },
  };
}

async function echo(socket: TLSSocket): Promise<Observation> {
  const data = await read(socket, echoedBytes);
  socket.write(data);
  const seen = observe(socket, data, data);
  // The client ends it when it has everything.
  if (!socket.closed) await once(socket, 'close');
  return seen;
}

function common(cell: Cell, groups: readonly Group[]) {
  return {
    engine: cell.ours,
    minVersion: cell.version,
    maxVersion: cell.version,
    groups: [...groups],
    // What the leaf signs with, and the CA.
    sigalgs: [...new Set([cell.signature, 'ecdsa_secp256r1_sha256'])].join(':'),
  };
}

/** The next `length` bytes, of which no more may come. */
async function read(socket: TLSSocket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received > length) reject(new Error(`more than ${length} bytes came`));
      else if (received === length) resolve(Buffer.concat(chunks));
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed after ${received} of ${length} bytes`)));
  });
}

export function observe(socket: TLSSocket, sent: Buffer, received: Buffer): Observation {
  const info = socket.getHandshakeInfo();
  return {
    protocol: socket.getProtocol(),
    cipherSuite: info?.cipherSuite,
    group: info?.group?.name,
    signatureScheme: info?.signatureScheme,
    peerSignatureScheme: info?.peerSignatureScheme,
    resumed: info?.resumed,
    helloRetryRequest: info?.helloRetryRequest,
    authorized: socket.authorized,
    peerCertificate: (socket.getPeerX509Certificate()?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
    sent: sha256(sent),
    received: sha256(received),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Observations in the order in which they come, for one reader; after a failure, that. */
export class Queue<T> {
  readonly #values: T[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  async next(): Promise<T> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) return value;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
