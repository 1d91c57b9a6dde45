// Every step at which a connection of the fast path can be disturbed: a server, a client, and a relay between them that
// stops there and then does what a bad peer or network does.

import { once } from 'node:events';
import * as net from 'node:net';
import {
  connect,
  createServer,
  type ConnectionOptions,
  type Server,
  type TlsServerOptions,
  type TLSSocket,
} from 'pqtls';
import { signerOf } from './signers.js';

export interface Pems {
  readonly ca: string;
  readonly leaf: { readonly cert: string; readonly key: string };
  readonly rsa: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

export type Side = 'server' | 'client';

/** What a scene does at its step; `socket` is the TLSSocket of a callback that has one. */
export type Reach = (socket?: TLSSocket) => void;

/** A callback of the program's that is not answered before `release` resolves. */
interface Program {
  readonly pems: Pems;
  readonly reach: Reach;
  readonly release: Promise<void>;
}

/** Where the relay stops: it has passed on so much, keeps the rest, and says so. */
type Hold = 'nothing' | 'part of the hello' | 'the answer' | 'part of the answer' | 'part of the last' | 'the last';

export interface Step {
  readonly name: string;
  /** Whose handshake is over by then. */
  readonly done?: readonly Side[];
  /** Which may or may not have read what was sent to it. */
  readonly racing?: readonly Side[];
  readonly hold?: Hold;
  readonly server?: (program: Program) => TlsServerOptions;
  readonly client?: (program: Program) => ConnectionOptions;
  readonly begin?: (scene: Scene) => void;
  /** Both directions may have ended by themselves. */
  readonly ending?: boolean;
  /** Bytes that flow, and after which the step is reached. */
  readonly flow?: { readonly from: readonly Side[]; readonly bytes: number };
}

const retried = {
  server: () => ({ groups: 'SecP384r1MLKEM1024' }),
  client: () => ({ groups: 'X25519MLKEM768:SecP384r1MLKEM1024' }),
};
const bothSides = ['server', 'client'] as const;
const asksForCertificate = ({ pems }: Program): TlsServerOptions => ({ requestCert: true, ca: pems.ca });
const showsCertificate = ({ pems }: Program): ConnectionOptions => pems.client;

export const steps: readonly Step[] = [
  { name: 'before any byte', hold: 'nothing' },
  { name: 'in the middle of the ClientHello', hold: 'part of the hello' },
  { name: "after the server's flight", hold: 'the answer' },
  { name: "in the middle of the server's flight", hold: 'part of the answer' },
  { name: 'after HelloRetryRequest', hold: 'the answer', ...retried },
  { name: 'in the middle of the second ClientHello', hold: 'part of the last', ...retried },
  { name: 'in the middle of Finished', hold: 'part of the last', done: ['client'] },
  {
    name: "in the middle of the client's certificate",
    hold: 'part of the last',
    done: ['client'],
    server: asksForCertificate,
    client: showsCertificate,
  },
  {
    name: "with the client's certificate on its way",
    hold: 'the last',
    done: ['client'],
    racing: ['server'],
    server: asksForCertificate,
    client: showsCertificate,
  },
  { name: 'after the flight of TLS 1.2', hold: 'the answer', client: () => ({ maxVersion: 'TLSv1.2' }) },
  {
    name: 'in the middle of the key exchange of TLS 1.2',
    hold: 'part of the last',
    client: () => ({ maxVersion: 'TLSv1.2' }),
  },
  {
    name: 'while SNICallback is awaited',
    server: ({ reach, release }) => ({
      SNICallback(this: TLSSocket, _name, answer) {
        reach(this);
        void release.then(() => answer(null));
      },
    }),
  },
  {
    name: 'in ALPNCallback',
    server: ({ reach }) => ({
      ALPNCallback(this: TLSSocket, { protocols }) {
        reach(this);
        return protocols[0];
      },
    }),
    client: () => ({ ALPNProtocols: ['a', 'b'] }),
  },
  {
    name: 'while an OCSP response is awaited',
    client: () => ({ requestOCSP: true }),
    begin: ({ server, program: { reach, release } }) => {
      server.on('OCSPRequest', (_certificate, _issuer, answer: (error: null, response: Buffer) => void) => {
        reach();
        void release.then(() => answer(null, Buffer.from('response')));
      });
    },
  },
  {
    name: "while the server's sign is awaited",
    server: ({ pems: { leaf }, reach, release }) => ({
      key: undefined,
      cert: leaf.cert,
      sign: async (request) => {
        reach();
        await release;
        return signerOf(leaf.key)(request);
      },
    }),
  },
  {
    name: "while the client's sign is awaited",
    server: asksForCertificate,
    client: ({ pems: { client }, reach, release }) => ({
      cert: client.cert,
      sign: async (request) => {
        reach();
        await release;
        return signerOf(client.key)(request);
      },
    }),
  },
  {
    name: 'while the threadpool signs for the server',
    racing: bothSides,
    // What is asked before the signature tells that it comes next.
    server: ({ pems: { rsa }, reach }) => ({
      ...rsa,
      offload: 'always',
      SNICallback(this: TLSSocket, _name, answer) {
        answer(null);
        reach(this);
      },
    }),
  },
  {
    name: 'while the threadpool signs for the client',
    racing: bothSides,
    server: asksForCertificate,
    client: ({ pems: { rsa }, reach }) => ({
      ...rsa,
      offload: 'always',
      checkServerIdentity: () => {
        setImmediate(reach);
        return undefined;
      },
    }),
  },
  {
    name: 'in checkServerIdentity',
    racing: ['client'],
    client: ({ reach }) => ({ checkServerIdentity: () => void reach() }),
  },
  {
    name: 'after Finished and before the tickets',
    done: bothSides,
    begin: ({ server, program: { reach } }) => server.on('secureConnection', (socket) => reach(socket)),
  },
  { name: 'in the middle of data to the client', done: bothSides, flow: { from: ['server'], bytes: 400_000 } },
  { name: 'in the middle of data to the server', done: bothSides, flow: { from: ['client'], bytes: 400_000 } },
  { name: 'in the middle of data both ways', done: bothSides, flow: { from: bothSides, bytes: 400_000 } },
  {
    name: "after the server's close_notify",
    done: bothSides,
    begin: (scene) =>
      scene.server.on('secureConnection', (socket) => {
        scene.relay.keep();
        socket.end('bye', () => scene.program.reach(socket));
      }),
  },
  {
    name: "after the client's close_notify",
    done: bothSides,
    ending: true,
    begin: (scene) => {
      scene.relay.onClientEnd = () => {
        scene.relay.keep();
        scene.program.reach();
      };
      scene.server.on('secureConnection', () => scene.client.end('bye'));
    },
  },
];

/** TCP in the middle. What it keeps is passed on by release(). */
export class Relay {
  /** The socket to the client, and the one to the server. */
  near: net.Socket | undefined;
  far: net.Socket | undefined;
  port = 0;
  onClientEnd: (() => void) | undefined;
  readonly #server = net.createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
  readonly #kept: { near: (Buffer | 'end')[]; far: (Buffer | 'end')[] } = { near: [], far: [] };
  #keeps = false;
  #wasHeld = false;
  #answered = false;
  #passed = 0;
  #struck = false;

