// A TCP proxy on loopback that does not let a large ClientHello through, as some middleboxes do.

import { once } from 'node:events';
import * as net from 'node:net';
import type { Test } from 'tap';

export type Drop = 'reset' | 'close' | 'silence';

export interface Middlebox {
  readonly port: number;
  /** First flights that it saw, in bytes. */
  readonly seen: readonly number[];
}

/** Passes connections on whose first flight has at most `limit` bytes; does `drop` to all others. */
export async function middlebox(t: Test, target: number, drop: Drop, limit = 1200): Promise<Middlebox> {
  const seen: number[] = [];
  const sockets = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = net.createServer((near) => {
    keep(near);
    near.once('data', (first) => {
      seen.push(first.length);
      if (first.length > limit) {
        if (drop === 'reset') near.resetAndDestroy();
        else if (drop === 'close') near.end();
        return;
      }
      const far = net.connect(target, '127.0.0.1');
      keep(far);
      far.write(first);
      near.pipe(far).pipe(near);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, seen };
}
