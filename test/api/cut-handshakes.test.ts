// A peer that goes away or sends garbage at any byte of a handshake that the addon runs alone, or sends it byte by byte.

import { once } from 'node:events';
import { connect as dialTcp, createServer as listenTcp, type AddressInfo, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Server } from 'pqtls';
import { dial, listen } from '../support/tls-server.js';

type Cut = 'reset' | 'end' | 'garbage' | 'one byte at a time';

/** Bytes that the client's side sends: within the ClientHello's record, at its end, within Finished. */
const places = [0, 1, 5, 6, 100, 1000, 1400, 1491, 1495, 1520, 1570];

async function startServer(t: Test): Promise<{ server: Server; port: number; errors: Error[] }> {
  const errors: Error[] = [];
  const listening = await listen(t, {}, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  listening.server.on('tlsClientError', (error: Error) => errors.push(error));
  return { ...listening, errors };
}

/** Passes `count` bytes of the client's on, then does `cut` to the server. */
async function startProxy(t: Test, port: number, count: number, cut: Cut): Promise<number> {
  const proxy = listenTcp((client) => {
    const upstream: Socket = dialTcp(port, '127.0.0.1');
    let left = count;
    let isCut = false;
    for (const end of [client, upstream]) end.on('error', () => {});
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.end());
    upstream.pipe(client, { end: false });
    const strike = (): void => {
      if (isCut) return;
      isCut = true;
      if (cut === 'reset') upstream.resetAndDestroy();
      else if (cut === 'end') upstream.end();
      else if (cut === 'garbage') upstream.end(Buffer.alloc(4096, 0xa5));
    };
    upstream.on('connect', () => count === 0 && strike());
    client.on('data', (bytes: Buffer) => {
      if (cut === 'one byte at a time') {
        upstream.setNoDelay(true);
        for (let at = 0; at < bytes.length; at++) upstream.write(bytes.subarray(at, at + 1));
        return;
      }
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      if (passed.length > 0 && !isCut) upstream.write(passed);
      if (left === 0) strike();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => proxy.close());
  return (proxy.address() as AddressInfo).port;
}

async function echo(t: Test, port: number): Promise<string> {
  const client = await dial(t, port);
  client.write('still here');
  const [answer] = (await once(client, 'data')) as [Buffer];
  client.destroy();
  return answer.toString();
}

async function untilEmpty(server: Server): Promise<number> {
  for (let turns = 0; ; turns++) {
    const count = await new Promise<number>((resolve) => server.getConnections((_, open) => resolve(open)));
    if (count === 0 || turns === 200) return count;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const cut of ['reset', 'end', 'garbage'] as const) {
  void t.test(`${cut} in the middle of a handshake`, async (t) => {
    const { server, port, errors } = await startServer(t);
    for (const place of places) {
      const before = errors.length;
      const client = await dial(t, await startProxy(t, port, place, cut));
      client.on('error', () => {});
      client.on('secureConnect', () => client.end());
      await new Promise<void>((resolve) => client.on('close', () => resolve()));
      t.equal(await untilEmpty(server), 0, `no connection is left after ${place} bytes`);
      t.ok(errors.length <= before + 1, 'told once at the most');
      if (place < 1400) t.equal(errors.length, before + 1, `the server is told of ${place} bytes`);
    }
    t.equal(await echo(t, port), 'still here');
  });
}

void t.test('a handshake one byte at a time', async (t) => {
  const { server, port } = await startServer(t);
  t.equal(await echo(t, await startProxy(t, port, Infinity, 'one byte at a time')), 'still here');
  t.equal(await untilEmpty(server), 0);
});
