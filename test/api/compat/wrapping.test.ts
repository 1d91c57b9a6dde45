// new TLSSocket(): over sockets, over any Duplex, in TLS, upgraded in the middle of a conversation.

import { once } from 'node:events';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { duplexPair } from '../../support/duplex-pair.js';
import { Subject, type Run } from '../../support/behaviours.js';
import { attempt, closed, errorEvent, lifeOfSocket, record, textOf } from '../../support/observations.js';

const subject = new Subject('wrapping');

for (const [name, value] of [
  ['undefined', undefined],
  ['null', null],
  ['a number', 5],
  ['text', 'x'],
  ['an object', {}],
  ['false', false],
] as const) {
  const received = { 'a number': 'type number (5)', text: "type string ('x')", 'an object': 'an instance of Object' };
  const refused = received[name as keyof typeof received];
  const pqtls = {
    threw: {
      type: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: `The "socket" argument must be an instance of Duplex. Received ${refused}`,
    },
  };
  subject.add(
    `new TLSSocket(${name})`,
    (run) => attempt(() => new run.tls.TLSSocket(value as never)),
    refused === undefined ? {} : { differs: { reason: 'node:tls trips over what is no stream', pqtls } },
  );
}
for (const [name, options] of [
  ['null', null],
  ['a number', 5],
  ['ALPNProtocols: 5', { ALPNProtocols: 5 }],
  ['SNICallback: 5', { SNICallback: 5, isServer: true }],
  ['secureContext: {}', { secureContext: {} }],
  ['session: 5', { session: 5 }],
  ['server: 5', { server: 5 }],
  ['server: {}', { server: {} }],
  ['isServer: text', { isServer: 'x' }],
  ['pskCallback: 5', { pskCallback: 5 }],
] as const) {
  const pqtls = {
    threw: {
      type: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message:
        'The "options.ALPNProtocols" property must be an array of strings or an instance of Buffer, TypedArray, or ' +
        'DataView. Received type number (5)',
    },
  };
  subject.add(
    `new TLSSocket(socket, ${name})`,
    (run) => attempt(() => run.track(new run.tls.TLSSocket(new net.Socket(), options as never))),
    name === 'ALPNProtocols: 5' ? { differs: { reason: 'the same error as of every other API', pqtls } } : {},
  );
}

subject.add('a TLSSocket without a socket', (run) => {
  const socket = run.track(new run.tls.TLSSocket(undefined as never));
  return {
    connecting: socket.connecting,
    pending: socket.pending,
    readyState: socket.readyState,
    writable: socket.writable,
    readable: socket.readable,
    encrypted: socket.encrypted,
    authorized: socket.authorized,
    remoteAddress: socket.remoteAddress,
    allowHalfOpen: socket.allowHalfOpen,
  };
});

subject.add(
  'getProtocol() of a TLSSocket without a socket',
  (run) => run.track(new run.tls.TLSSocket(undefined as never)).getProtocol(),
  { differs: { reason: 'no version is agreed yet', pqtls: null } },
);

async function upgraded(run: Run): Promise<{ client: TLSSocket; served: TLSSocket }> {
  let served: TLSSocket | undefined;
  const port = await run.serveTcp((tcp) => {
    served = run.track(new run.tls.TLSSocket(tcp, { isServer: true, ...run.certs.leaf }));
    served.on('error', () => {});
  });
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  await once(tcp, 'connect');
  const client = run.connect({ socket: tcp });
  await once(client, 'secureConnect');
  if (served === undefined) throw new Error('No connection came');
  return { client, served };
}

subject.add('a server socket without a server', async (run) => {
  const { client, served } = await upgraded(run);
  served.pipe(served);
  client.end('echo');
  return {
    text: await textOf(client),
    addresses: [served.remoteAddress, served.localAddress],
    authorized: client.authorized,
  };
});

subject.add('a server socket without a server emits secure, not secureConnect', async (run) => {
  const events: string[] = [];
  const port = await run.serveTcp((tcp) => {
    const served = run.track(new run.tls.TLSSocket(tcp, { isServer: true, ...run.certs.leaf }));
    record(served, [...lifeOfSocket, 'secure'], events);
    served.on('secure', () => served.end('x'));
  });
  await textOf(run.connect({ port }));
  return events;
});

