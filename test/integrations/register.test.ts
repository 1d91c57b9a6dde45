// pqtls/register: small programs that know nothing of pqtls, with and without the flag.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import pqtls from 'pqtls';
import { programFolder } from '../support/programs.js';
import { projectDir, type CommandResult } from '../support/project.js';

const folder = await programFolder('register');
t.teardown(() => folder.remove());

const importFlag = ['--import', 'pqtls/register'];
const requireFlag = ['--require', 'pqtls/register'];

/** Node's own sockets have no getHandshakeInfo(). */
const groupOf = 'const groupOf = (socket) => socket.getHandshakeInfo?.().group.name ?? "node:tls";\n';
const credentials = 'const options = { key: fs.readFileSync("key.pem"), cert: fs.readFileSync("cert.pem") };\n';

/** Runs the program without the flag and with it; it prints its own name of what was negotiated, once for each side. */
async function compare(t: Test, file: string, source: string, flags = importFlag): Promise<void> {
  const plain = await folder.run(file, source);
  t.match(plain.stdout.trim(), /^(node:tls ?)+$/, `without: ${plain.stderr}`);
  const registered = await folder.run(file, source, flags);
  t.equal(registered.code, 0, registered.stderr);
  t.match(registered.stdout.trim(), /^(X25519MLKEM768 ?)+$/, `with: ${registered.stderr}`);
  t.equal(registered.stdout.trim().split(' ').length, plain.stdout.trim().split(' ').length);
  t.equal(registered.stderr, '', 'prints nothing');
}

const tlsBody = `
const server = createServer(options, (socket) => socket.end(groupOf(socket)));
server.listen(0, () => {
  const client = connect({ port: server.address().port, host: 'localhost' });
  let said = '';
  client.on('data', (chunk) => (said += chunk));
  client.on('end', () => { console.log(groupOf(client), said); server.close(); });
});`;

const httpsBody = `
const server = https.createServer(options, (req, res) => res.end(groupOf(req.socket)));
server.listen(0, () => {
  https.request({ port: server.address().port, host: 'localhost' }, (res) => {
    const group = groupOf(res.socket);
    let said = '';
    res.on('data', (chunk) => (said += chunk));
    res.on('end', () => { console.log(group, said); server.close(); server.closeIdleConnections(); });
  }).end();
});`;

const http2Body = `
const server = http2.createSecureServer({ ...options, allowHTTP1: true });
server.on('stream', (stream) => { stream.respond(); stream.end(groupOf(stream.session.socket)); });
server.listen(0, () => {
  const session = http2.connect('https://localhost:' + server.address().port);
  const stream = session.request({ ':path': '/' });
  let said = '';
  stream.on('data', (chunk) => (said += chunk));
  stream.on('end', () => { console.log(groupOf(session.socket), said); session.close(); server.close(); });
});`;

void t.test('node:tls, named imports', async (t) => {
  const source = `import fs from 'node:fs';\nimport { connect, createServer } from 'node:tls';\n`;
  await compare(t, 'tls.mjs', source + groupOf + credentials + tlsBody);
});

void t.test('node:tls, CommonJS, by each flag', async (t) => {
  const source = `const fs = require('fs');\nconst { connect, createServer } = require('tls');\n`;
  await compare(t, 'tls.cjs', source + groupOf + credentials + tlsBody);
  await compare(t, 'tls.cjs', source + groupOf + credentials + tlsBody, requireFlag);
});

void t.test('node:https, ESM and CommonJS', async (t) => {
  const esm = `import fs from 'node:fs';\nimport * as https from 'node:https';\n`;
  await compare(t, 'https.mjs', esm + groupOf + credentials + httpsBody);
  await compare(t, 'https.mjs', esm + groupOf + credentials + httpsBody, requireFlag);
  const cjs = `const fs = require('fs');\nconst https = require('https');\n`;
  await compare(t, 'https.cjs', cjs + groupOf + credentials + httpsBody);
});

