// A process without descriptors left: connections fail or wait as with node:tls, and the server goes on.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { programFolder } from '../support/programs.js';
import { cleanEnvironment, runCommand } from '../support/project.js';

const source = `
  import { closeSync, openSync, readFileSync } from 'node:fs';
  import * as net from 'node:net';
  import { connect, createServer } from 'pqtls';
  const leaf = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
  const ca = readFileSync('ca.pem');
  const server = createServer(leaf, (socket) => socket.on('error', () => {}).pipe(socket));
  server.on('tlsClientError', () => {});
  // What net.Server says of accept() without descriptors.
  server.on('error', () => {});
  // Loading modules takes as many descriptors as there are modules: they are taken away only now.
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null'));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
  for (const descriptor of taken.splice(0, 40)) closeSync(descriptor);
  server.listen(0, '127.0.0.1', async () => {
    const { port } = server.address();
    const failed = [];
    const all = Array.from({ length: 80 }, () => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
      socket.on('error', (error) => failed.push(error.code));
      return socket;
    });
    while (!failed.includes('EMFILE')) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const socket of all) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const last = connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
    last.end('still there');
    last.on('data', (text) => console.log(String(text)));
    last.on('close', () => process.exit());
  });
`;

const skip = process.platform === 'win32' && 'no ulimit';

void t.test('EMFILE', { skip }, async (t) => {
  const program = await programFolder('descriptors');
  t.teardown(() => program.remove());
  writeFileSync(join(program.path, 'server.mjs'), source);
  const limited = await runCommand('/bin/sh', ['-c', 'ulimit -n 512; exec "$0" server.mjs', process.execPath], {
    cwd: program.path,
    env: cleanEnvironment({ PQTLS_TRANSPORT: process.env['PQTLS_TRANSPORT'] }),
  });
  t.match(limited, { code: 0, signal: null, stdout: 'still there\n', stderr: '' });
});
