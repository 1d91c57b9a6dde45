// tls.connect(): its overloads, its defaults, what a failed connection tells, and what shows before and after.

import { once } from 'node:events';
import * as net from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { Subject, type BehaviourOptions } from '../../support/behaviours.js';
import { attempt, closed, errorEvent, lifeOfSocket, record, textOf } from '../../support/observations.js';
import { temporaryFolder } from '../../support/project.js';

/** Programs pass what they read from a configuration. */
function textPort(port: number): number {
  return String(port) as unknown as number;
}

const subject = new Subject('connect');

function refused(message: string): BehaviourOptions {
  const threw = { code: 'ERR_INVALID_ARG_TYPE', message, type: 'TypeError' };
  return { differs: { reason: 'node:tls trips over the value, without a code', pqtls: { threw } } };
}

function asLater(type: string, code: string, message: string): BehaviourOptions {
  return { differs: { reason: 'as in Node 22 and later', pqtls: { threw: { code, message, type } }, before: 22 } };
}

/** What pqtls says more clearly. */
const clearer: Readonly<Record<string, BehaviourOptions>> = {
  'an ALPNProtocols that is a number': refused(
    'The "options.ALPNProtocols" property must be an array of strings or an instance of Buffer, TypedArray, or DataView. Received type number (5)',
  ),
  'a checkServerIdentity that is no function': asLater(
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
    'The "options.checkServerIdentity" property must be of type function. Received type number (5)',
  ),
  'a checkServerIdentity of null': asLater(
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
    'The "options.checkServerIdentity" property must be of type function. Received null',
  ),
  'a minDHSize that is no number': asLater(
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
    `The "options.minDHSize" property must be of type number. Received type string ('x')`,
  ),
  'a minDHSize of zero': asLater(
    'RangeError',
    'ERR_OUT_OF_RANGE',
    'The value of "options.minDHSize" is out of range. It must be >= 1. Received 0',
  ),
  'a socket that is none': refused(
    'The "socket" argument must be an instance of Duplex. Received an instance of Object',
  ),
};

subject.add('connect, ready and secureConnect come in this order', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end());
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  client.resume();
  await closed(client);
  return events;
});

subject.add('a listener is a once listener of secureConnect', async (run) => {
  const { port } = await run.serve();
  let calls = 0;
  const client = run.connect({ port }, () => calls++);
  const before = client.listenerCount('secureConnect');
  await once(client, 'secureConnect');
  return { before, after: client.listenerCount('secureConnect'), calls };
});

subject.add('the listener runs with the socket as this', async (run) => {
  const { port } = await run.serve();
  return new Promise((resolve) => {
    const client = run.track(
      run.tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, function (this: unknown) {
        resolve(this === client);
      }),
    );
  });
});

for (const [name, call] of [
  ['(port, host, options, listener)', 4],
  ['(port, options, listener)', 3],
  ['(options, listener)', 2],
  ['(port as text, host, options, listener)', 5],
] as const) {
  subject.add(`the overload ${name}`, async (run) => {
    const { port } = await run.serve();
    const options = { ca: run.certs.ca.cert, servername: 'localhost' };
    return new Promise((resolve) => {
      const done = (): void => resolve({ authorized: client.authorized, port: client.remotePort === port });
      const client = run.track(
        call === 4
          ? run.tls.connect(port, '127.0.0.1', options, done)
          : call === 3
            ? run.tls.connect(port, { ...options, host: '127.0.0.1' }, done)
            : call === 2
              ? run.tls.connect({ ...options, port, host: '127.0.0.1' }, done)
              : run.tls.connect(textPort(port), '127.0.0.1', options, done),
      );
    });
  });
}

subject.add('options override the port and the host in front of them', async (run) => {
  const { port } = await run.serve();
  const client = run.track(
    run.tls.connect(1, 'nowhere.invalid', { port, host: '127.0.0.1', ca: run.certs.ca.cert, servername: 'localhost' }),
  );
  await once(client, 'secureConnect');
  return client.remoteAddress;
});

subject.add('the name is localhost where neither host nor servername says otherwise', async (run) => {
  const { port } = await run.serve();
  const client = run.track(run.tls.connect({ port, ca: run.certs.ca.cert }));
  await once(client, 'secureConnect');
  return { authorized: client.authorized, servername: client.servername };
});

