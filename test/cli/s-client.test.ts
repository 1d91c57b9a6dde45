// `pqtls s_client` against `pqtls s_server`: what is negotiated, who is trusted, sessions, and how it ends.

import { loadBinding } from '#src/binding.js';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import * as nodeTls from 'node:tls';
import t from 'tap';
import { certificates } from '../support/certificates.js';
import { eventOf, events, Files, listenPlain, pqtls, receivedText, serve } from '../support/command.js';
import { issuedByP256 } from '../support/mldsa-certificate.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';

t.test('groups, versions, suites, ALPN and names, told alike on both sides', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port, running } = await serve(t, [...files.identity('leaf'), '-echo', '-alpn', 'h2,http/1.1']);
  const combinations = [
    { args: [], group: 'X25519MLKEM768', shares: [1216, 1120] },
    { args: ['-groups', 'SecP256r1MLKEM768'], group: 'SecP256r1MLKEM768', shares: [1249, 1153] },
    { args: ['--groups', 'SecP384r1MLKEM1024:X25519'], group: 'SecP384r1MLKEM1024', shares: [1665, 1665] },
    { args: ['-curves', 'P-256'], group: 'secp256r1', shares: [65, 65], postQuantum: false },
    { args: ['--post-quantum', 'off'], group: 'X25519', shares: [32, 32], postQuantum: false },
    { args: ['-policy', 'strict'], group: 'X25519MLKEM768', policy: 'strict-2026-11' },
    { args: ['-tls1_2'], protocol: 'TLSv1.2', group: 'X25519', postQuantum: false, shares: [0, 0] },
    { args: ['--max-version', 'TLSv1.2', '-cipher', 'ECDHE-ECDSA-AES256-GCM-SHA384'], protocol: 'TLSv1.2' },
    { args: ['-no_tls1_3'], protocol: 'TLSv1.2' },
    { args: ['-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'], suite: 'TLS_CHACHA20_POLY1305_SHA256' },
    { args: ['-ciphersuites=TLS_AES_128_GCM_SHA256', '-policy=default'], suite: 'TLS_AES_128_GCM_SHA256' },
    { args: ['-sigalgs', 'ecdsa_secp256r1_sha256'], scheme: 'ecdsa_secp256r1_sha256' },
    { args: ['-alpn', 'http/1.1'], alpn: 'http/1.1' },
    { args: ['-noservername'], servername: null },
    { args: ['-groups', '?nonsense:X25519'], group: 'X25519' },
  ];
  let connection = 0;
  for (const { args, ...expected } of combinations) {
    connection += 1;
    const label = args.join(' ') || 'no options';
    const result = await pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '--json', ...args], {
      input: `hello ${connection}`,
    });
    t.equal(result.code, 0, `${label}: ${result.stderr}${result.stdout}`);
    const client = eventOf(result.stdout, 'handshake');
    await running.printed(new RegExp(`"event":"end","connection":${connection}\\b`));
    const server = events(running.stdout).find((one) => one.event === 'handshake' && one['connection'] === connection);
    for (const [side, facts] of [
      ['client', client],
      ['server', server],
    ] as const) {
      const told = `${label}, ${side}`;
      t.equal(facts?.['role'], side, told);
      t.equal(facts?.['protocol'], expected.protocol ?? 'TLSv1.3', told);
      t.equal(facts?.['group'].postQuantum, facts?.['postQuantum'], told);
      t.equal(facts?.['servername'], expected.servername === undefined ? 'localhost' : null, told);
      if (expected.group !== undefined) t.equal(facts?.['group'].name, expected.group, told);
      if (expected.shares !== undefined) {
        t.strictSame([facts?.['group'].clientShare, facts?.['group'].serverShare], expected.shares, told);
      }
      if (expected.postQuantum !== undefined) t.equal(facts?.['postQuantum'], expected.postQuantum, told);
      if (expected.suite !== undefined) t.equal(facts?.['cipherSuite'], expected.suite, told);
      t.equal(facts?.['alpn'], expected.alpn ?? null, told);
    }
    t.equal(client['policy'], expected.policy ?? (label.includes('policy=default') ? 'default-2026-11' : null), label);
    t.equal(client['peerSignatureScheme'], expected.scheme ?? 'ecdsa_secp256r1_sha256', label);
    t.equal(client['engine'], 'aws-lc');
    t.strictSame(client['verification'], { result: 'accepted', error: null, name: 'localhost' }, label);
    t.equal(receivedText(result.stdout), `hello ${connection}`, 'the echo came back');
    t.equal(eventOf(result.stdout, 'end')['closeNotify'], true);
  }
  t.equal(running.stderr, '');
});

