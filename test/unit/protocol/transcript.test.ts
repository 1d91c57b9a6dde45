// The transcript: the hash of all messages, whenever it becomes known which hash; after a HelloRetryRequest, of a hash.

import { createHash } from 'node:crypto';
import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { TranscriptHash } from '#src/protocol/transcript.js';
import { hex } from '../../support/hex.js';

const sha256 = (...parts: Uint8Array[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
const [a, b, c] = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)];

t.test('messages before and after the hash is known', async (t) => {
  const transcript = new TranscriptHash(nodePrimitives);
  transcript.add(a);
  t.throws(() => transcript.digest(), /not known/);
  transcript.add(b);
  transcript.start('sha256');
  transcript.start('sha384');
  t.equal(hex(transcript.digest()), sha256(a, b), 'the first hash stays');
  transcript.add(c);
  t.equal(hex(transcript.digest()), sha256(a, b, c));
  t.equal(hex(transcript.digest()), sha256(a, b, c), 'a digest changes nothing');
});

t.test('digestWith() looks ahead', async (t) => {
  const transcript = new TranscriptHash(nodePrimitives);
  transcript.add(a);
  t.equal(hex(transcript.digestWith('sha256', b)), sha256(a, b));
  transcript.start('sha256');
  t.equal(hex(transcript.digestWith('sha256', b)), sha256(a, b));
  t.equal(hex(transcript.digest()), sha256(a));
});

t.test('a HelloRetryRequest leaves message_hash of the first ClientHello', async (t) => {
  const transcript = new TranscriptHash(nodePrimitives);
  t.throws(() => transcript.replaceByItsHash(), /not known/);
  transcript.add(a);
  transcript.start('sha256');
  transcript.replaceByItsHash();
  transcript.add(b);
  const messageHash = Buffer.from(`fe000020${sha256(a)}`, 'hex');
  t.equal(hex(transcript.digest()), sha256(messageHash, b));
});