subject.add('a Unix socket path', async (run) => {
  const folder = temporaryFolder('connect');
  run.cleanup(() => folder.remove());
  const path = join(folder.path, 'sock');
  const server = run.tls.createServer(run.certs.leaf, (socket) => socket.end('over a path'));
  server.listen(path);
  run.cleanup(() => void server.close());
  await once(server, 'listening');
  const client = run.track(run.tls.connect({ path, ca: run.certs.ca.cert, servername: 'localhost' }));
  const text = await textOf(client);
  return { text, remoteAddress: client.remoteAddress, remotePort: client.remotePort };
});

subject.add('nobody listens', async (run) => {
  const port = await run.serveTcp(() => {});
  const holder = net.createServer();
  const free = await run.listen(holder);
  holder.close();
  await once(holder, 'close');
  const client = run.connect({ port: free });
  const events = record(client, lifeOfSocket);
  const error = await errorEvent(client);
  await closed(client);
  return { error, events, port: typeof port };
});

subject.add('an unknown host', async (run) => {
  const client = run.track(
    run.tls.connect({
      port: 9,
      host: 'nowhere.invalid',
      lookup: (_host: string, _options: unknown, callback: (error: Error) => void) =>
        process.nextTick(() => callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))),
    } as never),
  );
  const events = record(client, lifeOfSocket);
  await closed(client);
  return events;
});

subject.add('lookup is called with the host', async (run) => {
  const { port } = await run.serve();
  const asked: unknown[] = [];
  const client = run.connect({
    port,
    host: 'localhost',
    lookup(host: string, options: { all?: boolean }, callback: (...values: unknown[]) => void) {
      asked.push(host);
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    },
  });
  await once(client, 'secureConnect');
  return asked;
});

for (const [name, value] of [
  ['no argument', []],
  ['null', [null]],
  ['an empty object', [{}]],
  ['a port out of range', [{ port: 65536 }]],
  ['a negative port', [{ port: -1 }]],
  ['a port that is no number', [{ port: 'x' }]],
  ['a boolean port', [{ port: true }]],
  ['port 99999 in front', [99999]],
  ['a host that is no string', [{ port: 9, host: 5 }]],
  ['a path that is no string', [{ path: 5 }]],
  ['a lookup that is no function', [{ port: 9, host: 'localhost', lookup: 5 }]],
  ['a localAddress that is no address', [{ port: 9, host: '127.0.0.1', localAddress: 'x' }]],
  ['a localPort that is no number', [{ port: 9, host: '127.0.0.1', localPort: 'x' }]],
  ['a checkServerIdentity that is no function', [{ port: 9, host: '127.0.0.1', checkServerIdentity: 5 }]],
  ['a checkServerIdentity of null', [{ port: 9, host: '127.0.0.1', checkServerIdentity: null }]],
  ['a minDHSize that is no number', [{ port: 9, host: '127.0.0.1', minDHSize: 'x' }]],
  ['a minDHSize of zero', [{ port: 9, host: '127.0.0.1', minDHSize: 0 }]],
  ['a timeout that is no number', [{ port: 9, host: '127.0.0.1', timeout: 'x' }]],
  ['a servername that is no string', [{ port: 9, host: '127.0.0.1', servername: 5 }]],
  ['an ALPNProtocols that is a number', [{ port: 9, host: '127.0.0.1', ALPNProtocols: 5 }]],
  ['a session that is a number', [{ port: 9, host: '127.0.0.1', session: 5 }]],
  ['a pskCallback that is no function', [{ port: 9, host: '127.0.0.1', pskCallback: 5 }]],
  ['a secureContext that is none', [{ port: 9, host: '127.0.0.1', secureContext: {} }]],
  ['a secureContext that is a number', [{ port: 9, host: '127.0.0.1', secureContext: 5 }]],
  ['a socket that is none', [{ socket: {} }]],
  ['a highWaterMark that is text', [{ port: 9, host: '127.0.0.1', highWaterMark: 'x' }]],
  ['a negative highWaterMark', [{ port: 9, host: '127.0.0.1', highWaterMark: -1 }]],
  ['a signal that is none', [{ port: 9, host: '127.0.0.1', signal: 5 }]],
  ['a noDelay of text', [{ port: 9, host: '127.0.0.1', noDelay: 'x' }]],
  ['a keepAlive of text', [{ port: 9, host: '127.0.0.1', keepAlive: 'x' }]],
  ['an objectMode socket option', [{ port: 9, host: '127.0.0.1', objectMode: true }]],
  ['a family of 5', [{ port: 9, host: 'localhost', family: 5 }]],
  ['hints of 3000', [{ port: 9, host: 'localhost', hints: 3000 }]],
] as const) {
  subject.add(
    `connect with ${name}`,
    (run) => {
      return attempt(() => {
        const socket = run.track((run.tls.connect as (...args: readonly unknown[]) => net.Socket)(...value));
        socket.on('error', () => {});
        return socket;
      });
    },
    clearer[name],
  );
}