  constructor(
    readonly target: number,
    readonly hold: Hold | undefined,
    readonly after: number,
    readonly reach: Reach,
  ) {}

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as net.AddressInfo).port;
  }

  close(): void {
    this.near?.destroy();
    this.far?.destroy();
    this.#server.close();
  }

  keep(): void {
    this.#keeps = true;
  }

  release(): void {
    this.#keeps = false;
    for (const side of ['near', 'far'] as const) {
      for (const piece of this.#kept[side].splice(0)) this.#pass(side, piece);
    }
  }

  /** Nothing is passed on from here, and what `side` talks to goes away, or says nothing more. */
  strike(side: Side, how: 'reset' | 'fin' | 'silence'): void {
    this.#struck = true;
    this.keep();
    const socket = side === 'server' ? this.far : this.near;
    if (how === 'reset') socket?.resetAndDestroy();
    else if (how === 'fin') socket?.end();
  }

  /** Stops reading what both of them write. */
  stopReading(): void {
    this.near?.pause();
    this.far?.pause();
  }

  #accept(near: net.Socket): void {
    const far = net.connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    this.near = near;
    this.far = far;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => !this.#struck && other.destroy());
    }
    near.on('data', (bytes: Buffer) => this.#fromClient(bytes));
    far.on('data', (bytes: Buffer) => this.#fromServer(bytes));
    near.on('end', () => {
      this.onClientEnd?.();
      this.#pass('far', 'end');
    });
    far.on('end', () => this.#pass('near', 'end'));
    if (this.hold !== 'nothing') return;
    this.keep();
    far.once('connect', () => this.reach());
  }

  #fromClient(bytes: Buffer): void {
    const hold = this.#wasHeld ? undefined : this.hold;
    const isLast = this.#answered && (hold === 'the last' || hold === 'part of the last');
    if (!this.#keeps && hold === 'part of the hello') this.#passPart('far', bytes, 700);
    else if (!this.#keeps && isLast) this.#passPart('far', bytes, hold === 'the last' ? bytes.length : 20);
    else this.#pass('far', bytes);
    this.#count(bytes.length);
  }

  #fromServer(bytes: Buffer): void {
    const isFirst = !this.#answered && !this.#keeps && !this.#wasHeld;
    this.#answered = true;
    if (isFirst && this.hold === 'the answer') this.#passPart('near', bytes, 0);
    else if (isFirst && this.hold === 'part of the answer') this.#passPart('near', bytes, 500);
    else this.#pass('near', bytes);
    this.#count(bytes.length);
  }

  #passPart(side: 'near' | 'far', bytes: Buffer, length: number): void {
    if (length > 0) this.#pass(side, bytes.subarray(0, length));
    this.#wasHeld = true;
    this.keep();
    if (length < bytes.length) this.#pass(side, bytes.subarray(length));
    this.reach();
  }

  #pass(side: 'near' | 'far', piece: Buffer | 'end'): void {
    const socket = this[side];
    if (this.#keeps) {
      // After a strike nobody wants it any more.
      if (!this.#struck) this.#kept[side].push(piece);
    } else if (piece === 'end') socket?.end();
    else socket?.write(piece);
  }

  #count(bytes: number): void {
    const before = this.#passed;
    this.#passed += bytes;
    if (before < this.after && this.#passed >= this.after) this.reach();
  }
}

