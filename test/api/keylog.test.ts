// Key logs: the same cases on node:tls and pqtls; SSLKEYLOGFILE and --tls-keylog. RFC 9850.

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { attempt } from '../support/handshakes.js';
import { modules, onBoth } from '../support/tls-modules.js';
import { cleanEnvironment, projectDir, runCommand } from '../support/project.js';
import { credentials } from '../support/tls-server.js';

const labels13 = [
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'EXPORTER_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_TRAFFIC_SECRET_0',
];

const expected = { 'TLSv1.2': ['CLIENT_RANDOM'], 'TLSv1.3': labels13 } as const;

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  onBoth(t, `${maxVersion}: lines on the client's socket and on the server`, async (t, tls) => {
    const byClient: string[] = [];
    const byServer: string[] = [];
    const sockets = new Set<unknown>();
    const { served } = await attempt(
      t,
      tls,
      { maxVersion },
      {},
      {
        onServer: (server) =>
          server.on('keylog', (line: Buffer, socket: TLSSocket) => {
            byServer.push(line.toString());
            sockets.add(socket);
          }),
        onClient: (client) => client.on('keylog', (line: Buffer) => byClient.push(line.toString())),
      },
    );
    t.same([...sockets], [served]);
    t.same(byClient.toSorted(), byServer.toSorted(), 'both log the same secrets');
    for (const line of byClient) t.match(line, /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}\n$/);
    t.same(byClient.map((line) => line.split(' ')[0]).toSorted(), expected[maxVersion]);
  });
}

onBoth(t, 'destroy() inside of a listener', async (t, tls) => {
  const { log } = await attempt(
    t,
    tls,
    {},
    {},
    {
      onClient: (client, log) =>
        client.once('keylog', () => {
          log.push('keylog');
          client.destroy();
        }),
    },
  );
  t.equal(log[0], 'keylog');
  t.notOk(log.includes('secureConnect'));
});

void t.test('pqtls: a listener that comes late gets what is still to come', async (t) => {
  const lines: string[] = [];
  const { client } = await attempt(t, modules.pqtls, {}, {});
  client.on('keylog', (line: Buffer) => lines.push(line.toString()));
  client.on('keylog', () => {});
  t.same(lines, []);
  t.equal(client.listenerCount('newListener'), 1, 'only who waits for the first session listener');
});

const script = `
import { connect, createServer } from 'pqtls';
const { cert, key, ca } = JSON.parse(process.argv[1]);
const server = createServer({ cert, key }, (socket) => socket.end());
server.listen(0, '127.0.0.1', () => {
  let left = 2;
  for (let i = 0; i < 2; i++) {
    const { port } = server.address();
    const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
    client.resume().on('close', () => --left === 0 && server.close());
  }
});
`;

async function runScript(flags: string[], environment: NodeJS.ProcessEnv) {
  const { authority, leaf } = await credentials();
  const input = JSON.stringify({ ...leaf, ca: authority.cert });
  const args = [...flags, '--input-type=module', '-e', script, input];
  return runCommand(process.execPath, args, { cwd: projectDir, env: cleanEnvironment(environment) });
}

void t.test('pqtls: SSLKEYLOGFILE and --tls-keylog write a private file, with one warning', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'pqtls-keylog-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const byVariable = join(directory, 'variable');
  const byFlag = join(directory, 'flag');
  for (const [path, flags, environment, name] of [
    [byVariable, [], { SSLKEYLOGFILE: byVariable }, 'SSLKEYLOGFILE'],
    [byFlag, [`--tls-keylog=${byFlag}`], {}, '--tls-keylog'],
  ] as const) {
    const { code, stderr } = await runScript([...flags], environment);
    t.equal(code, 0, stderr);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    // Two connections, each logged by both of its ends.
    t.equal(lines.length, 2 * 2 * labels13.length);
    t.equal(new Set(lines).size, 2 * labels13.length);
    if (process.platform !== 'win32') t.equal(statSync(path).mode & 0o777, 0o600);
    t.equal(stderr.split(`Warning: Using ${name} makes TLS connections insecure`).length, 2, stderr);
  }
});

void t.test('pqtls: a file that cannot be written warns once and does no harm', async (t) => {
  const { code, stderr } = await runScript([], { SSLKEYLOGFILE: join(tmpdir(), 'no', 'such', 'directory', 'keys') });
  t.equal(code, 0, stderr);
  t.equal(stderr.split('Failed to write TLS keylog').length, 2, stderr);
});
