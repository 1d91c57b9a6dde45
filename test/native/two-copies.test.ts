// A program that has loaded pqtls twice, on one addon: the sockets of each copy are told everything, in order.

import { once } from 'node:events';
import { cpSync, symlinkSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadBinding } from '#src/binding.js';
import * as first from 'pqtls';
import t from 'tap';
import { projectDir, temporaryFolder } from '../support/project.js';
import { credentials } from '../support/tls-server.js';

type Copy = Pick<typeof first, 'connect' | 'createServer'>;

/** What a client hears from a server that answers and ends at once: data, and behind it the end, in one read. */
async function visit({ connect, createServer }: Copy): Promise<{ heard: string[]; transport: string }> {
  const { authority, leaf } = await credentials();
  const server = createServer(leaf, (socket) => socket.once('data', () => socket.end('answer')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const heard: string[] = [];
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost' });
  for (const event of ['session', 'secureConnect', 'data', 'end', 'close']) {
    socket.on(event, () => heard.push(event));
  }
  await once(socket, 'secureConnect');
  const { transport } = socket.getHandshakeInfo() ?? { transport: 'none' };
  socket.write('question');
  await once(socket, 'close');
  server.close();
  await once(server, 'close');
  return { heard, transport };
}

t.test('both copies, whichever was loaded or used last', async (t) => {
  const folder = temporaryFolder('copy');
  t.teardown(() => folder.remove());
  for (const name of ['dist', 'package.json']) {
    cpSync(join(projectDir, name), join(folder.path, name), { recursive: true });
  }
  for (const name of ['build', 'node_modules']) symlinkSync(join(projectDir, name), join(folder.path, name));
  const expected = await visit(first);
  t.strictSame(expected.heard, ['secureConnect', 'session', 'session', 'data', 'end', 'close']);
  if (loadBinding().loaded && process.env['PQTLS_TRANSPORT'] !== 'net') t.equal(expected.transport, 'native');
  const second = (await import(pathToFileURL(join(folder.path, 'dist/index.js')).href)) as Copy;
  t.not(second.connect, first.connect);
  for (const copy of [second, first, second]) t.strictSame(await visit(copy), expected);
});