void t.test('node:http2, ESM and CommonJS', async (t) => {
  const esm = `import fs from 'node:fs';\nimport * as http2 from 'node:http2';\n`;
  await compare(t, 'http2.mjs', esm + groupOf + credentials + http2Body);
  const cjs = `const fs = require('fs');\nconst http2 = require('http2');\n`;
  await compare(t, 'http2.cjs', cjs + groupOf + credentials + http2Body, requireFlag);
});

void t.test('global fetch', async (t) => {
  const source = `import fs from 'node:fs';\nimport https from 'node:https';\n${groupOf}${credentials}
const server = https.createServer(options, (req, res) => { res.setHeader('connection', 'close'); res.end(groupOf(req.socket)); });
server.listen(0, async () => {
  const response = await fetch('https://localhost:' + server.address().port);
  console.log(await response.text());
  server.close();
});`;
  await compare(t, 'fetch.mjs', source);
});

void t.test('express, ws, undici: packages that know nothing of it', async (t) => {
  const express = `import fs from 'node:fs';\nimport https from 'node:https';\nimport express from 'express';\n${groupOf}${credentials}
const app = express();
app.get('/', (req, res) => res.send(req.secure ? groupOf(req.socket) : 'cleartext'));
const server = https.createServer(options, app).listen(0, () => {
  https.get('https://localhost:' + server.address().port, { agent: false }, (res) => {
    res.on('data', (chunk) => console.log(groupOf(res.socket), String(chunk)));
    res.on('end', () => server.close());
  });
});`;
  await compare(t, 'express.mjs', express);
  const ws = `import fs from 'node:fs';\nimport https from 'node:https';\nimport { WebSocket, WebSocketServer } from 'ws';\n${groupOf}${credentials}
const server = https.createServer(options);
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket, req) => socket.send(groupOf(req.socket)));
server.listen(0, () => {
  const client = new WebSocket('wss://localhost:' + server.address().port);
  client.on('message', (data) => { console.log(groupOf(client._socket), String(data)); client.close(); });
  client.on('close', () => server.close());
});`;
  await compare(t, 'ws.mjs', ws);
  const undici = `import fs from 'node:fs';\nimport http2 from 'node:http2';\nimport { Agent, request } from 'undici';\n${groupOf}${credentials}
const server = http2.createSecureServer({ ...options, allowHTTP1: true }, (req, res) => res.end(groupOf(req.socket)));
server.listen(0, async () => {
  const answers = [];
  for (const allowH2 of [false, true]) {
    const dispatcher = new Agent({ allowH2 });
    const { body } = await request('https://localhost:' + server.address().port, { dispatcher });
    answers.push(await body.text());
    await dispatcher.close();
  }
  console.log(...answers);
  server.close();
});`;
  await compare(t, 'undici.mjs', undici);
});

void t.test('STARTTLS: nodemailer against a small server', async (t) => {
  const source = `import fs from 'node:fs';\nimport net from 'node:net';\nimport tls from 'node:tls';\nimport nodemailer from 'nodemailer';\n${groupOf}${credentials}
const context = tls.createSecureContext(options);
const groups = [];
let body = '';
const server = net.createServer((raw) => {
  raw.write('220 localhost ESMTP\\r\\n');
  const speak = (socket, secure) => {
    let reading = false;
    let pending = '';
    const onData = (chunk) => {
      pending += chunk;
      for (let end = pending.indexOf('\\r\\n'); end >= 0; end = pending.indexOf('\\r\\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (reading) {
          if (line !== '.') { body += line; continue; }
          reading = false;
          socket.write('250 queued\\r\\n');
        } else if (/^EHLO/.test(line)) socket.write(secure ? '250 localhost\\r\\n' : '250-localhost\\r\\n250 STARTTLS\\r\\n');
        else if (line === 'STARTTLS') {
          socket.removeListener('data', onData);
          socket.write('220 go ahead\\r\\n');
          const upgraded = new tls.TLSSocket(socket, { isServer: true, secureContext: context });
          upgraded.on('secure', () => groups.push(groupOf(upgraded)));
          speak(upgraded, true);
        } else if (line === 'DATA') { reading = true; socket.write('354 go on\\r\\n'); }
        else if (line === 'QUIT') socket.end('221 bye\\r\\n');
        else socket.write('250 ok\\r\\n');
      }
    };
    socket.on('data', onData);
    socket.on('error', () => undefined);
  };
  speak(raw, false);
});
server.listen(0, async () => {
  const transport = nodemailer.createTransport({ host: 'localhost', port: server.address().port, requireTLS: true });
  await transport.sendMail({ from: 'a@localhost', to: 'b@localhost', subject: 's', text: 'sent over STARTTLS' });
  if (!body.includes('sent over STARTTLS')) throw new Error('no mail came');
  console.log(...groups);
  transport.close();
  server.close();
});`;
  await compare(t, 'mail.mjs', source);
});

