// Sessions of the TypeScript engine outlive both programs: the server's ticket keys and the client's session are given to new ones.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Issuer } from '../../support/certificates.js';
import { cleanEnvironment, runCommand } from '../../support/project.js';
import type { Life, LifeReport } from './restart-program.js';

// Four processes one after the other, on a machine that may be busy.
t.setTimeout(300_000);

const program = fileURLToPath(new URL('restart-program.js', import.meta.url));

async function live(life: Life): Promise<LifeReport> {
  const { code, stdout, stderr } = await runCommand(process.execPath, [program], {
    env: cleanEnvironment({ PQTLS_TEST_LIFE: JSON.stringify(life) }),
  });
  if (code !== 0) throw new Error(`The program ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as LifeReport;
}

t.test('a session is resumed after a restart of both sides', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { cert, key } = await Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] });
  const common = { cert, key, sessionFile: join(folder, 'session') };

  const first = await live(common);
  t.match(first, { client: false, server: false });
  t.match(first.engine, /typescript/i);
  t.ok(statSync(common.sessionFile).size > 100, 'the client has kept a session');
  const { ticketKeys } = first;
  for (const by of ['option', 'method'] as const) {
    const next = await live({ ...common, ticketKeys, by });
    t.match(next, { client: true, server: true, ticketKeys }, `keys by ${by}`);
  }
  const others = await live(common);
  t.match(others, { client: false, server: false }, 'with other keys it is a full handshake');
  t.not(others.ticketKeys, ticketKeys);
});
