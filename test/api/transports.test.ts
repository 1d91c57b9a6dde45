// What carries a connection: the addon's own TCP where it can, a net.Socket or another Duplex where it can't.

import { createHook } from 'node:async_hooks';
import cluster from 'node:cluster';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect, createServer, TLSSocket, type ConnectionOptions, type Server, type TlsServerOptions } from 'pqtls';
import { certificates } from '../support/certificates.js';
import { Loopback } from '../support/loopback.js';
import { modules } from '../support/tls-modules.js';
import { PatternCheck, sendPattern } from '../support/pattern.js';
import { duplexPair } from '../support/duplex-pair.js';
import { programFolder } from '../support/programs.js';
import { nodeBinary } from '../support/node-versions.js';
import { cleanEnvironment, runCommand, temporaryFolder } from '../support/project.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';

// Where TCP is left to net.Socket on purpose, that is what every connection says.
const expected = process.env['PQTLS_TRANSPORT'] === 'net' || process.platform === 'win32' ? 'net' : 'native';

const environment = { PQTLS_TRANSPORT: process.env['PQTLS_TRANSPORT'] };

async function bothKinds(t: Test, server: Server, options: ConnectionOptions): Promise<(string | undefined)[]> {
  const { authority } = await credentials();
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connect({ ca: authority.cert, servername: 'localhost', ...options });
  t.teardown(() => client.destroy());
  await once(client, 'secureConnect');
  const [served] = await accepted;
  served.on('error', () => {});
  return [client, served].map((socket) => socket.getHandshakeInfo()?.transport);
}

async function listening(t: Test, options: TlsServerOptions, where: net.ListenOptions): Promise<Server> {
  const server = createServer({ ...(await credentials()).leaf, ...options });
  server.listen(where);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return server;
}

void t.test('which one', async (t) => {
  const { client, served } = await connectedPair(t);
  t.equal(client.getHandshakeInfo()?.transport, expected);
  t.equal(served.getHandshakeInfo()?.transport, expected);

  const watched = await listen(t);
  watched.server.on('connection', (socket: net.Socket) => t.ok(socket instanceof net.Socket));
  t.same(await bothKinds(t, watched.server, { port: watched.port }), [expected, 'net'], 'somebody wants the socket');

  const replaced = await listen(t);
  const [own] = replaced.server.listeners('connection') as [(socket: net.Socket) => void];
  replaced.server.removeAllListeners('connection');
  replaced.server.on('connection', (socket: net.Socket) => own.call(replaced.server, socket));
  t.same(await bothKinds(t, replaced.server, { port: replaced.port }), [expected, 'net'], "in our listener's place");

  const given = await listen(t);
  const socket = net.connect(given.port, '127.0.0.1');
  t.same(await bothKinds(t, given.server, { socket }), ['net', expected], 'a given socket');

  const { leaf, authority } = await credentials();
  const [near, far] = duplexPair();
  const upgraded = new TLSSocket(far, { isServer: true, ...leaf });
  const over = connect({ socket: near, ca: authority.cert, servername: 'localhost' });
  await once(over, 'secureConnect');
  t.equal(over.getHandshakeInfo()?.transport, 'stream');
  t.equal(upgraded.getHandshakeInfo()?.transport, 'stream');
  over.destroy();
  upgraded.destroy();
});

void t.test('who dials', async (t) => {
  const { port } = await listen(t);
  const made: string[] = [];
  const hook = createHook({ init: (_id, type) => made.push(type) });
  for (const host of ['127.0.0.1', 'localhost']) {
    // One address: what is tried after a first one is node:net's, and taken over.
    hook.enable();
    const client = connect({ host, port, family: 4, ca: (await credentials()).authority.cert });
    await once(client, 'secureConnect');
    hook.disable();
    t.equal(made.includes('PQTLSTCP'), expected === 'native', `to ${host}`);
    t.equal(made.includes('TCPWRAP'), expected === 'net', `to ${host}, with a handle of Node's`);
    made.length = 0;
    client.destroy();
    await once(client, 'close');
  }
});

void t.test('somebody follows the sockets of clients', async (t) => {
  const { server, port } = await listen(t);
  const published: net.Socket[] = [];
  const follow = (message: unknown): unknown => published.push((message as { socket: net.Socket }).socket);
  subscribe('net.client.socket', follow);
  t.same(await bothKinds(t, server, { port }), ['net', expected], 'the one that they get is not ended');
  t.ok(published.every(({ destroyed }) => !destroyed));
  unsubscribe('net.client.socket', follow);
  t.same(await bothKinds(t, server, { port }), [expected, expected]);
});