t.test('HelloRetryRequest, the chain and its expiry', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port } = await serve(t, [...files.identity('leaf'), '-groups', 'P-384']);
  const result = await pqtls(['s_client', `127.0.0.1:${port}`, ...files.trust, '--json']);
  const facts = eventOf(result.stdout, 'handshake');
  t.equal(facts['helloRetryRequest'], true);
  t.equal(facts['group'].name, 'secp384r1');
  t.equal(facts['servername'], null, 'an address is no server name');
  t.equal(facts['verification'].name, '127.0.0.1');
  const [leaf, root] = facts['certificates'] as Record<string, unknown>[];
  t.match(leaf, { subject: /CN=localhost/, key: 'EC P-256', sent: true });
  t.ok((leaf?.['names'] as string[]).includes('DNS:localhost'));
  t.ok([18, 19, 20].includes(leaf?.['daysLeft'] as number), 'expires as it was made to');
  t.match(root, { subject: /CN=first test CA/, sent: false });
});

t.test('ML-DSA certificates', { skip }, async (t) => {
  const files = await Files.create(t);
  const made = issuedByP256('ML-DSA-65');
  const server = ['-cert', files.write('ml.pem', made.cert), '-key', files.write('ml.key', made.key)];
  const { port } = await serve(t, server);
  const args = ['s_client', `localhost:${port}`, '-4', '-CAfile', files.write('ml-ca.pem', made.ca)];
  const result = await pqtls([...args, '--json', '-policy', 'strict']);
  t.equal(result.code, 0, result.stderr + result.stdout);
  const facts = eventOf(result.stdout, 'handshake');
  t.equal(facts['peerSignatureScheme'], 'mldsa65');
  t.equal((facts['certificates'] as Record<string, unknown>[])[0]?.['key'], 'ML-DSA-65');
  const text = await pqtls(args);
  t.match(text.stdout, /^ {5}key +ML-DSA-65$/m);
});

