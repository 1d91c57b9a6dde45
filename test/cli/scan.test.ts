// `pqtls scan` on endpoints of known configuration: pqtls, node:tls of three versions of Node, and what is broken.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadBinding } from '#src/binding.js';
import type { EndpointReport } from '#src/cli/scan/report.js';
import { kinds } from '../support/scan-kinds.js';
import { compare, endpointOf, runScan, startZoo } from '../support/scan-zoo.js';

const skip = loadBinding().loaded ? false : 'no addon here';

t.test('every kind of endpoint', { skip }, async (t) => {
  const zoo = await startZoo(t, kinds);
  const json = join(zoo.folder, 'scan.json');
  const result = await runScan([
    ...zoo.served.map(endpointOf),
    ...['--ca', zoo.ca, '--per-host', '16', '--rate', '0', '--timeout', '2', '--output', `json=${json}`],
  ]);
  t.equal(result.code, 3, result.stderr);
  const { endpoints } = JSON.parse(readFileSync(json, 'utf8')) as { endpoints: (EndpointReport & { grade: string })[] };
  t.equal(endpoints.length, kinds.length);
  for (const served of zoo.served) {
    await t.test(served.kind.name, async (t) => {
      const found = endpoints.find(({ endpoint }) => endpoint.port === served.port);
      if (found === undefined) return t.fail('it is not in the result');
      t.equal(found.grade ?? undefined, served.kind.known.grade, 'the grade that is written');
      compare(t, served.kind.known, found);
      t.comment(`${found.handshakes} handshakes in ${found.durationMs} ms`);
    });
  }
});