void t.test('a first address that refuses', async (t) => {
  const { server, port } = await listen(t);
  const lookup: net.LookupFunction = (_host, _options, callback) => {
    const found = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
    process.nextTick(callback, null, found);
  };
  const options = { host: 'several.test', port, lookup, autoSelectFamily: true };
  t.same(await bothKinds(t, server, options), [expected, expected]);
});

void t.test('unref() at every step of dialling', async (t) => {
  const program = await programFolder('unreferenced');
  t.teardown(() => program.remove());
  // Its answer never comes: whoever waited for it would wait for ever.
  const silent = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const { port } = silent.address() as net.AddressInfo;
  for (const step of ['at once', 'connectionAttempt', 'connect']) {
    const source = `
      import { connect } from 'pqtls';
      const socket = connect({ host: '127.0.0.1', port: ${port} });
      socket.on('close', () => console.log('closed'));
      if ('${step}' === 'at once') socket.unref();
      else socket.once('${step}', () => socket.unref());`;
    const { code, stdout, stderr } = await program.run(`${step}.mjs`, source, [], environment);
    t.match({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' }, step);
  }
});

void t.test('a program that may not use the network', async (t) => {
  const program = await programFolder('permissions');
  t.teardown(() => program.remove());
  writeFileSync(
    join(program.path, 'dial.mjs'),
    `import { connect } from 'pqtls';
     connect({ host: '127.0.0.1', port: 9 }).on('error', ({ code }) => console.log(code));`,
  );
  const flags = ['--no-warnings', '--permission', '--allow-addons', '--allow-fs-read=*'];
  // The first Node whose permissions cover it.
  const node = await nodeBinary('26');
  const codeWith = async (...more: string[]): Promise<string> => {
    const options = { cwd: program.path, env: cleanEnvironment(environment) };
    const { stdout, stderr } = await runCommand(node, [...flags, ...more, 'dial.mjs'], options);
    return stdout.trim() || stderr;
  };
  t.equal(await codeWith(), 'ERR_ACCESS_DENIED');
  t.equal(await codeWith('--allow-net'), 'ECONNREFUSED');
});

void t.test('what is compared with node:tls', async (t) => {
  const { ca, leaf } = await certificates();
  const loopback = new Loopback(modules.pqtls, { ca: ca.cert, leaf: { cert: leaf.cert, key: leaf.key } });
  const { server, port } = await loopback.serve();
  const accepted = once(server, 'secureConnection') as Promise<[unknown]>;
  const client = loopback.connect({ port }) as unknown as TLSSocket;
  const [served] = (await accepted) as [TLSSocket];
  t.equal(served.getHandshakeInfo()?.transport, expected);
  t.equal(client.getHandshakeInfo()?.transport, expected);
  await loopback.close();
});

void t.test('a Unix socket', { skip: process.platform === 'win32' && 'no Unix sockets' }, async (t) => {
  const folder = temporaryFolder('transport');
  t.teardown(() => folder.remove());
  const path = join(folder.path, 'socket');
  const server = await listening(t, {}, { path });
  t.same(await bothKinds(t, server, { path }), [expected, expected]);
});

void t.test('IPv6, and addresses', async (t) => {
  const server = await listening(t, {}, { port: 0, host: '::1' });
  const { port } = server.address() as net.AddressInfo;
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const { authority } = await credentials();
  const client = connect({ port, host: '::1', ca: authority.cert, servername: 'localhost' });
  t.teardown(() => client.destroy());
  await once(client, 'secureConnect');
  const [served] = await accepted;
  t.match(served, { remoteAddress: '::1', remoteFamily: 'IPv6', localAddress: '::1', localPort: port });
  t.match(client, { remoteAddress: '::1', remoteFamily: 'IPv6', remotePort: port });
  t.equal(client.localPort, served.remotePort);
  t.match(client.address(), { address: '::1', family: 'IPv6', port: served.remotePort });
});

void t.test('type of service', { skip: !('setTypeOfService' in net.Socket.prototype) && 'of Node 26' }, async (t) => {
  const { client } = await connectedPair(t);
  const [set, get] = ['setTypeOfService', 'getTypeOfService'].map(
    (name) =>
      (...values: unknown[]): unknown =>
        Reflect.apply(Reflect.get(client, name) as () => unknown, client, values),
  ) as [(value: unknown) => unknown, () => unknown];
  t.equal(set(0x10), client);
  t.equal(get(), 0x10);
  t.throws(() => set(256), { code: 'ERR_OUT_OF_RANGE' });
});

void t.test('maxConnections, getConnections() and close()', async (t) => {
  const { server, port } = await listen(t);
  server.maxConnections = 1;
  const first = await dial(t, port);
  await once(first, 'secureConnect');
  const dropped = once(server, 'drop');
  const second = await dial(t, port);
  t.match(await errorOf(second), { code: 'ECONNRESET' });
  await dropped;
  t.equal(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count))), 1);
  let closed = false;
  server.close(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(closed, false, 'a connection is open');
  first.destroy();
  await once(server, 'close');
});