subject.add('what shows before anything happened', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const shown = {
    authorized: client.authorized,
    authorizationError: client.authorizationError,
    encrypted: client.encrypted,
    alpnProtocol: client.alpnProtocol,
    servername: (client as { servername?: unknown }).servername,
    connecting: client.connecting,
    pending: client.pending,
    readyState: client.readyState,
    cipher: client.getCipher(),
    certificate: client.getPeerCertificate(),
    own: client.getCertificate(),
    x509: client.getPeerX509Certificate(),
    finished: client.getFinished(),
    peerFinished: client.getPeerFinished(),
    session: client.getSession(),
    ticket: client.getTLSTicket(),
    reused: client.isSessionReused(),
    address: client.address(),
    remoteAddress: client.remoteAddress,
    bytesRead: client.bytesRead,
    bytesWritten: client.bytesWritten,
    destroyed: client.destroyed,
    readable: client.readable,
    writable: client.writable,
    secureConnecting: (client as { secureConnecting?: unknown }).secureConnecting,
  };
  await once(client, 'secureConnect');
  return shown;
});

subject.add(
  'getProtocol() before anything happened',
  async (run) => {
    const { port } = await run.serve();
    const client = run.connect({ port });
    const protocol = client.getProtocol();
    await once(client, 'secureConnect');
    return protocol;
  },
  { differs: { reason: 'no version is agreed yet', pqtls: null } },
);

subject.add('what shows after the handshake', async (run) => {
  const { client, served } = await run.pair();
  const show = (socket: typeof client): unknown => ({
    authorized: socket.authorized,
    authorizationError: socket.authorizationError,
    encrypted: socket.encrypted,
    alpnProtocol: socket.alpnProtocol,
    servername: (socket as { servername?: unknown }).servername,
    connecting: socket.connecting,
    pending: socket.pending,
    readyState: socket.readyState,
    protocol: socket.getProtocol(),
    own: typeof socket.getCertificate(),
    remoteAddress: socket.remoteAddress,
    remoteFamily: socket.remoteFamily,
    localAddress: socket.localAddress,
    localFamily: socket.localFamily,
    ports: [typeof socket.remotePort, typeof socket.localPort],
    address: Object.keys(socket.address()),
    bytesRead: socket.bytesRead,
    bytesWritten: socket.bytesWritten,
    destroyed: socket.destroyed,
    readable: socket.readable,
    writable: socket.writable,
    timeout: socket.timeout,
    allowHalfOpen: socket.allowHalfOpen,
    reused: socket.isSessionReused(),
    secureConnecting: (socket as { secureConnecting?: unknown }).secureConnecting,
    highWaterMarks: [socket.readableHighWaterMark, socket.writableHighWaterMark],
  });
  return { client: show(client), served: show(served) };
});

for (const [name, call, pqtls] of [
  [
    'exportKeyingMaterial()',
    (socket: TLSSocket) => typeof socket.exportKeyingMaterial(16, 'label', Buffer.alloc(0)),
    {
      threw: {
        code: 'ERR_TLS_INVALID_STATE',
        message: 'TLS socket connection must be securely established',
        type: 'Error',
      },
    },
  ],
  ['setMaxSendFragment()', (socket: TLSSocket) => socket.setMaxSendFragment(1024), { returned: 'boolean' }],
] as const) {
  subject.add(
    `${name} after close`,
    async (run) => {
      const { client, served } = await run.pair();
      client.destroy();
      served.destroy();
      await closed(client, served);
      return attempt(() => call(client));
    },
    { differs: { reason: 'node:tls trips over its own handle, which is gone', pqtls } },
  );
}

