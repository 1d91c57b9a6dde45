// listen() of a TLS server in all its forms, and limits on its connections: what node:net does, with TLS on it.

import { once } from 'node:events';
import type * as net from 'node:net';
import { join } from 'node:path';
import type { Server } from 'node:tls';
import { Subject, type Run } from '../../support/behaviours.js';
import { closed, errorEvent, errorView, record, textOf } from '../../support/observations.js';
import { temporaryFolder } from '../../support/project.js';

const subject = new Subject('listening');

async function listening(run: Run, where: net.ListenOptions, options: object = {}): Promise<Server> {
  const { cert, key } = run.certs.leaf;
  const server = run.tls.createServer({ cert, key, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.end('hello');
  });
  server.on('tlsClientError', () => {});
  server.listen(where);
  run.cleanup(() => void server.close());
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as net.AddressInfo).port;
}

for (const [name, where] of [
  ['IPv4', { host: '127.0.0.1' }],
  ['IPv6', { host: '::1' }],
  ['IPv6 alone', { host: '::', ipv6Only: true }],
  ['every address', {}],
  ['an exclusive port', { host: '127.0.0.1', exclusive: true }],
  ['a backlog of one', { host: '127.0.0.1', backlog: 1 }],
] as const) {
  subject.add(`listen() on ${name}`, async (run) => {
    const server = await listening(run, { port: 0, ...where });
    const host = name.startsWith('IPv6') ? '::1' : '127.0.0.1';
    const accepted = once(server, 'secureConnection');
    const client = run.connect({ port: portOf(server), host });
    const [served] = (await accepted) as [net.Socket];
    const { remoteAddress, remoteFamily, localAddress, localFamily } = served;
    const { family } = server.address() as net.AddressInfo;
    return { text: await textOf(client), remoteAddress, remoteFamily, localAddress, localFamily, family };
  });
}

subject.add('more clients at once than the backlog', async (run) => {
  const server = await listening(run, { port: 0, host: '127.0.0.1', backlog: 2 });
  const texts = Array.from({ length: 12 }, async () => textOf(run.connect({ port: portOf(server) })));
  return Promise.all(texts);
});

subject.add('a Unix socket that all may read and write', async (run) => {
  if (process.platform === 'win32') return 'no Unix sockets';
  const folder = temporaryFolder('listening');
  run.cleanup(() => folder.remove());
  const path = join(folder.path, 'socket');
  const server = await listening(run, { path, readableAll: true, writableAll: true });
  const accepted = once(server, 'secureConnection');
  const client = run.connect({ path });
  const [served] = (await accepted) as [net.Socket];
  const { remoteAddress, remotePort, localAddress, remoteFamily } = served;
  const text = await textOf(client);
  return { text, isPath: server.address() === path, remoteAddress, remotePort, localAddress, remoteFamily };
});

subject.add('a signal that is aborted before and after listen()', async (run) => {
  const controller = new AbortController();
  const server = await listening(run, { port: 0, host: '127.0.0.1', signal: controller.signal });
  const client = run.connect({ port: portOf(server) });
  const text = await textOf(client);
  await closed(client);
  const over = once(server, 'close');
  controller.abort();
  await over;
  const early = run.tls.createServer();
  const events = record(early, ['listening', 'error', 'close']);
  const earlyClosed = once(early, 'close');
  early.listen({ port: 0, signal: AbortSignal.abort() });
  await earlyClosed;
  return { text, listening: [server.listening, early.listening], events };
});

subject.add('an abort of a listening server leaves its connections', async (run) => {
  const controller = new AbortController();
  const server = run.tls.createServer({ cert: run.certs.leaf.cert, key: run.certs.leaf.key });
  server.listen({ port: 0, host: '127.0.0.1', signal: controller.signal });
  await once(server, 'listening');
  const client = run.connect({ port: portOf(server) });
  const [served] = (await once(server, 'secureConnection')) as [net.Socket];
  const order: string[] = [];
  const over = once(server, 'close').then(() => order.push('server'));
  controller.abort();
  client.on('close', () => order.push('client'));
  served.on('error', () => {});
  served.end('still here');
  const text = await textOf(client);
  await over;
  await closed(client);
  return { text, order: order.sort() };
});

subject.add('maxConnections counts those that are open, in the handshake too', async (run) => {
  const server = run.tls.createServer({ cert: run.certs.leaf.cert, key: run.certs.leaf.key });
  server.on('tlsClientError', () => {});
  server.maxConnections = 2;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  run.cleanup(() => void server.close());
  const count = async (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, open) => resolve(open)));
  // In the handshake, and after it.
  const silent = run.track((await import('node:net')).connect(portOf(server), '127.0.0.1'));
  while ((await count()) < 1) await new Promise((resolve) => setImmediate(resolve));
  const established = run.connect({ port: portOf(server) });
  const [served] = (await once(server, 'secureConnection')) as [net.Socket];
  served.on('error', () => {});
  const dropped = once(server, 'drop');
  const code = ((await errorEvent(run.connect({ port: portOf(server) }))) as { code?: string }).code;
  const [details] = (await dropped) as [Record<string, unknown>];
  const open = await count();
  silent.destroy();
  established.destroy();
  while ((await count()) > 0) await new Promise((resolve) => setImmediate(resolve));
  const again = run.connect({ port: portOf(server) });
  await once(again, 'secureConnect');
  return { code, open, details: Object.keys(details).sort(), localPort: details['localPort'] === portOf(server) };
});

subject.add('ref() and unref() while it listens and after', async (run) => {
  const server = await listening(run, { port: 0, host: '127.0.0.1' });
  const returned = [server.unref() === server, server.ref() === server];
  const text = await textOf(run.connect({ port: portOf(server) }));
  server.close();
  await once(server, 'close');
  return { text, returned, after: [server.unref() === server, server.ref() === server] };
});

subject.add('listen() again after close()', async (run) => {
  const server = await listening(run, { port: 0, host: '127.0.0.1' });
  const texts = [await textOf(run.connect({ port: portOf(server) }))];
  server.close();
  await once(server, 'close');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  texts.push(await textOf(run.connect({ port: portOf(server) })));
  return texts;
});

subject.add('listen() twice', async (run) => {
  const server = await listening(run, { port: 0, host: '127.0.0.1' });
  try {
    server.listen(0);
    return 'listens';
  } catch (error) {
    return (errorView(error) as { code?: string }).code;
  }
});

subject.add('pauseOnConnect keeps what was sent', async (run) => {
  const server = run.tls.createServer({
    cert: run.certs.leaf.cert,
    key: run.certs.leaf.key,
    pauseOnConnect: true,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  run.cleanup(() => void server.close());
  const client = run.connect({ port: portOf(server) });
  client.end('before');
  const [served] = (await once(server, 'secureConnection')) as [net.Socket];
  await new Promise((resolve) => setImmediate(resolve));
  const paused = served.isPaused();
  const text = textOf(served);
  served.resume();
  return { paused, text: await text };
});

await subject.check();
