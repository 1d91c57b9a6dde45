// The TypeScript engine frees a chunk that nobody else has once it needs it no more, and no other. Node 20 cannot free, so that these and
// the tests of who keeps ciphertext run on a newer one as well.

import '../../support/both-engines.js';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Endpoint } from '#src/protocol/endpoint.js';
import { carry, End, shakeHands } from '../../support/connections.js';
import { Issuer } from '../../support/certificates.js';
import { nodeBinary } from '../../support/node-versions.js';
import { cleanEnvironment, projectDir, runCommand } from '../../support/project.js';

const canFree = 'transfer' in ArrayBuffer.prototype;
const certificate = await Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] });

/** More than one call hands out. */
const text = 'plaintext '.repeat(60_000);

function connected(): { client: End; server: End } {
  const client = End.client('typescript', { ca: certificate.cert });
  const server = End.server('typescript', { cert: certificate.cert, key: certificate.key });
  shakeHands(client, server);
  carry(client, server);
  return { client, server };
}

/** Bytes in memory of their own. */
const owned = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

for (const isUnshared of [true, false]) {
  t.test(isUnshared ? 'what nobody else has' : 'what somebody may have', (t) => {
    const { client, server } = connected();
    client.send(text);
    const chunk = owned(client.drain());
    const before = chunk.slice();
    let progress = server.connection.receive(chunk, isUnshared);
    server.take(progress);
    t.equal(progress.more, true, 'the rest waits');
    t.equal(Buffer.compare(chunk, before), 0, 'with all of its memory');
    while (progress.more) {
      progress = server.connection.receive(undefined);
      server.take(progress);
    }
    t.equal(server.error, undefined);
    t.equal(server.plaintext.length, text.length);
    t.ok(server.plaintext === text);
    t.equal(Buffer.compare(chunk, before), 0);
    t.end();
  });

  t.test(isUnshared ? 'a chunk at a time, unshared' : 'a chunk at a time, shared', (t) => {
    const { client, server } = connected();
    client.send(text);
    const all = client.drain();
    const size = 30_000;
    for (let at = 0; at < all.length; at += size) {
      const chunk = owned(all.subarray(at, at + size));
      const { length } = chunk;
      const progress = server.connection.receive(chunk, isUnshared);
      server.take(progress);
      t.equal(progress.more, false);
      // The last one is not worth it.
      t.equal(chunk.length, isUnshared && canFree && length === size ? 0 : length);
    }
    t.equal(server.error, undefined);
    t.ok(server.plaintext === text);
    t.end();
  });
}

t.test('a chunk of which a record is wrong', (t) => {
  const { client, server } = connected();
  client.send('x'.repeat(5000));
  const chunk = owned(client.drain());
  const { length } = chunk;
  chunk[100] = (chunk[100] ?? 0) ^ 1;
  server.take(server.connection.receive(chunk, true));
  t.equal(server.error?.engineReason, 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
  t.equal(chunk.length, length);
  t.equal(server.connection.receive(undefined).plaintext.length, 0);
  t.end();
});

t.test('what comes after a close_notify is not kept', (t) => {
  const { client, server } = connected();
  client.take(client.connection.shutdown());
  server.take(server.connection.receive(client.drain()));
  t.equal(server.closed, true);
  for (const isUnshared of [true, false]) {
    const rubbish = new Uint8Array(50_000);
    const progress = server.connection.receive(rubbish, isUnshared);
    t.same([progress.more, progress.plaintext, progress.error], [false, [], undefined]);
    t.equal(rubbish.length, isUnshared && canFree ? 0 : 50_000);
  }
  const { reader } = (server.connection as unknown as { endpoint: Endpoint }).endpoint;
  t.equal(reader.buffered, 0);
  t.equal(reader.holdsChunks, false);
  server.send('the other direction is open');
  client.take(client.connection.receive(server.drain()));
  t.equal(client.plaintext, 'the other direction is open');
  t.end();
});

t.test('on a Node that can free', { skip: canFree && 'this one can' }, async (t) => {
  const node = await nodeBinary('26');
  const scope = `--import=${fileURLToPath(new URL('../../support/engine-scope.js', import.meta.url))}`;
  const env = cleanEnvironment({ PQTLS_ENGINE: 'typescript' });
  for (const file of ['unit/engine/freed-ciphertext', 'unit/tls/taken-reads', 'api/kept-ciphertext']) {
    const script = fileURLToPath(new URL(`../../${file}.test.js`, import.meta.url));
    const { code, stdout, stderr } = await runCommand(node, [scope, script], { cwd: projectDir, env });
    t.equal(code, 0, file);
    if (code !== 0) t.comment(stdout, stderr);
  }
});
