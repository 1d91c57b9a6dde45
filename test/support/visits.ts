// Clients that visit a server one after the other, of node:tls or of pqtls, for tests of resumption.

import type * as nodeTls from 'node:tls';
import type { Test } from 'tap';
import { Loopback } from './loopback.js';
import type { TlsModule } from './tls-modules.js';

/** A client, with what its types leave out. */
export type Client = nodeTls.TLSSocket & { setSession(session: Buffer | string): void };

/** What came of one visit. */
export interface Visit {
  /** Events of both sides, in order. */
  readonly events: readonly string[];
  readonly sessions: readonly Buffer[];
  /** The newest session, for the next visit. */
  readonly session: Buffer | undefined;
  readonly ticket: Buffer | undefined;
  readonly client: nodeTls.TLSSocket;
  readonly served: nodeTls.TLSSocket | undefined;
  readonly resumed: { readonly client: boolean; readonly server: boolean | undefined };
  readonly authorized: { readonly client: boolean; readonly server: boolean | undefined };
  /** The client's certificate as the server sees it. */
  readonly peerRaw: readonly Buffer[];
  readonly error: NodeJS.ErrnoException | undefined;
  readonly serverError: NodeJS.ErrnoException | undefined;
}

export interface Host {
  readonly server: nodeTls.Server;
  readonly port: number;
  /** Connects, waits for a byte of the server, and closes. */
  visit(options?: nodeTls.ConnectionOptions): Promise<Visit>;
}

/** A server that sends one byte; closed after the test. */
export async function host(t: Test, tls: TlsModule, options: nodeTls.TlsOptions): Promise<Host> {
  let events: string[] = [];
  let accepted: nodeTls.TLSSocket[] = [];
  let serverReused: boolean | undefined;
  let serverError: NodeJS.ErrnoException | undefined;
  let peerRaw: Buffer[] = [];
  const server = tls.createServer(options, (socket) => {
    events.push('secureConnection');
    accepted = [socket];
    serverReused = socket.isSessionReused();
    peerRaw = peerCertificates(socket);
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.resume();
    // Behind the tickets.
    setImmediate(() => socket.write('x'));
  });
  for (const name of ['newSession', 'resumeSession'] as const) {
    const emit = server.emit.bind(server) as (event: string, ...values: unknown[]) => boolean;
    server.emit = (event: string, ...values: unknown[]) => {
      if (event === name) events.push(name);
      return emit(event, ...values);
    };
  }
  server.on('tlsClientError', (error) => {
    serverError = error;
  });
  const loopback = new Loopback(tls);
  t.teardown(async () => loopback.close());
  const port = await loopback.listen(server);
  return {
    server,
    port,
    async visit(clientOptions = {}) {
      events = [];
      accepted = [];
      serverReused = serverError = undefined;
      peerRaw = [];
      const sessions: Buffer[] = [];
      let session: Buffer | undefined;
      let ticket: Buffer | undefined;
      let reused = false;
      let error: NodeJS.ErrnoException | undefined;
      const log = events;
      const client = loopback.connect({ port, ...clientOptions });
      client.on('session', (got: Buffer) => {
        log.push('session');
        sessions.push(got);
      });
      client.on('secureConnect', () => {
        log.push('secureConnect');
        reused = client.isSessionReused();
      });
      client.on('error', (caught: NodeJS.ErrnoException) => {
        error = caught;
      });
      client.once('data', () => {
        session = client.getSession();
        ticket = client.getTLSTicket();
        client.end();
      });
      client.resume();
      await new Promise<void>((resolve) => client.once('close', () => resolve()));
      if (error !== undefined) await serverHeard(() => serverError !== undefined || accepted.length > 0);
      const [served] = accepted;
      return {
        events: log,
        sessions,
        session: sessions.at(-1) ?? session,
        ticket,
        client,
        served,
        resumed: { client: reused, server: serverReused },
        authorized: { client: client.authorized, server: served?.authorized },
        peerRaw,
        error,
        serverError,
      };
    },
  };
}

async function serverHeard(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !done(); turn++) await new Promise((resolve) => setTimeout(resolve, 5));
}

function peerCertificates(socket: nodeTls.TLSSocket): Buffer[] {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  return raw === undefined ? [] : [raw];
}
