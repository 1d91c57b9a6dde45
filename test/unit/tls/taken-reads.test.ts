// takeReads: past the stream of a net.Socket while nobody else would be told, and through it otherwise.

import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import * as net from 'node:net';
import t, { type Test } from 'tap';
import { takeReads } from '#src/tls/taken-reads.js';

class Reader {
  text = '';
  readonly ways: ('stream' | 'past')[] = [];
  #told: (() => void) | undefined;

  readonly listener = (chunk: unknown): void => {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('no bytes');
    this.#read('stream', chunk);
  };

  readonly take = (chunk: Uint8Array): void => {
    this.#read('past', chunk);
    chunk.fill(0);
  };

  #read(way: 'stream' | 'past', chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString('latin1');
    this.ways.push(way);
    this.#told?.();
  }

  async untilText(text: string): Promise<void> {
    while (this.text.length < text.length) await new Promise<void>((resolve) => (this.#told = resolve));
  }
}

interface Pair {
  readonly socket: net.Socket;
  readonly peer: net.Socket;
  readonly reader: Reader;
  /** Has the peer write, and waits until it was read. */
  readonly receive: (text: string) => Promise<void>;
}

async function connected(t: Test, { takes = true } = {}): Promise<Pair> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const peer = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  t.teardown(() => peer.destroy());
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  t.teardown(() => socket.destroy());
  const reader = new Reader();
  socket.on('data', reader.listener);
  if (takes) takeReads(socket, reader.listener, reader.take);
  const receive = async (text: string): Promise<void> => {
    const all = reader.text + text;
    peer.write(text);
    await reader.untilText(all);
    t.equal(reader.text, all);
  };
  return { socket, peer, reader, receive };
}

/** What a socket has read, and its stream has not handed on. */
async function untilBuffered(socket: net.Socket): Promise<void> {
  while (socket.readableLength === 0) await new Promise((resolve) => setImmediate(resolve));
}

t.test('past the stream while one listens', async (t) => {
  const { socket, reader, receive } = await connected(t);
  for (const text of ['one', 'two', 'x'.repeat(100_000)]) await receive(text);
  t.ok(reader.ways.every((way) => way === 'past'));
  t.equal(socket.bytesRead, reader.text.length);
});

t.test('through the stream while somebody else listens', async (t) => {
  const { socket, reader, receive } = await connected(t);
  let seen = '';
  const other = (chunk: Buffer): void => void (seen += chunk.toString('latin1'));
  socket.on('data', other);
  await receive('one');
  socket.off('data', other);
  await receive('two');
  socket.once('data', other);
  await receive('three');
  await receive('four');
  socket.prependOnceListener('data', other);
  await receive('five');
  const readable = (): void => {};
  socket.on('readable', readable);
  await new Promise((resolve) => setImmediate(resolve));
  socket.off('readable', readable);
  socket.resume();
  await receive('six');
  t.equal(seen, 'onethreefive');
  t.same(reader.ways.slice(0, 5), ['stream', 'past', 'stream', 'past', 'stream']);
});

t.test('through the stream for one who waits for readable', async (t) => {
  const { socket, peer } = await connected(t);
  socket.on('readable', () => {});
  peer.write('one');
  await untilBuffered(socket);
  t.equal(String(socket.read()), 'one');
});

t.test('through the stream for one who is not the listener', async (t) => {
  const { socket, reader, peer } = await connected(t);
  socket.off('data', reader.listener);
  const kept: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => kept.push(chunk));
  peer.write('one');
  await once(socket, 'data');
  t.equal(Buffer.concat(kept).toString(), 'one');
  t.same(reader.ways, []);
});

t.test('in order after a pause', async (t) => {
  const { socket, peer, reader, receive } = await connected(t);
  await receive('one');
  socket.pause();
  peer.write('two');
  await untilBuffered(socket);
  t.equal(reader.text, 'one', 'nothing while it is paused');
  peer.write('three');
  socket.resume();
  await reader.untilText('onetwothree');
  t.equal(reader.text, 'onetwothree');
  await receive('four');
  t.same([reader.ways[0], reader.ways[1], reader.ways.at(-1)], ['past', 'stream', 'past']);
});

t.test('in order after what was put back', async (t) => {
  const { socket, reader, receive } = await connected(t);
  socket.pause();
  socket.unshift(Buffer.from('before '));
  socket.resume();
  await reader.untilText('before ');
  await receive('after');
  t.equal(reader.text, 'before after');
});

