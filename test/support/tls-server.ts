// A TLS server and a client on loopback for one test, torn down with it.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import {
  connect,
  createServer,
  type ConnectionOptions,
  type TlsServerOptions,
  type TLSSocket,
  type Server,
} from 'pqtls';
import { Authority, type Issued } from '#src/cli/demo-authority.js';

let shared: Promise<{ authority: Authority; leaf: Issued }> | undefined;

/** One CA and one leaf for localhost for all the tests of a file. */
export function credentials(): Promise<{ authority: Authority; leaf: Issued }> {
  shared ??= (async () => {
    const authority = await Authority.create();
    return { authority, leaf: await authority.issue() };
  })();
  return shared;
}

export interface Listening {
  readonly server: Server;
  readonly port: number;
}

/** A server on a free port; closed after the test. */
export async function listen(
  t: Test,
  options: TlsServerOptions = {},
  onConnection?: (socket: TLSSocket) => void,
): Promise<Listening> {
  const { leaf } = await credentials();
  const server = createServer({ ...leaf, ...options }, onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    server.close();
    await once(server, 'close');
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A client that trusts the test's CA; not connected yet. Destroyed after the test. */
export async function dial(t: Test, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { authority } = await credentials();
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost', ...options });
  t.teardown(() => {
    socket.destroy();
  });
  return socket;
}

/** Both ends of a finished handshake. */
export async function connectedPair(
  t: Test,
  serverOptions: TlsServerOptions = {},
  clientOptions: ConnectionOptions = {},
): Promise<{ client: TLSSocket; served: TLSSocket }> {
  const { server, port } = await listen(t, serverOptions);
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = await dial(t, port, clientOptions);
  await once(client, 'secureConnect');
  const [served] = await accepted;
  t.teardown(() => {
    served.destroy();
  });
  return { client, served };
}

/** What an emitter's `error` event brings. */
export async function errorOf(emitter: NodeJS.EventEmitter, event = 'error'): Promise<Error & { code?: string }> {
  return new Promise((resolve) => {
    emitter.once(event, resolve);
  });
}
