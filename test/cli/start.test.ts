// `npm start`: what a newcomer sees, with the addon and without, and the server that `--serve` keeps running.

import { loadBinding } from '#src/binding.js';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import { cleanEnvironment, projectDir, runCommand, temporaryFolder, type CommandResult } from '../support/project.js';

const skip = loadBinding().loaded ? false : 'no addon here';

t.test('prints what was negotiated', { skip }, async (t) => {
  const result = await start([]);
  t.equal(result.code, 0, result.stderr);
  for (const row of [
    /^Engine aws-lc: AWS-LC \d+\.\d+\.\d+; providers of primitives: aws-lc, noble$/m,
    /^ {2}Post-quantum +yes \(hybrid key exchange\)$/m,
    /^ {2}Protocol +TLSv1\.3$/m,
    /^ {2}Cipher suite +TLS_[A-Z0-9_]+$/m,
    /^ {2}Group +X25519MLKEM768 \(0x11ec\)$/m,
    /^ {2}Key shares +client 1216 bytes, server 1120 bytes$/m,
    /^ {2}Signature scheme +ecdsa_secp256r1_sha256$/m,
    /^ {2}Engine +aws-lc \(AWS-LC \d+\.\d+\.\d+\)$/m,
    /^ {2}Handshake +\d+\.\d\d ms, no HelloRetryRequest$/m,
    /^ {2}Bytes on the wire +\d+ sent, \d+ received$/m,
    /^ {2}Echo +Hello from a post-quantum client\.$/m,
  ]) {
    t.match(result.stdout, row);
  }
});

t.test('without the addon the TypeScript engine speaks TLS, and says so', async (t) => {
  const result = await start([], { PQTLS_ADDON_PATH: '/nonexistent' });
  t.equal(result.code, 0, result.stderr);
  t.match(result.stdout, /^Engine typescript: OpenSSL .* \(node:crypto\), noble-post-quantum /m);
  t.match(result.stdout, /^ {2}Group +X25519MLKEM768/m);
  t.match(result.stderr, /PQTLS_TYPESCRIPT_ENGINE/);
});

t.test('without an engine it shows the primitives and exits 2', async (t) => {
  const result = await start([], { PQTLS_ADDON_PATH: '/nonexistent', PQTLS_ENGINE: 'aws-lc' });
  t.equal(result.code, 2, result.stderr);
  t.match(result.stdout, /^Primitives on noble \(.*\d\.\d.*\)$/m);
  t.match(result.stdout, /^ {2}ML-KEM-768 +ciphertext 1088 bytes, secrets agree$/m);
  t.match(result.stdout, /^ {2}ML-DSA-65 +signature 3309 bytes, verifies$/m);
  t.match(result.stdout, /^ {2}X25519MLKEM768 +shares 1216 and 1120 bytes, secrets agree$/m);
  t.match(result.stderr, /^TLS needs the native addon, /m);

  const strict = await start([], { PQTLS_ADDON_PATH: '/nonexistent', PQTLS_REQUIRE_NATIVE: '1' });
  t.equal(strict.code, 1, 'PQTLS_REQUIRE_NATIVE=1 makes it a failure');
  t.match(strict.stderr, /PQTLS_REQUIRE_NATIVE=1/);
  t.notMatch(strict.stdout, /Primitives/);
});

t.test('--serve', { skip: skip || (process.platform === 'win32' ? 'needs POSIX signals' : false) }, async (t) => {
  const child = spawn(process.execPath, ['vendor/start.mjs', '--serve', '--port', '0'], {
    cwd: projectDir,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let stdout = '';
  child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
  child.stderr.resume();
  const announced = /listens on https:\/\/localhost:(\d+)\/ .*Its CA is in (.+)\. Connect with/;
  while (!/NODE_EXTRA_CA_CERTS=.*\n/.test(stdout)) await Promise.race([once(child.stdout, 'data'), failIf(exited)]);
  const [, port = '', caFile = ''] = announced.exec(stdout) ?? [];
  t.ok(existsSync(caFile), 'the CA file is there');

  await t.test('a client of node:https gets its echo', async (t) => {
    const url = `https://localhost:${port}/`;
    const posted = request(url, { method: 'POST', ca: readFileSync(caFile), agent: false, family: 4 });
    posted.end('hello');
    const [response] = await once(posted, 'response');
    let body = '';
    for await (const part of response) body += String(part);
    t.equal(response.statusCode, 200);
    t.equal(body, 'hello');
  });

  await t.test('the printed command of Node works as it is', async (t) => {
    const [, command = ''] = /^ {2}(NODE_EXTRA_CA_CERTS=.*)$/m.exec(stdout) ?? [];
    const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
    const result = await runCommand('sh', ['-c', command], { env: cleanEnvironment({ PATH: path }) });
    t.equal(result.code, 0, result.stderr);
    t.equal(result.stdout.trim(), 'GET /');
  });

  child.kill('SIGINT');
  t.strictSame(await exited, [0, null], 'Ctrl-C ends it with 0');
  t.notOk(existsSync(dirname(caFile)), 'and the folder of the CA is gone');
});

t.test('a port in use', { skip }, async (t) => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  t.teardown(() => occupant.close());
  const { port } = occupant.address() as AddressInfo;
  const result = await start(['--port', String(port)]);
  t.equal(result.code, 1);
  t.match(
    result.stderr,
    new RegExp(`address already in use 127\\.0\\.0\\.1:${port}\\. Choose another port with --port\\.\n$`),
  );
});

t.test('arguments are read before anything is installed or built', async (t) => {
  const scratch = temporaryFolder('start');
  t.teardown(() => scratch.remove());
  // A fresh clone, as far as vendor/ can tell.
  mkdirSync(join(scratch.path, 'vendor'));
  for (const name of readdirSync(join(projectDir, 'vendor')).filter((name) => name.endsWith('.mjs'))) {
    cpSync(join(projectDir, 'vendor', name), join(scratch.path, 'vendor', name));
  }
  for (const flag of ['--help', '-h']) {
    const help = await start([flag], {}, scratch.path);
    t.equal(help.code, 0, flag);
    t.match(help.stdout, /^Usage: npm start [^]*\nExample: npm start -- --serve/);
    t.equal(help.stderr, '');
  }
  for (const [args, complaint] of [
    [['--port', ''], /^--port must be a number from 0 to 65535, not ''\n/],
    [['--port', '65536'], /^--port must be a number from 0 to 65535, not '65536'\n/],
    [['--port', '0x50'], /^--port must be a number from 0 to 65535, not '0x50'\n/],
    [['--port'], /^Option '--port <value>' argument missing/],
    [['--no-such'], /^Unknown option '--no-such'/],
    [['extra'], /^Unexpected argument 'extra'/],
  ] as const) {
    const result = await start(args, {}, scratch.path);
    t.equal(result.code, 2, args.join(' '));
    t.match(result.stderr, complaint);
    t.match(result.stderr, /\nUsage: npm start /);
    t.equal(result.stdout, '');
  }
  t.strictSame(readdirSync(scratch.path), ['vendor'], 'nothing was installed or built');
});

/** What `npm start -- args` runs. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = projectDir): Promise<CommandResult> {
  return runCommand(process.execPath, ['vendor/start.mjs', ...args], { cwd, env: cleanEnvironment(env) });
}

async function failIf(exited: Promise<unknown[]>): Promise<never> {
  throw new Error(`npm start ended early: ${JSON.stringify(await exited)}`);
}
