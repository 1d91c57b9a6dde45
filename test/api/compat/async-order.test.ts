// In which async context and in which order a program is told things, and what an exception in a listener does to others.

import { AsyncLocalStorage } from 'node:async_hooks';
import { on, once } from 'node:events';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import type { Server, TLSSocket } from 'node:tls';
import { Subject, type Run } from '../../support/behaviours.js';
import { closed, textOf } from '../../support/observations.js';

const subject = new Subject('async-order');
const storage = new AsyncLocalStorage<string>();

/** A server as a program has it: without a listener for raw sockets. Gone after the run. */
async function plainServer(run: Run, options: object = {}): Promise<{ server: Server; port: number }> {
  const server = run.tls.createServer({ cert: run.certs.leaf.cert, key: run.certs.leaf.key, ...options });
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  run.cleanup(() => void server.close());
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/** What runs when, after an event: ticks, microtasks, immediates. */
function schedule(name: string, seen: string[]): void {
  seen.push(name);
  setImmediate(() => seen.push(`${name} immediate`));
  process.nextTick(() => seen.push(`${name} tick`));
  void Promise.resolve().then(() => seen.push(`${name} promise`));
  queueMicrotask(() => seen.push(`${name} microtask`));
}

async function later(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A client that sends nothing before its Finished is on its way, so that both come to the server in one read. */
async function helloWithFinished(run: Run, port: number): Promise<TLSSocket> {
  const client = run.connect({ port });
  client.once('secureConnect', () => client.write('hello'));
  await once(client, 'secureConnect');
  return client;
}

subject.add("where the callbacks of a client's first writes run", async (run) => {
  const { server, port } = await plainServer(run);
  server.on('secureConnection', (socket) => socket.resume().on('end', () => socket.end()));
  const seen: string[] = [];
  const note = (what: string) => (): void => void seen.push(`${what}: ${storage.getStore() ?? 'nowhere'}`);
  for (const method of ['write', 'end'] as const) {
    const client = storage.run('made here', () => run.connect({ port }));
    storage.run('before', () => client.write('x', note('written before the handshake')));
    client.once('secureConnect', () => {
      storage.run(`${method} here`, () => void client[method]('x', note(method)));
      if (method === 'write') setTimeout(() => client.end(), 20);
    });
    client.resume();
    await closed(client);
  }
  return seen;
});

subject.add('what a server hears of a new client and of its first data', async (run) => {
  const { server, port } = await plainServer(run);
  const seen: string[] = [];
  const done = new Promise<void>((resolve) => {
    server.on('secureConnection', (socket) => {
      schedule('secureConnection', seen);
      socket.once('data', () => {
        schedule('data', seen);
        setImmediate(resolve);
      });
    });
  });
  await helloWithFinished(run, port);
  await done;
  return seen.filter((one) => !one.endsWith('immediate'));
});

subject.add('a listener that is added after a promise hears the first data', async (run) => {
  const { server, port } = await plainServer(run);
  server.on('secureConnection', (socket) => socket.on('data', () => {}));
  const heard = (async () => {
    for await (const [socket] of on(server, 'secureConnection') as AsyncIterable<[TLSSocket]>) {
      await Promise.resolve();
      await Promise.resolve();
      const [data] = (await once(socket, 'data')) as [Buffer];
      return data.toString();
    }
    return undefined;
  })();
  await helloWithFinished(run, port);
  return heard;
});

subject.add('sessions and data that come together are awaited one after the other', async (run) => {
  const { server, port } = await plainServer(run);
  server.on('secureConnection', (socket) => socket.write('hello'));
  const client = run.connect({ port });
  await once(client, 'secureConnect');
  const data = once(client, 'data') as Promise<[Buffer]>;
  await once(client, 'session');
  await once(client, 'session');
  return (await data)[0].toString();
});

subject.add('what a client hears of its handshake and of a session of TLS 1.2', async (run) => {
  const { server, port } = await plainServer(run, { maxVersion: 'TLSv1.2' });
  server.on('secureConnection', (socket) => socket.write('hello'));
  const client = run.connect({ port });
  const seen: string[] = [];
  for (const name of ['secureConnect', 'session']) client.once(name, () => schedule(name, seen));
  await once(client, 'data');
  return seen.filter((one) => !one.endsWith('immediate'));
});

/** A tick of its own each, from a promise. */
async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
}

for (const count of [0, 1, 6]) {
  subject.add(
    `an error in the read of the Finished comes to a listener that is added ${count} ticks after a promise`,
    async (run) => {
      const { server, port } = await plainServer(run);
      const told = (async () => {
        const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
        await ticks(count);
        const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
        return error.code;
      })();
      // Between the client and the server, which gets a broken record right after the client's last flight.
      const relay = await run.serveTcp((near) => {
        const far = run.track(net.connect(port, '127.0.0.1'));
        far.on('error', () => {}).pipe(near);
        near.on('data', (bytes: Buffer) => {
          const hasFinished = bytes.includes(Buffer.from('170303', 'hex'));
          const broken = Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 0xab)]);
          far.write(hasFinished ? Buffer.concat([bytes, broken]) : bytes);
        });
      });
      run.connect({ port: relay }).on('error', () => {});
      return told;
    },
  );

  subject.add(`a session is awaited ${count} ticks after the one before it`, async (run) => {
    const { server, port } = await plainServer(run);
    server.on('secureConnection', (socket) => socket.resume());
    const client = run.connect({ port });
    await once(client, 'session');
    await ticks(count);
    const [second] = (await once(client, 'session')) as [Buffer];
    return second.length > 0;
  });
}

