// metrics(): what is counted, and that a parser of Prometheus reads the same from the text.

import { once } from 'node:events';
import * as net from 'node:net';
import parseText, { type ParsedFamily } from 'parse-prometheus-text-format';
import t from 'tap';
import pqtls, { metrics, TLSSocket, type HandshakeCount } from 'pqtls';
import { metricsOfThisThread } from '#src/tls/metrics.js';
import { Authority } from '#src/cli/demo-authority.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';

// As the package is CommonJS with a default of its own.
const parse = (parseText as unknown as { default?: typeof parseText }).default ?? parseText;

function handshakes(labels: Partial<HandshakeCount>): number {
  return metrics()
    .handshakes.filter((row) =>
      Object.entries(labels).every(([name, value]) => row[name as keyof typeof row] === value),
    )
    .reduce((sum, { count }) => sum + count, 0);
}

void t.test('handshakes by side, group, version and whether post-quantum', async (t) => {
  t.equal(pqtls.metrics, metrics);
  t.same(metrics().handshakes, []);
  await connectedPair(t);
  await connectedPair(t, {}, { groups: 'X25519' });
  await connectedPair(t, { groups: 'SecP384r1MLKEM1024' });
  await connectedPair(t, {}, { maxVersion: 'TLSv1.2' });
  for (const side of ['client', 'server'] as const) {
    t.equal(handshakes({ side }), 4);
    t.equal(handshakes({ side, postQuantum: true }), 2);
    t.equal(handshakes({ side, group: 'X25519MLKEM768', helloRetryRequest: false, resumed: false }), 1);
    t.equal(handshakes({ side, group: 'SecP384r1MLKEM1024', helloRetryRequest: true }), 1);
    t.equal(handshakes({ side, protocol: 'TLSv1.2', postQuantum: false, engine: 'aws-lc' }), 1);
    const { count, sum, buckets } = metrics().handshakeDuration[side];
    t.equal(count, 4);
    t.ok(sum > 0);
    t.match(buckets.at(-1), { le: Infinity, count: 4 });
  }
});

void t.test('a socket that is refused when it is made is none', async (t) => {
  const { port } = await listen(t);
  const below = new net.Socket();
  const listeners = below.eventNames().map((name) => below.listenerCount(name));
  const { openConnections } = metrics();
  for (const wrong of [{ session: 5 }, { signal: 5 }, { port: 70_000 }]) {
    await t.rejects(dial(t, port, wrong as object), { code: /^ERR_/ });
  }
  t.throws(() => new TLSSocket(below, { session: 5 } as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.same(metrics().openConnections, openConnections);
  t.same(
    below.eventNames().map((name) => below.listenerCount(name)),
    listeners,
    'the given socket is as it was',
  );
});

void t.test('open connections and bytes', async (t) => {
  const before = metrics();
  const { client, served } = await connectedPair(t);
  t.equal(metrics().openConnections.client, before.openConnections.client + 1);
  t.equal(metrics().openConnections.server, before.openConnections.server + 1);
  client.write(Buffer.alloc(100_000));
  let received = 0;
  served.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received === 100_000) served.emit('all');
  });
  await once(served, 'all');
  const clientInfo = client.getHandshakeInfo();
  const serverInfo = served.getHandshakeInfo();
  const sent = (clientInfo?.bytesWritten ?? 0) + (serverInfo?.bytesWritten ?? 0);
  t.ok(sent > 100_000);
  t.equal(metrics().bytesSent - before.bytesSent, sent, 'ciphertext of both sides');
  t.equal(metrics().bytesReceived - before.bytesReceived, (clientInfo?.bytesRead ?? 0) + (serverInfo?.bytesRead ?? 0));
  client.end();
  await Promise.all([once(served, 'close'), once(client, 'close')]);
  t.same(metrics().openConnections, before.openConnections);
});

