// TLSSocket as a stream: backpressure both ways, half-close, destroy, any Duplex underneath.

import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { connect, createSecureContext, TLSSocket } from 'pqtls';
import { exchangePattern, sendPattern, PatternCheck } from '../support/pattern.js';
import { connectedPair, credentials, dial, listen } from '../support/tls-server.js';

/** Two Duplex ends of a pipe in memory, in pieces of odd sizes. */
function pipe(pieceSize: number): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const make = (other: () => Duplex): Duplex => {
    let resume: (() => void) | undefined;
    const end = new Duplex({
      allowHalfOpen: false,
      read() {
        resume?.();
        resume = undefined;
      },
      write(chunk: Buffer, _encoding, callback) {
        let wanted = true;
        for (let at = 0; at < chunk.length; at += pieceSize) wanted = other().push(chunk.subarray(at, at + pieceSize));
        if (wanted) callback();
        else (other() as unknown as { onRead: (run: () => void) => void }).onRead(callback);
      },
      final(callback) {
        other().push(null);
        callback();
      },
    });
    return Object.assign(end, { onRead: (run: () => void) => (resume = run) });
  };
  ends.push(
    make(() => ends[1] as Duplex),
    make(() => ends[0] as Duplex),
  );
  return [ends[0] as Duplex, ends[1] as Duplex];
}

async function overDuplex(pieceSize: number): Promise<{ client: TLSSocket; served: TLSSocket }> {
  const { authority, leaf } = await credentials();
  const [near, far] = pipe(pieceSize);
  const served = new TLSSocket(far, { isServer: true, secureContext: createSecureContext(leaf) });
  const client = connect({ socket: near, ca: authority.cert, servername: 'localhost' });
  await once(client, 'secureConnect');
  return { client, served };
}

/** Everything up to the end; an async iterator would destroy the stream with it. */
async function textOf(stream: Duplex): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(stream, 'end');
  return text;
}

void t.test('megabytes each way at once, in every chunk size', async (t) => {
  const bytes = 3 * 1024 * 1024 + 17;
  for (const chunkSize of [1000, 16_384, 16_385, 200_000]) {
    const { client, served } = await connectedPair(t);
    const both = await Promise.all([
      exchangePattern(client, bytes, chunkSize),
      exchangePattern(served, bytes, chunkSize),
    ]);
    t.same(both, [bytes, bytes], `chunks of ${chunkSize}`);
    t.equal(client.bytesRead, bytes);
    t.equal(client.bytesWritten, bytes);
  }
});

void t.test('over any Duplex, whatever the pieces', async (t) => {
  for (const pieceSize of [1, 7, 100_000]) {
    const { client, served } = await overDuplex(pieceSize);
    const bytes = pieceSize === 1 ? 20_000 : 1024 * 1024;
    t.same(await Promise.all([exchangePattern(client, bytes), exchangePattern(served, bytes)]), [bytes, bytes]);
    t.equal(client.getHandshakeInfo()?.postQuantum, true);
    t.equal(client.remoteAddress, undefined);
    const closed = Promise.all([once(client, 'close'), once(served, 'close')]);
    client.end();
    await closed;
  }
});

void t.test('TLS in TLS', async (t) => {
  const { authority, leaf } = await credentials();
  const outer = await connectedPair(t);
  const served = new TLSSocket(outer.served, { isServer: true, secureContext: createSecureContext(leaf) });
  const client = connect({ socket: outer.client, ca: authority.cert, servername: 'localhost' });
  await once(client, 'secureConnect');
  const bytes = 1024 * 1024;
  t.same(await Promise.all([exchangePattern(client, bytes), exchangePattern(served, bytes)]), [bytes, bytes]);
  client.destroy();
  served.destroy();
});

void t.test('a reader that stops holds the writer back, and nothing is lost', async (t) => {
  const { client, served } = await connectedPair(t);
  const total = 64 * 1024 * 1024;
  let sent = false;
  const sending = sendPattern(served, total).then(() => (sent = true));
  // Time for everything that buffers on the way to fill up.
  for (let last = -1; last !== served.bytesWritten;) {
    last = served.bytesWritten;
    await sleep(100);
  }
  t.equal(sent, false, 'the writer waits');
  t.ok(served.bytesWritten < total / 2, `${served.bytesWritten} bytes are on their way`);
  t.ok(client.readableLength <= 1024 * 1024, `${client.readableLength} bytes are decrypted`);
  const check = new PatternCheck();
  client.on('data', (chunk: Buffer) => check.accept(chunk));
  await sending;
  while (check.received < total) await turn();
  t.equal(check.received, total);
});

