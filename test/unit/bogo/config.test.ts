// The config of the BoringSSL tests: its patterns, and what the runner makes of it.

import { join } from 'node:path';
import t from 'tap';
import { disabledReason, matches, readConfig, runnerConfig } from '../../bogo/config.js';
import { engineNames } from '../../bogo/engine-name.js';
import { projectDir } from '../../support/project.js';

const file = join(projectDir, 'test/bogo/config.json');

void t.test('patterns', (t) => {
  t.ok(matches('A-*-TLS13', 'A-b-c-TLS13'));
  t.notOk(matches('A-*-TLS13', 'A-b-TLS12'));
  t.notOk(matches('A.c', 'Abc'));
  t.notOk(matches('A', 'AA'));
  t.end();
});

for (const engine of engineNames) {
  void t.test(`config.json for ${engine}`, (t) => {
    const config = readConfig(file, engine);
    t.ok(disabledReason(config, 'Basic-Client-DTLS-Sync'));
    t.equal(disabledReason(config, 'KeyUpdate-RequestACK'), undefined);
    const patterns = config.disabled.flatMap(({ tests }) => tests);
    t.equal(new Set(patterns).size, patterns.length, 'every pattern has one reason');
    const written = JSON.parse(runnerConfig(config)) as { ErrorMap: Record<string, string[]> };
    for (const [expected, shown] of Object.entries(written.ErrorMap)) {
      t.ok(shown.includes(expected), `${expected} stays what it is`);
      t.notOk(shown.includes(''));
    }
    t.end();
  });
}