subject.add('the end comes after ticks of promises of the last data', async (run) => {
  const { server, port } = await plainServer(run);
  const seen: string[] = [];
  server.on('secureConnection', (socket) => {
    socket.on('data', () => {
      seen.push('data');
      void ticks(6).then(() => seen.push('its ticks'));
    });
    socket.on('end', () => {
      seen.push('end');
    });
  });
  const client = run.connect({ port });
  client.once('secureConnect', () => client.end('last'));
  client.resume();
  await closed(client);
  return seen;
});

/** A stream that is no socket, over one: gives what comes within 50 ms as one piece, and then runs `after`. */
function dam(below: net.Socket, after: (stream: Duplex, pieces: number) => void): Duplex {
  const stream = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, callback) => void below.write(chunk, callback),
    final: (callback) => void below.end(callback),
  });
  let held: Buffer[] = [];
  let pieces = 0;
  below.on('data', (bytes: Buffer) => {
    held.push(bytes);
    if (held.length > 1) return;
    setTimeout(() => {
      stream.push(Buffer.concat(held));
      held = [];
      after(stream, (pieces += 1));
    }, 50);
  });
  return stream;
}

for (const [how, leave] of [
  ['destroyed', (stream: Duplex) => stream.destroy()],
  ['ended and destroyed', (stream: Duplex) => (stream.push(null), stream.destroy())],
] as const) {
  subject.add(`data that comes with the Finished, from a stream that is ${how} at once`, async (run) => {
    const { cert, key } = run.certs.leaf;
    const seen: string[] = [];
    const over = new Promise<void>((resolve) => {
      void run
        .serveTcp((below) => {
          const stream = dam(below, (piece, pieces) => pieces === 2 && leave(piece));
          const secureContext = run.tls.createSecureContext({ cert, key });
          const socket = new run.tls.TLSSocket(stream, { isServer: true, secureContext });
          socket.on('secure', () => seen.push('secure'));
          socket.on('data', (data: Buffer) => seen.push(`data: ${data.toString()}`));
          socket.on('close', () => {
            seen.push('close');
            resolve();
          });
        })
        .then((port) => {
          const client = run.connect({ port });
          client.on('error', () => {});
          client.once('secureConnect', () => client.write('hello'));
        });
    });
    await over;
    return seen;
  });
}

