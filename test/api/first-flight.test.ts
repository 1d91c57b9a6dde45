// The first flight: what is said when nobody answers it, and the one classical retry.

import { once } from 'node:events';
import * as net from 'node:net';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import t from 'tap';
import { connect, createSecureContext, handshakeChannels, metrics, type HandshakeTrace } from 'pqtls';
import { middlebox, type Drop } from '../support/middlebox.js';
import { credentials, dial, errorOf, listen } from '../support/tls-server.js';
import { engineUnderTest } from '../support/engine-under-test.js';

// The TypeScript engine's fits one, barely.
const segments = engineUnderTest === 'typescript' ? 1 : 2;
const hint = { code: 'ERR_PQTLS_LARGE_CLIENTHELLO_DROPPED', segments };
const drops: [Drop, string, object][] = [
  ['reset', 'ECONNRESET', {}],
  ['close', 'ECONNRESET', {}],
  ['silence', 'ERR_TLS_HANDSHAKE_TIMEOUT', { handshakeTimeout: 300 }],
];

for (const [drop, code, options] of drops) {
  void t.test(`a large ClientHello that is not answered: ${drop}`, async (t) => {
    const { port } = await listen(t, {}, (socket) => socket.on('error', () => {}).pipe(socket));
    const box = await middlebox(t, port, drop);
    const client = await dial(t, box.port, options);
    const error = (await errorOf(client)) as Error & { hint?: { clientHelloLength: number; message: string } };
    t.match(error, { code, hint }, "node:tls's code, and the hint beside it");
    t.ok((error.hint?.clientHelloLength ?? 0) > 1200);
    t.match(error.hint?.message, new RegExp(`${error.hint?.clientHelloLength} bytes`));
    t.notMatch(error.message, /ClientHello/, 'the message is as it was');

    const small = await dial(t, box.port, { ...options, postQuantum: 'off' });
    await once(small, 'secureConnect');
    t.match(small.getHandshakeInfo(), { retriedClassical: false });

    const before = metrics().classicalRetries;
    const traces: [string, HandshakeTrace][] = [];
    let reason: Error | undefined;
    const listeners = Object.values(handshakeChannels).map((channel) => {
      const listener = (trace: unknown): void => {
        if ((trace as HandshakeTrace).side === 'client') traces.push([channel, trace as HandshakeTrace]);
        if (channel === handshakeChannels.retry) reason = (trace as HandshakeTrace).error;
      };
      subscribe(channel, listener);
      return () => unsubscribe(channel, listener);
    });
    const events: string[] = [];
    const retried = await dial(t, box.port, { ...options, retryClassical: true });
    for (const event of ['connect', 'ready', 'secureConnect', 'error', 'close']) {
      retried.on(event, () => events.push(event));
    }
    retried.write('early');
    const [echo] = (await once(retried, 'data')) as [Buffer];
    t.equal(echo.toString(), 'early', 'what was written before is not lost');
    t.same(events, ['connect', 'ready', 'secureConnect']);
    t.match(retried.getHandshakeInfo(), { retriedClassical: true, postQuantum: false, group: { name: 'X25519' } });
    t.equal(metrics().classicalRetries, before + 1);
    t.same(
      traces.map(([channel]) => channel),
      [handshakeChannels.start, handshakeChannels.retry, handshakeChannels.end],
    );
    t.match(reason, { hint });
    t.match(traces.at(-1)?.[1].info, { retriedClassical: true });
    t.equal(traces.at(-1)?.[1].error, undefined, 'what ended well has no error');
    for (const stop of listeners) stop();
    t.equal(box.seen.length, 4);
  });
}

void t.test('one retry and no more', async (t) => {
  const { port } = await listen(t);
  const box = await middlebox(t, port, 'reset', 10);
  const client = await dial(t, box.port, { retryClassical: true });
  const error = await errorOf(client);
  t.match(error, { code: 'ECONNRESET' });
  t.notOk('hint' in error, 'the classical ClientHello is small');
  t.equal(box.seen.length, 2);
});

void t.test('no retry after a server byte, nor for another reason', async (t) => {
  const seen: number[] = [];
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (hello) => {
      seen.push(hello.length);
      // Half of a record.
      socket.end(Buffer.from('16030300', 'hex'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const answered = await dial(t, port, { retryClassical: true });
  t.notOk('hint' in (await errorOf(answered)));
  t.equal(seen.length, 1);

  const closed = net.createServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port: gone } = closed.address() as net.AddressInfo;
  closed.close();
  await once(closed, 'close');
  const refused = await dial(t, gone, { retryClassical: true });
  const error = await errorOf(refused);
  t.match(error, { code: 'ECONNREFUSED' });
  t.notOk('hint' in error);
});

for (const [when, soon] of [
  ['at once', (destroy: () => void): unknown => destroy()],
  ['a turn later', (destroy: () => void): unknown => setImmediate(destroy)],
] as const) {
  void t.test(`destroyed between the two attempts, ${when}`, async (t) => {
    const { port } = await listen(t);
    const box = await middlebox(t, port, 'reset');
    const client = await dial(t, box.port, { retryClassical: true });
    const { classicalRetries } = metrics();
    const onRetry = (trace: unknown): void => {
      const { socket } = trace as HandshakeTrace;
      soon(() => socket.destroy());
    };
    subscribe(handshakeChannels.retry, onRetry);
    client.on('error', (error) => t.fail(error.message));
    await once(client, 'close');
    unsubscribe(handshakeChannels.retry, onRetry);
    t.ok(client.destroyed);
    if (when === 'at once') t.equal(metrics().classicalRetries, classicalRetries, 'nothing was dialled');
  });
}

void t.test('a lookup that throws on the second attempt', async (t) => {
  const { port } = await listen(t);
  const box = await middlebox(t, port, 'reset');
  let calls = 0;
  const lookup: net.LookupFunction = (_host, { all }, callback) => {
    calls += 1;
    if (calls > 1) throw new Error('no resolver');
    if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  };
  const client = await dial(t, box.port, { host: 'localhost', retryClassical: true, lookup });
  t.equal((await errorOf(client)).message, 'no resolver');
  t.equal(calls, 2);
});

void t.test('what contradicts a retry is refused at once', async (t) => {
  const { leaf } = await credentials();
  const notPostQuantum = { code: 'ERR_PQTLS_NOT_POST_QUANTUM', phase: 'config' };
  const socket = new net.Socket();
  t.throws(() => connect({ port: 1, retryClassical: true, postQuantum: 'require' }), notPostQuantum);
  t.throws(() => connect({ port: 1, retryClassical: true, policy: 'strict' }), notPostQuantum);
  const secureContext = createSecureContext({ ...leaf, postQuantum: 'require' });
  t.throws(() => connect({ port: 1, retryClassical: true, secureContext }), notPostQuantum);
  t.throws(() => connect({ port: 1, retryClassical: true, groups: 'X25519MLKEM768' }), { code: 'ERR_PQTLS_CONFIG' });
  t.throws(() => connect({ socket, retryClassical: true }), { code: 'ERR_INVALID_ARG_VALUE' });
  t.throws(() => connect({ port: 1, retryClassical: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  process.env['PQTLS_POST_QUANTUM'] = 'require';
  t.throws(() => connect({ port: 1, retryClassical: true }), notPostQuantum);
  delete process.env['PQTLS_POST_QUANTUM'];
});
