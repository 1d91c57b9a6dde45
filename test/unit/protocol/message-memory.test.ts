// Memory of messages: pieces are nobody else's, and neither a secret nor what waits for somebody lies in them.

import t from 'tap';
import '../../support/both-engines.js';
import { largestPiece, messageMemory } from '#src/protocol/message-memory.js';
import { encodeSession } from '#src/protocol/session-state.js';
import { End, shakeHands } from '../../support/connections.js';
import { Peer, exchange } from '../../support/endpoints.js';
import { arrayBufferBytes } from '../../support/memory.js';
import { Issuer } from '../../support/certificates.js';

/** The slab that is in use. */
const slab = (): ArrayBufferLike => messageMemory(0).buffer;

t.test('every piece has zeros and is given out once', (t) => {
  const lengths = [1, 65, 1000, largestPiece, 0, 3];
  const pieces = Array.from({ length: 200 }, (_, index) => messageMemory(lengths[index % lengths.length] ?? 0));
  t.ok(new Set(pieces.map(({ buffer }) => buffer)).size > 3, 'several slabs');
  for (const [index, piece] of pieces.entries()) {
    t.equal(piece.length, lengths[index % lengths.length]);
    t.ok(piece.every((byte) => byte === 0));
    piece.fill(index + 1);
  }
  for (const [index, piece] of pieces.entries()) t.ok(piece.every((byte) => byte === index + 1));
  t.not(messageMemory(largestPiece + 1).buffer, slab(), 'what is large has memory of its own');
  t.end();
});

t.test('no key of a session lies in it', async (t) => {
  for (let round = 0; round < 8; round++) {
    const client = Peer.client();
    const server = await Peer.server();
    exchange(client, server);
    server.send('tickets');
    exchange(client, server);
    t.equal(client.sessions.length, 2);
    for (const session of client.sessions) {
      t.ok(encodeSession(session).includes(session.preSharedKey[0] ?? -1));
      const key = Buffer.from(session.preSharedKey);
      t.notOk(Buffer.from(slab()).includes(key), `round ${round}`);
      t.notOk(
        key.every((byte) => byte === 0),
        'the client keeps it',
      );
    }
  }
});

/** Bytes outside of the heap for each client that nobody answers, which is kept, between others' handshakes. */
async function keptByWaiting(count: number, givesUp: boolean): Promise<number> {
  const waiting: Peer[] = [];
  const before = await arrayBufferBytes();
  for (let index = 0; index < count; index++) {
    const client = Peer.client();
    client.take();
    if (givesUp) client.endpoint.destroy();
    waiting.push(client);
    for (let other = 0; other < 3; other++) exchange(Peer.client(), await Peer.server());
  }
  return ((await arrayBufferBytes()) - before) / waiting.length;
}

t.test('nobody who waits keeps a slab', async (t) => {
  await keptByWaiting(20, false);
  const waiting = await keptByWaiting(60, false);
  // A slab has 16 KiB; the ClientHello and its share, which have to be kept, have 2.6.
  t.ok(waiting < 8 * 1024, `${waiting} bytes`);
  const gaveUp = await keptByWaiting(60, true);
  t.ok(gaveUp < 1024, `${gaveUp} bytes`);
});

t.test('nothing that the program gets lies in it', async (t) => {
  const authority = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
  const { cert, key } = await authority.issue({ subject: 'CN=localhost', names: ['localhost'] });
  const slabs = new Set([slab()]);
  const shown: Uint8Array[] = [];
  const server = End.server('typescript', { cert, key });
  const client = End.client('typescript', { ca: authority.cert });
  for (const { connection } of [client, server]) {
    connection.enableKeylog();
    const see = ({ bytes }: { bytes: Uint8Array }): void => {
      slabs.add(slab());
      shown.push(bytes);
    };
    connection.enableTrace(see, () => t.fail());
  }
  shakeHands(client, server);
  server.send('tickets');
  slabs.add(slab());
  const { connection } = client;
  for (const bytes of [connection.session(), connection.sessionTicket()]) if (bytes !== undefined) shown.push(bytes);
  for (const event of [...client.events, ...server.events]) {
    if (event.kind === 'keylog') shown.push(event.bytes);
    else shown.push(event.session);
  }
  t.ok(shown.length > 20, `${shown.length} pieces`);
  t.ok(shown.every(({ buffer }) => !slabs.has(buffer)));
});