for (const name of ['emit', 'push'] as const) {
  t.test(`through the stream where ${name} is somebody else's`, async (t) => {
    const { socket, reader, receive } = await connected(t);
    await receive('one');
    let calls = 0;
    const before = socket[name] as (...args: unknown[]) => boolean;
    Object.defineProperty(socket, name, {
      configurable: true,
      value(this: net.Socket, ...args: unknown[]): boolean {
        calls += 1;
        return Reflect.apply(before, this, args);
      },
    });
    await receive('two');
    t.ok(calls > 0);
    t.same(reader.ways, ['past', 'stream']);
  });
}

t.test('through the stream where somebody else takes what the handle reads', async (t) => {
  const { socket, reader, receive } = await connected(t);
  await receive('one');
  const { _handle: handle } = socket as unknown as { _handle: { onread(memory?: ArrayBuffer): unknown } };
  const kept: ArrayBuffer[] = [];
  const { onread } = handle;
  handle.onread = function (memory) {
    if (memory !== undefined) kept.push(memory);
    return onread.call(this, memory);
  };
  await receive('two');
  t.same(reader.ways, ['past', 'stream']);
  t.equal(Buffer.concat(kept.map((memory) => new Uint8Array(memory))).toString(), 'two');
  handle.onread = onread;
  await receive('three');
  t.equal(reader.ways.at(-1), 'past');
});

t.test('nothing is taken where somebody else was first', async (t) => {
  const { socket, reader, receive } = await connected(t, { takes: false });
  const { _handle: handle } = socket as unknown as { _handle: { onread(memory?: ArrayBuffer): unknown } };
  const { onread } = handle;
  const first = (handle.onread = function (memory) {
    return onread.call(this, memory);
  });
  takeReads(socket, reader.listener, reader.take);
  t.equal(handle.onread, first);
  await receive('one');
  t.same(reader.ways, ['stream']);
});

t.test('through the stream, as text, after setEncoding()', async (t) => {
  const { socket, peer, reader } = await connected(t, { takes: false });
  socket.off('data', reader.listener);
  const texts: unknown[] = [];
  const listener = (chunk: unknown): void => void texts.push(chunk);
  socket.on('data', listener);
  takeReads(socket, listener, reader.take);
  socket.setEncoding('utf8');
  peer.write('text');
  await once(socket, 'data');
  t.same(texts, ['text']);
  t.same(reader.ways, []);
});

t.test('the end and a failure are as without', async (t) => {
  const ended = await connected(t);
  ended.peer.end('last');
  await once(ended.socket, 'end');
  t.equal(ended.reader.text, 'last');
  const reset = await connected(t);
  await reset.receive('one');
  reset.peer.resetAndDestroy();
  const [error] = (await once(reset.socket, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNRESET');
});

t.test('nothing for a socket that its listener destroyed', async (t) => {
  const { socket, peer, reader } = await connected(t);
  socket.on('data', () => socket.destroy());
  peer.write('x'.repeat(1_000_000));
  peer.on('error', () => {});
  await once(socket, 'close');
  const { length } = reader.text;
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(reader.text.length, length);
});

t.test('the idle timer starts anew', async (t) => {
  const { socket, receive, reader } = await connected(t);
  let touched = 0;
  const own = socket as unknown as { _unrefTimer(): void };
  const before = own._unrefTimer.bind(socket);
  own._unrefTimer = () => {
    touched += 1;
    before();
  };
  await receive('one');
  t.same(reader.ways, ['past']);
  t.ok(touched > 0);
});

t.test('what a listener throws, and its async context, are as without', async (t) => {
  const { socket, peer, reader } = await connected(t, { takes: false });
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const note = (): void => {
    seen.push(storage.getStore());
    throw new Error('thrown by a listener');
  };
  const thrown: unknown[] = [];
  const catcher = (error: unknown): void => void thrown.push(error);
  process.on('uncaughtException', catcher);
  t.teardown(() => process.off('uncaughtException', catcher));
  storage.run('of the writer', () => {
    // Past the stream first, then through it.
    socket.off('data', reader.listener);
    const listener = (chunk: unknown): void => {
      reader.listener(chunk);
      note();
    };
    socket.on('data', listener);
    takeReads(socket, listener, (chunk) => {
      reader.take(chunk);
      note();
    });
  });
  peer.write('one');
  await reader.untilText('one');
  socket.on('data', () => {});
  peer.write('two');
  await reader.untilText('onetwo');
  t.same(reader.ways, ['past', 'stream']);
  t.equal(seen[0], seen[1]);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(
    thrown.map((error) => (error as Error).message),
    ['thrown by a listener', 'thrown by a listener'],
  );
});

t.test('a socket without a handle is left alone', async (t) => {
  const socket = new net.Socket();
  t.doesNotThrow(() =>
    takeReads(
      socket,
      () => {},
      () => {},
    ),
  );
  socket.destroy();
});
