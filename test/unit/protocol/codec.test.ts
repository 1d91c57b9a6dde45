// Readers and writers: whatever is written is read back, and whatever does not fit is refused.

import t from 'tap';
import { faultOf } from '../../support/endpoints.js';
import { bytesOfLatin1, ByteReader, ByteWriter, concat, copyOf, latin1, sameBytes } from '#src/protocol/codec.js';

t.test('numbers and vectors come back as they were written', async (t) => {
  const writer = new ByteWriter();
  writer.uint8(0xff).uint16(0xfffe).uint24(0xfffefd).uint32(0xfffefdfc);
  writer.vector8(Uint8Array.of(1)).vector16(new Uint8Array(300).fill(2)).open(3);
  const start = writer.length;
  writer.raw(new Uint8Array(70_000)).close(start, 3);
  const reader = new ByteReader(writer.finish());
  t.equal(reader.uint8(), 0xff);
  t.equal(reader.uint16(), 0xfffe);
  t.equal(reader.uint24(), 0xfffefd);
  t.equal(reader.uint32(), 0xfffefdfc);
  t.equal(reader.vector8(1).length, 1);
  t.equal(reader.vector16().length, 300);
  t.equal(reader.vector24().length, 70_000);
  reader.end();
});

t.test('what does not fit is a decode error', async (t) => {
  const refused = { reason: 'DECODE_ERROR', alert: 'decode_error' };
  const cases: Record<string, () => unknown> = {
    'a number beyond the end': () => new ByteReader(Uint8Array.of(1)).uint16(),
    'a vector beyond the end': () => new ByteReader(Uint8Array.of(2, 1)).vector8(),
    'a vector that is too short': () => new ByteReader(Uint8Array.of(0)).vector8(1),
    'bytes that are left': () => new ByteReader(Uint8Array.of(0)).end(),
    'half a number in a list': () => new ByteReader(Uint8Array.of(0)).uint16List(new Uint8Array(3)),
    'an empty list': () => new ByteReader(Uint8Array.of(0)).uint16List(new Uint8Array(0)),
  };
  for (const [name, run] of Object.entries(cases)) t.match(faultOf(run), refused, name);
  const extension = new ByteReader(new Uint8Array(0), 0, 'ERROR_PARSING_EXTENSION');
  t.match(
    faultOf(() => extension.uint8()),
    { reason: 'ERROR_PARSING_EXTENSION' },
  );
  const tooLong = (): unknown => new ByteWriter().open(1).raw(new Uint8Array(256)).close(1, 1);
  t.match(faultOf(tooLong), { reason: 'ENGINE_FAILED' });
});

t.test('a copy has memory of its own, of a Buffer as well', async (t) => {
  // Buffer#slice() does not copy: a key that was cut out of a wiped one would be zeros.
  const secret = Buffer.from([1, 2, 3]);
  const copy = copyOf(secret);
  secret.fill(0);
  t.strictSame([...copy], [1, 2, 3]);
  t.strictSame([...concat(copy, Uint8Array.of(4))], [1, 2, 3, 4]);
  t.equal(latin1(bytesOfLatin1('\u00e9\0')), '\u00e9\0');
  t.equal(sameBytes(copy, Uint8Array.of(1, 2, 3)), true);
  t.equal(sameBytes(copy, Uint8Array.of(1, 2)), false);
});

t.test('writers do not share what they write into, and leave nothing behind', async (t) => {
  const first = new ByteWriter().raw(Uint8Array.of(1, 2));
  const second = new ByteWriter().raw(Uint8Array.of(3, 4));
  const written = first.raw(new Uint8Array(5000).fill(9)).finish();
  const third = new ByteWriter().raw(Uint8Array.of(5));
  t.strictSame([...second.finish()], [3, 4]);
  t.strictSame(
    [...third.open(4).finish()],
    [5, 0, 0, 0, 0],
    'room that was left open holds nothing of another message',
  );
  t.equal(written.length, 5002);
  t.strictSame([...written.subarray(0, 3)], [1, 2, 9]);
  t.equal(first.length, 0);
  t.strictSame([...first.uint8(7).finish()], [7], 'it can begin another one');
});
