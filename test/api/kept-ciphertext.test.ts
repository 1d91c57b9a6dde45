// A program that looks at the bytes of a socket beside TLS may keep them: no engine changes them, or frees their memory.

import { once } from 'node:events';
import * as net from 'node:net';
import t, { type Test } from 'tap';
import pqtls from 'pqtls';
import { credentials } from '../support/tls-server.js';

const size = 256 * 1024;

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

/** Uploads to a server's end on `raw`, of which `before` and `after` it is made somebody keeps bytes. */
async function upload(
  t: Test,
  before: (raw: net.Socket, keeper: Keeper) => void | Promise<void>,
  after: (raw: net.Socket, keeper: Keeper) => void = () => {},
): Promise<void> {
  const { authority, leaf } = await credentials();
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const client = pqtls.connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'localhost' });
  t.teardown(() => client.destroy());
  client.end(Buffer.alloc(size, 'x'));
  const [raw] = (await once(server, 'connection')) as [net.Socket];
  t.teardown(() => raw.destroy());
  const keeper = new Keeper();
  await before(raw, keeper);
  const served = new pqtls.TLSSocket(raw, { isServer: true, ...leaf });
  t.teardown(() => served.destroy());
  after(raw, keeper);
  let received = 0;
  for await (const chunk of served) received += (chunk as Buffer).length;
  t.equal(received, size);
  t.ok(keeper.kept.length > 0);
  t.ok(
    keeper.kept.every(({ chunk, bytes }) => bytes.length > 0 && chunk.toString('latin1') === bytes),
    'they are what they were',
  );
}

async function readFirst(raw: net.Socket): Promise<Buffer> {
  raw.resume();
  const [hello] = (await once(raw, 'data')) as [Buffer];
  raw.pause();
  return hello;
}

t.test('who listens', async (t) => {
  await upload(t, (raw, { keep }) => void raw.on('data', keep));
});

t.test('who listens once', async (t) => {
  await upload(
    t,
    (raw, { keep }) => void raw.once('data', keep),
    (raw, { keep }) => void raw.prependOnceListener('data', keep),
  );
});

t.test('who had read the beginning, and puts it back', async (t) => {
  await upload(t, async (raw, { keep }) => {
    const hello = await readFirst(raw);
    keep(hello);
    raw.unshift(hello);
  });
});

t.test('who puts it back when TLS is there', async (t) => {
  let hello: Buffer = Buffer.alloc(0);
  await upload(
    t,
    async (raw) => {
      hello = await readFirst(raw);
    },
    (raw, { keep }) => {
      keep(hello);
      raw.unshift(hello);
    },
  );
});
