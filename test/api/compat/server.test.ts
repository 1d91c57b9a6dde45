// tls.Server: its methods, what it inherits, and connections that reach it by other ways than listen().

import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { duplexPair } from '../../support/duplex-pair.js';
import { Subject } from '../../support/behaviours.js';
import { attempt, closed, errorEvent, next, record, textOf } from '../../support/observations.js';

const subject = new Subject('server');

subject.add('the members of a server', async (run) => {
  const { server } = await run.serve();
  const names = ['addContext', 'setSecureContext', 'getTicketKeys', 'setTicketKeys', 'listen', 'close', 'address'];
  names.push('getConnections', 'ref', 'unref');
  return Object.fromEntries(names.map((name) => [name, typeof (server as unknown as Record<string, unknown>)[name]]));
});

subject.add('setOptions()', (run) => typeof Reflect.get(run.tls.Server.prototype, 'setOptions'), {
  differs: { reason: 'undocumented, deprecated and gone in Node 24', pqtls: 'undefined', before: 24 },
});

subject.add('address() and listening', async (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  const before = { address: server.address(), listening: server.listening };
  await run.listen(server);
  const { address, family, port } = server.address() as net.AddressInfo;
  return { before, address, family, port: typeof port, listening: server.listening };
});

subject.add('ref, unref and listen return the server', (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  run.cleanup(() => void server.close());
  return [server.listen(0, '127.0.0.1') === server, server.unref() === server, server.ref() === server];
});

subject.add('a port that is taken is an error event', async (run) => {
  const { port } = await run.serve();
  const second = run.tls.createServer(run.certs.leaf);
  second.listen(port, '127.0.0.1');
  return ((await errorEvent(second)) as { code?: string }).code;
});

subject.add('listeners of connection and secureConnection by default', (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  return ['connection', 'secureConnection', 'tlsClientError', 'error', 'newSession'].map((name) =>
    server.listenerCount(name),
  );
});

subject.add('connection comes before secureConnection', async (run) => {
  const { server, port } = await run.serve();
  const events = record(server, ['connection', 'secureConnection']);
  run.connect({ port });
  await once(server, 'secureConnection');
  return events;
});

subject.add('connection has the TCP socket', async (run) => {
  const { server, port } = await run.serve();
  run.connect({ port });
  const [tcp] = await next(server, 'connection');
  return { isNet: tcp instanceof net.Socket, isTls: tcp instanceof run.tls.TLSSocket };
});

subject.add('a TCP socket emitted by hand', async (run) => {
  const server = run.tls.createServer(run.certs.leaf, (socket) => socket.end('by hand'));
  const port = await run.serveTcp((tcp) => server.emit('connection', tcp));
  return textOf(run.connect({ port }));
});

subject.add('a Duplex emitted by hand', async (run) => {
  const server = run.tls.createServer(run.certs.leaf, (socket) => socket.end('by hand'));
  const [near, far] = duplexPair();
  server.emit('connection', far);
  return textOf(run.connect({ socket: near }));
});

// Here on Node 20 too.
const capitalsMatch = { since: 22 };

subject.add(
  'addContext() picks by name, the last one first',
  async (run) => {
    const { named, leaf, foreign } = run.certs;
    const { server, port } = await run.serve({});
    server.addContext('*.wild.example', { cert: leaf.cert, key: leaf.key });
    server.addContext('a.example', { cert: foreign.cert, key: foreign.key });
    server.addContext('a.example', { cert: named.cert, key: named.key });
    server.addContext('*.wild.example', { cert: named.cert, key: named.key });
    const seen: unknown[] = [];
    for (const servername of ['a.example', 'A.Example', 'x.wild.example', 'y.x.wild.example', 'b.example']) {
      const client = run.connect({ port, servername, rejectUnauthorized: false });
      await once(client, 'secureConnect');
      seen.push([
        servername,
        client.getPeerCertificate().subject.CN,
        client.authorized,
        client.authorizationError?.toString(),
      ]);
      client.destroy();
    }
    return seen;
  },
  capitalsMatch,
);

subject.add('addContext() with a context that is made', async (run) => {
  const { named } = run.certs;
  const { server, port } = await run.serve({});
  server.addContext('a.example', run.tls.createSecureContext({ cert: named.cert, key: named.key }));
  const client = run.connect({ port, servername: 'a.example' });
  await once(client, 'secureConnect');
  return client.authorized;
});

