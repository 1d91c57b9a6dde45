// `pqtls scan` where connections are lost on the way: what is not known is not told as a fact.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'pqtls';
import t, { type Test } from 'tap';
import { loadBinding } from '#src/binding.js';
import type { EndpointReport } from '#src/cli/scan/report.js';
import { certificates } from '../support/certificates.js';
import { temporaryFolder } from '../support/project.js';
import { runScan } from '../support/scan-zoo.js';

const skip = loadBinding().loaded ? false : 'no addon here';

async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

interface Connection {
  /** From 1 on. */
  readonly number: number;
  readonly firstFlight: Buffer;
}

/** A scan of a healthy server behind a proxy that loses connections: closed, or left without an answer. */
async function scanned(
  t: Test,
  fate: (connection: Connection) => 'pass' | 'close' | 'silence',
): Promise<EndpointReport & { grade: string; findings: { rule: string }[] }> {
  const { leaf, ca } = await certificates();
  const server = await listening(
    t,
    createTlsServer({ cert: leaf.cert, key: leaf.key }, (socket) => socket.on('error', () => {})),
  );
  const open = new Set<Socket>();
  let count = 0;
  const proxy = createServer((near) => {
    const number = ++count;
    open.add(near.on('error', () => {}));
    near.once('data', (firstFlight: Buffer) => {
      const what = fate({ number, firstFlight });
      if (what === 'close') near.destroy();
      if (what !== 'pass') return;
      const far = connect(server, '127.0.0.1').on('error', () => near.destroy());
      open.add(far);
      far.on('close', () => near.destroy());
      near.on('close', () => far.destroy());
      far.write(firstFlight);
      near.pipe(far).pipe(near);
    });
  });
  const port = await listening(t, proxy);
  t.teardown(() => open.forEach((socket) => socket.destroy()));
  const folder = temporaryFolder('scan-losses');
  t.teardown(() => folder.remove());
  const trusted = join(folder.path, 'ca.pem');
  writeFileSync(trusted, ca.cert);
  const endpoint = `127.0.0.1:${port}@localhost`;
  const result = await runScan([endpoint, '--ca', trusted, '--rate', '0', '--timeout', '1', '--json', '--quiet']);
  const { endpoints } = JSON.parse(result.stdout) as { endpoints: Awaited<ReturnType<typeof scanned>>[] };
  const [report] = endpoints;
  if (report === undefined) throw new Error(result.stderr);
  return report;
}

for (const way of ['close', 'silence'] as const) {
  t.test(`the first and the third connection are lost: ${way}`, { skip }, async (t) => {
    const report = await scanned(t, ({ number }) => (number === 1 || number === 3 ? way : 'pass'));
    t.match(report, {
      grade: 'A',
      largeClientHello: { result: 'accepted' },
      preferredGroup: { group: 'X25519MLKEM768', order: 'server' },
    });
  });
}

t.test('every small ClientHello is lost: it is not known what is refused', { skip }, async (t) => {
  const report = await scanned(t, ({ firstFlight }) => (firstFlight.length < 900 ? 'silence' : 'pass'));
  t.match(report, { grade: 'A', groups: { X25519: { result: 'timeout' } } });
  t.ok(report.findings.some(({ rule }) => rule === 'classical-unknown'));
});

t.test('a share of another group is lost now and then: that is not HelloRetryRequest’s fault', { skip }, async (t) => {
  // A ClientHello with a share of a group alone that the server does not prefer is one of few that have no X25519MLKEM768 share.
  let lost = 0;
  const report = await scanned(t, ({ firstFlight }) => {
    const isOther = firstFlight.length > 1200 && !firstFlight.includes(Buffer.from('11ec04c0', 'hex'));
    return isOther && lost++ < 3 ? 'close' : 'pass';
  });
  t.ok(lost > 0);
  t.not(report.helloRetryRequest.withLesserShare.behaviour, 'fails');
  t.notOk(report.findings.some(({ rule }) => rule === 'retry-request-broken'));
});
