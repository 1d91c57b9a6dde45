// The arguments of `pqtls`: one dash or two, help, and what is said of bad ones.

import { loadBinding } from '#src/binding.js';
import { withDoubleDashes } from '#src/cli/single-dash.js';
import { parseListen, parseTarget } from '#src/cli/target.js';
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventOf, fewAtATime, Files, pqtls } from '../support/command.js';
import { projectDir } from '../support/project.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';

t.test('help and version', async (t) => {
  const { version } = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as { version: string };
  for (const flag of ['--version', '-V']) t.equal((await pqtls([flag])).stdout, `${version}\n`);
  for (const flag of ['--help', '-help', '-h']) {
    const { code, stdout } = await pqtls([flag]);
    t.equal(code, 0);
    t.match(stdout, /^Usage: pqtls [^]*s_client[^]*s_server[^]*info[^]*Examples:\n {2}pqtls s_client /);
  }
  for (const command of ['s_client', 's_server', 'scan', 'info']) {
    const { code, stdout } = await pqtls([command, '-help']);
    t.equal(code, 0, command);
    t.match(stdout, new RegExp(`^Usage: pqtls ${command} [^]*\\nExamples?:\\n  .*pqtls ${command} `));
  }
});

t.test('bad arguments: exit code 2, and what to do', { skip }, async (t) => {
  const files = await Files.create(t);
  const empty = files.write('empty.pem', 'nothing');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Usage: pqtls/],
    [['nope'], /unknown command 'nope'/],
    [['s_client'], /pqtls s_client HOST:PORT/],
    [['s_client', 'a:1', '-connect', 'b:2'], /Give one of HOST:PORT, -connect/],
    [['s_client', 'localhost:99999'], /number from 0 to 65535/],
    [['s_client', '::1'], /brackets: \[::1\]:4433/],
    [['s_client', 'a:1', '--nope'], /unknown option '--nope'/],
    [['s_client', 'a:1', '-sess_out', '/nowhere/session'], /file of -sess_out can't be written/],
    [['s_client', 'a:1', '-groups'], /option '--groups <list>' argument missing/],
    [['s_client', 'a:1', '-groups', 'X2551'], /value of -groups is invalid: 'X2551' is not a known group/],
    [['s_client', 'a:1', '-cipher', 'NOPE'], /ERR_SSL_NO_CIPHER_MATCH.*`pqtls info` lists/],
    [['s_client', 'a:1', '-ciphersuites', 'ECDHE-RSA-AES128-GCM-SHA256'], /goes to -cipher/],
    [['s_client', 'a:1', '-sigalgs', 'nope'], /-sigalgs is invalid.*`pqtls info` lists/],
    [['s_client', 'a:1', '-tls1_2', '-tls1_3'], /Give one of -tls1_2, -tls1_3/],
    [['s_client', 'a:1', '-no_tls1_2', '-no_tls1_3'], /leaves no version/],
    [['s_client', 'a:1', '-tls1'], /TLSv1 is insecure.*-cipher ALL@SECLEVEL=0/],
    [
      ['s_client', 'a:1', '--min-version', 'TLSv1.3', '--max-version', 'TLSv1.2'],
      /No version is from TLSv1.3 to TLSv1.2/,
    ],
    [['s_client', 'a:1', '--post-quantum', 'maybe'], /Allowed choices are require, prefer, off/],
    [['s_client', 'a:1', '--policy', 'nope'], /--policy is invalid: 'nope' is not a known policy/],
    [['s_client', 'a:1', '-CAfile', '/nonexistent'], /The file of -CAfile can't be read: ENOENT/],
    [['s_client', 'a:1', '-CAfile', empty], /There is no certificate in the file of -CAfile/],
    [['s_client', 'a:1', '-cert', files.cert('leaf')], /There is no private key in PEM/],
    [['s_client', 'a:1', '-key', files.key('leaf')], /-key needs -cert/],
    [
      ['s_client', 'a:1', '-cert', files.cert('leaf'), '-key', files.key('rsa')],
      /key of -key does not fit the certificate of -cert/,
    ],
    [['s_client', 'a:1', '-sess_in', empty], /no session of pqtls/],
    [['s_client', 'a:1', '-servername', '127.0.0.1'], /-verify_hostname 127\.0\.0\.1/],
    [['s_client', 'a:1', '-servername', 'x', '-noservername'], /Give one of/],
    [['s_client', 'a:1', '--timeout', '0'], /number of seconds/],
    [['s_client', 'a:1', '-alpn', 'a,,b'], /one of them is empty/],
    [['s_client', 'a:1', '-keylogfile', '/nonexistent/x'], /can't be written/],
    [['s_server'], /A server needs a certificate.*openssl req/],
    [['s_server', '-naccept', '0'], /number from 1/],
    [['s_server', ...files.identity('leaf'), '-www', '-rev'], /Give one of -www, -rev/],
    [['s_server', ...files.identity('leaf'), '-accept', 'x'], /-accept takes PORT or HOST:PORT/],
  ];
  await fewAtATime(cases, async ([args, complaint]) => {
    const result = await pqtls(args);
    t.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
    t.match(result.stderr, complaint, args.join(' '));
    t.equal(result.stdout, '', args.join(' '));
  });
  const json = await pqtls(['s_client', 'a:1', '-CAfile', '/nonexistent', '--json']);
  t.match(eventOf(json.stdout, 'error'), { code: 'ERR_PQTLS_USAGE', exitCode: 2 });
  const unknown = await pqtls(['s_client', 'a:1', '-json', '--nope']);
  t.equal(unknown.code, 2);
  t.match(eventOf(unknown.stdout, 'error'), {
    code: 'ERR_PQTLS_USAGE',
    message: "unknown option '--nope'",
    exitCode: 2,
  });
  t.strictSame([json.stderr, unknown.stderr], ['', ''], 'nothing is told twice');
  const none = await pqtls(['s_client', 'a:1', '--engine', 'openssl']);
  t.equal(none.code, 2);
  t.match(none.stderr, /Allowed choices are auto, aws-lc, typescript/);
});

t.test('one dash or two', (t) => {
  const command = new Command('x')
    .option('--name <name>')
    .option('--flag')
    .option('--groups <list>')
    .option('-4, --ipv4');
  const read = (...args: string[]): string[] => withDoubleDashes(args, command);
  t.strictSame(read('-name', '-flag', '-flag'), ['--name', '-flag', '--flag'], 'a value stays what it is');
  t.strictSame(read('-name=x', '--name=y', '-curves', 'z'), ['--name=x', '--name=y', '--groups', 'z']);
  t.strictSame(read('-4', '-nope', 'host:1', '-help'), ['-4', '-nope', 'host:1', '--help']);
  t.strictSame(read('--', '-flag'), ['--', '-flag']);
  t.strictSame(read('-name', '--', '-flag'), ['--name', '--', '--flag']);
  t.end();
});

t.test('where to connect to', (t) => {
  t.strictSame(parseTarget('example.com:443', 1), { host: 'example.com', port: 443 });
  t.strictSame(parseTarget('example.com', 4433), { host: 'example.com', port: 4433 });
  t.strictSame(parseTarget('[::1]:8443', 1), { host: '::1', port: 8443 });
  t.strictSame(parseTarget('[fe80::1%eth0]', 2), { host: 'fe80::1%eth0', port: 2 });
  for (const text of ['', ':443', '::1', '[x]:1', 'a b:1', 'a:b', 'a:-1', 'a:1:2']) {
    t.throws(() => parseTarget(text, 1), { code: 'ERR_PQTLS_USAGE' }, text);
  }
  t.strictSame(parseListen('8443'), { host: undefined, port: 8443 });
  t.strictSame(parseListen('*:8443'), { host: undefined, port: 8443 });
  t.strictSame(parseListen('[::1]:0'), { host: '::1', port: 0 });
  for (const text of ['', 'x', '99999', 'localhost'])
    t.throws(() => parseListen(text), { code: 'ERR_PQTLS_USAGE' }, text);
  t.end();
});