subject.add('setSecureContext() counts for connections to come', async (run) => {
  const { rsa } = run.certs;
  const { server, port, client } = await run.pair();
  server.setSecureContext({ cert: rsa.cert, key: rsa.key });
  const later = run.connect({ port });
  await once(later, 'secureConnect');
  return [client, later].map((socket) => socket.getPeerCertificate().serialNumber);
});

subject.add('setSecureContext() of a server made without a certificate', async (run) => {
  const server = run.tls.createServer();
  const port = await run.listen(server);
  server.setSecureContext(run.certs.leaf);
  const client = run.connect({ port });
  await once(client, 'secureConnect');
  return client.authorized;
});

subject.add('ECDSA and RSA side by side', async (run) => {
  const { leaf, rsa } = run.certs;
  const { port } = await run.serve({ cert: [leaf.cert, rsa.cert], key: [leaf.key, rsa.key] });
  const seen: unknown[] = [];
  for (const sigalgs of ['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256']) {
    const client = run.connect({ port, sigalgs });
    await once(client, 'secureConnect');
    seen.push(client.getPeerCertificate().serialNumber);
  }
  return seen;
});

subject.add('secureConnection listeners get the socket and nothing else', async (run) => {
  const { server, port } = await run.serve();
  run.connect({ port });
  const values = await next(server, 'secureConnection');
  return { count: values.length, isTls: values[0] instanceof run.tls.TLSSocket };
});

subject.add('the server of a served socket', async (run) => {
  const { served, server } = await run.pair();
  return (served as unknown as { server?: unknown }).server === server;
});

subject.add('maxConnections drops', async (run) => {
  const { server, port } = await run.pair();
  server.maxConnections = 1;
  const dropped = next(server, 'drop');
  const second = run.connect({ port });
  const error = errorEvent(second);
  await dropped;
  return ((await error) as { code?: string }).code;
});

subject.add('a server is an EventEmitter with captureRejections of its options', (run) => {
  const server = run.tls.createServer(run.certs.leaf);
  return server instanceof EventEmitter;
});

subject.add('versions and suites that a server allows', async (run) => {
  const seen: unknown[] = [];
  for (const [serverOptions, clientOptions] of [
    [{ maxVersion: 'TLSv1.2' }, {}],
    [{}, { maxVersion: 'TLSv1.2' }],
    [{ minVersion: 'TLSv1.3' }, {}],
    [{ ciphers: 'TLS_AES_128_GCM_SHA256' }, {}],
    [{ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, {}],
    [{ ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305', maxVersion: 'TLSv1.2' }, {}],
    [{ secureProtocol: 'TLSv1_2_method' }, {}],
    [{}, { secureProtocol: 'TLSv1_2_method' }],
  ] as const) {
    const { client } = await run.pair(serverOptions, clientOptions);
    seen.push([client.getProtocol(), client.getCipher()]);
  }
  return seen;
});

subject.add('honorCipherOrder', async (run) => {
  const list = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384';
  const reversed = list.split(':').reverse().join(':');
  const seen: unknown[] = [];
  for (const honorCipherOrder of [undefined, true, false]) {
    const { client } = await run.pair(
      { ciphers: list, maxVersion: 'TLSv1.2', honorCipherOrder },
      { ciphers: reversed },
    );
    seen.push(client.getCipher().name);
  }
  return seen;
});

subject.add('a RSA key exchange of TLS 1.2', async (run) => {
  const { rsa } = run.certs;
  const { client } = await run.pair(
    { cert: rsa.cert, key: rsa.key, maxVersion: 'TLSv1.2' },
    { ciphers: 'AES128-GCM-SHA256' },
  );
  return { cipher: client.getCipher(), ephemeral: client.getEphemeralKeyInfo() };
});

subject.add(
  'getEphemeralKeyInfo() of a classical curve, on both sides',
  async (run) => {
    const seen: unknown[] = [];
    for (const ecdhCurve of ['X25519', 'P-256', 'P-384', 'P-521']) {
      const { client, served } = await run.pair({ ecdhCurve }, { ecdhCurve });
      seen.push([client.getEphemeralKeyInfo(), served.getEphemeralKeyInfo()]);
    }
    return seen;
  },
  {
    differs: {
      reason: 'the key exchange is told on both sides; node:tls gives null on the server',
      pqtls: [
        { type: 'ECDH', name: 'X25519', size: 253 },
        { type: 'ECDH', name: 'prime256v1', size: 256 },
        { type: 'ECDH', name: 'secp384r1', size: 384 },
        { type: 'ECDH', name: 'secp521r1', size: 521 },
      ].map((info) => [info, { ...info }]),
    },
  },
);

subject.add('getSharedSigalgs() of both ends', async (run) => {
  const { client, served } = await run.pair({}, { sigalgs: 'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256' });
  return [client.getSharedSigalgs(), served.getSharedSigalgs()];
});

subject.add('exportKeyingMaterial() agrees on both ends', async (run) => {
  const seen: unknown[] = [];
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const { client, served } = await run.pair({ maxVersion });
    const context = Buffer.from('context');
    const one = client.exportKeyingMaterial(32, 'label', context);
    const other = served.exportKeyingMaterial(32, 'label', context);
    const bare = client.exportKeyingMaterial(32, 'label', undefined as never);
    seen.push([Buffer.isBuffer(one), one.length, one.equals(other), one.equals(bare)]);
    client.destroy();
  }
  return seen;
});

subject.add('exportKeyingMaterial() before the handshake', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  return attempt(() => client.exportKeyingMaterial(32, 'label', Buffer.alloc(0)));
});

subject.add('getFinished() and getPeerFinished() mirror each other', async (run) => {
  const seen: unknown[] = [];
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    const { client, served } = await run.pair({ maxVersion });
    const [a, b] = [client.getFinished(), client.getPeerFinished()];
    const [c, d] = [served.getFinished(), served.getPeerFinished()];
    seen.push([a?.length, b?.length, d !== undefined && a?.equals(d), b !== undefined && c?.equals(b)]);
  }
  return seen;
});

