// What the tests of HTTP share: a listening server that ends with its test, a response's body.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'pqtls';
import type { Test } from 'tap';

/** Listens on a free port of 127.0.0.1; closed with the test. Connections that are left are destroyed. */
export async function listening(t: Test, server: Server): Promise<number> {
  const open = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

export async function bodyOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

/** What came back, and the socket that it came on, which an agent takes back at the end of the body. */
export async function answerOf(
  request: NodeJS.EventEmitter,
): Promise<{ response: IncomingMessage; socket: TLSSocket; body: string }> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const socket = response.socket as TLSSocket;
  return { response, socket, body: await bodyOf(response) };
}
