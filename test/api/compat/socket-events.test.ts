// The order of what both ends of a connection emit, and how they are streams: pause, encodings, pipes, half-open, timeouts.

import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { Subject, type Run } from '../../support/behaviours.js';
import { attempt, closed, errorEvent, lifeOfSocket, next, record, textOf } from '../../support/observations.js';

const subject = new Subject('socket-events');

const everything = [...lifeOfSocket, 'secure', 'session', 'keylog', 'drain', 'pause', 'resume', 'readable'];

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  subject.add(`a client from connect to close, ${version}`, async (run) => {
    const { port } = await run.serve({ maxVersion: version }, (socket) => {
      socket.on('data', () => socket.end('bye'));
    });
    const client = run.connect({ port });
    const events = record(client, [...lifeOfSocket, 'secure', 'session', 'data']);
    client.once('secureConnect', () => client.write('x'));
    await closed(client);
    return events;
  });

  subject.add(`a server from connection to close, ${version}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion: version });
    const events = record(server, [
      'connection',
      'secureConnection',
      'session',
      'newSession',
      'keylog',
      'tlsClientError',
    ]);
    const client = run.connect({ port });
    const [served] = (await next(server, 'secureConnection')) as [TLSSocket];
    record(served, [...lifeOfSocket, 'data', 'secure'], events);
    client.end('x');
    client.resume();
    served.on('data', () => {});
    await closed(client, served);
    return events.filter((event) => event !== 'keylog');
  });

  subject.add(`the client's write in secureConnect arrives, ${version}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion: version });
    const client = run.connect({ port }, () => client.end('first'));
    const [served] = (await next(server, 'secureConnection')) as [TLSSocket];
    return textOf(served);
  });

  subject.add(`the server speaks first, ${version}`, async (run) => {
    const { port } = await run.serve({ maxVersion: version }, (socket) => socket.end('welcome'));
    const client = run.connect({ port });
    const events = record(client, ['secureConnect', 'data', 'end', 'close']);
    const text = await textOf(client);
    await closed(client);
    return { text, events };
  });
}

subject.add('secureConnection comes after the properties are there', async (run) => {
  const { server, port } = await run.serve({ ALPNProtocols: ['a'] });
  run.connect({ port, ALPNProtocols: ['a'] });
  const [served] = (await next(server, 'secureConnection')) as [TLSSocket];
  const { alpnProtocol, authorized, authorizationError } = served;
  return {
    alpnProtocol,
    authorized,
    authorizationError,
    servername: (served as { servername?: unknown }).servername,
    protocol: served.getProtocol(),
  };
});

subject.add('secure is emitted at both ends, before secureConnect', async (run) => {
  const { server, port } = await run.serve();
  const client = run.connect({ port });
  const events = record(client, ['secure', 'secureConnect']);
  const accepted = next(server, 'secureConnection');
  await once(client, 'secureConnect');
  await accepted;
  return events;
});

subject.add('a paused socket delivers nothing until it is resumed', async (run) => {
  const { client, served } = await run.pair();
  client.pause();
  const seen: string[] = [];
  client.on('data', (chunk) => seen.push(String(chunk)));
  served.write('held');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const while_ = seen.length;
  client.resume();
  if (seen.length === 0) await once(client, 'data');
  return { while_, seen, paused: client.isPaused() };
});

subject.add('setEncoding', async (run) => {
  const { client, served } = await run.pair();
  client.setEncoding('utf8');
  const euro = Buffer.from('a€b');
  served.write(euro.subarray(0, 2));
  setTimeout(() => served.end(euro.subarray(2)), 20);
  const chunks: unknown[] = [];
  for await (const chunk of client) chunks.push(chunk);
  return { text: chunks.join(''), types: [...new Set(chunks.map((chunk) => typeof chunk))] };
});

subject.add('setEncoding of hex', async (run) => {
  const { client, served } = await run.pair();
  client.setEncoding('hex');
  served.end('hello');
  return textOf(client);
});

