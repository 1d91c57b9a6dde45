// What is published of handshakes on diagnostics_channel.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { handshakeChannels, metrics, type HandshakeTrace } from 'pqtls';
import { Authority } from '#src/cli/demo-authority.js';
import { connectedPair, dial, errorOf, listen } from '../support/tls-server.js';
import { engineUnderTest } from '../support/engine-under-test.js';

interface Published {
  readonly name: string;
  readonly trace: HandshakeTrace;
}

function record(t: Test): Published[] {
  const published: Published[] = [];
  for (const [name, channel] of Object.entries(handshakeChannels)) {
    const listener = (trace: unknown): void => void published.push({ name, trace: trace as HandshakeTrace });
    subscribe(channel, listener);
    t.teardown(() => unsubscribe(channel, listener));
  }
  return published;
}

function of(published: readonly Published[], side: string): Published[] {
  return published.filter(({ trace }) => trace.side === side);
}

void t.test('the names', (t) => {
  t.same(handshakeChannels, {
    start: 'pqtls:handshake:start',
    end: 'pqtls:handshake:end',
    error: 'pqtls:handshake:error',
    retry: 'pqtls:handshake:retry',
  });
  t.end();
});

void t.test('start and end on both sides, with one object', async (t) => {
  const published = record(t);
  const { client, served } = await connectedPair(t);
  for (const [side, socket] of [
    ['client', client],
    ['server', served],
  ] as const) {
    const [start, end, ...more] = of(published, side);
    t.same([start?.name, end?.name], ['start', 'end']);
    t.equal(start?.trace, end?.trace);
    t.equal(end?.trace.socket, socket);
    t.match(end?.trace.info, { postQuantum: true, group: { name: 'X25519MLKEM768' }, engine: engineUnderTest });
    t.equal(more.length, 0);
  }
  t.match(of(published, 'client')[0]?.trace, { servername: 'localhost', host: '127.0.0.1' });
  client.destroy();
  await once(served, 'close');
  t.equal(published.length, 4, 'nothing after the end');
});

void t.test('start and error on both sides', async (t) => {
  const { server, port } = await listen(t);
  const published = record(t);
  const failed = errorOf(server, 'tlsClientError');
  const client = await dial(t, port, { ca: (await Authority.create()).cert });
  const error = await errorOf(client);
  const refused = await failed;
  for (const [side, expected] of [
    ['client', error],
    ['server', refused],
  ] as const) {
    const [start, end, ...more] = of(published, side);
    t.same([start?.name, end?.name], ['start', 'error']);
    t.equal(end?.trace.error, expected);
    t.equal(end?.trace.info, undefined);
    t.equal(more.length, 0);
  }
});

void t.test('a holder of a key whom checkServerIdentity refuses', async (t) => {
  const psk = Buffer.alloc(16, 7);
  const { port } = await listen(t, { pskCallback: () => psk, ciphers: 'PSK', maxVersion: 'TLSv1.2' }, (socket) =>
    socket.on('error', () => {}),
  );
  const published = record(t);
  const { failures } = metrics();
  const client = await dial(t, port, {
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
    pskCallback: () => ({ psk, identity: 'me' }),
    checkServerIdentity: () => Object.assign(new Error('not that one'), { code: 'NOT_THAT_ONE' }),
  });
  const error = await errorOf(client);
  const [start, end, ...more] = of(published, 'client');
  t.same([start?.name, end?.name, more], ['start', 'error', []]);
  t.equal(end?.trace.error, error);
  const counted = metrics().failures.filter(({ code }) => code === 'NOT_THAT_ONE');
  t.match(counted, [{ side: 'client', phase: 'handshake', count: 1 }]);
  t.equal(failures.length + 1, metrics().failures.length);
});

void t.test('a socket that is destroyed in its handshake ends with error, without one', async (t) => {
  const { port } = await listen(t);
  const published = record(t);
  const client = await dial(t, port);
  await once(client, 'connect');
  client.destroy();
  await once(client, 'close');
  const [start, end] = of(published, 'client');
  t.same([start?.name, end?.name, end?.trace.error], ['start', 'error', undefined]);
});

void t.test('nothing is published of what never was a handshake', async (t) => {
  const { server, port } = await listen(t);
  server.close();
  await once(server, 'close');
  const published = record(t);
  const client = await dial(t, port);
  t.match(await errorOf(client), { code: 'ECONNREFUSED' });
  t.same(published, []);
  server.listen(0);
  await once(server, 'listening');
});
