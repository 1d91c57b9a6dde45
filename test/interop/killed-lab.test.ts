// A lab that is killed leaves no peer behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import t from 'tap';
import { findCommand } from './build-steps.js';

const skip = process.platform !== 'linux' ? 'needs PR_SET_PDEATHSIG' : findCommand('setpriv') === undefined;

t.test('a peer that waits for a connection', { skip: skip === true ? 'setpriv is not installed' : skip }, async (t) => {
  const module = pathToFileURL(join(import.meta.dirname, 'bound-process.js')).href;
  // What the Go peer does in accept(): nothing, whatever comes of its standard input.
  const peer = 'process.stdin.destroy(); setInterval(() => {}, 1000); console.log(process.pid)';
  const lab = `
    const { spawnBound } = await import(${JSON.stringify(module)});
    const child = spawnBound(process.execPath, ['-e', ${JSON.stringify(peer)}], { env: process.env });
    child.stdout.pipe(process.stdout);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', lab], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const pid = Number(line);
  t.ok(isRunning(pid), 'the peer runs');
  child.kill('SIGKILL');
  await once(child, 'exit');
  // The time limit of the test ends it where the peer stays.
  while (isRunning(pid)) await sleep(20);
  t.pass('it ended with the lab');
});

/** One that ended and that nobody has asked for yet does not run. */
function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/^\d+ \(.*\) [ZX]/.test(readFileSync(path, 'utf8'));
}
