// Sessions of ours resumed by Node 26's own tls, and the other way round, on X25519MLKEM768.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { connect, type TLSSocket } from 'pqtls';
import { nodeBinary } from '../support/node-versions.js';
import { credentials, listen } from '../support/tls-server.js';
import type { ResumptionPeerConfig, ResumptionReport } from './resumption-peer.js';

const peerScript = fileURLToPath(new URL('resumption-peer.js', import.meta.url));
const visits = 3;

async function peer(t: Test, config: ResumptionPeerConfig): Promise<AsyncIterator<string>> {
  const child = spawn(await nodeBinary('26'), [peerScript, JSON.stringify(config)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill());
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
}

async function line<T>(lines: AsyncIterator<string>): Promise<T> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('the peer ended without a report');
  return JSON.parse(value) as T;
}

for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
  const group = maxVersion === 'TLSv1.3' ? 'X25519MLKEM768' : 'secp256r1';

  void t.test(`Node 26 resumes sessions of our server, ${maxVersion}`, async (t) => {
    const { authority } = await credentials();
    const { server, port } = await listen(t, {}, (socket) => {
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      socket.resume();
      setImmediate(() => socket.write('x'));
    });
    const served: TLSSocket[] = [];
    server.on('secureConnection', (socket) => served.push(socket));
    const lines = await peer(t, { role: 'client', visits, ca: authority.cert, port, maxVersion });
    for (let visit = 0; visit < visits; visit++) {
      const { reused, authorized } = await line<ResumptionReport>(lines);
      t.same([reused, authorized], [visit > 0, true]);
    }
    // In TLS 1.3 a client is done first.
    while (served.length < visits) await once(server, 'secureConnection');
    t.same(
      served.map((socket) => socket.getHandshakeInfo()?.resumed),
      [false, true, true],
    );
    for (const socket of served) t.match(socket.getHandshakeInfo()?.group, { name: group });
  });

  void t.test(`we resume sessions of Node 26's server, ${maxVersion}`, async (t) => {
    const { authority, leaf } = await credentials();
    const lines = await peer(t, { role: 'server', visits, ...leaf, maxVersion });
    const { port } = await line<{ port: number }>(lines);
    let session: Buffer | undefined;
    for (let visit = 0; visit < visits; visit++) {
      const client = connect({ host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost', session });
      client.on('session', (got: Buffer) => (session = got));
      await once(client, 'secureConnect');
      t.match(client.getHandshakeInfo(), { resumed: visit > 0, group: { name: group } });
      t.equal(client.authorized, true);
      await once(client, 'data');
      client.end();
      await once(client, 'close');
      t.equal((await line<ResumptionReport>(lines)).reused, visit > 0);
    }
  });
}
