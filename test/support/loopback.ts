// Servers and clients of one module on loopback, and the end of all of them.

import { once } from 'node:events';
import * as net from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import pqtls from 'pqtls';
import type { TlsModule } from './tls-modules.js';

/** What servers show and clients trust unless their options say otherwise. */
export interface Trust {
  readonly ca: string | Buffer;
  readonly leaf: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

export interface Listening {
  readonly server: Server;
  readonly port: number;
}

/** Everything made through it is gone after close(). */
export class Loopback {
  readonly #cleanups: (() => unknown)[] = [];
  readonly #trust: Trust | undefined;
  #closing = false;

  /** @param trust undefined where every server and client brings its own */
  constructor(
    readonly tls: TlsModule,
    trust?: Trust,
  ) {
    this.#trust = trust;
  }

  /** Something to do at the end; what came last goes first. */
  cleanup(run: () => unknown): void {
    // A server waits for what it accepts while it is closed.
    if (this.#closing) run();
    else this.#cleanups.push(run);
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const run of this.#cleanups.splice(0).reverse()) await run();
    this.#closing = false;
  }

  /** Destroys the socket at the end. */
  track<T extends net.Socket>(socket: T): T {
    this.cleanup(() => {
      socket.on('error', () => {});
      socket.destroy();
    });
    return socket;
  }

  /** A free port, on which the server listens until the end. */
  async listen(server: net.Server): Promise<number> {
    this.#trackAccepted(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.cleanup(async () => closeServer(server));
    return (server.address() as net.AddressInfo).port;
  }

  /**
   * Not by a listener for `connection` where the addon drives TCP: to show somebody a net.Socket it would leave the
   * connection to node:net, and that alone would be tested.
   */
  #trackAccepted(server: net.Server): void {
    const track = (socket: unknown): void => {
      if (socket instanceof net.Socket) this.track(socket);
    };
    if (!(server instanceof pqtls.Server)) {
      server.on('connection', track);
      return;
    }
    const emit = server.emit.bind(server) as (event: string | symbol, ...values: unknown[]) => boolean;
    Reflect.set(server, 'emit', (event: string | symbol, ...values: unknown[]): boolean => {
      if (event === 'secureConnection' || event === 'tlsClientError') track(values.at(-1));
      return emit(event, ...values);
    });
  }

  /** A TLS server on a free port, with the leaf for localhost unless the options bring a certificate. */
  async serve(options: object = {}, listener?: (socket: TLSSocket) => void): Promise<Listening> {
    const own = 'cert' in options || 'pfx' in options || 'secureContext' in options;
    const server = this.tls.createServer({ ...(own ? {} : this.#trust?.leaf), ...options }, listener);
    return { server, port: await this.listen(server) };
  }

  /** A plain TCP server on a free port. */
  async serveTcp(listener: (socket: net.Socket) => void, options: net.ServerOpts = {}): Promise<number> {
    return this.listen(net.createServer(options, listener));
  }

  /** A client that trusts the CA and asks for localhost, unless the options say otherwise. */
  connect(options: object, listener?: () => void): TLSSocket {
    const ca = this.#trust === undefined ? {} : { ca: this.#trust.ca };
    return this.track(this.tls.connect({ host: '127.0.0.1', servername: 'localhost', ...ca, ...options }, listener));
  }
}

async function closeServer(server: net.Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}