void t.test('failures by code and alert', async (t) => {
  const { server, port } = await listen(t);
  const failed = errorOf(server, 'tlsClientError');
  const client = await dial(t, port, { ca: (await Authority.create()).cert });
  const { code } = await errorOf(client);
  await failed;
  const alert = metrics().failures.find(({ side }) => side === 'client')?.alertSent;
  t.match(metrics().failures, [
    { side: 'client', phase: 'handshake', code, alertSent: alert, alertReceived: 'none', count: 1 },
    { side: 'server', phase: 'handshake', code: /^ERR_SSL_/, alertSent: 'none', alertReceived: alert, count: 1 },
  ]);
  t.ok(alert !== undefined && alert !== 'none');
});

function family(families: readonly ParsedFamily[], name: string): ParsedFamily {
  const found = families.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

void t.test('as Prometheus text', async (t) => {
  const { leaf } = await credentials();
  const odd = 'E_"quoted"\\and\nbroken';
  const { server, port } = await listen(t, {
    ...leaf,
    SNICallback: (_name, callback) => callback(Object.assign(new Error('no'), { code: odd })),
  });
  const failed = errorOf(server, 'tlsClientError');
  await errorOf(await dial(t, port));
  await failed;

  const values = metrics();
  const text = values.toPrometheus();
  t.ok(text.endsWith('\n'));
  for (const line of text.split('\n')) {
    t.match(line, /^(# (HELP|TYPE) pqtls_[a-z_]+ .+|pqtls_[a-z_]+(\{.+\})? [0-9.e+-]+|)$/);
  }
  const families = parse(text);
  for (const { name, type } of families) t.equal(type === 'COUNTER', name.endsWith('_total'), name);

  const parsed = family(families, 'pqtls_handshakes_total').metrics;
  t.equal(parsed.length, values.handshakes.length);
  for (const [index, row] of values.handshakes.entries()) {
    t.match(parsed[index], {
      value: String(row.count),
      labels: {
        side: row.side,
        group: row.group,
        protocol: row.protocol,
        engine: row.engine,
        post_quantum: String(row.postQuantum),
        resumed: String(row.resumed),
        hello_retry_request: String(row.helloRetryRequest),
      },
    });
  }
  const codes = family(families, 'pqtls_failures_total').metrics.map(({ labels }) => labels?.['code']);
  t.ok(codes.includes(odd), 'labels are escaped');
  t.equal(family(families, 'pqtls_received_bytes_total').metrics[0]?.value, String(values.bytesReceived));
  t.equal(family(families, 'pqtls_sent_bytes_total').metrics[0]?.value, String(values.bytesSent));
  t.equal(family(families, 'pqtls_open_connections').metrics.length, 2);
  const durations = family(families, 'pqtls_handshake_duration_seconds');
  t.equal(durations.type, 'HISTOGRAM');
  t.match(text, /pqtls_handshake_duration_seconds_bucket\{side="server",le="\+Inf"\} \d+/);
});

void t.test('no peer and no program makes the table grow without end', (t) => {
  for (let index = 0; index < 1000; index++) {
    metricsOfThisThread.failed(index % 2 === 0, true, Object.assign(new Error('x'), { code: `E_${index}` }));
    const alertReceived = `0x${index.toString(16).padStart(4, '0')}`;
    metricsOfThisThread.failed(true, true, Object.assign(new Error('x'), { code: 'E', alertReceived }));
  }
  const { failures } = metrics();
  t.ok(failures.length <= 204, `${failures.length} rows`);
  t.ok(failures.some(({ code, count }) => code === 'other' && count > 100));
  t.equal(failures.filter(({ alertReceived }) => alertReceived.startsWith('0x')).length, 0);
  t.end();
});

void t.test('an alert after the handshake is sent, too', async (t) => {
  const before = metrics();
  const { server, port } = await listen(t);
  server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}).write('x'));
  let passed = 0;
  let far: net.Socket | undefined;
  const proxy = net.createServer((near) => {
    far = net.connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => {
        passed += chunk.length;
        to.write(chunk);
      });
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => proxy.close());
  const client = await dial(t, (proxy.address() as net.AddressInfo).port);
  const failed = errorOf(client);
  await once(client, 'data');
  // A record that does not decrypt.
  far?.write(Buffer.from([23, 3, 3, 0, 32, ...new Uint8Array(32)]));
  t.match(await failed, { alertReceived: 'bad_record_mac' });
  t.equal(metrics().bytesSent - before.bytesSent, passed);
});