t.test('who is not trusted is refused, with the right code', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port } = await serve(t, [...files.identity('leaf'), '-echo']);
  const to = ['s_client', '-connect', `localhost:${port}`, '-4'];
  const cases = [
    { args: ['-CAfile', files.cert('otherCa')], code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', advice: /-CAfile FILE/ },
    { args: [], code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', advice: /--insecure/ },
    {
      args: [...files.trust, '-servername', 'wrong.example'],
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      advice: /-servername/,
    },
    {
      args: [...files.trust, '-verify_hostname', 'wrong.example'],
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      advice: /-verify_hostname/,
    },
  ];
  for (const { args, code, advice } of cases) {
    const refused = await pqtls([...to, ...args], { input: 'secret' });
    t.equal(refused.code, 4, `${code}: ${refused.stderr}`);
    t.equal(refused.stdout, '');
    t.match(refused.stderr, new RegExp(`^pqtls: .*${code}.*\n$`), 'one line with the code');
    t.match(refused.stderr, advice);
    const json = await pqtls([...to, ...args, '--json']);
    t.match(eventOf(json.stdout, 'error'), { code, exitCode: 4 });
    t.equal(json.stderr, '');
    const insecure = await pqtls([...to, ...args, '--insecure', '-quiet'], { input: 'all the same' });
    t.equal(insecure.code, 0, insecure.stderr);
    t.equal(insecure.stdout, 'all the same', 'with -quiet there is the data alone');
    t.match(insecure.stderr, /^pqtls: THE SERVER IS NOT VERIFIED \(.*\): .*--insecure\.\n$/);
  }
  const named = await pqtls([
    ...to,
    ...files.trust,
    '-servername',
    'localhost',
    '-verify_hostname',
    '127.0.0.1',
    '-brief',
  ]);
  t.equal(named.code, 0, named.stderr);
  t.match(
    named.stderr,
    /^localhost:\d+: TLSv1\.3 TLS_\w+, X25519MLKEM768 \(post-quantum\), peer certificate accepted for 127\.0\.0\.1\n$/,
  );
  t.equal(named.stdout, '');
  const environment = await pqtls([...to], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
  t.equal(environment.code, 4, 'a variable switches nothing off');
});

t.test('a policy that refuses', { skip }, async (t) => {
  const files = await Files.create(t);
  const classical = await serve(t, [...files.identity('leaf'), '-groups', 'X25519']);
  const to = ['s_client', `localhost:${classical.port}`, '-4', ...files.trust];
  const refused = await pqtls([...to, '--post-quantum', 'require', '--json']);
  t.equal(refused.code, 5, refused.stdout);
  t.match(eventOf(refused.stdout, 'error'), { code: 'ERR_PQTLS_NOT_POST_QUANTUM', exitCode: 5 });
  const byEnvironment = await pqtls(to, { env: { PQTLS_POST_QUANTUM: 'require' } });
  t.equal(byEnvironment.code, 5);
  t.match(byEnvironment.stderr, /ERR_PQTLS_NOT_POST_QUANTUM.*--post-quantum prefer/);
  t.equal(
    (await pqtls([...to, '-tls1_2', '--policy', 'strict'])).code,
    2,
    'a contradiction is found before anything is sent',
  );
  t.equal((await pqtls([...to, '--policy', 'nope'])).code, 2);

  const strict = await serve(t, [...files.identity('leaf'), '-policy', 'strict']);
  const client = await pqtls(['s_client', `localhost:${strict.port}`, '-4', ...files.trust, '-groups', 'X25519']);
  t.equal(client.code, 1, client.stderr);
  t.match(client.stderr, /handshake_failure.*-groups/);
  await strict.running.printed(/"event":"error"/);
  const told = eventOf(strict.running.stdout, 'error');
  t.match(told, {
    code: 'ERR_PQTLS_NOT_POST_QUANTUM',
    connection: 1,
    peer: /^127\.0\.0\.1:\d+$/,
    offered: { groups: ['X25519'] },
  });
});

t.test('sessions in files', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port } = await serve(t, [...files.identity('leaf'), '-echo']);
  const to = ['s_client', `localhost:${port}`, '-4', ...files.trust, '--json'];
  for (const version of ['-tls1_3', '-tls1_2']) {
    const file = files.path(`session${version}`);
    const first = await pqtls([...to, version, '-sess_out', file], { input: 'x' });
    t.equal(first.code, 0, first.stderr + first.stdout);
    t.equal(eventOf(first.stdout, 'handshake')['resumed'], false);
    t.equal(statSync(file).mode & 0o777, 0o600, 'a session is secret');
    const second = await pqtls([...to, version, '-sess_in', file, '-sess_out', file], { input: 'x' });
    const facts = eventOf(second.stdout, 'handshake');
    t.equal(facts['resumed'], true, version);
    t.equal(facts['sessionKeyExchange'], version === '-tls1_3' ? 'post-quantum' : 'classical');
    t.equal(receivedText(second.stdout), 'x');
  }
  const many = await pqtls([...to, '-reconnect'], { input: 'x' });
  t.equal(many.code, 0, many.stderr + many.stdout);
  const resumed = events(many.stdout).filter(({ event }) => event === 'handshake');
  t.strictSame(
    resumed.map((one) => one['resumed'] as boolean),
    [false, true, true, true, true, true],
  );
  const other = await serve(t, [...files.identity('leaf'), '-echo']);
  const session = files.path('session-tls1_3');
  const elsewhere = ['s_client', `localhost:${other.port}`, '-4', ...files.trust, '--json', '-sess_in'];
  const refused = await pqtls([...elsewhere, session], { input: 'x' });
  t.equal(refused.code, 0, refused.stderr + refused.stdout);
  t.match(eventOf(refused.stdout, 'warning')['message'], /session of -sess_in was not resumed/);
  const text = readFileSync(session, 'latin1');
  const changed = text.replace(/(?<=\n\n.{20})./s, (letter) => (letter === 'A' ? 'B' : 'A'));
  t.not(changed, text);
  const damaged = await pqtls([...elsewhere, files.write('damaged', changed)]);
  t.equal(damaged.code, 2);
  t.match(eventOf(damaged.stdout, 'error')['message'], /is damaged: write a new one with -sess_out/);
  const foreign = await pqtls([...to, '-sess_in', files.write('x', '-----BEGIN SSL SESSION PARAMETERS-----\n')]);
  t.equal(foreign.code, 2);
  t.match(eventOf(foreign.stdout, 'error')['message'], /of OpenSSL/);
  t.equal((await pqtls([...to, '-sess_out', '/nonexistent/x'], { input: 'x' })).code, 2);
});

