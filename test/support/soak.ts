// Many handshakes of every kind in one process, and whether any of them leaves memory, a socket or a descriptor behind.

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import * as net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { linearRegression } from 'simple-statistics';
import {
  connect,
  createSecureContext,
  createServer,
  metrics,
  type ConnectionOptions,
  type SecureContext,
  type Server,
  type TLSSocket,
} from 'pqtls';
import { certificates, type Certificates } from './certificates.js';
import { residentMemory } from './memory.js';
import { selfSigned } from './mldsa-certificate.js';
import { signerOf } from './signers.js';

const kinds = [
  'full',
  'resumed',
  'client certificate',
  'refused',
  'aborted',
  'cut',
  'RSA-2048',
  'ML-DSA-65',
  'signed elsewhere',
  'chosen by name',
] as const;
type Kind = (typeof kinds)[number];

/** What is open in this process. */
export interface Open {
  readonly connections: number;
  /** Of libuv, by its report: those of Node and those of the addon. */
  readonly tcpHandles: number;
  /** What they are of, without numbers; none where the system does not list them. */
  readonly descriptors: readonly string[];
  /** As process.getActiveResourcesInfo() names them. */
  readonly resources: readonly string[];
  /** Sockets that were made and not collected. */
  readonly uncollected: number;
}

export interface SoakResult {
  readonly done: Readonly<Record<Kind, number>>;
  /** MiB, after garbage collection, at equal distances. */
  readonly memory: readonly number[];
  /** Bytes a handshake, of a line through the last three quarters of `memory`. */
  readonly slope: number;
  readonly before: Open;
  readonly after: Open;
}

