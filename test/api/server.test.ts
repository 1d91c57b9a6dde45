// Server: how it is made, what it refuses, and what it tells of its clients; the same on node:tls and pqtls.

import { once } from 'node:events';
import * as events from 'node:events';
import * as net from 'node:net';
import { inherits } from 'node:util';
import { closed, outcome } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';
import { type TlsModule } from '../support/tls-modules.js';

sameOnBoth('with new, without new, as a base class and as a function on an object', async ({ tls, log, key, cert }) => {
  const options = { key, cert };
  const bare = (tls.Server as unknown as (options: object) => net.Server)(options);
  class Derived extends tls.Server {
    readonly mine = true;
  }
  function Inherited(this: object) {
    (tls.Server as unknown as { call(self: object, options: object): void }).call(this, options);
  }
  inherits(Inherited, tls.Server);
  const old = Reflect.construct(Inherited, []) as net.Server;
  const made = [
    new tls.Server(options),
    bare,
    new Derived(options),
    old,
    tls.createServer(),
    tls.createServer(() => {}),
  ];
  for (const server of made) {
    log(server instanceof tls.Server, server instanceof net.Server, server.constructor.name);
    log(server.listenerCount('connection'), server.listenerCount('secureConnection'));
  }
  log((made[2] as Derived).mine, tls.Server.length, tls.createServer.length);
  old.on('secureConnection', (socket: net.Socket) => socket.end('inherited'));
  old.listen(0, '127.0.0.1');
  await once(old, 'listening');
  const client = tls.connect({ port: (old.address() as net.AddressInfo).port, rejectUnauthorized: false });
  client.on('data', (chunk) => log(chunk));
  await closed(client);
  old.close();
});

sameOnBoth('bad values throw', async ({ tls, log }) => {
  for (const value of [5, 'x', { handshakeTimeout: 'x' }, { SNICallback: 5 }, { highWaterMark: -1 }] as unknown[]) {
    const result = outcome(() => tls.createServer(value as object));
    log(value, result instanceof Error ? (result as { code?: string }).code : 'made');
  }
  const server = tls.createServer();
  for (const name of ['', undefined, 'a']) log(outcome(() => server.addContext(name as string, {})));
  for (const options of [5, null, undefined]) {
    const error = outcome(() => server.setSecureContext(options as unknown as object)) as { code?: string };
    log(error.code);
  }
  log(outcome(() => server.setSecureContext({})));
});

sameOnBoth('what its properties say', async ({ tls, log }) => {
  for (const options of [
    {},
    { requestCert: true, rejectUnauthorized: false },
    { pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true },
  ]) {
    const server = tls.createServer(options);
    const names = ['requestCert', 'rejectUnauthorized', 'pauseOnConnect', 'allowHalfOpen', 'noDelay', 'keepAlive'];
    log(...names.map((name) => Reflect.get(server, name) as unknown));
  }
});

sameOnBoth('clients that do not finish the handshake', async ({ listen, log }) => {
  const { server, port } = await listen({ handshakeTimeout: 50 });
  server.on('clientError', () => log('clientError is not of TLS'));
  const attempts: ((socket: net.Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.end('GET / HTTP/1.1\r\n\r\n'),
    (socket) => setImmediate(() => socket.resetAndDestroy()),
    // Says nothing at all.
    () => {},
  ];
  for (const attempt of attempts) {
    const told = once(server, 'tlsClientError') as Promise<[Error, net.Socket]>;
    const socket = net.connect(port, '127.0.0.1', () => attempt(socket));
    socket.on('error', () => {});
    const [error, served] = await told;
    log(error, served.constructor.name);
    socket.destroy();
    served.destroy();
  }
});

sameOnBoth('requestCert and rejectUnauthorized', async ({ listen, dial, log }) => {
  for (const options of [{ requestCert: true, rejectUnauthorized: false }, { requestCert: false }]) {
    const { port } = await listen(options, (socket) => {
      log(socket.authorized, socket.authorizationError);
      socket.end();
    });
    await closed(dial(port));
  }
  const { server, port } = await listen({ requestCert: true, rejectUnauthorized: 0 as unknown as boolean });
  const told = once(server, 'tlsClientError');
  const client = dial(port);
  client.once('error', (error) => log(error));
  log(...((await told) as unknown[]).slice(0, 1));
  await closed(client);
});

sameOnBoth('a property that was changed counts for the next client', async ({ listen, dial, log }) => {
  const { server, port } = await listen({}, (socket) => socket.end());
  await closed(dial(port));
  (server as unknown as { requestCert: boolean }).requestCert = true;
  const told = once(server, 'tlsClientError') as Promise<[Error]>;
  dial(port).on('error', () => {});
  log((await told)[0]);
});

sameOnBoth(
  'captureRejections: the socket of a listener that rejects ends with its error',
  async ({ tls, own, log, watch, key, cert, ca }) => {
    const emitter = events.EventEmitter as unknown as { captureRejections: boolean };
    emitter.captureRejections = true;
    const server = tls.createServer({ key, cert });
    emitter.captureRejections = false;
    server.on('secureConnection', async (socket) => {
      watch('served', own(socket), ['error', 'close']);
      await Promise.reject(new Error('rejected'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = own(tls.connect({ port: (server.address() as net.AddressInfo).port, ca, servername: 'localhost' }));
    await closed(client);
    server.close();
    log('closed');
  },
);

sameOnBoth('pauseOnConnect', async ({ listen, dial, log }) => {
  const { server, port } = await listen({ pauseOnConnect: true });
  const accepted = once(server, 'secureConnection') as Promise<[net.Socket]>;
  const client = dial(port, {}, () => client.end('bye'));
  const [served] = await accepted;
  log(served.isPaused(), served.readableFlowing);
  if (!client.writableFinished) await once(client, 'finish');
  served.on('data', (chunk) => log(chunk));
  served.resume();
  await closed(served);
});

sameOnBoth(
  'maxConnections and drop are those of net',
  async ({ listen, dial, watch, log }) => {
    const { server, port } = await listen({}, (socket) => socket.end());
    server.maxConnections = 0;
    const dropped = once(server, 'drop');
    const client = watch('client', dial(port), ['secureConnect', 'error', 'close']);
    await closed(client);
    log(Object.keys(((await dropped) as [object])[0]));
  },
  22,
);

sameOnBoth('signal ends the server', async ({ tls, log, key, cert }) => {
  const abort = new AbortController();
  const server = tls.createServer({ key, cert });
  server.listen({ port: 0, host: '127.0.0.1', signal: abort.signal });
  await once(server, 'listening');
  abort.abort();
  await once(server, 'close');
  log(server.listening);
});

sameOnBoth(
  'events of one connection, in order',
  async ({ listen, dial, watch, log }) => {
    const { server, port } = await listen();
    server.on('connection', (socket: net.Socket) => log('connection', socket.constructor.name));
    const accepted = once(server, 'secureConnection') as Promise<[InstanceType<TlsModule['TLSSocket']>]>;
    const client = dial(port, {}, () => client.end('x'));
    const [served] = await accepted;
    log('secureConnection', Reflect.get(served, 'secureConnecting'), served.listenerCount('error'));
    watch('served', served, ['data', 'end', 'finish', 'close']);
    await closed(served);
  },
  '20.20',
);
