// One direction that ends before the other; the same on node:tls and pqtls.

import { once } from 'node:events';
import { closed } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';

for (const halfOpen of [false, true]) {
  sameOnBoth(`a server's allowHalfOpen: ${halfOpen}`, async ({ listen, dial, watch, log }) => {
    const { server, port } = await listen({ allowHalfOpen: halfOpen });
    server.on('secureConnection', (socket) => {
      watch('served', socket, ['data', 'end', 'finish', 'close']);
      log(socket.allowHalfOpen);
      socket.on('error', () => {});
      socket.on('end', () => {
        setImmediate(() => {
          log(socket.writable);
          if (socket.writable) socket.end('late');
        });
      });
    });
    const client = dial(port, {}, () => client.end('bye'));
    let text = '';
    client.on('data', (chunk) => (text += String(chunk)));
    await once(client, 'end');
    await closed(client);
    log(text);
  });

  sameOnBoth(`a client's allowHalfOpen: ${halfOpen}`, async ({ listen, dial, watch, log }) => {
    const { server, port } = await listen();
    const text = new Promise<string>((resolve) => {
      server.on('secureConnection', (socket) => {
        let all = '';
        socket.on('data', (chunk) => (all += String(chunk)));
        socket.on('end', () => resolve(all));
        socket.end('x');
      });
    });
    const client = watch('client', dial(port, { allowHalfOpen: halfOpen } as object), [
      'data',
      'end',
      'finish',
      'close',
      'error',
    ]);
    client.on('end', () => {
      setImmediate(() => {
        log(client.writable, client.readyState);
        if (client.writable) client.end('more');
      });
    });
    log(await text);
    await closed(client);
  });
}
