// The same handshake on node:tls and on pqtls, and what both sides saw of it in order.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as nodeTls from 'node:tls';
import type { Test } from 'tap';
import pqtls from 'pqtls';
import { credentials } from './tls-server.js';

/** pqtls by node:tls's types: a program that changes its import has these. */
export const modules = {
  'node:tls': nodeTls,
  pqtls: pqtls as unknown as typeof nodeTls,
} as const;

export type TlsModule = typeof nodeTls;
export type ModuleName = keyof typeof modules;

/** Runs a test once for each module. */
export function onBoth(
  t: Test,
  name: string,
  body: (t: Test, tls: TlsModule, module: ModuleName) => Promise<void> | void,
): void {
  for (const module of Object.keys(modules) as ModuleName[]) {
    void t.test(`${module}: ${name}`, (t) => body(t, modules[module], module));
  }
}

type WithCode = Error & { code?: string };

/** What happened, in words; `error` and `tlsClientError` with their code, or their message where they have none. */
export interface Attempt {
  readonly log: string[];
  /** Ends when both sides said that it is done, or that it failed. */
  readonly client: nodeTls.TLSSocket;
  /** Undefined where the handshake failed. */
  readonly served: nodeTls.TLSSocket | undefined;
  readonly clientError: WithCode | undefined;
  readonly serverError: WithCode | undefined;
}

export interface AttemptHooks {
  readonly onServer?: (server: nodeTls.Server, log: string[]) => void;
  readonly onClient?: (client: nodeTls.TLSSocket, log: string[]) => void;
}

export async function attempt(
  t: Test,
  tls: TlsModule,
  serverOptions: nodeTls.TlsOptions,
  clientOptions: nodeTls.ConnectionOptions & { requestOCSP?: boolean },
  hooks: AttemptHooks = {},
): Promise<Attempt> {
  const { authority, leaf } = await credentials();
  const log: string[] = [];
  let served: nodeTls.TLSSocket | undefined;
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({
    port,
    host: '127.0.0.1',
    ca: authority.cert,
    servername: 'localhost',
    ...clientOptions,
  });
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
  t.teardown(async () => {
    client.destroy();
    served?.destroy();
    server.close();
    await once(server, 'close');
  });
  await Promise.all([serverDone, clientDone]);
  return { log, client, served, clientError, serverError };
}
