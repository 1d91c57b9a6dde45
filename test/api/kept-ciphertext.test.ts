// A program that looks at the bytes of a socket beside TLS may keep them: no engine changes them, or frees their memory.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import t, { type Test } from 'tap';
import pqtls, { type TLSSocket } from 'pqtls';
import { credentials } from '../support/tls-server.js';

const size = 1024 * 1024;

interface Kept {
  readonly chunk: Buffer;
  readonly bytes: string;
}

class Keeper {
  readonly kept: Kept[] = [];

  readonly keep = (chunk: Buffer): void => {
    this.kept.push({ chunk, bytes: chunk.toString('latin1') });
  };
}

interface Moments {
  readonly before?: (raw: net.Socket, keeper: Keeper) => void | Promise<void>;
  readonly after?: (raw: net.Socket, keeper: Keeper) => void;
  /** With the first plaintext. */
  readonly later?: (raw: net.Socket, keeper: Keeper) => void;
}

/** Uploads to a server's end on `raw`, of which before and after it is made, or later, somebody keeps bytes. */
async function upload(t: Test, { before, after, later }: Moments): Promise<void> {
  const keeper = new Keeper();
  const { client, raw, served } = await accepted(t, (raw) => before?.(raw, keeper));
  const sent = randomBytes(size);
  client.end(sent);
  after?.(raw, keeper);
  const received: Buffer[] = [];
  for await (const chunk of served) {
    if (received.push(chunk as Buffer) === 1) later?.(raw, keeper);
  }
  t.ok(Buffer.concat(received).equals(sent), 'all of it arrived');
  t.ok(keeper.kept.length > 0);
  t.ok(
    keeper.kept.every(({ chunk, bytes }) => bytes.length > 0 && chunk.toString('latin1') === bytes),
    'they are what they were',
  );
}

interface Accepted {
  readonly client: TLSSocket;
  readonly raw: net.Socket;
  readonly served: TLSSocket;
}

async function accepted(t: Test, before?: (raw: net.Socket) => void | Promise<void>): Promise<Accepted> {
  const { authority, leaf } = await credentials();
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const client = pqtls.connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'localhost' });
  client.on('error', () => {});
  t.teardown(() => client.destroy());
  const [raw] = (await once(server, 'connection')) as [net.Socket];
  t.teardown(() => raw.destroy());
  await before?.(raw);
  const served = new pqtls.TLSSocket(raw, { isServer: true, ...leaf });
  t.teardown(() => served.destroy());
  return { client, raw, served };
}

async function readFirst(raw: net.Socket): Promise<Buffer> {
  raw.resume();
  const [hello] = (await once(raw, 'data')) as [Buffer];
  raw.pause();
  return hello;
}

t.test('who listens', async (t) => {
  await upload(t, { before: (raw, { keep }) => void raw.on('data', keep) });
});

t.test('who listens once', async (t) => {
  await upload(t, {
    before: (raw, { keep }) => void raw.once('data', keep),
    after: (raw, { keep }) => void raw.prependOnceListener('data', keep),
  });
});

t.test('who listens when data comes', async (t) => {
  await upload(t, { later: (raw, { keep }) => void raw.on('data', keep) });
});

t.test('who listens once when data comes', async (t) => {
  await upload(t, {
    later(raw, { keep }) {
      raw.prependOnceListener('data', keep);
      raw.once('data', keep);
    },
  });
});

t.test('who has a function of its own in place of emit', async (t) => {
  await upload(t, {
    later(raw, { keep }) {
      const emit = raw.emit.bind(raw) as (...args: unknown[]) => boolean;
      Object.assign(raw, {
        emit(...args: unknown[]) {
          if (args[0] === 'data') keep(args[1] as Buffer);
          return emit(...args);
        },
      });
    },
  });
});

t.test('who emits bytes of its own', async (t) => {
  const { raw, served } = await accepted(t);
  await once(served, 'secure');
  const own = Buffer.from('x'.repeat(8192));
  const failed = once(served, 'error');
  raw.emit('data', own, true);
  await failed;
  t.equal(own.toString(), 'x'.repeat(8192));
});

t.test('who had read the beginning, and puts it back', async (t) => {
  await upload(t, {
    async before(raw, { keep }) {
      const hello = await readFirst(raw);
      keep(hello);
      raw.unshift(hello);
    },
  });
});

t.test('who puts it back when TLS is there', async (t) => {
  let hello: Buffer = Buffer.alloc(0);
  await upload(t, {
    async before(raw) {
      hello = await readFirst(raw);
    },
    after(raw, { keep }) {
      keep(hello);
      raw.unshift(hello);
    },
  });
});