const hasProxyAgents = Number(process.versions.node.split('.')[0]) >= 24;

void t.test('a proxy of the environment', { skip: hasProxyAgents ? false : 'needs Node 24' }, async (t) => {
  const source = `import fs from 'node:fs';\nimport http from 'node:http';\nimport https from 'node:https';\nimport net from 'node:net';\n${groupOf}${credentials}
let tunnels = 0;
const proxy = http.createServer().on('connect', (req, client) => {
  tunnels += 1;
  const upstream = net.connect(req.url.split(':')[1], 'localhost', () => client.write('HTTP/1.1 200 Connection Established\\r\\n\\r\\n'));
  upstream.pipe(client).pipe(upstream);
});
const server = https.createServer(options, (req, res) => res.end(groupOf(req.socket)));
server.listen(0, () => proxy.listen(0, () => {
  const agent = new https.Agent({ proxyEnv: { HTTPS_PROXY: 'http://localhost:' + proxy.address().port } });
  https.get('https://localhost:' + server.address().port, { agent }, (res) => {
    const group = groupOf(res.socket);
    res.on('data', (chunk) => console.log(group, String(chunk)));
    res.on('end', () => {
      if (tunnels !== 1) throw new Error('not through the proxy');
      server.close();
      proxy.close();
    });
  });
}));`;
  await compare(t, 'proxy.mjs', source);
});

void t.test('what a program may look at', async (t) => {
  const source = `
const tls = require('tls'), https = require('https'), http2 = require('http2'), fs = require('fs'), net = require('net');
const assert = require('assert');
${credentials}
const server = https.createServer(options, (req, res) => {
  assert(req.socket instanceof tls.TLSSocket);
  assert(req.socket instanceof net.Socket);
  res.end();
});
for (const made of [server, tls.createServer(options), http2.createSecureServer(options)]) {
  assert(made instanceof tls.Server);
  assert(made instanceof net.Server);
}
assert(server instanceof https.Server);
assert(!(new net.Server() instanceof tls.Server));
class Mine extends https.Server { constructor() { super(options); this.mine = true; } }
assert(new Mine() instanceof Mine);
assert(new Mine() instanceof tls.Server);
assert.equal(https.globalAgent.constructor, https.Agent);
assert.notEqual(https.globalAgent.getName({ groups: 'X25519' }), https.globalAgent.getName({}));
server.listen(0, () => https.get({ port: server.address().port, host: 'localhost' }, (res) => {
  assert(res.socket instanceof tls.TLSSocket);
  assert.equal(res.socket.authorized, true);
  res.resume().on('end', () => {
    setImmediate(() => {
      assert.equal(Object.keys(https.globalAgent.freeSockets).length, 1);
      https.globalAgent.destroy();
      server.close();
      console.log('seen');
    });
  });
}));`;
  for (const flags of [[], importFlag, requireFlag]) {
    const result = await folder.run(
      'look.cjs',
      flags.length === 0 ? source.replace(/.*notEqual.*/, '') : source,
      flags,
    );
    t.equal(result.stdout.trim(), 'seen', result.stderr);
  }
});

// Its options are read from there once pqtls has them.
const defaults = 'DEFAULT_MAX_VERSION' in pqtls ? {} : { skip: 'pqtls has no DEFAULT_* yet' };

