// Ciphertext that was read is freed at once where nobody else has it. What somebody else keeps of it stays as it is.

import { once } from 'node:events';
import * as net from 'node:net';
import t, { type Test } from 'tap';
import pqtls from 'pqtls';
import { credentials } from '../support/tls-server.js';

const size = 256 * 1024;
// From so many bytes on; see crypto/tls/free-memory.ts.
const worthFreeing = 1024;
const canFree = 'transfer' in ArrayBuffer.prototype;

/** Uploads to a server that is given each accepted socket by `prepare`, which returns what it keeps of the bytes. */
async function upload(
  t: Test,
  prepare: (raw: net.Socket) => Promise<Buffer[]>,
): Promise<{ readonly kept: readonly Buffer[]; readonly bytesRead: number }> {
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
  const kept = await prepare(raw);
  const served = new pqtls.TLSSocket(raw, { isServer: true, ...leaf });
  t.teardown(() => served.destroy());
  let received = 0;
  for await (const chunk of served) received += (chunk as Buffer).length;
  t.equal(received, size);
  return { kept, bytesRead: raw.bytesRead };
}

const total = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

t.test('somebody else listens', async (t) => {
  const { kept, bytesRead } = await upload(t, async (raw) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  t.equal(total(kept), bytesRead);
});

t.test('somebody had read the beginning, and put it back', async (t) => {
  const { kept } = await upload(t, async (raw) => {
    raw.resume();
    const [hello] = (await once(raw, 'data')) as [Buffer];
    raw.pause();
    raw.unshift(hello);
    return [hello];
  });
  t.equal(kept[0]?.[0], 22, 'a handshake record');
  t.ok(total(kept) > worthFreeing);
});

t.test('nobody else has it', { skip: canFree ? false : 'Node 20 can free no memory by itself' }, async (t) => {
  const lengths: number[] = [];
  const { kept } = await upload(t, async (raw) => {
    const chunks: Buffer[] = [];
    const push = raw.push.bind(raw);
    raw.push = (chunk: Buffer | null) => {
      if (chunk !== null && chunk.length >= worthFreeing) {
        chunks.push(chunk);
        lengths.push(chunk.length);
      }
      return push(chunk);
    };
    return chunks;
  });
  const all = lengths.reduce((sum, length) => sum + length, 0);
  t.ok(all > size);
  // AWS-LC's engine frees what was read in the call that brought it, and leaves the rest to the garbage collector.
  t.ok(total(kept) < all / 2, `${total(kept)} of ${all} bytes are left`);
});
