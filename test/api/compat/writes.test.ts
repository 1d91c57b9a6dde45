// Writing: before the connection, corked, large, in encodings, callbacks in order, and what is pending at destroy.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { Subject } from '../../support/behaviours.js';
import { attempt, closed, errorView, next, textOf } from '../../support/observations.js';

const subject = new Subject('writes');

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const sample = (length: number): Buffer => Buffer.alloc(length, 'The quick brown fox jumps over the lazy dog. ');

async function received(stream: NodeJS.ReadableStream): Promise<{ length: number; digest: string }> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => stream.once('end', resolve));
  const bytes = Buffer.concat(chunks);
  return { length: bytes.length, digest: digest(bytes) };
}

subject.add('writes before the connection arrive in order', async (run) => {
  const { server, port } = await run.serve();
  const client = run.connect({ port });
  const returned = [client.write('a'), client.write('b'), client.write('c')];
  client.end('d');
  const [served] = (await next(server, 'secureConnection')) as [NodeJS.ReadableStream];
  return { returned, text: await textOf(served) };
});

for (const length of [0, 1, 16_383, 16_384, 16_385, 100_000, 3_000_000]) {
  subject.add(`${length} bytes each way`, async (run) => {
    const { client, served } = await run.pair({ allowHalfOpen: true });
    const bytes = sample(length);
    const both = Promise.all([received(client), received(served)]);
    client.end(bytes);
    served.end(bytes);
    return both;
  });
}

subject.add('cork() and uncork()', async (run) => {
  const { client, served } = await run.pair();
  client.cork();
  for (let round = 0; round < 100; round++) client.write(`${round} `);
  const corked = client.writableLength;
  client.uncork();
  client.end();
  return { corked, text: await textOf(served), counted: client.bytesWritten };
});

subject.add('encodings', async (run) => {
  const { client, served } = await run.pair();
  client.write('00ff', 'hex');
  client.write('AP8=', 'base64');
  client.write('ÿ', 'latin1');
  client.write('ÿ', 'utf8');
  client.end('a', 'utf16le');
  const chunks: Buffer[] = [];
  for await (const chunk of served) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('hex');
});

subject.add('setDefaultEncoding()', async (run) => {
  const { client, served } = await run.pair();
  client.setDefaultEncoding('hex');
  client.end('4142');
  return textOf(served);
});

subject.add('typed arrays', async (run) => {
  const { client, served } = await run.pair();
  client.write(Uint8Array.of(65, 66));
  client.end(Buffer.from('C'));
  return textOf(served);
});

subject.add('callbacks come in order', async (run) => {
  const { client, served } = await run.pair();
  served.resume();
  const seen: unknown[] = [];
  client.write('a', () => seen.push('a'));
  client.write(sample(100_000), () => seen.push('b'));
  client.write('c', 'utf8', () => seen.push('c'));
  await new Promise<void>((resolve) => client.end('d', resolve));
  return seen;
});

subject.add('backpressure: write() turns false, then drain', async (run) => {
  const { client, served } = await run.pair();
  let writes = 0;
  while (client.write(sample(16_384)) && writes < 1000) writes++;
  const { writableNeedDrain } = client;
  served.resume();
  await once(client, 'drain');
  return { below: writes < 1000, writableNeedDrain, left: client.writableLength };
});

const canceledWrite = {
  type: 'Error',
  code: 'ECANCELED',
  errno: -constants.errno.ECANCELED,
  syscall: 'write',
  message: 'write ECANCELED Canceled because of SSL destruction',
};

subject.add(
  'writes pending at destroy fail',
  async (run) => {
    const { client } = await run.pair();
    client.on('error', () => {});
    const outcomes = Promise.all(
      Array.from(
        { length: 3 },
        async () =>
          new Promise((resolve) =>
            client.write(sample(5_000_000), (error) => resolve(error ? Reflect.get(error, 'code') : 'done')),
          ),
      ),
    );
    client.destroy();
    return outcomes;
  },
  {
    differs: {
      reason: 'no write that did not leave counts as done; node:tls keeps the first in a buffer of its own',
      pqtls: ['ECANCELED', 'ECANCELED', 'ECANCELED'],
      before: 22,
    },
  },
);

subject.add('writes pending at destroy before the connection fail', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const outcome = new Promise((resolve) => client.write('x', (error) => resolve(errorView(error ?? 'done'))));
  client.destroy();
  return outcome;
});

subject.add(
  'writes pending at a handshake that fails',
  async (run) => {
    const { foreign } = run.certs;
    const { port } = await run.serve({ cert: foreign.cert, key: foreign.key });
    const client = run.connect({ port });
    client.on('error', () => {});
    const outcome = new Promise((resolve) => client.write('x', (error) => resolve(errorView(error ?? 'done'))));
    return outcome;
  },
  { differs: { reason: 'a write that did not leave does not count as done', pqtls: canceledWrite } },
);

subject.add('writableLength and bufferSize', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  client.write('hello');
  const before = [client.writableLength, client.bufferSize, client.bytesWritten];
  await once(client, 'secureConnect');
  await new Promise((resolve) => client.write('!', resolve));
  return { before, after: [client.writableLength, client.bufferSize, client.bytesWritten] };
});

subject.add('a stream piped into a socket', async (run) => {
  const { client, served } = await run.pair();
  Readable.from([Buffer.from('one '), Buffer.from('two')]).pipe(client);
  return textOf(served);
});

subject.add('a slow reader loses nothing', async (run) => {
  const { client, served } = await run.pair();
  const bytes = sample(1_000_000);
  client.end(bytes);
  let length = 0;
  for await (const chunk of served) {
    length += (chunk as Buffer).length;
    if (length % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return length;
});

subject.add('write() of an empty string', async (run) => {
  const { client, served } = await run.pair();
  const called = new Promise((resolve) => client.write('', (error) => resolve(error ?? 'called')));
  client.end('x');
  return { called: await called, text: await textOf(served) };
});

subject.add('a write in the callback of a write', async (run) => {
  const { client, served } = await run.pair();
  client.write('a', () => client.write('b', () => client.end('c')));
  return textOf(served);
});

subject.add('writes of every wrong type before the handshake', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  return [5, {}, null, undefined, true].map((value) => attempt(() => client.write(value as never)));
});

subject.add('a write after the peer ended', async (run) => {
  const { client, served } = await run.pair({}, { allowHalfOpen: true });
  client.resume();
  served.resume();
  served.end();
  await once(client, 'end');
  client.end('x');
  await closed(client);
  return client.bytesWritten;
});

subject.add('a write before the connection, and destroy()', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const told: string[] = [];
  client.write('z', (error) => told.push(`write ${String(Reflect.get(error ?? {}, 'code'))}`));
  client.on('error', (error) => told.push(`error ${error.message}`));
  client.on('close', () => told.push('close'));
  client.destroy(new Error('enough'));
  await closed(client);
  await new Promise((resolve) => setImmediate(resolve));
  return told;
});

await subject.check();
