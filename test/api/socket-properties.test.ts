// What a socket says of itself before, while and after; the same on node:tls and pqtls.

import { once } from 'node:events';
import * as net from 'node:net';
import { closed, outcome } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';

const names = [
  'authorized',
  'authorizationError',
  'alpnProtocol',
  'servername',
  'encrypted',
  'secureConnecting',
  'connecting',
  'pending',
  'readyState',
  'destroyed',
  'remoteAddress',
  'remoteFamily',
  'localAddress',
  'localFamily',
  'bufferSize',
  'timeout',
  'bytesRead',
  'bytesWritten',
  'allowHalfOpen',
  'readable',
  'writable',
  'server',
  '_host',
] as const;

function describe(socket: net.Socket): string {
  return names
    .map((name) => {
      const value: unknown = Reflect.get(socket, name);
      return `${name}=${typeof value === 'object' && value !== null ? 'object' : String(value)}`;
    })
    .join(' ');
}

sameOnBoth('a client, from connect() to after its close', async ({ listen, dial, log }) => {
  const { port } = await listen({}, (socket) => socket.end('hello'));
  const socket = dial(port);
  log(describe(socket));
  socket.on('connect', () => log(describe(socket)));
  socket.on('secureConnect', () => log(describe(socket)));
  socket.resume();
  await closed(socket);
  log(describe(socket));
  log(socket instanceof net.Socket);
});

sameOnBoth("a server's socket", async ({ listen, dial, log }) => {
  const { server, port } = await listen({ ALPNProtocols: ['h2', 'http/1.1'] });
  const accepted = once(server, 'secureConnection') as Promise<[net.Socket]>;
  const client = dial(port, { ALPNProtocols: ['http/1.1'] });
  client.resume();
  const [served] = await accepted;
  log(describe(served), Reflect.get(served, 'server') === server);
  served.end('x');
  served.resume();
  await closed(served);
  log(describe(served));
});

sameOnBoth('no server name and no protocol are false on both sides', async ({ listen, dial, log }) => {
  const { server, port } = await listen();
  for (const options of [{ servername: '' }, { servername: undefined }, { servername: 'localhost' }]) {
    const accepted = once(server, 'secureConnection') as Promise<[net.Socket]>;
    const client = dial(port, { ...options, checkServerIdentity: () => undefined });
    await once(client, 'secureConnect');
    for (const socket of [client, (await accepted)[0]]) {
      log(Reflect.get(socket, 'servername'), Reflect.get(socket, 'alpnProtocol'));
    }
    client.destroy();
  }
});

sameOnBoth('bytesWritten counts what is pending', async ({ listen, dial, log }) => {
  const { port } = await listen({}, (socket) => socket.resume());
  const socket = dial(port);
  socket.write('zz');
  socket.write('é', 'utf8');
  log(socket.bytesWritten);
  await once(socket, 'secureConnect');
  socket.cork();
  socket.write('a');
  socket.write(Buffer.from('bc'));
  log(socket.bytesWritten);
  socket.uncork();
  log(socket.bytesWritten);
  socket.end('d', () => log(socket.bytesWritten));
  await closed(socket);
  log(socket.bytesWritten);
});

sameOnBoth('methods that return the socket, before and after the connection', async ({ listen, dial, log }) => {
  const { port } = await listen();
  const socket = dial(port);
  const calls: (() => unknown)[] = [
    () => socket.setNoDelay(true),
    () => socket.setKeepAlive(true, 1000),
    () => socket.unref(),
    () => socket.ref(),
    () => socket.setTimeout(0),
    () => socket.pause(),
    () => socket.resume(),
    () => socket.setEncoding('utf8'),
  ];
  log(...calls.map((call) => call() === socket));
  log(Object.keys(socket.address()));
  await once(socket, 'secureConnect');
  log(...calls.slice(0, -1).map((call) => call() === socket));
  log(Object.keys(socket.address()).sort());
  socket.destroy();
  log(Object.keys(socket.address()));
});

sameOnBoth('a bad argument of a method', async ({ listen, dial, log }) => {
  const { port } = await listen();
  const socket = dial(port);
  await once(socket, 'secureConnect');
  for (const run of [
    () => socket.setTimeout('x' as unknown as number),
    () => socket.setTimeout(-1),
    () => socket.setTimeout(1, 5 as unknown as () => void),
    () => socket.write(null as unknown as string),
    () => socket.write(5 as unknown as string),
  ]) {
    const error = outcome(run);
    log((error as { code?: string }).code, error instanceof Error && error.message);
  }
});