subject.add('a half-open server whose given socket is destroyed after the end of the peer', async (run) => {
  const { cert, key } = run.certs.leaf;
  const server = run.tls.createServer({ cert, key, allowHalfOpen: true });
  const seen: string[] = [];
  const over = new Promise<void>((resolve) => {
    server.on('secureConnection', (socket) => {
      socket.on('data', (data: Buffer) => seen.push(`data: ${data.toString()}`));
      socket.on('close', () => {
        seen.push('close');
        resolve();
      });
      socket.on('end', () => {
        seen.push('end');
        setImmediate(() => given?.destroy());
      });
    });
  });
  let given: net.Socket | undefined;
  const port = await run.serveTcp(
    (socket) => {
      given = socket;
      server.emit('connection', socket);
    },
    { allowHalfOpen: true },
  );
  const client = run.connect({ port, allowHalfOpen: true });
  client.on('error', () => {});
  client.end('hello');
  client.resume();
  await over;
  return seen;
});

subject.add('the context of connect() reaches every event of a client and every callback', async (run) => {
  const { server, port } = await plainServer(run);
  server.on('secureConnection', (socket) => socket.pipe(socket));
  const seen: unknown[] = [];
  const look = (name: string): void => void seen.push([name, storage.getStore()]);
  const client = storage.run('caller', () => run.connect({ port }));
  for (const name of ['connect', 'secureConnect', 'end', 'close']) client.on(name, () => look(name));
  client.once('data', () => look('data'));
  await once(client, 'secureConnect');
  storage.run('writer', () => client.write('x', () => look('write callback')));
  await once(client, 'data');
  storage.run('ender', () => client.end(() => look('end callback')));
  client.resume();
  await closed(client);
  return seen.sort();
});

subject.add('a write that has to wait is called back in the context of its writer', async (run) => {
  const { server, port } = await plainServer(run);
  const seen: unknown[] = [];
  const done = new Promise<void>((resolve) => {
    server.on('secureConnection', (socket) => {
      storage.run('writer', () => socket.write(Buffer.alloc(20_000_000), () => seen.push(storage.getStore())));
      storage.run('ender', () => socket.end('x', () => resolve(void seen.push(storage.getStore()))));
      socket.resume();
    });
  });
  const client = run.connect({ port });
  client.resume();
  await done;
  return seen;
});

subject.add('the context of createServer() and listen() is not that of its connections', async (run) => {
  const seen: unknown[] = [];
  const { server, port } = await storage.run('maker', async () => plainServer(run));
  const look = (name: string): void => void seen.push([name, storage.getStore() ?? 'none']);
  server.on('secureConnection', (socket) => {
    look('secureConnection');
    // Not 'close': node:tls tells it outside of every context.
    socket.on('end', () => look('end'));
    socket.once('data', () => {
      look('data');
      socket.end('x', () => look('end callback'));
    });
  });
  const client = run.connect({ port });
  client.end('x');
  client.resume();
  await closed(client);
  await later();
  return seen.sort();
});

subject.add('a context that is entered in secureConnection lasts for the connection', async (run) => {
  const seen: unknown[] = [];
  const { server, port } = await plainServer(run);
  let count = 0;
  server.on('secureConnection', (socket) => {
    const own = `connection ${(count += 1)}`;
    storage.run(own, () => {
      socket.write('hello', () => seen.push(['write callback', storage.getStore() === own]));
      setImmediate(() => seen.push(['immediate', storage.getStore() === own]));
    });
  });
  for (let nth = 0; nth < 3; nth += 1) {
    const client = run.connect({ port });
    await once(client, 'data');
    client.destroy();
    await closed(client);
  }
  return seen.sort();
});

