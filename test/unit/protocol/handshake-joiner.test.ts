// Handshake messages are found in whatever pieces they come, and those that were handed out stay as they are.

import t from 'tap';
import { HandshakeType } from '#src/protocol/constants.js';
import { HandshakeJoiner } from '#src/protocol/handshake-joiner.js';
import { concat } from '#src/protocol/codec.js';

function message(fill: number, length: number): Uint8Array {
  return concat(
    Uint8Array.of(HandshakeType.Finished, 0, length >>> 8, length & 0xff),
    new Uint8Array(length).fill(fill),
  );
}

const all = [message(1, 300), message(2, 0), message(3, 5), message(4, 700)];

t.test('in pieces of every size', async (t) => {
  const stream = concat(...all);
  for (let size = 1; size <= stream.length; size++) {
    const joiner = new HandshakeJoiner();
    const found: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      const record = stream.slice(at, at + size);
      joiner.add(record);
      record.fill(0xee);
      for (let next = joiner.next(); next !== undefined; next = joiner.next()) found.push(next.bytes);
    }
    if (!joiner.isEmpty) t.fail(`something is left of pieces of ${size}`);
    const isSame =
      found.length === all.length && found.every((bytes, index) => Buffer.from(bytes).equals(all[index] ?? stream));
    if (!isSame) t.fail(`pieces of ${size}`);
  }
  t.pass(`${stream.length} sizes`);
});

t.test('clear() wipes what waits, and nothing that was handed out', async (t) => {
  const joiner = new HandshakeJoiner();
  const [first = new Uint8Array(0), , third = new Uint8Array(0)] = all;
  joiner.add(concat(first, third.subarray(0, 6)));
  const handedOut = joiner.next()?.bytes;
  t.equal(joiner.isEmpty, false);
  joiner.clear();
  t.equal(joiner.isEmpty, true);
  t.same(handedOut, first);
  joiner.add(third);
  t.same(joiner.next()?.bytes, third);
});
