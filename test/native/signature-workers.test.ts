// Worker threads and processes that end while the threadpool signs for their handshakes, or while `sign` is awaited.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { certificates } from '../support/certificates.js';
import { programFolder } from '../support/programs.js';

const { ca, rsa } = await certificates();

const worker = `
  import { readFileSync } from 'node:fs';
  import { parentPort } from 'node:worker_threads';
  import { connect, createServer } from 'pqtls';
  const cert = readFileSync('rsa-cert.pem');
  const ca = readFileSync('rsa-ca.pem');
  const server = createServer({ cert, key: readFileSync('rsa-key.pem'), offload: 'always' });
  const never = createServer({ cert, sign: () => new Promise(() => {}) });
  let done = 0;
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    if (++done === 5) (parentPort ?? process).emit('enough', parentPort?.postMessage('enough'));
  });
  server.on('tlsClientError', () => {});
  const dial = (port) => connect({ port, host: '127.0.0.1', servername: 'localhost', ca }).on('error', () => {});
  for (const one of [server, never]) {
    one.listen(0, '127.0.0.1', () => {
      for (let nth = 0; nth < 40; nth++) dial(one.address().port);
    });
  }
`;

const main = `
  import { Worker } from 'node:worker_threads';
  const one = () => new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.mjs', import.meta.url));
    let enough = false;
    worker.on('message', () => {
      enough = true;
      worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', () => (enough ? resolve() : reject(new Error('the worker ended by itself'))));
  });
  for (let round = 0; round < 5; round++) await Promise.all([one(), one()]);
  console.log('ended');
`;

const exiting = `
  process.on('enough', () => process.exit(7));
  await import('./worker.mjs');
`;

void t.test('ended with signatures under way', async (t) => {
  const program = await programFolder('signature-workers');
  t.teardown(() => program.remove());
  writeFileSync(join(program.path, 'worker.mjs'), worker);
  writeFileSync(join(program.path, 'rsa-cert.pem'), rsa.cert);
  writeFileSync(join(program.path, 'rsa-key.pem'), rsa.key);
  writeFileSync(join(program.path, 'rsa-ca.pem'), ca.cert);
  const environment = {
    PQTLS_TRANSPORT: process.env['PQTLS_TRANSPORT'],
    PQTLS_ADDON_PATH: process.env['PQTLS_ADDON_PATH'],
  };
  const terminated = await program.run('main.mjs', main, [], environment);
  t.match(terminated, { code: 0, signal: null, stderr: '', stdout: 'ended\n' });
  const exited = await program.run('exiting.mjs', exiting, [], environment);
  t.match(exited, { code: 7, signal: null, stderr: '' });
});