void t.test('a reader that is slow holds the sender up', async (t) => {
  const { client, served } = await connectedPair(t);
  const bytes = 30_000_000;
  const sent = sendPattern(served, bytes);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.ok((served.getHandshakeInfo()?.bytesWritten ?? 0) < bytes, 'most of it waits');
  const check = new PatternCheck();
  client.on('data', (chunk: Buffer) => check.accept(chunk));
  await sent;
  while (check.received < bytes) await once(client, 'data');
  t.equal(check.received, bytes);
});

void t.test('resets and ends at every step of the handshake', async (t) => {
  const { server, port } = await listen(t);
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}).resume());
  const { authority } = await credentials();
  // Through a proxy that lets so many bytes of the client pass and then breaks off.
  for (const limit of [0, 1, 5, 6, 100, 1400, 1600, 1700, 2000]) {
    for (const how of ['reset', 'end', 'destroy'] as const) {
      const proxy = net.createServer((near) => {
        const far = net.connect(port, '127.0.0.1');
        let passed = 0;
        near.on('error', () => {}).on('close', () => far.destroy());
        far.on('error', () => {}).on('close', () => near.destroy());
        far.pipe(near, { end: false });
        near.on('data', (chunk: Buffer) => {
          far.write(chunk.subarray(0, limit - passed));
          passed += chunk.length;
          if (passed < limit) return;
          if (how === 'reset') far.resetAndDestroy();
          else if (how === 'end') far.end();
          else far.destroy();
        });
        if (limit === 0) far.on('connect', () => far.resetAndDestroy());
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const client = connect({
        port: (proxy.address() as net.AddressInfo).port,
        ca: authority.cert,
        servername: 'localhost',
        handshakeTimeout: 2000,
      });
      client.on('error', () => {});
      client.on('secureConnect', () => client.end('x'));
      client.resume();
      await new Promise((resolve) => client.once('close', resolve));
      proxy.close();
    }
  }
  while ((await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))) !== 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.pass('nothing is left');
});

void t.test('the process ends with the last socket, and unref() lets it end before', async (t) => {
  const program = await programFolder('transport-end');
  t.teardown(() => program.remove());
  const ended = `
    import { readFileSync } from 'node:fs';
    import { connect, createServer } from 'pqtls';
    const leaf = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
    const server = createServer(leaf, (socket) => socket.on('error', () => {}).pipe(socket));
    server.listen(0, () => {
      const client = connect({ port: server.address().port, servername: 'localhost', ca: readFileSync('ca.pem') });
      client.on('secureConnect', () => {
        console.log(client.getHandshakeInfo().transport);
        if (process.argv[2] === 'unref') { server.unref(); client.unref(); server.on('secureConnection', (s) => s.unref()); }
        else { client.end('x'); client.resume(); server.close(); }
      });
      if (process.argv[2] === 'unref') server.prependListener('secureConnection', (socket) => socket.unref());
    });
  `;
  for (const how of ['end', 'unref']) {
    const { code, stdout, stderr } = await program.run(
      `${how}.mjs`,
      ended.replaceAll('process.argv[2]', `'${how}'`),
      [],
      environment,
    );
    t.match({ code, stdout, stderr }, { code: 0, stdout: `${expected}\n`, stderr: '' }, how);
  }
});

void t.test('a worker of a cluster', { skip: !cluster.isPrimary && 'is one itself' }, async (t) => {
  const program = await programFolder('transport-cluster');
  t.teardown(() => program.remove());
  const source = `
    import cluster from 'node:cluster';
    import { readFileSync } from 'node:fs';
    import { connect, createServer } from 'pqtls';
    if (cluster.isPrimary) {
      const worker = cluster.fork();
      worker.on('listening', ({ port }) => {
        const client = connect({ port, servername: 'localhost', ca: readFileSync('ca.pem') });
        client.on('data', (text) => { console.log(String(text)); client.end(); });
        client.on('close', () => worker.kill());
      });
    } else {
      const leaf = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
      createServer(leaf, (socket) => socket.on('error', () => {}).write(socket.getHandshakeInfo().transport)).listen(0);
    }
  `;
  for (const [name, policy] of [
    ['round robin', 'rr'],
    ['a shared handle', 'none'],
  ] as const) {
    const { stdout } = await program.run('cluster.mjs', source, [], {
      ...environment,
      NODE_CLUSTER_SCHED_POLICY: policy,
    });
    t.equal(stdout, `${expected}\n`, name);
  }
});
