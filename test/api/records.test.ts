// `recordPadding` and `recordSizeLimit`: what stands on the wire, and what is refused.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createNodeServer } from 'node:tls';
import { inspect } from 'node:util';
import t from 'tap';
import { connect, createServer, TLSSocket } from 'pqtls';
import { duplexPair } from '../support/duplex-pair.js';
import { engineUnderTest } from '../support/engine-under-test.js';
import { credentials } from '../support/tls-server.js';

const { authority, leaf } = await credentials();
const skip = engineUnderTest === 'typescript' ? false : 'options of the TypeScript engine; see the last test';
const applicationData = 23;

/** Lengths of the protected records that go through a stream, without their header. */
function lengthsOf(chunks: readonly Buffer[]): number[] {
  const bytes = Buffer.concat(chunks);
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at] === applicationData) lengths.push(length);
    at += 5 + length;
  }
  return lengths;
}

t.test('padding, and a limit that each end keeps to', { skip }, async (t) => {
  const [near, far] = duplexPair();
  const up: Buffer[] = [];
  const down: Buffer[] = [];
  far.on('data', (chunk: Buffer) => up.push(chunk));
  near.on('data', (chunk: Buffer) => down.push(chunk));
  const served = new TLSSocket(far, { isServer: true, ...leaf, recordSizeLimit: 2000 });
  const client = connect({
    socket: near,
    ca: authority.cert,
    servername: 'localhost',
    recordPadding: 256,
    recordSizeLimit: 1000,
  });
  served.pipe(served);
  await once(client, 'secureConnect');
  const sent = Buffer.alloc(100_000, 'record');
  const received: Buffer[] = [];
  client.on('data', (chunk: Buffer) => received.push(chunk));
  client.end(sent);
  await once(client, 'end');
  t.ok(Buffer.concat(received).equals(sent));
  const tag = 16;
  t.ok(
    lengthsOf(up).every((length) => length <= 2000 + tag),
    'what the server said',
  );
  t.ok(
    lengthsOf(down).every((length) => length <= 1000 + tag),
    'what the client said',
  );
  // What is as long as it may be has no room for more.
  t.ok(
    lengthsOf(up).every((length) => (length - tag) % 256 === 0 || length === 2000 + tag),
    'padded',
  );
});

t.test('a limit that the server does not know of', { skip }, async (t) => {
  const server = createNodeServer({ ...leaf, minVersion: 'TLSv1.3' }, (socket) =>
    socket.end(Buffer.alloc(50_000, 'long')),
  );
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({
    port,
    host: '127.0.0.1',
    ca: authority.cert,
    servername: 'localhost',
    recordSizeLimit: 512,
  });
  const received: Buffer[] = [];
  for await (const chunk of client) received.push(chunk as Buffer);
  t.ok(Buffer.concat(received).equals(Buffer.alloc(50_000, 'long')));
});

t.test('values that are none', { skip }, (t) => {
  for (const [name, value, code] of [
    ['recordPadding', '64', 'ERR_INVALID_ARG_TYPE'],
    ['recordPadding', 0, 'ERR_OUT_OF_RANGE'],
    ['recordPadding', 16385, 'ERR_OUT_OF_RANGE'],
    ['recordPadding', 1.5, 'ERR_OUT_OF_RANGE'],
    ['recordSizeLimit', 63, 'ERR_OUT_OF_RANGE'],
    ['recordSizeLimit', 16386, 'ERR_OUT_OF_RANGE'],
    ['recordSizeLimit', Number.NaN, 'ERR_OUT_OF_RANGE'],
    ['recordSizeLimit', {}, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    const options = { [name]: value } as object;
    t.throws(() => createServer({ ...leaf, ...options }), { code }, `${name}: ${inspect(value)}`);
    t.throws(() => new TLSSocket(undefined, options), { code });
  }
  t.end();
});

t.test('AWS-LC has neither', { skip: engineUnderTest === 'aws-lc' ? false : 'the other engine' }, (t) => {
  for (const options of [{ recordPadding: 64 }, { recordSizeLimit: 1000 }]) {
    const expected = { code: 'ERR_PQTLS_UNSUPPORTED', feature: Object.keys(options)[0] };
    t.throws(() => createServer({ ...leaf, ...options }), expected);
    t.throws(() => new TLSSocket(undefined, options), expected);
  }
  t.end();
});