t.test('-keylogfile, -showcerts, -status, -crlf', { skip }, async (t) => {
  const files = await Files.create(t);
  const stapled = files.write('ocsp.der', Buffer.from('30030a0103', 'hex'));
  const serverLog = files.path('server-keys');
  const server = [...files.identity('deep'), '-cert_chain', files.cert('intermediate'), '-echo'];
  const { port } = await serve(t, [...server, '-status_file', stapled, '-keylogfile', serverLog]);
  const log = files.path('keys');
  const to = ['s_client', `localhost:${port}`, '-4', ...files.trust];
  const result = await pqtls([...to, '-keylogfile', log, '-showcerts', '-status', '-crlf'], { input: 'a\nb\r\n' });
  t.equal(result.code, 0, result.stderr);
  t.equal(result.stdout.match(/-----BEGIN CERTIFICATE-----/g)?.length, 2, 'leaf and issuer, not the root');
  t.match(result.stdout, /^OCSP response: 5 bytes, responseStatus tryLater; its signature is not checked$/m);
  t.ok(result.stdout.endsWith('a\r\nb\r\n'), 'line ends are sent as CR LF, once');
  t.match(result.stderr, /^pqtls: -keylogfile writes secrets/);
  for (const file of [log, serverLog]) {
    t.equal(statSync(file).mode & 0o777, 0o600);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    t.ok(lines.length >= 4 && lines.every((line) => /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$/.test(line)), file);
  }
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    t.notOk((result.stdout + result.stderr).includes(line.split(' ')[2] ?? '?'), 'no secret is printed');
  }
  const none = await pqtls([...to, '-status', '--json']);
  t.equal(eventOf(none.stdout, 'ocsp')['responseStatus'], 'tryLater');
});

t.test('against node:tls, both ways', { skip }, async (t) => {
  const files = await Files.create(t);
  const { leaf, ca } = await certificates();
  const server = nodeTls.createServer({ cert: leaf.cert, key: leaf.key, ALPNProtocols: ['x'] }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const to = ['s_client', `localhost:${port}`, '-4', ...files.trust, '-alpn', 'x'];
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const result = await pqtls([...to, '--json', '--min-version', version, '--max-version', version], { input: 'hi' });
    t.equal(result.code, 0, result.stdout);
    t.match(eventOf(result.stdout, 'handshake'), { protocol: version, alpn: 'x' });
    t.equal(receivedText(result.stdout), 'hi');
  }

  const ours = await serve(t, [...files.identity('leaf'), '-rev']);
  const client = nodeTls.connect({ host: '127.0.0.1', port: ours.port, servername: 'localhost', ca: ca.cert });
  client.end('abc\ndéf\nno end');
  let text = '';
  for await (const chunk of client) text += String(chunk);
  t.equal(text, 'cba\nféd\ndne on');
});

