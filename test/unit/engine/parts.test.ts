// Bytes in parts: what is longer than the counts between JavaScript and the addon can tell.

import t from 'tap';
import { inParts, longestPart } from '#src/engine/parts.js';

t.test('what fits is itself', (t) => {
  const bytes = new Uint8Array(longestPart);
  t.equal(inParts(bytes)[0], bytes);
  t.equal(inParts(bytes).length, 1);
  t.same(inParts(new Uint8Array(0)), [new Uint8Array(0)]);
  t.end();
});

t.test('what does not is all there, in order, and is not copied', (t) => {
  // Never touched, so it takes no memory.
  const bytes = new Uint8Array(2 * longestPart + 5);
  const parts = inParts(bytes);
  t.same(
    parts.map(({ byteOffset, length }) => [byteOffset, length]),
    [
      [0, longestPart],
      [longestPart, longestPart],
      [2 * longestPart, 5],
    ],
  );
  t.ok(parts.every(({ buffer }) => buffer === bytes.buffer));
  t.end();
});
