// Worker threads that are ended with TLS connections of their own open, in the handshake and after it.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { programFolder } from '../support/programs.js';

const workers = 4;
const rounds = 3;

const worker = (offload: string): string => `
  import { readFileSync } from 'node:fs';
  import * as net from 'node:net';
  import { parentPort } from 'node:worker_threads';
  import { connect, createServer } from 'pqtls';
  const leaf = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
  const ca = readFileSync('ca.pem');
  const server = createServer({ ...leaf, offload: '${offload}' }, (socket) => {
    socket.on('error', () => {});
    // More than the kernel takes, so that writes wait.
    socket.write(Buffer.alloc(20_000_000));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    let open = 0;
    const dial = () => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca }, () => {
        socket.pause();
        if (++open === 5) parentPort.postMessage(socket.getHandshakeInfo().transport);
        if (open < 200) dial();
      });
      socket.on('error', () => {});
    };
    for (let nth = 0; nth < 10; nth++) dial();
    // Handshakes that never go on.
    for (let nth = 0; nth < 5; nth++) net.connect(port, '127.0.0.1').on('error', () => {});
  });
`;

const main = `
  import { Worker } from 'node:worker_threads';
  const one = () => new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.mjs', import.meta.url));
    let transport;
    worker.on('message', (message) => {
      transport = message;
      worker.terminate();
    });
    worker.on('error', reject);
    worker.on('exit', () => (transport ? resolve(transport) : reject(new Error('the worker ended without a message'))));
  });
  const seen = new Set();
  for (let round = 0; round < ${rounds}; round++) {
    for (const transport of await Promise.all(Array.from({ length: ${workers} }, one))) seen.add(transport);
  }
  console.log([...seen].join());
`;

for (const offload of ['auto', 'always']) {
  void t.test(`workers that are ended with connections open, offload: ${offload}`, async (t) => {
    const program = await programFolder(`tcp-workers-${offload}`);
    t.teardown(() => program.remove());
    writeFileSync(join(program.path, 'worker.mjs'), worker(offload));
    const { code, signal, stdout, stderr } = await program.run('main.mjs', main, [], {
      PQTLS_TRANSPORT: process.env['PQTLS_TRANSPORT'],
      PQTLS_ADDON_PATH: process.env['PQTLS_ADDON_PATH'],
    });
    t.match({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    t.match(stdout, /^(native|net)\n$/);
  });
}

void t.test('workers that are ended while they make a socket or a listener', async (t) => {
  const script = fileURLToPath(new URL('socket-worker.js', import.meta.url));
  for (let round = 0; round < 10; round++) {
    for (const workerData of ['socket', 'listener']) {
      const ended = new Worker(script, { execArgv: [], workerData });
      await once(ended, 'message');
      await ended.terminate();
    }
  }
  t.pass('none took the process with it');
});