subject.add('read() and readable', async (run) => {
  const { client, served } = await run.pair();
  served.end('abcdef');
  let text = '';
  client.on('readable', () => {
    for (let chunk: unknown = client.read(2); chunk !== null; chunk = client.read(2))
      text += `[${(chunk as Buffer).toString()}]`;
  });
  await once(client, 'end');
  return text;
});

subject.add('an async iterator ends the socket', async (run) => {
  const { client, served } = await run.pair();
  served.write('a');
  for await (const chunk of client) {
    void chunk;
    break;
  }
  return { destroyed: client.destroyed };
});

subject.add('a pipeline through the server and back', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.pipe(socket));
  const client = run.connect({ port });
  const parts = ['one ', 'two ', 'three'];
  let text = '';
  await pipeline(parts, client, async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) text += chunk.toString();
  });
  return text;
});

subject.add('timeout of an idle connection, and none of a busy one', async (run) => {
  const { client, served } = await run.pair();
  const events = record(served, ['timeout']);
  served.setTimeout(120);
  served.resume();
  for (let round = 0; round < 10; round++) {
    client.write('x');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const busy = events.length;
  await once(served, 'timeout');
  return { busy, idle: events.length };
});

subject.add('listeners of a fresh client', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const names = ['data', 'end', 'error', 'close', 'secureConnect', 'session', 'keylog', 'timeout', 'connect'];
  const counts = Object.fromEntries(names.map((name) => [name, client.listenerCount(name)]));
  await once(client, 'secureConnect');
  return {
    data: counts['data'],
    secureConnect: counts['secureConnect'],
    session: counts['session'],
    timeout: counts['timeout'],
  };
});

subject.add('an exception in a secureConnect listener is uncaught and breaks nothing', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('after'));
  const uncaught = run.uncaught();
  const client = run.connect({ port }, () => {
    throw new Error('from the listener');
  });
  const { message } = await uncaught;
  return { message, text: await textOf(client) };
});

subject.add('an exception in a data listener is uncaught and breaks nothing', async (run) => {
  const { client, served } = await run.pair();
  const uncaught = run.uncaught();
  client.once('data', () => {
    throw new Error('from the listener');
  });
  served.write('a');
  const { message } = await uncaught;
  const text = textOf(client);
  served.end('b');
  return { message, text: await text };
});

subject.add('AsyncLocalStorage of the caller reaches the events', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('x'));
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const client = storage.run('caller', () =>
    run.connect({ port }, () => seen.push(['secureConnect', storage.getStore()])),
  );
  client.on('data', () => seen.push(['data', storage.getStore()]));
  client.on('end', () => seen.push(['end', storage.getStore()]));
  await closed(client);
  return seen;
});

subject.add(
  'captureRejections of a server',
  async (run) => {
    EventEmitter.captureRejections = true;
    run.cleanup(() => void (EventEmitter.captureRejections = false));
    const server = run.tls.createServer(run.certs.leaf);
    const port = await run.listen(server);
    server.on('secureConnection', async (socket) => {
      run.track(socket);
      throw new Error('rejected');
    });
    server.on('error', () => {});
    const client = run.connect({ port });
    const events = record(client, ['secureConnect', 'error', 'close']);
    client.resume();
    await closed(client);
    return events.filter((event) => !event.startsWith('error'));
  },
  { since: '20.20' },
);

subject.add('two clients at once keep apart', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.pipe(socket));
  const texts = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name) => {
      const client = run.connect({ port });
      client.end(name.repeat(1000));
      return (await textOf(client)) === name.repeat(1000);
    }),
  );
  return texts;
});

subject.add('close after error carries true', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.end('nonsense, nonsense')));
  const client = run.connect({ port });
  const events = record(client, ['error', 'close']);
  await closed(client);
  return events;
});