/** What the program was told. */
export interface Told {
  readonly clientErrors: (Error & { code?: string })[];
  readonly serverErrors: (Error & { code?: string })[];
  readonly servedErrors: (Error & { code?: string })[];
  clientCloses: number;
  servedCloses: number;
  /** In bytes. */
  received: { client: number; server: number };
}

/** One connection through the relay, up to its step. */
export class Scene {
  readonly told: Told = {
    clientErrors: [],
    serverErrors: [],
    servedErrors: [],
    clientCloses: 0,
    servedCloses: 0,
    received: { client: 0, server: 0 },
  };
  readonly served: TLSSocket[] = [];
  server!: Server;
  client!: TLSSocket;
  relay!: Relay;
  program!: Program;
  /** Lets callbacks be answered, and passes on what was kept. */
  goOn: () => void = () => {};

  /** `strike` runs once, at the very place; `reached` resolves after it. */
  readonly reached: Promise<void>;
  #resolve: () => void = () => {};

  private constructor(readonly step: Step) {
    this.reached = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** @param handshakeTimeout milliseconds, of both */
  static async open(
    step: Step,
    pems: Pems,
    handshakeTimeout: number,
    strike: (scene: Scene, socket: TLSSocket | undefined) => void,
  ): Promise<Scene> {
    const scene = new Scene(step);
    let isReached = false;
    const reach: Reach = (socket) => {
      if (isReached) return;
      isReached = true;
      strike(scene, socket);
      scene.#resolve();
    };
    let answer = (): void => {};
    const release = new Promise<void>((resolve) => (answer = resolve));
    scene.program = { pems, reach, release };
    scene.goOn = () => {
      answer();
      scene.relay.release();
    };
    await scene.#open(handshakeTimeout);
    return scene;
  }

  async #open(handshakeTimeout: number): Promise<void> {
    const { step, program, told } = this;
    const { pems, reach } = program;
    const own = step.server?.(program) ?? {};
    this.server = createServer({ ...pems.leaf, ca: pems.ca, handshakeTimeout, ...own });
    this.server.on('tlsClientError', (error: Error) => told.serverErrors.push(error));
    this.server.on('secureConnection', (socket) => {
      this.served.push(socket);
      socket.on('error', (error) => told.servedErrors.push(error));
      socket.on('close', () => (told.servedCloses += 1));
      socket.on('data', (bytes: Buffer) => (told.received.server += bytes.length));
      if (step.flow?.from.includes('server')) pour(socket);
      // Not before: the step is one of both sides.
      if (step.flow?.from.includes('client')) pour(this.client);
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as net.AddressInfo;
    this.relay = new Relay(port, step.hold, step.flow?.bytes ?? Infinity, reach);
    await this.relay.open();
    step.begin?.(this);
    this.client = connect({
      host: '127.0.0.1',
      port: this.relay.port,
      ca: pems.ca,
      servername: 'localhost',
      handshakeTimeout,
      ...(step.client?.(program) ?? {}),
    } as ConnectionOptions);
    this.client.on('error', (error) => told.clientErrors.push(error));
    this.client.on('close', () => (told.clientCloses += 1));
    this.client.on('data', (bytes: Buffer) => (told.received.client += bytes.length));
  }

  async connections(): Promise<number> {
    return new Promise((resolve) => this.server.getConnections((_error, count) => resolve(count)));
  }

  /** Everything that is still open ends here; false where something does not. */
  async close(): Promise<boolean> {
    this.client.destroy();
    for (const socket of this.served) socket.destroy();
    this.relay.close();
    if (!this.server.listening) return (await this.connections()) === 0;
    const closed = once(this.server, 'close');
    this.server.close();
    return Promise.race([closed.then(() => true), patience(10_000)]);
  }
}

/** False after so many milliseconds: a guard against what hangs. */
export async function patience(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), milliseconds).unref());
}

/** Resolves to true as soon as it holds, to false when that takes too long. */
export async function holds(condition: () => boolean | Promise<boolean>, milliseconds = 20_000): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

/** Writes without an end, with backpressure. */
function pour(socket: TLSSocket): void {
  const chunk = Buffer.alloc(64 * 1024, 1);
  const more = (): void => {
    while (!socket.destroyed && socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}