/** Runs so many handshakes, some at a time. `onSample` is told how many are done, and the memory in MiB. */
export async function soak(
  handshakes: number,
  samples: number,
  onSample: (done: number, memory: number) => void = () => {},
): Promise<SoakResult> {
  const shared = await certificates();
  const collected = { made: 0, gone: 0 };
  const registry = new FinalizationRegistry(() => (collected.gone += 1));
  const watch = (socket: TLSSocket): void => {
    collected.made += 1;
    registry.register(socket, undefined);
  };
  // The first server that listens has libuv open a descriptor for all.
  const hello = await clientHello();
  const before = await openNow(collected);
  const { servers, dials } = await endpoints(shared, watch);
  const dial = (kind: Kind, options: ConnectionOptions = {}): TLSSocket => {
    const socket = connect({ host: '127.0.0.1', servername: 'localhost', ...dials[kind], ...options });
    watch(socket);
    return socket;
  };
  let session = await firstSession(dial('full'));
  const done = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;

  const one = async (index: number): Promise<void> => {
    const kind = kinds[index % kinds.length] ?? 'full';
    done[kind] += 1;
    if (kind === 'cut') {
      await cut(dials.cut.port, hello.subarray(0, (index * 37) % (hello.length + 1)), index % 4 < 2);
      return;
    }
    const socket = dial(kind, kind === 'resumed' ? { session } : {});
    // One of five minutes ago is too old, and resuming it makes it no younger.
    if (kind === 'full') socket.on('session', (newest: Buffer) => (session = newest));
    await exchange(socket, kind, index);
  };

  const memory: number[] = [];
  let next = 0;
  for (let sample = 1; sample <= samples; sample += 1) {
    const end = Math.round((handshakes * sample) / samples);
    const lane = async (): Promise<void> => {
      while (next < end) await one(next++);
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    memory.push(await residentMemory());
    onSample(next, memory.at(-1) ?? 0);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  const last = memory.map((mebibytes, index): [number, number] => [index, mebibytes]).slice(Math.floor(samples / 4));
  const slope = (linearRegression(last).m * 2 ** 20) / (handshakes / samples);
  return { done, memory, slope, before, after: await openNow(collected) };
}

/** How a client of one kind dials. */
interface Dial extends ConnectionOptions {
  readonly port: number;
  readonly secureContext: SecureContext;
}

/** Servers that listen, and the clients of each kind for them. */
async function endpoints(
  { ca, otherCa, leaf, rsa, named, client }: Certificates,
  watch: (socket: TLSSocket) => void,
): Promise<{ servers: Server[]; dials: Record<Kind, Dial> }> {
  const own = { cert: leaf.cert, key: leaf.key };
  const postQuantum = selfSigned('ML-DSA-65');
  const inner = createSecureContext({ cert: named.cert, key: named.key });
  const sign = signerOf(leaf.key);
  const servers = {
    plain: createServer(own),
    asking: createServer({ ...own, requestCert: true, ca: ca.cert }),
    rsa: createServer({ cert: rsa.cert, key: rsa.key, offload: 'always' }),
    mldsa: createServer({ ...postQuantum, offload: 'always' }),
    signing: createServer({ cert: leaf.cert, sign: async (request) => Promise.resolve(sign(request)) }),
    naming: createServer({
      ...own,
      SNICallback: (_name, callback) => setImmediate(() => callback(null, inner)),
      ALPNCallback: ({ protocols }) => protocols[0],
    }),
  };
  const signedOn: Partial<Record<keyof typeof servers, string>> = {
    rsa: 'threadpool',
    mldsa: 'threadpool',
    signing: 'callback',
  };
  const ports = {} as Record<keyof typeof servers, number>;
  for (const [name, server] of Object.entries(servers) as [keyof typeof servers, Server][]) {
    server.on('tlsClientError', () => {});
    server.on('secureConnection', (socket) => {
      watch(socket);
      const ranOn = socket.getHandshakeInfo()?.signatureRanOn;
      if (name in signedOn && ranOn !== signedOn[name]) throw new Error(`${name}: signed on ${ranOn}`);
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports[name] = (server.address() as net.AddressInfo).port;
  }
  const secureContext = createSecureContext({ ca: ca.cert });
  const trusting = { port: ports.plain, secureContext };
  return {
    servers: Object.values(servers),
    dials: {
      full: trusting,
      resumed: trusting,
      'client certificate': {
        port: ports.asking,
        secureContext: createSecureContext({ ca: ca.cert, cert: client.cert, key: client.key }),
      },
      refused: { port: ports.plain, secureContext: createSecureContext({ ca: otherCa.cert }) },
      aborted: trusting,
      cut: trusting,
      'RSA-2048': { port: ports.rsa, secureContext },
      'ML-DSA-65': { port: ports.mldsa, secureContext: createSecureContext({ ca: postQuantum.cert }) },
      'signed elsewhere': { port: ports.signing, secureContext },
      'chosen by name': { port: ports.naming, secureContext, servername: 'a.example', ALPNProtocols: ['h2'] },
    },
  };
}

const expectedTransport = process.env['PQTLS_TRANSPORT'] === 'net' ? 'net' : 'native';

/** An echo and an end; or what the kind of handshake is about. */
async function exchange(socket: TLSSocket, kind: Kind, index: number): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  let isReused = false;
  let transport: string | undefined;
  socket.on('secureConnect', () => {
    isReused = socket.isSessionReused();
    transport = socket.getHandshakeInfo()?.transport;
  });
  if (kind === 'aborted') {
    const events = ['connect', 'secureConnect', 'session'];
    const event = events[index % events.length] ?? 'connect';
    socket.once(event, () => socket.destroy());
  } else {
    socket.end('ping');
    socket.resume();
  }
  await closed;
  const mayFail = kind === 'refused';
  if (mayFail !== (failure !== undefined)) throw failure ?? new Error('a stranger was trusted');
  if (kind === 'resumed' && !isReused) throw new Error('the session was not resumed');
  if (transport !== undefined && transport !== expectedTransport) throw new Error(`carried by ${transport}`);
  if (kind === 'chosen by name' && socket.alpnProtocol !== 'h2') throw new Error('the protocol was not chosen');
}

/** A peer that goes away in the ClientHello. */
async function cut(port: number, bytes: Buffer, isReset: boolean): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(bytes, () => {
    if (isReset) socket.resetAndDestroy();
    else socket.end();
  });
  await closed;
}

async function firstSession(socket: TLSSocket): Promise<Buffer> {
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return session;
}

async function clientHello(): Promise<Buffer> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ host: '127.0.0.1', port: (server.address() as net.AddressInfo).port });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  await once(server, 'close');
  return bytes;
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).replace(/\d+/g, '');
  } catch {
    // That of readdir() itself.
    return 'closed';
  }
}

async function openNow(collected: { made: number; gone: number }): Promise<Open> {
  // Closing takes turns, and finalizers run in later ones.
  for (let round = 0; round < 4; round += 1) {
    await residentMemory();
    await turn();
  }
  const report = process.report.getReport() as unknown as { libuv: readonly { type: string }[] };
  const { server, client } = metrics().openConnections;
  return {
    connections: server + client,
    tcpHandles: report.libuv.filter(({ type }) => type === 'tcp').length,
    descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').map(targetOf).sort() : [],
    resources: process.getActiveResourcesInfo().filter((name) => /tcp|tls|pqtls|shutdown|write/i.test(name)),
    uncollected: collected.made - collected.gone,
  };
}