subject.add('what shows after close', async (run) => {
  const { client, served } = await run.pair();
  client.destroy();
  served.destroy();
  await closed(client, served);
  const show = (socket: typeof client): unknown => ({
    authorized: socket.authorized,
    authorizationError: socket.authorizationError,
    alpnProtocol: socket.alpnProtocol,
    readyState: socket.readyState,
    pending: socket.pending,
    address: socket.address(),
    protocol: attempt(() => socket.getProtocol()),
    cipher: attempt(() => socket.getCipher()),
    certificate: attempt(() => socket.getPeerCertificate()),
    own: attempt(() => socket.getCertificate()),
    x509: attempt(() => socket.getPeerX509Certificate()),
    finished: attempt(() => socket.getFinished()),
    session: attempt(() => socket.getSession()),
    ticket: attempt(() => socket.getTLSTicket()),
    reused: attempt(() => socket.isSessionReused()),
    sigalgs: attempt(() => socket.getSharedSigalgs()),
    renegotiate: attempt(() => socket.renegotiate({}, () => {})),
    disable: attempt(() => socket.disableRenegotiation()),
    remoteAddress: socket.remoteAddress,
    destroyed: socket.destroyed,
    closed: socket.closed,
    readable: socket.readable,
    writable: socket.writable,
    errored: socket.errored,
  });
  return { client: show(client), served: show(served) };
});

subject.add('the handshake info of a modern connection', async (run) => {
  const { client, served } = await run.pair();
  return [client, served].map((socket) => ({ cipher: socket.getCipher(), protocol: socket.getProtocol() }));
});

subject.add('bytesRead and bytesWritten count plaintext', async (run) => {
  const { client, served } = await run.pair();
  served.pipe(served);
  client.end('hello');
  const text = await textOf(client);
  return { text, client: [client.bytesRead, client.bytesWritten], served: [served.bytesRead, served.bytesWritten] };
});

subject.add('a timeout option emits timeout and nothing else', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port, timeout: 50 });
  const events = record(client, lifeOfSocket);
  await once(client, 'timeout');
  return { events, timeout: client.timeout, destroyed: client.destroyed };
});

subject.add('setTimeout with a callback, and clearing it', async (run) => {
  const { client } = await run.pair();
  const returned = client.setTimeout(20, () => {}) === client;
  await once(client, 'timeout');
  const set = client.timeout;
  client.setTimeout(0);
  return { returned, set, cleared: client.timeout, listeners: client.listenerCount('timeout') };
});

subject.add('an aborted signal destroys the socket with AbortError', async (run) => {
  const { port } = await run.serve();
  const controller = new AbortController();
  const client = run.connect({ port, signal: controller.signal });
  const events = record(client, lifeOfSocket);
  await once(client, 'secureConnect');
  controller.abort();
  const error = await errorEvent(client);
  await closed(client);
  return { error, events };
});

subject.add('an abort in the middle of the handshake', async (run) => {
  const port = await run.serveTcp(() => {});
  const controller = new AbortController();
  const client = run.connect({ port, signal: controller.signal });
  client.once('connect', () => controller.abort());
  const events = record(client, lifeOfSocket);
  await closed(client);
  return events;
});

subject.add('connecting and secureConnecting around connect', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const seen: unknown[] = [];
  const look = (when: string): void => {
    const { connecting, pending, secureConnecting, readyState } = client as typeof client & {
      secureConnecting?: boolean;
    };
    seen.push({ when, connecting, pending, secureConnecting, readyState });
  };
  look('at once');
  client.on('connect', () => look('connect'));
  client.on('ready', () => look('ready'));
  client.on('secureConnect', () => look('secureConnect'));
  await once(client, 'secureConnect');
  return seen;
});

subject.add('a given socket that is connected', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  await once(tcp, 'connect');
  const client = run.connect({ socket: tcp });
  const events = record(client, lifeOfSocket);
  const before = { connecting: client.connecting, readyState: client.readyState };
  await once(client, 'secureConnect');
  return { before, events, authorized: client.authorized, same: client.remotePort === port };
});

