// What of the contents of records is copied, and what is handed out as it is.

import t from 'tap';
import { ContentJoiner } from '#src/engine/content-joiner.js';

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function joined(...contents: Uint8Array[]): Buffer[] {
  const into: Buffer[] = [];
  const joiner = new ContentJoiner(into);
  for (const content of contents) joiner.add(content);
  joiner.end();
  t.equal(
    joiner.length,
    into.reduce((sum, { length }) => sum + length, 0),
  );
  return into;
}

t.test('small contents become one chunk, large ones stay where they are', async (t) => {
  const large = bytes(16_384, 3);
  const chunks = joined(bytes(10, 1), bytes(0, 0), bytes(2000, 2), large, bytes(5, 4), bytes(6, 5));
  t.strictSame(
    chunks.map(({ length }) => length),
    [2010, 16_384, 11],
  );
  const expected = Buffer.concat([bytes(10, 1), bytes(2000, 2), bytes(16_384, 3), bytes(5, 4), bytes(6, 5)]);
  t.equal(Buffer.compare(Buffer.concat(chunks), expected), 0, 'in their order');
  t.equal(chunks[1]?.buffer, large.buffer);
});

t.test('a small content alone is not copied', async (t) => {
  const only = bytes(64, 1);
  const [chunk] = joined(bytes(0, 0), only);
  t.equal(chunk?.buffer, only.buffer);
  t.strictSame(joined(), []);
  t.strictSame(joined(bytes(0, 0)), [], 'an empty record is nothing to read');
});

t.test('no chunk shares memory with another', async (t) => {
  const buffers = joined(bytes(10, 1), bytes(11, 1), bytes(8000, 1), bytes(12, 1), bytes(13, 1)).map(
    ({ buffer }) => buffer,
  );
  t.equal(new Set(buffers).size, 3);
  t.strictSame(
    buffers.map(({ byteLength }) => byteLength),
    [21, 8000, 25],
    'nor has it more than its own',
  );
});
