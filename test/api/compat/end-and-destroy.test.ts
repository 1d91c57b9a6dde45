// How connections end: end(), destroy(), half-open, truncated, during the handshake, and what server.close() waits for.

import { once } from 'node:events';
import * as net from 'node:net';
import { Subject } from '../../support/behaviours.js';
import { attempt, closed, errorEvent, errorView, lifeOfSocket, record, textOf } from '../../support/observations.js';

const subject = new Subject('end-and-destroy');

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const who of ['client', 'served'] as const) {
    const other = who === 'client' ? 'served' : 'client';
    subject.add(`end() of the ${who}, ${version}`, async (run) => {
      const pair = await run.pair({ maxVersion: version });
      const mine = record(pair[who], lifeOfSocket);
      const theirs = record(pair[other], lifeOfSocket);
      pair.client.resume();
      pair.served.resume();
      pair[who].end();
      await closed(pair.client, pair.served);
      return { mine, theirs };
    });

    subject.add(`end() of the ${who} with data both ways, ${version}`, async (run) => {
      const pair = await run.pair({ maxVersion: version });
      pair[other].on('end', () => theirs.push('ended'));
      const mine = record(pair[who], ['end', 'finish', 'close']);
      const theirs = record(pair[other], ['finish', 'close']);
      const texts = Promise.all([textOf(pair.client), textOf(pair.served)]);
      pair[other].write('from the other');
      await once(pair[who], 'data');
      pair[who].end('last words');
      const got = await texts;
      await closed(pair.client, pair.served);
      return { got, mine, theirs };
    });

    subject.add(`destroy() of the ${who}, ${version}`, async (run) => {
      const pair = await run.pair({ maxVersion: version });
      const mine = record(pair[who], lifeOfSocket);
      const theirs = record(pair[other], lifeOfSocket);
      pair.client.resume();
      pair.served.resume();
      pair[who].destroy();
      await closed(pair.client, pair.served);
      return { mine, theirs };
    });

    subject.add(`destroy(error) of the ${who}, ${version}`, async (run) => {
      const pair = await run.pair({ maxVersion: version });
      const mine = record(pair[who], lifeOfSocket);
      const theirs = record(pair[other], lifeOfSocket);
      pair[other].resume();
      pair[who].destroy(new Error('ours'));
      await closed(pair.client, pair.served);
      return { mine, theirs };
    });

    subject.add(`destroySoon() of the ${who}, ${version}`, async (run) => {
      const pair = await run.pair({ maxVersion: version });
      const mine = record(pair[who], lifeOfSocket);
      pair[other].resume();
      pair[who].write('last');
      pair[who].destroySoon();
      await closed(pair.client, pair.served);
      return mine;
    });
  }
}

subject.add('end() with allowHalfOpen on the server', async (run) => {
  const { port, server } = await run.serve({ allowHalfOpen: true });
  const client = run.connect({ port });
  const [served] = (await once(server, 'secureConnection')) as [net.Socket];
  const events = record(served, ['end', 'finish', 'close']);
  served.resume();
  client.end('x');
  client.resume();
  await once(served, 'end');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const between = { events: [...events], writable: served.writable, allowHalfOpen: served.allowHalfOpen };
  served.end('y');
  await closed(client, served);
  return { between, events };
});

subject.add('end() with allowHalfOpen on the client', async (run) => {
  const { client, served } = await run.pair({}, { allowHalfOpen: true });
  const events = record(client, ['end', 'finish', 'close']);
  client.resume();
  served.end('x');
  await once(client, 'end');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const between = { events: [...events], writable: client.writable, allowHalfOpen: client.allowHalfOpen };
  client.end();
  served.resume();
  await closed(client, served);
  return { between, events };
});

subject.add('without allowHalfOpen the end is answered', async (run) => {
  const { client, served } = await run.pair();
  const events = record(client, ['end', 'finish', 'close']);
  client.resume();
  served.resume();
  served.end();
  await closed(client, served);
  return { events, allowHalfOpen: [client.allowHalfOpen, served.allowHalfOpen] };
});

subject.add('end() before the handshake is done still delivers', async (run) => {
  const { server, port } = await run.serve();
  const accepted = once(server, 'secureConnection');
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  client.resume();
  client.end('early');
  const [served] = (await accepted) as [net.Socket];
  const text = await textOf(served);
  await closed(client);
  return { text, events };
});

subject.add(
  'end() without data before the handshake is done',
  async (run) => {
    const { port } = await run.serve();
    const client = run.connect({ port });
    const events = record(client, lifeOfSocket);
    client.resume();
    client.end();
    await closed(client);
    return events;
  },
  {
    differs: {
      reason: 'the end is finished once close_notify is out, which is after the handshake',
      pqtls: ['connect', 'ready', 'secureConnect', 'finish', 'end', 'close false'],
    },
  },
);

subject.add('destroy() at once', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  const returned = client.destroy() === client;
  await closed(client);
  return { events, returned };
});

subject.add('destroy(error) at once', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  client.destroy(new Error('at once'));
  await closed(client);
  return events;
});