void t.test('half-close: the other direction stays open', async (t) => {
  const { client, served } = await connectedPair(t, { allowHalfOpen: true }, { allowHalfOpen: true });
  client.end('request');
  t.equal(await textOf(served), 'request');
  t.equal(served.writable, true);
  served.end('response');
  t.equal(await textOf(client), 'response');
});

void t.test('without allowHalfOpen an end is answered with an end', async (t) => {
  const { client, served } = await connectedPair(t);
  served.resume();
  client.resume();
  const closed = Promise.all([once(client, 'close'), once(served, 'close')]);
  client.end();
  t.same(await closed, [[false], [false]]);
});

void t.test('what is written before the handshake is done is sent after it', async (t) => {
  const { port } = await listen(t, {}, (socket) => socket.pipe(socket));
  const client = await dial(t, port);
  client.write('early, ');
  client.end('and ended');
  let echoed = '';
  for await (const chunk of client) echoed += String(chunk);
  t.equal(echoed, 'early, and ended');
});

void t.test('small writes of one tick share a record', async (t) => {
  const { client, served } = await connectedPair(t);
  const before = client.getHandshakeInfo()?.bytesWritten ?? 0;
  client.cork();
  for (let index = 0; index < 64; index++) client.write(Buffer.alloc(10, index));
  client.uncork();
  let received = 0;
  served.on('data', (chunk: Buffer) => (received += chunk.length));
  while (received < 640) await turn();
  // Header, content type and tag: 22 bytes a record. RFC 9846, Section 5.2.
  t.equal((client.getHandshakeInfo()?.bytesWritten ?? 0) - before, 640 + 22);
});

void t.test('destroy ends both sides and calls pending writes back', async (t) => {
  const { port } = await listen(t);
  const client = await dial(t, port);
  const written = new Promise<Error | null | undefined>((resolve) => {
    client.write('never sent', resolve);
  });
  client.destroy();
  t.equal(client.destroyed, true);
  const close = once(client, 'close');
  // As node:net says of a socket that was still connecting.
  t.match(await written, { code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION' });
  await close;

  const pair = await connectedPair(t);
  const reset = once(pair.served, 'close');
  pair.served.on('error', () => {});
  pair.client.destroy(new Error('enough'));
  t.match(await once(pair.client, 'error'), [{ message: 'enough' }]);
  await reset;
});

void t.test('addresses and options reach the socket underneath', async (t) => {
  const { client, served } = await connectedPair(t);
  t.equal(client.remoteAddress, '127.0.0.1');
  t.equal(client.remotePort, served.localPort);
  t.equal(client.localPort, served.remotePort);
  t.equal(client.remoteFamily, 'IPv4');
  t.same(client.address(), { address: '127.0.0.1', family: 'IPv4', port: client.localPort });
  t.equal(client.setNoDelay(true), client);
  t.equal(client.setKeepAlive(true, 1000), client);
  t.equal(client.unref(), client);
  t.equal(client.ref(), client);
});

void t.test('an idle socket times out', async (t) => {
  const { client } = await connectedPair(t);
  client.setTimeout(50);
  await once(client, 'timeout');
  t.equal(client.destroyed, false);
});

void t.test('an AbortSignal destroys the socket', async (t) => {
  const controller = new AbortController();
  const { port } = await listen(t);
  const client = await dial(t, port, { signal: controller.signal });
  controller.abort();
  t.match(await once(client, 'error'), [{ name: 'AbortError' }]);
});

void t.test('a transport that does not give bytes is refused', async (t) => {
  const { leaf } = await credentials();
  const [near, far] = pipe(1000);
  far.setEncoding('latin1');
  const served = new TLSSocket(far, { isServer: true, secureContext: createSecureContext(leaf) });
  near.write('text');
  t.match(await once(served, 'error'), [{ code: 'ERR_INVALID_ARG_TYPE' }]);
});