void t.test('assignments to tls.DEFAULT_* are seen', defaults, async (t) => {
  const source = `
const tls = require('tls'), fs = require('fs');
${credentials}
tls.DEFAULT_MAX_VERSION = 'TLSv1.2';
const server = tls.createServer({ ...options, maxVersion: 'TLSv1.3' }, (socket) => socket.end());
server.listen(0, () => {
  const client = tls.connect({ port: server.address().port, host: 'localhost' }, () => {
    console.log(client.getProtocol(), tls.DEFAULT_MAX_VERSION);
    client.end();
    server.close();
  });
});`;
  for (const flags of [[], importFlag]) {
    const result = await folder.run('defaults.cjs', source, flags);
    t.equal(result.stdout.trim(), 'TLSv1.2 TLSv1.2', result.stderr);
  }
});

void t.test('workers and child processes inherit it', async (t) => {
  const source = `
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { fork } from 'node:child_process';
import tls from 'node:tls';
const has = () => ('getHandshakeInfo' in tls.TLSSocket.prototype ? 'X25519MLKEM768' : 'node:tls');
if (process.send && isMainThread) {
  process.send(has());
} else if (!isMainThread) {
  parentPort.postMessage(has());
} else {
  const worker = await new Promise((resolve) => new Worker(new URL(import.meta.url)).on('message', resolve));
  const child = await new Promise((resolve) => fork(process.argv[1]).on('message', resolve));
  console.log(has(), worker, child);
}`;
  await compare(t, 'inherit.mjs', source);
});

void t.test('one line under NODE_DEBUG=pqtls, whatever is registered twice', async (t) => {
  const twice = [...importFlag, ...requireFlag];
  const { stderr } = await folder.run('empty.mjs', '', twice, { NODE_DEBUG: 'pqtls' });
  const lines = stderr.trim().split('\n');
  t.equal(lines.length, 1, stderr);
  t.match(lines[0], /^PQTLS \d+: .*engine aws-lc \(AWS-LC [\d.]+.*\), groups X25519MLKEM768:/);
});

void t.test('a program whose modules go through hooks, in a thread of their own', async (t) => {
  await folder.run('hooks.mjs', 'export const resolve = (specifier, context, next) => next(specifier, context);');
  const registering = `data:text/javascript,import { register } from 'node:module'; register(${JSON.stringify(
    pathToFileURL(join(folder.path, 'hooks.mjs')),
  )});`;
  const source = `const fs = require('fs');\nconst { connect, createServer } = require('tls');\n`;
  for (const flags of [importFlag, requireFlag]) {
    const hooked = [...flags, '--import', registering];
    await compare(t, 'hooked.cjs', source + groupOf + credentials + tlsBody, hooked);
  }
});

void t.test('no engine: an error that says so, and the program does not run', async (t) => {
  for (const flags of [importFlag, requireFlag]) {
    const result: CommandResult = await folder.run('never.mjs', 'console.log("ran");', flags, {
      PQTLS_ADDON_PATH: `${folder.path}/missing.node`,
      PQTLS_ENGINE: 'aws-lc',
    });
    t.equal(result.code, 1);
    t.equal(result.stdout, '');
    t.match(result.stderr, /ERR_PQTLS_UNSUPPORTED/);
    t.match(result.stderr, /TLS on AWS-LC needs the native addon/);
  }
});

void t.test("pqtls calls Node's own tls by one file only, or it would call itself", (t) => {
  const sources = readdirSync(join(projectDir, 'src'), { recursive: true, encoding: 'utf8' });
  const users = sources.filter(
    (file) =>
      file.endsWith('.ts') &&
      /^import (?!type ).*from '(node:)?tls'/m.test(readFileSync(join(projectDir, 'src', file), 'utf8')),
  );
  t.strictSame(users.map((file) => file.replaceAll('\\', '/')).sort(), ['integrations/register.ts', 'tls/node-tls.ts']);
  t.end();
});
