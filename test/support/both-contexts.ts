// The same case against node:tls and pqtls: what both have, in one shape.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as nodeTls from 'node:tls';
import type { Test } from 'tap';
import pqtls from 'pqtls';

/** What the cases use of a module. */
export type TlsModule = Pick<
  typeof nodeTls,
  'connect' | 'createServer' | 'createSecureContext' | 'getCiphers' | 'rootCertificates'
> & { convertALPNProtocols(protocols: unknown, out: { ALPNProtocols?: Buffer }): void };

export const modules: readonly (readonly [name: string, tls: TlsModule])[] = [
  ['node:tls', nodeTls as unknown as TlsModule],
  ['pqtls', pqtls as unknown as TlsModule],
];

export interface Outcome {
  /** The client's error code; undefined where the handshake was done. */
  readonly clientError?: string | undefined;
  readonly protocol?: string | null;
  readonly cipher?: nodeTls.CipherNameAndProtocol;
  /** Common name of the server's certificate. */
  readonly raw?: Buffer | undefined;
}

/** One handshake on loopback between a server and a client of the same module. */
export async function handshake(
  t: Test,
  tls: TlsModule,
  serverOptions: nodeTls.TlsOptions,
  clientOptions: nodeTls.ConnectionOptions,
): Promise<Outcome> {
  const server = tls.createServer(serverOptions);
  // The client's view is what is compared.
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ host: '127.0.0.1', servername: 'localhost', port, ...clientOptions });
  t.teardown(() => {
    client.destroy();
  });
  try {
    return await new Promise<Outcome>((resolve) => {
      client.once('error', (error: Error & { code?: string }) => resolve({ clientError: error.code }));
      client.once('secureConnect', () => {
        resolve({ protocol: client.getProtocol(), cipher: client.getCipher() });
      });
    });
  } finally {
    client.destroy();
    server.close();
    await once(server, 'close');
  }
}