subject.add('onread gives the program’s own buffer', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('into a buffer'));
  const buffer = Buffer.alloc(64);
  const seen: unknown[] = [];
  const client = run.connect({
    port,
    onread: {
      buffer,
      callback(length: number, given: Buffer) {
        seen.push(given === buffer ? 'same' : 'other', given.toString('latin1', 0, length));
        return true;
      },
    },
  });
  client.on('data', () => seen.push('data'));
  await closed(client);
  return seen;
});

subject.add('highWaterMark of both ends', async (run) => {
  const { client, served } = await run.pair({ highWaterMark: 1000 }, { highWaterMark: 2000 });
  return [
    client.readableHighWaterMark,
    client.writableHighWaterMark,
    served.readableHighWaterMark,
    served.writableHighWaterMark,
  ];
});

subject.add('pauseOnConnect', async (run) => {
  const { server, port } = await run.serve({ pauseOnConnect: true });
  const client = run.connect({ port });
  client.on('error', () => {});
  const outcome = await Promise.race([
    next(server, 'secureConnection').then(([socket]) => ({ paused: (socket as Socket).isPaused() })),
    new Promise((resolve) => setTimeout(() => resolve('no secureConnection'), 200)),
  ]);
  return outcome;
});

/** Whether inspect() shows the class, a line of the server's key, and the session. */
async function inspected(run: Run, end: 'client' | 'served'): Promise<unknown> {
  const pair = await run.pair();
  const [, line = 'no key'] = run.certs.leaf.key.toString().split('\n');
  const session = pair.client.getSession()?.toString('hex').slice(0, 32) ?? 'no session';
  const shown = inspect(pair[end], { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null });
  // Whether it refers to itself (`<ref *1>`) is a matter of node:tls's handles.
  const isClass = /^(<ref \*\d+> )?TLSSocket \{/.test(shown);
  return { class: isClass, key: shown.includes(line), session: shown.includes(session) };
}

subject.add('inspect() shows no secret, client', async (run) => inspected(run, 'client'));
subject.add('inspect() shows no secret, served', async (run) => inspected(run, 'served'), {
  differs: {
    reason: 'the server of node:tls keeps its key where inspect() shows it',
    pqtls: { class: true, key: false, session: false },
  },
});

subject.add('the events of a connection that both ends end at once', async (run) => {
  const { client, served } = await run.pair();
  const events = record(client, ['end', 'finish', 'error', 'close']);
  const others = record(served, ['end', 'finish', 'error', 'close']);
  client.resume();
  served.resume();
  client.end();
  served.end();
  await closed(client, served);
  return { events: events.sort(), others: others.sort() };
});

subject.add('everything that a quiet connection emits', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end());
  const client = run.connect({ port });
  const events = record(
    client,
    everything.filter((name) => name !== 'readable'),
  );
  client.resume();
  await closed(client);
  // Whether the tickets come before the end is a matter of timing.
  return [...new Set(events)].filter((event) => event !== 'session').sort();
});

subject.add('enableTrace() before and after', async (run) => {
  const { client } = await run.pair();
  return [typeof client.enableTrace, attempt(() => client.disableRenegotiation())];
});

subject.add(
  'disableRenegotiation(), then renegotiate()',
  async (run) => {
    const { client } = await run.pair({ maxVersion: 'TLSv1.2' });
    client.disableRenegotiation();
    const error = errorEvent(client);
    const returned = client.renegotiate({}, () => {});
    return {
      returned,
      error: await Promise.race([error, new Promise((resolve) => setTimeout(() => resolve('none'), 100))]),
    };
  },
  { differs: { reason: 'AWS-LC starts no renegotiation', pqtls: { returned: false, error: 'none' } } },
);

subject.add('renegotiate() in TLS 1.3', async (run) => {
  const { client } = await run.pair();
  client.on('error', () => {});
  const called = new Promise((resolve) => {
    const returned = client.renegotiate({}, (error) =>
      resolve({ code: (error as { code?: string } | null)?.code, returned }),
    );
    if (returned === undefined) setTimeout(() => resolve('no callback'), 200);
  });
  return called;
});

await subject.check();
