// What is on its way: buffers are used again, but never by two at once.

import t from 'tap';
import { OutputBuffer } from '#src/protocol/output-buffer.js';
import { Peer, exchange } from '../../support/endpoints.js';

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

t.test('it grows, and is empty after it was taken', (t) => {
  const output = new OutputBuffer();
  t.equal(output.take().length, 0);
  const parts = [100, 3990, 6, 1, 5000, 20_000].map((length, index) => filled(length, index + 1));
  for (const part of parts) output.add(part);
  t.equal(
    output.length,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  t.same(Buffer.from(output.take()), Buffer.concat(parts));
  t.equal(output.length, 0);
  output.add(filled(3, 9));
  t.same([...output.take()], [9, 9, 9]);
  output.add(filled(3, 9));
  output.clear();
  t.equal(output.take().length, 0);
  t.end();
});

t.test('what is added while it is emptied comes after it', (t) => {
  const output = new OutputBuffer();
  output.add(Buffer.from('first'));
  const seen = output.consume((bytes) => {
    t.equal(output.length, 0);
    output.add(Buffer.from('second'));
    const another = new OutputBuffer();
    another.add(Buffer.from('of another'));
    t.equal(text(bytes), 'first', 'nobody else writes there');
    return text(bytes);
  });
  t.equal(seen, 'first');
  t.equal(text(output.take()), 'second');
  t.end();
});

t.test('it is empty after an error as well', (t) => {
  const output = new OutputBuffer();
  output.add(Buffer.from('first'));
  const failing = (): void => {
    throw new Error('expected');
  };
  t.throws(() => output.consume(failing), { message: 'expected' });
  t.equal(output.length, 0);
  output.add(Buffer.from('second'));
  t.equal(text(output.take()), 'second');
  t.end();
});

t.test('an observer who has more sent gets no message sent twice', async (t) => {
  for (const fragment of [16_384, 512]) {
    const client = Peer.client();
    const server = await Peer.server({}, {}, ({ endpoint }) => {
      endpoint.writer.limitFragment(fragment);
      const again = (sent: boolean): void => {
        if (sent && endpoint.handshakeDone) endpoint.prepareToSend();
        else if (sent) endpoint.flush();
      };
      endpoint.observer.record = again;
    });
    exchange(client, server);
    server.send('pong');
    exchange(client, server);
    t.equal(client.error, undefined);
    t.equal(server.error, undefined);
    t.equal(client.plaintext.toString(), 'pong');
    t.equal(client.sessions.length, 2, 'two tickets');
  }
});