subject.add('setMaxSendFragment()', async (run) => {
  const { client, served } = await run.pair();
  const answers = [512, 16384, 511, 16385, 0].map((size) => client.setMaxSendFragment(size));
  client.setMaxSendFragment(512);
  const sizes: number[] = [];
  served.on('data', (chunk: Buffer) => sizes.push(chunk.length));
  client.end(Buffer.alloc(2000));
  client.resume();
  await closed(served);
  return { answers, total: sizes.reduce((sum, size) => sum + size, 0) };
});

for (const ciphers of ['HIGH', 'ALL', 'AES', 'ECDHE', 'kRSA', 'AES128-GCM-SHA256:HIGH', 'HIGH:-AES256:+AESGCM']) {
  subject.add(`the suite that a TLS 1.2 server chooses of ${ciphers}`, async (run) => {
    const { rsa } = run.certs;
    const { client } = await run.pair({ ciphers, cert: rsa.cert, key: rsa.key, maxVersion: 'TLSv1.2' });
    return client.getCipher().name;
  });
}

/** The keep-alive timer of the end of a connection with this local port, in minutes; from /proc/net/tcp, so on Linux alone. */
async function keepAliveMinutes(localPort: number | undefined): Promise<number> {
  const ending = `:${(localPort ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  for (;;) {
    // sl local remote state tx:rx timer:when; state 01 is an established connection, timer 02 its keep-alive.
    const rows = readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const [timer, when] = rows.find((row) => row[1]?.endsWith(ending) && row[3] === '01')?.[5]?.split(':') ?? [];
    // In hundredths of a second. Until what was sent is acknowledged, another timer runs.
    if (timer === '02') return Math.round(parseInt(when ?? '', 16) / 6000);
    if (timer === '00') return 0;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

if (process.platform === 'linux') {
  for (const keepAlive of [true, false]) {
    subject.add(
      `keepAlive ${keepAlive} of a server, and of a client, in the kernel`,
      async (run) => {
        const { port } = await run.serve({ keepAlive, keepAliveInitialDelay: 600_000, noDelay: true });
        const client = run.connect({ port, keepAlive, keepAliveInitialDelay: 1_200_000 });
        await once(client, 'secureConnect');
        return { server: await keepAliveMinutes(port), client: await keepAliveMinutes(client.localPort) };
      },
      keepAlive
        ? {
            differs: {
              reason: 'node:tls gives it to the socket of connect() since Node 24',
              before: 24,
              pqtls: { server: 10, client: 20 },
            },
          }
        : {},
    );
  }
}

await subject.check();
