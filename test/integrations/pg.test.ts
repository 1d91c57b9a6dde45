// pg, which knows nothing of pqtls: PostgreSQL's SSLRequest, and the TLS that follows it on the same connection.

import t from 'tap';
import { programFolder } from '../support/programs.js';

const folder = await programFolder('pg');
t.teardown(() => folder.remove());

/**
 * A server of PostgreSQL's protocol 3.0 as far as pg asks for it: SSLRequest, startup, simple queries, an end. It answers a
 * query with the group that it sees itself, or with what `refusal` says instead of 'S'.
 */
function program(refusal = 'S', clientOptions = '{ ca: fs.readFileSync("ca.pem"), servername: "localhost" }'): string {
  return `
const fs = require('fs'), net = require('net'), pg = require('pg');
const { TLSSocket, createSecureContext } = require('pqtls');
const secureContext = createSecureContext({ key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem') });
const int32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeInt32BE(value); return bytes; };
const int16 = (value) => { const bytes = Buffer.alloc(2); bytes.writeInt16BE(value); return bytes; };
const text = (value) => Buffer.from(value + '\\0');
const message = (type, ...parts) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
};
const ready = message('Z', Buffer.from('I'));
const seen = [];

/** Calls back with one message after the other; those at the start have no type. Stops where it is told to. */
function read(socket, typed, onMessage) {
  let pending = Buffer.alloc(0);
  const onData = (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const offset = typed ? 1 : 0;
    while (pending.length >= offset + 4 && pending.length >= offset + pending.readInt32BE(offset)) {
      const end = offset + pending.readInt32BE(offset);
      const whole = pending.subarray(0, end);
      pending = pending.subarray(end);
      if (onMessage(typed ? String.fromCharCode(whole[0]) : '', whole.subarray(offset + 4)) !== 'stop') continue;
      socket.removeListener('data', onData);
      if (pending.length > 0) socket.unshift(pending);
      return;
    }
  };
  socket.on('data', onData);
}

const server = net.createServer((raw) => {
  raw.on('error', () => {});
  read(raw, false, (_type, body) => {
    if (body.readInt32BE(0) !== 80877103) throw new Error('no SSLRequest');
    raw.write(${JSON.stringify(refusal)});
    if (${JSON.stringify(refusal)} !== 'S') return 'stop';
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    socket.on('error', () => {});
    read(socket, false, (_type, startup) => {
      if (startup.readInt32BE(0) !== 196608) throw new Error('no startup message');
      socket.write(Buffer.concat([message('R', int32(0)), message('K', int32(1), int32(2)), ready]));
      read(socket, true, (type, body) => {
        if (type === 'X') return void socket.end();
        if (type !== 'Q') throw new Error('not expected: ' + type);
        const group = socket.getHandshakeInfo().group.name;
        seen.push(group);
        const filler = 'x'.repeat(Number(/\\d+/.exec(body.toString())?.[0] ?? 0));
        const columns = [group, filler].map((value) => Buffer.concat([int32(value.length), Buffer.from(value)]));
        const field = (name) => Buffer.concat([text(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]);
        socket.write(Buffer.concat([
          message('T', int16(2), field('group'), field('filler')),
          message('D', int16(2), ...columns),
          message('C', text('SELECT 1')),
          ready,
        ]));
      });
      return 'stop';
    });
    return 'stop';
  });
});
server.listen(0, async () => {
  const { port } = server.address();
  const client = new pg.Client({ host: 'localhost', port, user: 'u', database: 'd', ssl: ${clientOptions} });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows: [small] } = await client.query('SELECT 0');
    const { rows: [large] } = await client.query('SELECT 300000');
    const { stream } = client.connection;
    console.log(JSON.stringify({
      group: small.group,
      filler: large.filler.length,
      client: stream.getHandshakeInfo?.().group.name ?? 'node:tls',
      authorized: stream.authorized,
      encrypted: stream.encrypted,
      seen,
    }));
    await client.end();
  } catch (error) {
    console.log(JSON.stringify({ failed: error.code ?? error.message }));
    client.end().catch(() => {});
  }
  server.close();
});`;
}

for (const flag of ['--import', '--require']) {
  void t.test(`STARTTLS of pg under ${flag} pqtls/register`, async (t) => {
    const { stdout, stderr, code } = await folder.run('pg.cjs', program(), [flag, 'pqtls/register']);
    t.equal(code, 0, stderr);
    t.equal(stderr, '');
    t.strictSame(JSON.parse(stdout), {
      group: 'X25519MLKEM768',
      filler: 300_000,
      client: 'X25519MLKEM768',
      authorized: true,
      encrypted: true,
      seen: ['X25519MLKEM768', 'X25519MLKEM768'],
    });
  });
}

void t.test("pg with Node's own tls reaches the same server", async (t) => {
  const { stdout, stderr } = await folder.run('pg-node.cjs', program());
  t.match(JSON.parse(stdout), { client: 'node:tls', filler: 300_000, authorized: true }, stderr);
});

void t.test('pg refuses a server that it does not trust, and one without TLS', async (t) => {
  const flags = ['--import', 'pqtls/register'];
  const untrusting = program('S', '{ ca: [], servername: "localhost" }');
  const byNode = await folder.run('pg-ca.cjs', untrusting.replace("require('pqtls')", "require('tls')"));
  t.match(JSON.parse(byNode.stdout), { failed: /^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/ }, byNode.stderr);
  const stranger = await folder.run('pg-ca.cjs', untrusting, flags);
  t.equal(stranger.stdout, byNode.stdout, stranger.stderr);
  const plain = await folder.run('pg-plain.cjs', program('N'), flags);
  t.strictSame(JSON.parse(plain.stdout), { failed: 'The server does not support SSL connections' }, plain.stderr);
});