subject.add(
  'a client by new TLSSocket() does not verify by itself',
  async (run) => {
    const { foreign } = run.certs;
    const { port } = await run.serve({ cert: foreign.cert, key: foreign.key });
    const tcp = run.track(net.connect(port, '127.0.0.1'));
    await once(tcp, 'connect');
    const socket = run.track(new run.tls.TLSSocket(tcp));
    const events = record(socket, ['secure', 'secureConnect', 'error', 'close']);
    socket.write('x');
    await Promise.race([new Promise((resolve) => socket.once('secure', resolve)), closed(socket)]);
    return { events, authorized: socket.authorized, error: socket.authorizationError };
  },
  {
    differs: {
      reason: 'every client verifies its peer unless it says rejectUnauthorized: false',
      pqtls: {
        events: ['error UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'close true'],
        authorized: false,
        error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      },
    },
  },
);

subject.add('the errors of a server socket without a server', async (run) => {
  const error = new Promise((resolve) => {
    void run
      .serveTcp((tcp) => {
        const served = run.track(new run.tls.TLSSocket(tcp, { isServer: true, ...run.certs.leaf }));
        void Promise.race([errorEvent(served), closed(served).then(() => 'close')]).then(resolve);
      })
      .then((port) => run.track(net.connect(port, '127.0.0.1')).end('this is no TLS at all'));
  });
  return error;
});

subject.add('a STARTTLS conversation', async (run) => {
  const port = await run.serveTcp((tcp) => {
    tcp.once('data', () => {
      tcp.write('go ahead');
      const served = run.track(new run.tls.TLSSocket(tcp, { isServer: true, ...run.certs.leaf }));
      served.on('error', () => {});
      served.once('data', (chunk: Buffer) => served.end(`got ${chunk.toString()}`));
    });
  });
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  tcp.write('STARTTLS');
  await once(tcp, 'data');
  const client = run.connect({ socket: tcp });
  client.write('secret');
  return textOf(client);
});

subject.add('over a Duplex, both ends', async (run) => {
  const [near, far] = duplexPair();
  const served = run.track(new run.tls.TLSSocket(far, { isServer: true, ...run.certs.leaf }));
  served.pipe(served);
  const client = run.connect({ socket: near });
  const events = record(client, ['connect', 'ready', 'secureConnect', 'end', 'error', 'close']);
  client.end('over a pipe');
  const text = await textOf(client);
  await closed(client);
  return {
    text,
    events,
    remoteAddress: client.remoteAddress,
    remotePort: client.remotePort,
    address: client.address(),
  };
});

subject.add('much over a Duplex', async (run) => {
  const [near, far] = duplexPair();
  const served = run.track(new run.tls.TLSSocket(far, { isServer: true, ...run.certs.leaf }));
  served.pipe(served);
  const client = run.connect({ socket: near });
  client.end(Buffer.alloc(500_000));
  let length = 0;
  for await (const chunk of client) length += (chunk as Buffer).length;
  return length;
});

subject.add('a Duplex that fails after the handshake', async (run) => {
  const [near, far] = duplexPair();
  run.track(new run.tls.TLSSocket(far, { isServer: true, ...run.certs.leaf })).on('error', () => {});
  const client = run.connect({ socket: near });
  const events = record(client, ['secureConnect', 'error', 'close']);
  await once(client, 'secureConnect');
  near.destroy(new Error('the pipe broke'));
  await closed(client);
  return events;
});

subject.add('a net.Socket that is destroyed with an error after the handshake', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  const client = run.connect({ socket: tcp });
  const events = record(client, ['secureConnect', 'error', 'close']);
  await once(client, 'secureConnect');
  tcp.destroy(new Error('enough of it'));
  await closed(client);
  return { events, errored: client.errored };
});

subject.add('a Duplex in object mode', async (run) => {
  const socket = new Duplex({ objectMode: true, read() {}, write: (_chunk, _encoding, callback) => callback() });
  return attempt(() => run.connect({ socket }).on('error', () => {}));
});

subject.add('TLS in TLS', async (run) => {
  const inner = await run.serve({}, (socket) => socket.end('from inside'));
  const outer = await run.serve({}, (socket) => {
    const far = run.track(net.connect(inner.port, '127.0.0.1'));
    far.on('error', () => {});
    socket.pipe(far).pipe(socket);
  });
  const tunnel = run.connect({ port: outer.port });
  await once(tunnel, 'secureConnect');
  const client = run.connect({ socket: tunnel });
  const text = await textOf(client);
  return { text, authorized: client.authorized, tunnel: tunnel.authorized };
});

subject.add('TLS in TLS that is not connected yet', async (run) => {
  const inner = await run.serve({}, (socket) => socket.end('from inside'));
  const outer = await run.serve({}, (socket) => {
    const far = run.track(net.connect(inner.port, '127.0.0.1'));
    far.on('error', () => {});
    socket.pipe(far).pipe(socket);
  });
  const client = run.connect({ socket: run.connect({ port: outer.port }) });
  return textOf(client);
});

subject.add('destroying the outer socket destroys the inner', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  const client = run.connect({ socket: tcp });
  await once(client, 'secureConnect');
  client.destroy();
  await closed(client, tcp);
  return { tcp: tcp.destroyed, client: client.destroyed };
});

subject.add('destroying the inner socket closes the outer', async (run) => {
  const { port } = await run.serve();
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  const client = run.connect({ socket: tcp });
  await once(client, 'secureConnect');
  const events = record(client, ['end', 'error', 'close']);
  client.resume();
  tcp.destroy();
  await closed(client);
  return { events, destroyed: client.destroyed };
});

subject.add('a given socket with data already buffered', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('x'));
  const relay = await run.serveTcp((near) => {
    near.write('hello\n');
    const far = run.track(net.connect(port, '127.0.0.1'));
    far.on('error', () => {});
    near.pipe(far).pipe(near);
  });
  const tcp = run.track(net.connect(relay, '127.0.0.1'));
  await once(tcp, 'readable');
  const greeting = String(tcp.read());
  const client = run.connect({ socket: tcp });
  return { greeting, text: await textOf(client) };
});

subject.add('unshift() of the ClientHello before wrapping', async (run) => {
  const port = await run.serveTcp((tcp) => {
    tcp.once('data', (chunk) => {
      tcp.pause();
      tcp.unshift(chunk);
      const served = run.track(new run.tls.TLSSocket(tcp, { isServer: true, ...run.certs.leaf }));
      served.on('error', () => {});
      served.end('seen');
    });
  });
  return textOf(run.connect({ port }));
});

subject.add('connect() over a socket that is destroyed', async (run) => {
  const socket = new net.Socket();
  socket.destroy();
  const client = run.connect({ socket });
  const events = record(client, ['error', 'end', 'close']);
  await closed(client);
  return events;
});

await subject.check();