t.test('how it ends: refused, closed, lost, silent, hostile', { skip }, async (t) => {
  const files = await Files.create(t);
  // A port that was free a moment ago may be another test's by now.
  const refused = await pqtls(['s_client', '127.0.0.1:1']);
  t.equal(refused.code, 3);
  t.match(refused.stderr, /^pqtls: .*ECONNREFUSED.*check the port\.\n$/);
  const cases = [
    {
      what: 'HTTP',
      code: 1,
      error: 'ERR_SSL_WRONG_VERSION_NUMBER',
      act: (write: Act) => write('HTTP/1.1 400 Bad\r\n\r\n'),
    },
    { what: 'closes at once', code: 3, error: 'ECONNRESET', act: (_write: Act, end: () => void) => end() },
    { what: 'is silent', code: 3, timeout: '2', error: 'ERR_TLS_HANDSHAKE_TIMEOUT', act: () => {} },
    {
      what: 'endless letters',
      code: 1,
      error: 'ERR_SSL_WRONG_VERSION_NUMBER',
      act: (write: Act) => {
        for (let times = 0; times < 256; times++) write('a'.repeat(4096));
      },
    },
    {
      what: 'a record that is too long',
      code: 1,
      error: /^ERR_SSL_/,
      act: (write: Act) => write(Buffer.from('160303ffff', 'hex')),
    },
  ];
  for (const { what, code, error, act, timeout = '50' } of cases) {
    const port = await listenPlain(t, (socket) =>
      act(
        (data) => socket.write(data),
        () => socket.destroy(),
      ),
    );
    const result = await pqtls(['s_client', `127.0.0.1:${port}`, ...files.trust, '--timeout', timeout, '--json']);
    t.equal(result.code, code, `${what}: ${result.stdout}`);
    t.match(eventOf(result.stdout, 'error'), { code: error, advice: String }, what);
  }
  const port = await listenPlain(t, (socket) => socket.resume());
  const hinted = await pqtls(['s_client', `127.0.0.1:${port}`, '--timeout', '3']);
  t.match(hinted.stderr, /ClientHello of 1\d\d\d bytes.*Try -groups X25519:P-256\.\n$/s);
});

t.test('the end of the input, and a peer that stays', { skip }, async (t) => {
  const files = await Files.create(t);
  const { leaf } = await certificates();
  const server = nodeTls.createServer({ cert: leaf.cert, key: leaf.key, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.write('greeting\n');
    socket.on('data', (data) => {
      if (String(data).includes('bye')) socket.end('so long\n');
    });
    t.teardown(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const to = ['s_client', `localhost:${(server.address() as AddressInfo).port}`, '-4', ...files.trust, '-quiet'];
  const silent = await pqtls([...to, '--timeout', '8']);
  t.equal(silent.code, 0, silent.stderr);
  t.equal(silent.stdout, 'greeting\n');
  t.match(silent.stderr, /did not close the connection within 8 s/);
  const ended = await pqtls([...to, '-ign_eof'], { input: 'bye' });
  t.equal(ended.code, 0, ended.stderr);
  t.equal(ended.stdout, 'greeting\nso long\n');
  t.equal(ended.stderr, '');
  const open = await pqtls(to, { input: 'bye', keepOpen: true });
  t.equal(open.stdout, 'greeting\nso long\n', 'the end of the peer ends it, whatever the input does');
});

type Act = (data: string | Uint8Array) => void;