subject.add('a given socket that is still connecting', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  const client = run.connect({ socket: tcp });
  const events = record(client, lifeOfSocket);
  const before = { connecting: client.connecting };
  await once(client, 'secureConnect');
  return { before, events, authorized: client.authorized };
});

subject.add('a given socket that never connected, connected by hand', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(new net.Socket());
  const client = run.connect({ socket: tcp });
  const events = record(client, lifeOfSocket);
  tcp.connect(port, '127.0.0.1');
  await once(client, 'secureConnect');
  return { events, authorized: client.authorized };
});

subject.add('port and host beside a given socket are ignored', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  const client = run.connect({ socket: tcp, port: 1, host: 'nowhere.invalid' });
  await once(client, 'secureConnect');
  return client.authorized;
});

subject.add('setNoDelay, setKeepAlive, ref and unref return the socket', async (run) => {
  const { client } = await run.pair();
  return [
    client.setNoDelay(true) === client,
    client.setKeepAlive(true, 1000) === client,
    client.ref() === client,
    client.unref() === client,
    client.pause() === client,
    client.resume() === client,
    client.setEncoding('utf8') === client,
  ];
});

subject.add('setNoDelay and friends before the connection', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const same = [client.setNoDelay() === client, client.setKeepAlive(true) === client, client.unref() === client];
  client.ref();
  await once(client, 'secureConnect');
  return same;
});

subject.add('an option object is not changed', async (run) => {
  const { port } = await run.serve();
  const options = Object.freeze({ port, host: '127.0.0.1', ca: run.certs.ca.cert, servername: 'localhost' });
  const client = run.track(run.tls.connect(options));
  await once(client, 'secureConnect');
  return Object.keys(options);
});

subject.add('options inherited from a prototype do not count', async (run) => {
  const { port } = await run.serve();
  return attempt(() => run.tls.connect(Object.create({ port, host: '127.0.0.1' }) as object));
});

subject.add('localAddress and localPort', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port, localAddress: '127.0.0.1' });
  await once(client, 'secureConnect');
  return { localAddress: client.localAddress, localPort: typeof client.localPort };
});

subject.add(
  'connect() again on a socket whose connection is over',
  async (run) => {
    const { port } = await run.serve({}, (socket) => socket.end('bye'));
    let received = '';
    const accepted = new Promise<void>((resolve) => {
      void run
        .serveTcp((tcp) => {
          tcp.once('data', (chunk: Buffer) => {
            received = chunk.toString('latin1');
            resolve();
          });
        })
        .then((plain) => {
          const client = run.connect({ port });
          client.resume();
          void closed(client).then(() => {
            again = attempt(() => client.connect(plain, '127.0.0.1', () => client.write('secret')));
            // Where it was refused, nothing comes.
            if (!('returned' in (again as object))) resolve();
          });
        });
    });
    let again: unknown;
    await accepted;
    return { again, received };
  },
  {
    differs: {
      reason: 'node:tls connects without TLS then, and what is written goes out in the clear',
      pqtls: {
        again: { threw: { type: 'Error', code: 'ERR_SOCKET_CLOSED', message: 'Socket is closed' } },
        received: '',
      },
    },
  },
);

subject.add('connect() of a TLSSocket made without a socket', async (run) => {
  const { port } = await run.serve();
  const socket = run.track(
    new run.tls.TLSSocket(undefined as never, {
      secureContext: run.tls.createSecureContext({ ca: run.certs.ca.cert }),
    }),
  );
  const events = record(socket, ['connect', 'ready', 'secure', 'secureConnect']);
  socket.connect(port, '127.0.0.1');
  await once(socket, 'ready');
  return { events, remoteAddress: socket.remoteAddress };
});

subject.add('autoSelectFamily of an address list', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({
    port,
    host: 'localhost',
    autoSelectFamily: true,
    lookup: (_host: string, _options: unknown, callback: (...values: unknown[]) => void) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]),
  });
  await once(client, 'secureConnect');
  return { authorized: client.authorized, address: client.remoteAddress };
});

await subject.check();
