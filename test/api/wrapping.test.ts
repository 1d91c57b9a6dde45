// TLS over what is there already: sockets that are connected or not, and TLS; the same on both.

import { once } from 'node:events';
import * as net from 'node:net';
import t from 'tap';
import { closed } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';
import { modules } from '../support/tls-modules.js';
import { credentials } from '../support/tls-server.js';

const events = ['connect', 'ready', 'secureConnect', 'data', 'end', 'close', 'error'];

sameOnBoth(
  'a socket that is connected, connecting, or not connected yet',
  async ({ tls, listen, own, watch, log, ca }) => {
    const { port } = await listen({}, (socket) => socket.end('x'));
    const connected = own(net.connect(port, '127.0.0.1'));
    await once(connected, 'connect');
    const waiting = own(new net.Socket());
    for (const raw of [connected, own(net.connect(port, '127.0.0.1')), waiting]) {
      const socket = watch('client', own(tls.connect({ socket: raw, ca, servername: 'localhost' })), events);
      log(socket.connecting, socket.pending, Reflect.get(socket, '_parent') === raw);
      if (raw === waiting) raw.connect(port, '127.0.0.1');
      // Without a reader the end would wait.
      await once(socket, 'data');
      socket.end();
      await closed(socket);
      log(raw.destroyed, socket.bytesRead);
    }
  },
);

sameOnBoth('new TLSSocket().connect()', async ({ tls, listen, own, watch, log, ca }) => {
  const { port } = await listen({}, (socket) => socket.end('x'));
  const socket = own(new tls.TLSSocket(null as unknown as net.Socket, { ca, servername: 'localhost' } as object));
  watch('client', socket, ['connect', 'ready', 'data', 'end', 'close']);
  socket.connect(port, '127.0.0.1', () => {
    log('connected');
    // node:tls waits for a write or for this.
    (socket as unknown as { _start(): void })._start();
  });
  log(socket.connecting);
  await closed(socket);
});

sameOnBoth("a server's side by hand", async ({ tls, listenRaw, dial, watch, log, own, key, cert }) => {
  const port = await listenRaw((raw) => {
    const served = watch('served', own(new tls.TLSSocket(raw, { isServer: true, key, cert })), [
      'secure',
      'data',
      'end',
    ]);
    log(Reflect.get(served, 'encrypted'), served.authorized);
    served.on('end', () => served.end());
  });
  const socket = dial(port, {}, () => socket.end('x'));
  await closed(socket);
});

for (const [outerName, outer] of Object.entries(modules)) {
  for (const [innerName, inner] of Object.entries(modules)) {
    // node:tls waits for 'connect' of a net.Socket without a handle: see docs/tls.md.
    if (outerName === 'pqtls' && innerName === 'node:tls') continue;
    void t.test(`TLS in TLS: ${innerName} in ${outerName}`, async (t) => {
      const { authority, leaf } = await credentials();
      const trust = { ca: authority.cert, servername: 'localhost' };
      const server = outer.createServer(leaf, (tunnel) => {
        const served = new inner.TLSSocket(tunnel, { isServer: true, ...leaf });
        served.pipe(served);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as net.AddressInfo;
      const tunnel = outer.connect({ ...trust, port, host: '127.0.0.1' });
      await once(tunnel, 'secureConnect');
      const socket = inner.connect({ ...trust, socket: tunnel });
      await once(socket, 'secureConnect');
      t.type(socket.remotePort, 'number');
      socket.end('through both');
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      t.equal(text, 'through both');
      t.ok(socket.authorized);
      tunnel.destroy();
      server.close();
      await once(server, 'close');
    });
  }
}
