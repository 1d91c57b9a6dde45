// Session tickets across the workers of a cluster: whichever worker answers, the session is resumed.

import t, { type Test } from 'tap';
import { programFolder } from '../support/programs.js';

const folder = await programFolder('cluster');
t.teardown(() => folder.remove());

/**
 * Two workers behind one port, in turns. The primary makes a full handshake with one and resumes with what it got, until
 * both have answered; it prints `resumed by another`, and leaves.
 */
const program = (imports: string, server: string): string => `
import cluster from 'node:cluster';
import fs from 'node:fs';
import { once } from 'node:events';
${imports}
const options = { key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem') };
if (cluster.isPrimary) {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  const workers = [cluster.fork(), cluster.fork()];
  const [{ port }] = await Promise.all(workers.map(async (worker) => (await once(worker, 'listening'))[0]));
  const ask = (session) => new Promise((resolve, reject) => {
    let fresh;
    let said = '';
    const socket = tls.connect({ port, host: 'localhost', servername: 'localhost', session });
    socket.on('session', (bytes) => (fresh = bytes));
    socket.on('data', (chunk) => (said += chunk));
    socket.on('error', reject);
    socket.on('end', () => {
      socket.end();
      resolve({ session: fresh, worker: said.match(/worker (\\d+)/)[1], resumed: socket.isSessionReused() });
    });
    socket.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n');
  });
  const first = await ask();
  let other = await ask(first.session);
  for (let attempt = 0; other.worker === first.worker && attempt < 10; attempt += 1) other = await ask(other.session);
  console.log(other.resumed ? 'resumed' : 'full handshake', other.worker === first.worker ? 'by the same' : 'by another');
  for (const worker of workers) worker.kill();
} else {
  ${server}.listen(0);
}`;

const tlsServer = `tls.createServer(options, (socket) => {
    socket.once('data', () => socket.end('worker ' + cluster.worker.id));
  })`;
const httpsServer = "https.createServer(options, (req, res) => res.end('worker ' + cluster.worker.id))";
const http2Server = `http2.createSecureServer({ ...options, allowHTTP1: true }, (req, res) => {
    res.end('worker ' + cluster.worker.id);
  })`;

async function resumes(t: Test, imports: string, server: string, flags: readonly string[] = []): Promise<void> {
  const result = await folder.run('cluster.mjs', program(imports, server), flags);
  t.equal(result.stdout.trim(), 'resumed by another', result.stderr);
}

void t.test('servers of pqtls', async (t) => {
  await resumes(t, "import tls from 'pqtls';", tlsServer);
  await resumes(t, "import tls from 'pqtls';\nimport https from 'pqtls/https';", httpsServer);
  await resumes(t, "import tls from 'pqtls';\nimport http2 from 'pqtls/http2';", http2Server);
});

void t.test('an unchanged program', async (t) => {
  const imports = "import tls from 'node:tls';\nimport https from 'node:https';";
  await resumes(t, imports, httpsServer);
  await resumes(t, imports, httpsServer, ['--import', 'pqtls/register']);
  await resumes(t, imports, tlsServer, ['--import', 'pqtls/register']);
});

void t.test('keys of its own keep a worker apart', async (t) => {
  const server = httpsServer.replace('options,', '{ ...options, ticketKeys: crypto.randomBytes(48) },');
  const apart = `${server.replace('https.', 'globalThis.server = https.')};
  server._setServerData = undefined;
  server`;
  const imports = "import crypto from 'node:crypto';\nimport tls from 'pqtls';\nimport https from 'pqtls/https';";
  const result = await folder.run('apart.mjs', program(imports, apart));
  t.equal(result.stdout.trim(), 'full handshake by another', result.stderr);
});
