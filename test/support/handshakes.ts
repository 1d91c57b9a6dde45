// One handshake between a server and a client of the same module, and what came of it.

import type { CipherNameAndProtocol, ConnectionOptions, Server, TlsOptions, TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { Loopback } from './loopback.js';
import type { TlsModule } from './tls-modules.js';
import { credentials } from './tls-server.js';

type WithCode = Error & { code?: string };

/** What happened, in words; `error` and `tlsClientError` with their code, or their message where they have none. */
export interface Attempt {
  readonly log: string[];
  /** Ends when both sides said that it is done, or that it failed. */
  readonly client: TLSSocket;
  /** Undefined where the handshake failed. */
  readonly served: TLSSocket | undefined;
  readonly clientError: WithCode | undefined;
  readonly serverError: WithCode | undefined;
}

export interface AttemptHooks {
  readonly onServer?: (server: Server, log: string[]) => void;
  readonly onClient?: (client: TLSSocket, log: string[]) => void;
}

/** Both sides of a handshake, with the events of both in order; closed after the test. */
export async function attempt(
  t: Test,
  tls: TlsModule,
  serverOptions: TlsOptions,
  clientOptions: ConnectionOptions & { requestOCSP?: boolean },
  hooks: AttemptHooks = {},
): Promise<Attempt> {
  const { authority, leaf } = await credentials();
  const loopback = new Loopback(tls, { ca: authority.cert, leaf });
  t.teardown(async () => loopback.close());
  const log: string[] = [];
  let served: TLSSocket | undefined;
  let serverError: WithCode | undefined;
  let clientError: WithCode | undefined;
  const server = tls.createServer({ ...leaf, ...serverOptions });
  const serverDone = new Promise<void>((resolve) => {
    server.on('secureConnection', (socket) => {
      served = socket;
      socket.on('error', () => {});
      log.push('secureConnection');
      resolve();
    });
    server.on('tlsClientError', (error: WithCode) => {
      serverError ??= error;
      log.push(`tlsClientError ${error.code ?? error.message}`);
      resolve();
    });
  });
  hooks.onServer?.(server, log);
  const client = loopback.connect({ port: await loopback.listen(server), ...clientOptions });
  const clientDone = new Promise<void>((resolve) => {
    client.on('secureConnect', () => {
      log.push('secureConnect');
      resolve();
    });
    client.on('error', (error: WithCode) => {
      clientError ??= error;
      log.push(`error ${error.code ?? error.message}`);
      resolve();
    });
    client.on('close', () => resolve());
  });
  hooks.onClient?.(client, log);
  await Promise.all([serverDone, clientDone]);
  return { log, client, served, clientError, serverError };
}

/** What a client makes of a handshake. */
export interface ClientView {
  /** The client's error code; undefined where the handshake was done. */
  readonly clientError?: string | undefined;
  readonly protocol?: string | null;
  readonly cipher?: CipherNameAndProtocol;
}

/** The client's view of a handshake by these options alone; all is closed before it returns. */
export async function handshake(
  tls: TlsModule,
  serverOptions: TlsOptions,
  clientOptions: ConnectionOptions,
): Promise<ClientView> {
  const loopback = new Loopback(tls);
  try {
    const { server, port } = await loopback.serve(serverOptions, (socket) => socket.on('error', () => {}).end());
    // The client's view is what is compared.
    server.on('tlsClientError', () => {});
    const client = loopback.connect({ port, ...clientOptions });
    return await new Promise<ClientView>((resolve) => {
      client.once('error', (error: WithCode) => resolve({ clientError: error.code }));
      client.once('secureConnect', () => {
        resolve({ protocol: client.getProtocol(), cipher: client.getCipher() });
      });
    });
  } finally {
    await loopback.close();
  }
}