for (const event of ['connect', 'ready', 'secure', 'secureConnect', 'session', 'keylog'] as const) {
  subject.add(`destroy() in ${event}`, async (run) => {
    const { port } = await run.serve();
    const client = run.connect({ port });
    client.once(event, () => client.destroy());
    const events = record(client, lifeOfSocket);
    await closed(client);
    return events;
  });
}

subject.add('destroy() in secureConnection', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.destroy());
  const client = run.connect({ port });
  const events = record(client, ['secureConnect', 'error', 'end', 'close']);
  client.resume();
  await closed(client);
  return events;
});

subject.add(
  'destroy() in checkServerIdentity',
  async (run) => {
    const { port } = await run.serve();
    const client = run.connect({ port, checkServerIdentity: () => void client.destroy() });
    const events = record(client, ['secureConnect', 'error', 'end', 'close']);
    await closed(client);
    return events;
  },
  { differs: { reason: 'a socket that was destroyed is not told of as secure', pqtls: ['close false'] } },
);

subject.add('destroy() in a data listener', async (run) => {
  const { client, served } = await run.pair();
  const events = record(client, ['data', 'error', 'end', 'close']);
  client.once('data', () => client.destroy());
  served.write('a');
  await closed(client);
  return events;
});

subject.add('destroy() twice, then write', async (run) => {
  const { client } = await run.pair();
  client.on('error', () => {});
  client.destroy();
  client.destroy();
  const written = new Promise((resolve) => client.write('x', (error) => resolve(errorView(error))));
  await closed(client);
  return written;
});

subject.add('write after end', async (run) => {
  const { client } = await run.pair();
  client.end();
  const error = errorEvent(client);
  const callback = new Promise((resolve) => client.write('x', (error) => resolve(errorView(error))));
  return { event: await error, callback: await callback };
});

subject.add('end() twice', async (run) => {
  const { client } = await run.pair();
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    client.end(() => seen.push('first'));
    client.end((error?: Error) => {
      seen.push((error as { code?: string } | undefined)?.code);
      resolve();
    });
  });
  return seen;
});

subject.add('the callback of end()', async (run) => {
  const { client, served } = await run.pair();
  served.resume();
  client.resume();
  return new Promise((resolve) => client.end('x', 'utf8', () => resolve({ finished: client.writableFinished })));
});

subject.add('a truncated connection: TCP ends without close_notify', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.write('hello'));
  let cut = (): void => {};
  const relay = await run.serveTcp((near) => {
    const far = run.track(net.connect(port, '127.0.0.1'));
    far.on('error', () => {});
    far.pipe(near, { end: false });
    near.pipe(far);
    run.cleanup(() => void far.destroy());
    cut = () => void near.end();
  });
  const client = run.connect({ port: relay });
  client.once('data', () => cut());
  const events = record(client, ['data', 'end', 'error', 'close']);
  await closed(client);
  return events;
});

subject.add('the peer destroys while much is unread', async (run) => {
  const { client, served } = await run.pair();
  served.on('error', () => {});
  served.write(Buffer.alloc(200_000), () => served.end());
  let received = 0;
  client.on('data', (chunk: Buffer) => (received += chunk.length));
  await closed(client);
  return received;
});

subject.add('server.close() waits for the open connections', async (run) => {
  const { server, client, served } = await run.pair();
  const events: string[] = [];
  server.close(() => events.push('closed'));
  client.on('close', () => events.push('client'));
  await new Promise((resolve) => setTimeout(resolve, 30));
  const before = [...events];
  served.resume();
  client.resume();
  client.end();
  await once(server, 'close');
  return { before, listening: server.listening, last: events.at(-1) };
});

subject.add('server.close() twice', async (run) => {
  const { server } = await run.serve();
  const first = new Promise((resolve) => server.close((error) => resolve(errorView(error ?? 'no error'))));
  const second = new Promise((resolve) => server.close((error) => resolve(errorView(error ?? 'no error'))));
  return [await first, await second];
});

subject.add('server.close() before listen()', async (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  return new Promise((resolve) => server.close((error) => resolve(errorView(error ?? 'no error'))));
});

subject.add('connections are counted', async (run) => {
  const { server, client, served } = await run.pair();
  const count = async (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, n) => (error ? reject(error) : resolve(n))));
  const open = await count();
  client.destroy();
  served.resume();
  await closed(client, served);
  return { open, after: await count(), property: (server as unknown as { connections?: unknown }).connections };
});

subject.add('the states of a socket that ends', async (run) => {
  const { client, served } = await run.pair();
  const seen: unknown[] = [];
  const look = (): void => void seen.push([client.readyState, client.writableEnded, client.destroyed, client.writable]);
  look();
  client.end();
  look();
  served.resume();
  client.resume();
  await closed(client);
  look();
  return seen;
});

subject.add('address() after destroy', async (run) => {
  const { client } = await run.pair();
  client.destroy();
  return attempt(() => client.address());
});

subject.add('Symbol.asyncDispose of a server', async (run) => {
  const { server } = await run.serve();
  const dispose = (server as unknown as Record<symbol, () => Promise<void>>)[
    (Symbol as unknown as { asyncDispose: symbol }).asyncDispose
  ];
  if (dispose === undefined) return 'none';
  await dispose.call(server);
  return server.listening;
});

await subject.check();