for (const event of ['secureConnect', 'data', 'end', 'close'] as const) {
  subject.add(`ticks, promises and immediates around ${event} of a client`, async (run) => {
    const { server, port } = await plainServer(run);
    server.on('secureConnection', (socket) => {
      socket.resume();
      socket.once('data', () => socket.end('answer'));
    });
    const seen: string[] = [];
    const client = run.connect({ port });
    client.once(event, () => schedule(event, seen));
    client.once(event, () => seen.push(`second ${event} listener`));
    client.once('secureConnect', () => client.write('x'));
    client.resume();
    await closed(client);
    await later();
    return seen;
  });
}

for (const event of ['secureConnection', 'data', 'end', 'close'] as const) {
  subject.add(`ticks, promises and immediates around ${event} of a server`, async (run) => {
    const { server, port } = await plainServer(run);
    const seen: string[] = [];
    const finished = new Promise<void>((resolve) => {
      server.on('secureConnection', (socket) => {
        if (event === 'secureConnection') schedule(event, seen);
        else socket.once(event, () => schedule(event, seen));
        socket.resume();
        socket.on('close', () => resolve());
      });
      if (event === 'secureConnection') server.on(event, () => seen.push('second listener'));
    });
    const client = run.connect({ port }, () => client.end('x'));
    client.resume();
    await finished;
    await later();
    return seen;
  });
}

subject.add('a write callback comes before what was scheduled in it', async (run) => {
  const { server, port } = await plainServer(run);
  server.on('secureConnection', (socket) => socket.resume());
  const client = run.connect({ port });
  await once(client, 'secureConnect');
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    client.write('a', () => schedule('a', seen));
    client.write('b', () => resolve(schedule('b', seen)));
    seen.push('written');
  });
  await later();
  return seen.filter((line) => !line.includes('immediate')).sort();
});

type Thrower = (server: Server, client: TLSSocket, fail: () => never) => void;

const throwers: Record<string, Thrower> = {
  secureConnection: (server, _client, fail) => server.once('secureConnection', fail),
  'data of the server': (server, _client, fail) =>
    server.once('secureConnection', (socket) => socket.once('data', fail)),
  'end of the server': (server, _client, fail) => server.once('secureConnection', (socket) => socket.once('end', fail)),
  'close of the server': (server, _client, fail) =>
    server.once('secureConnection', (socket) => socket.once('close', fail)),
  'a write callback of the server': (server, _client, fail) =>
    server.once('secureConnection', (socket) => socket.write('x', fail)),
  secureConnect: (_server, client, fail) => client.once('secureConnect', fail),
  'data of the client': (_server, client, fail) => client.once('data', fail),
  'end of the client': (_server, client, fail) => client.once('end', fail),
  'close of the client': (_server, client, fail) => client.once('close', fail),
};

for (const [name, install] of Object.entries(throwers)) {
  subject.add(`an exception in ${name} is uncaught once, and other connections go on`, async (run) => {
    const { server, port } = await plainServer(run);
    const other = run.connect({ port });
    const [otherServed] = (await once(server, 'secureConnection')) as [TLSSocket];
    otherServed.pipe(otherServed);
    server.on('secureConnection', (socket) => {
      socket.resume();
      socket.on('end', () => socket.end());
      socket.write('hello');
    });
    const uncaught = run.uncaught();
    const client = run.connect({ port });
    client.on('error', () => {});
    install(server, client, () => {
      throw new Error(name);
    });
    client.resume();
    client.end('x');
    const { message } = await uncaught;
    other.end('still here');
    return { message, other: await textOf(other) };
  });
}

subject.add('an exception in tlsClientError is uncaught, and the server goes on', async (run) => {
  const { server, port } = await plainServer(run, { minVersion: 'TLSv1.3' });
  const uncaught = run.uncaught();
  server.once('tlsClientError', () => {
    throw new Error('from the listener');
  });
  const client = run.connect({ port, maxVersion: 'TLSv1.2' });
  client.on('error', () => {});
  const { message } = await uncaught;
  server.once('secureConnection', (socket) => socket.end('still here'));
  return { message, text: await textOf(run.connect({ port })) };
});

await subject.check();
