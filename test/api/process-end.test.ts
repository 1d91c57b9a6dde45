// A process ends by itself with its last socket, whatever became of its connections, as with node:tls.

import t from 'tap';
import { programFolder } from '../support/programs.js';

const preamble = `
  import { readFileSync } from 'node:fs';
  import * as net from 'node:net';
  import { connect, createServer } from 'TLS';
  const leaf = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
  const ca = readFileSync('ca.pem');
  const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
  const dial = (port, options) => connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options });
  const quiet = (socket) => socket.on('error', (error) => console.log(error.code)).resume();
`;

// Each prints something at its end, and nothing holds its process after that.
const programs: Readonly<Record<string, string>> = {
  'server.close(), then the last socket': `
    const server = createServer(leaf, (socket) => quiet(socket));
    const client = dial(await listen(server));
    client.on('secureConnect', () => server.close(() => console.log('closed')));
    setTimeout(() => client.end(), 20);`,
  'server.close() with the socket destroyed by the server': `
    const server = createServer(leaf, (socket) => { server.close(() => console.log('closed')); socket.destroy(); });
    quiet(dial(await listen(server)).on('close', () => console.log('gone')));`,
  'a client alone': `
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    const worker = new Worker(\`
      const { createServer } = require('TLS');
      const { parentPort, workerData } = require('node:worker_threads');
      const server = createServer(workerData, (socket) => socket.end('bye'));
      server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
    \`, { eval: true, workerData: leaf });
    const [port] = await once(worker, 'message');
    worker.unref();
    dial(port).on('data', (text) => console.log(String(text))).on('close', () => console.log('closed'));`,
  'an unref()d server': `
    const server = createServer(leaf, (socket) => socket.end('bye'));
    const client = dial(await listen(server));
    server.unref();
    client.on('data', (text) => console.log(String(text)));`,
  'an unref()d client and what is served to it': `
    const server = createServer(leaf, (socket) => { socket.unref(); console.log('served'); });
    const client = dial(await listen(server));
    client.on('secureConnect', () => { client.unref(); server.unref(); });`,
  'a socket that is ref()d again': `
    const server = createServer(leaf, (socket) => setTimeout(() => socket.end('bye'), 30).unref());
    server.unref();
    const client = dial(await listen(server)).unref().ref();
    client.on('data', (text) => console.log(String(text)));`,
  'a client that expects another name': `
    const server = createServer(leaf).on('tlsClientError', (error) => console.log(error.code !== undefined));
    quiet(dial(await listen(server), { servername: 'other.test' })).on('close', () => server.close());`,
  'a client without a certificate': `
    const server = createServer({ ...leaf, requestCert: true, ca });
    server.on('tlsClientError', (error) => { console.log(error.code); server.close(); });
    dial(await listen(server)).on('error', () => {}).resume();`,
  'no TLS': `
    const server = createServer(leaf).on('tlsClientError', () => { console.log('refused'); server.close(); });
    net.connect(await listen(server), '127.0.0.1').on('error', () => {}).resume().end('GET / HTTP/1.1');`,
  'a handshake that times out': `
    const server = createServer({ ...leaf, handshakeTimeout: 30 });
    // node:tls leaves it open.
    server.on('tlsClientError', (error, socket) => { console.log(error.code); socket.destroy(); server.close(); });
    net.connect(await listen(server), '127.0.0.1').on('error', () => {}).resume();`,
  'a handshake that the server destroys in SNICallback': `
    const server = createServer({ ...leaf, SNICallback() { console.log('asked'); server.close(); client.destroy(); } });
    const client = dial(await listen(server));
    quiet(client);`,
  'a reset in the middle of data': `
    const server = createServer(leaf, (socket) => {
      quiet(socket).on('close', () => server.close(() => console.log('closed')));
      socket.write(Buffer.alloc(5_000_000));
    });
    const port = await listen(server);
    const relay = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      near.pipe(far).on('error', () => {});
      let passed = 0;
      far.on('data', (bytes) => { near.write(bytes); if ((passed += bytes.length) > 500_000) far.resetAndDestroy(); });
      far.on('close', () => near.destroy());
      near.on('error', () => {});
    });
    dial(await listen(relay)).on('error', () => {}).on('close', () => relay.close()).resume();`,
};

for (const [name, source] of Object.entries(programs)) {
  void t.test(name, async (t) => {
    const program = await programFolder('process-end');
    t.teardown(() => program.remove());
    const environment = { PQTLS_TRANSPORT: process.env['PQTLS_TRANSPORT'] };
    const seen = [];
    for (const module of ['node:tls', 'pqtls']) {
      const text = `${preamble}${source}
        setTimeout(() => { console.log('hangs', process.getActiveResourcesInfo()); process.exit(3); }, 20_000).unref();`;
      seen.push(await program.run('program.mjs', text.replaceAll("'TLS'", `'${module}'`), [], environment));
    }
    const [node, ours] = seen;
    t.match(node, { code: 0, signal: null, stderr: '' });
    t.not(node?.stdout, '', 'it tells something');
    t.same(ours, node);
  });
}
