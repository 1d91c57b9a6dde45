// `npm run test:scan`: 200 endpoints of mixed kinds on loopback; each one's groups must be right. Prints the time it took.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { accepted, type EndpointReport } from '#src/cli/scan/report.js';
import { kinds } from './support/scan-kinds.js';
import { endpointOf, runScan, startZoo } from './support/scan-zoo.js';

const total = 200;

t.test(`${total} endpoints`, { timeout: 600_000 }, async (t) => {
  const mixed = Array.from({ length: total }, (_, index) => kinds[index % kinds.length]).filter(
    (kind) => kind !== undefined,
  );
  const zoo = await startZoo(t, mixed, 2);
  const json = join(zoo.folder, 'scan.json');
  const started = performance.now();
  const result = await runScan([
    ...zoo.served.map(endpointOf),
    ...['--ca', zoo.ca, '--concurrency', '24', '--per-host', '24', '--rate', '0', '--timeout', '5'],
    ...['--output', `json=${json}`, '--quiet'],
  ]);
  const seconds = (performance.now() - started) / 1000;
  t.equal(result.code, 3, result.stderr);
  const { endpoints } = JSON.parse(readFileSync(json, 'utf8')) as { endpoints: EndpointReport[] };
  let handshakes = 0;
  for (const { kind, port } of zoo.served) {
    const found = endpoints.find(({ endpoint }) => endpoint.port === port);
    t.equal(found?.status, kind.known.status, `${kind.name}: status`);
    if (kind.known.groups !== undefined)
      t.strictSame(accepted(found?.groups ?? {}), kind.known.groups, `${kind.name}: groups`);
    handshakes += found?.handshakes ?? 0;
  }
  process.stderr.write(`scan: ${total} endpoints, ${handshakes} handshakes in ${seconds.toFixed(1)} s\n`);
});
