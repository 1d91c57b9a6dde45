// What a server replaces while handshakes are under way goes with the last of those that it was for.

import { once } from 'node:events';
import * as net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { loadBinding } from '#src/binding.js';
import type { NativeSecureContext } from '#src/binding/tls-contract.js';
import { createServer, type Server } from 'pqtls';
import t from 'tap';
import { residentMemory } from '../support/memory.js';
import { credentials } from '../support/tls-server.js';

const state = loadBinding();
const TcpListener = state.loaded ? state.binding.TcpListener : undefined;
const contexts: WeakRef<NativeSecureContext>[] = [];

async function countReaches(server: Server, count: number): Promise<void> {
  while ((await new Promise((resolve) => server.getConnections((_error, open) => resolve(open)))) !== count)
    await turn();
}

if (!state.loaded || TcpListener === undefined || process.env['PQTLS_TRANSPORT'] === 'net') {
  t.pass('nothing to test', { skip: 'the addon does not listen here' });
} else {
  // Before the first server asks for it.
  const { binding } = state;
  Reflect.set(
    binding,
    'TcpListener',
    class extends TcpListener {
      override setTls(...args: Parameters<InstanceType<typeof TcpListener>['setTls']>): number {
        contexts.push(new WeakRef(args[0]));
        return super.setTls(...args);
      }
    },
  );

  t.test('contexts of a server that is never without a handshake', async (t) => {
    const { leaf } = await credentials();
    const server = createServer(leaf).on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    let previous: net.Socket | undefined;
    for (let nth = 0; nth < 6; nth++) {
      server.setSecureContext(leaf);
      const silent = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').on('error', () => {});
      await countReaches(server, nth === 0 ? 1 : 2);
      previous?.destroy();
      previous = silent;
      await countReaches(server, 1);
    }
    await residentMemory();
    t.equal(contexts.length, 6);
    const left = contexts.filter((context) => context.deref() !== undefined).length;
    t.ok(left <= 2, `the last one, and its predecessor at most: ${left}`);
    previous?.destroy();
    server.close();
    await once(server, 'close');
  });
}
