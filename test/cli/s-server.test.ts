// `pqtls s_server`: mutual TLS, names, answers over HTTP, the current folder and nothing above it, and how it ends.

import { loadBinding } from '#src/binding.js';
import { once } from 'node:events';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as https from 'node:https';
import { connect as connectNet } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { certificates } from '../support/certificates.js';
import { eventOf, events, Files, pqtls, receivedText, Running, serve } from '../support/command.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';

t.test('a free port is told where standard output has data alone, too', { skip }, async (t) => {
  const files = await Files.create(t);
  for (const terse of ['-brief', '-quiet']) {
    const running = new Running(['s_server', '-accept', '127.0.0.1:0', ...files.identity('leaf'), '-echo', terse]);
    t.teardown(() => running.child.kill());
    const [told] = (await once(running.child.stderr, 'data')) as [Buffer];
    t.match(told.toString(), /Listening on 127\.0\.0\.1:\d+/);
    t.equal(running.stdout, '', terse);
  }
});

t.test('mutual TLS', { skip }, async (t) => {
  const files = await Files.create(t);
  const client = files.identity('client');
  const foreign = files.identity('foreignClient');
  const server = [...files.identity('leaf'), ...files.trust, '-echo'];
  const talk = (port: number, args: readonly string[]) =>
    pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '--json', ...args], { input: 'hi' });

  const must = await serve(t, [...server, '-Verify', '1']);
  t.match(eventOf(must.running.stdout, 'warning')['message'], /depth of a chain is not limited/);
  const good = await talk(must.port, client);
  t.equal(receivedText(good.stdout), 'hi', good.stdout);
  t.equal(eventOf(good.stdout, 'handshake')['signatureScheme'], 'ecdsa_secp256r1_sha256');
  await must.running.printed(/"event":"end"/);
  const seen = eventOf(must.running.stdout, 'handshake');
  t.match(seen, { verification: { result: 'accepted' }, certificates: [{ subject: /CN=client one/ }, {}] });
  t.equal(seen['peerSignatureScheme'], 'ecdsa_secp256r1_sha256');
  for (const [args, alert, code] of [
    [[], 'certificate_required', 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'],
    [foreign, 'unknown_ca', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ] as const) {
    const refused = await talk(must.port, args);
    t.equal(refused.code, 1, refused.stdout);
    t.match(eventOf(refused.stdout, 'error'), { alertReceived: alert }, alert);
    t.equal(receivedText(refused.stdout), '', 'no data came back');
    await must.running.printed(new RegExp(`"event":"error".*"code":"${code}"`));
  }

  const may = await serve(t, [...server, '-verify']);
  t.equal(receivedText((await talk(may.port, [])).stdout), 'hi', 'a client without a certificate');
  t.equal(receivedText((await talk(may.port, client)).stdout), 'hi', 'a client with a good one');
  for (const version of ['-tls1_3', '-tls1_2']) {
    const bad = await talk(may.port, [...foreign, version]);
    t.equal(receivedText(bad.stdout), '', 'a client with a bad one');
    t.match(eventOf(bad.stdout, 'error'), { alertReceived: 'unknown_ca', advice: /certificate of -cert/ }, version);
    t.equal(bad.code, 1);
  }
  t.strictSame(
    events(may.running.stdout)
      .filter(({ event }) => event === 'handshake')
      .map(({ verification }) => (verification as { result: string }).result),
    ['none shown', 'accepted'],
  );
  t.match(eventOf(may.running.stdout, 'error'), {
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    alertSent: 'unknown_ca',
    connection: 3,
  });
  for (const engine of ['aws-lc', 'typescript']) {
    const { port } = await serve(t, [...server, '-verify', '--engine', engine]);
    t.equal(receivedText((await talk(port, [])).stdout), 'hi', `${engine}: none`);
    t.equal(
      eventOf((await talk(port, foreign)).stdout, 'error')['alertReceived'],
      'unknown_ca',
      `${engine}: a bad one`,
    );
  }

  const insecure = await serve(t, [...server, '-Verify', '--insecure']);
  t.equal(receivedText((await talk(insecure.port, foreign)).stdout), 'hi');
  t.match(eventOf(insecure.running.stdout, 'warning'), {
    message: /THE CLIENT IS NOT VERIFIED \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
  });
  t.equal(insecure.running.stderr, '', 'with --json nothing is told twice');
  const nobody = await pqtls(['s_server', '-accept', '127.0.0.1:0', ...files.identity('leaf'), '-Verify']);
  t.equal(nobody.code, 2, 'whose clients must be said');
  t.match(nobody.stderr, /-CAfile FILE/);
});

t.test('keys: two kinds, a second name, with a passphrase', { skip }, async (t) => {
  const files = await Files.create(t);
  const { leaf } = await certificates();
  const encrypted = files.write('encrypted.key', leaf.encryptedKey('opensesame'));
  const passphrase = files.write('passphrase', 'opensesame\n');
  const more = ['-dcert', files.cert('rsa'), '-dkey', files.key('rsa'), '-servername', 'a.example'];
  const second = ['-cert2', files.cert('named'), '-key2', files.key('named'), '-echo'];
  const own = ['-cert', files.cert('leaf'), '-key', encrypted];
  const { port } = await serve(t, [...own, ...more, ...second, '-pass', `file:${passphrase}`]);
  for (const [args, expected] of [
    [['-sigalgs', 'rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256'], /^(RSA 2048|EC P-256)$/],
    [['-sigalgs', 'rsa_pss_rsae_sha256'], 'RSA 2048'],
    [['-sigalgs', 'ecdsa_secp256r1_sha256'], 'EC P-256'],
  ] as const) {
    const result = await pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '--json', ...args]);
    const facts = eventOf(result.stdout, 'handshake');
    // What a chain may be signed with is limited as well: our CA has a P-256 key.
    t.match((facts['certificates'] as unknown[])[0], { key: expected }, result.stdout);
  }
  const named = ['-servername', 'a.example', ...files.trust, '--json'];
  const result = await pqtls(['s_client', `127.0.0.1:${port}`, ...named]);
  t.match((eventOf(result.stdout, 'handshake')['certificates'] as unknown[])[0], { subject: /CN=a\.example/ });
  const listen = ['s_server', '-accept', '127.0.0.1:0', ...own];
  const without = await pqtls(listen);
  t.equal(without.code, 2, without.stderr);
  t.match(without.stderr, /-pass env:NAME or -pass file:PATH/);
  const wrong = await pqtls([...listen, '-pass', 'env:SECRET'], { env: { SECRET: 'notthisone' } });
  t.equal(wrong.code, 2, wrong.stderr);
  t.notMatch(wrong.stderr, /notthisone/);
  const onCommandLine = await pqtls([...listen, '-pass', 'pass:opensesame']);
  t.equal(onCommandLine.code, 2);
  t.match(onCommandLine.stderr, /can be read by every user/);
  t.notMatch(onCommandLine.stderr, /opensesame/);
});

t.test('-www through an https request, and -naccept', { skip }, async (t) => {
  const files = await Files.create(t);
  const { running, port } = await serve(t, [...files.identity('leaf'), '-www', '-naccept', '2']);
  const page = await get(port, '/<script>');
  t.equal(page.status, 200);
  t.match(page.headers['content-type'], /^text\/html/);
  t.match(page.body, /Cipher suite +TLS_\w+/);
  t.match(page.body, /Post-quantum +(yes|no)/);
  t.notMatch(page.body, /<script>/);
  const posted = await get(port, '/', 'POST');
  t.equal(posted.status, 405);
  const { code } = await running.done;
  t.equal(code, 0, 'two connections and it is over');
});

t.test('-WWW and -HTTP: the current folder and nothing else', { skip }, async (t) => {
  const files = await Files.create(t);
  const folder = files.path('www');
  mkdirSync(join(folder, 'inner'), { recursive: true });
  const put = (name: string, text: string): string => (writeFileSync(join(folder, name), text), join(folder, name));
  put('page.html', '<p>page</p>');
  put('inner/a b.txt', 'spaced');
  put('empty', '');
  put('.hidden', 'hidden');
  put('raw', 'HTTP/1.1 418 Teapot\r\ncontent-length: 3\r\nx-own: yes\r\n\r\ntea');
  files.write('outside.txt', 'outside');
  symlinkSync(files.path('outside.txt'), join(folder, 'link.txt'));
  symlinkSync(files.folder, join(folder, 'up'));
  const { leaf } = await certificates();
  put('server.key', leaf.key);
  const cert = files.cert('leaf');
  const { port } = await serve(t, ['-cert', cert, '-key', 'server.key', '-WWW'], { cwd: folder });
  const page = await get(port, '/page.html?x=1');
  t.strictSame([page.status, page.body], [200, '<p>page</p>']);
  t.equal(page.headers['x-content-type-options'], 'nosniff');
  t.equal((await get(port, '/inner/a%20b.txt')).body, 'spaced');
  t.strictSame(await get(port, '/empty').then(({ status, body }) => [status, body]), [200, '']);
  t.strictSame(await get(port, '/page.html', 'HEAD').then(({ status, body }) => [status, body]), [200, '']);
  for (const path of [
    '/',
    '/inner',
    '/nothing',
    '/.hidden',
    '/link.txt',
    '/up/outside.txt',
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/inner/..%2f..%2foutside.txt',
    '/..%5coutside.txt',
    `/${files.path('outside.txt')}`,
    '/page.html%00',
    '/%',
    '/server.key',
  ]) {
    const refused = await get(port, path);
    t.equal(refused.status, 404, path);
    t.equal(refused.body, 'There is no such file.\n', path);
  }
  const raw = await serve(t, ['-cert', cert, '-key', 'server.key', '-HTTP'], { cwd: folder });
  const whole = await get(raw.port, '/raw');
  t.strictSame([whole.status, whole.headers['x-own'], whole.body], [418, 'yes', 'tea']);
});

t.test('HEAD has a header alone, and a request that ends at once its answer', { skip }, async (t) => {
  const files = await Files.create(t);
  const header = 'HTTP/1.1 418 Teapot\r\ncontent-length: 3\r\nx-own: yes\r\n\r\n';
  files.write('raw', `${header}tea`);
  files.write('bare', 'HTTP/1.0 200 OK\n\ntea');
  files.write('page.html', '<p>page</p>');
  files.write('endless', 'x'.repeat(40_000));
  const identity = files.identity('leaf');
  const ask = async (port: number, request: string): Promise<string> => {
    const input = `${request} HTTP/1.0\r\n\r\n`;
    const result = await pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '-quiet'], { input });
    t.equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  const raw = await serve(t, [...identity, '-HTTP'], { cwd: files.folder });
  t.equal(await ask(raw.port, 'GET /raw'), `${header}tea`);
  t.equal(await ask(raw.port, 'HEAD /raw'), header);
  t.equal(await ask(raw.port, 'HEAD /bare'), 'HTTP/1.0 200 OK\n\n');
  t.match(await ask(raw.port, 'HEAD /endless'), /^HTTP\/1\.1 500 [^]*\r\n\r\n$/);
  const plain = await serve(t, [...identity, '-WWW'], { cwd: files.folder });
  t.match(await ask(plain.port, 'HEAD /page.html'), /^HTTP\/1\.1 200 [^]*content-length: 11\r\n[^]*\r\n\r\n$/);
  t.match(await ask(plain.port, 'GET /page.html'), /\r\n\r\n<p>page<\/p>$/);
  const status = await serve(t, [...identity, '-www']);
  t.match(await ask(status.port, 'HEAD /'), /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
  t.match(await ask(status.port, 'GET /'), /<\/html>\n$/);
});

t.test('by hand: standard input to the first client', { skip }, async (t) => {
  const files = await Files.create(t);
  const args = ['s_server', '-accept', '127.0.0.1:0', ...files.identity('leaf'), '-naccept', '1'];
  const server = new Running(args);
  t.teardown(() => server.child.kill('SIGKILL'));
  server.child.stdin.end('from the server\n');
  const [, port] = await server.printed(/Listening on 127\.0\.0\.1:(\d+)/);
  const client = new Running(['s_client', `localhost:${port}`, '-4', '-quiet', ...files.trust]);
  t.teardown(() => client.child.kill('SIGKILL'));
  client.child.stdin.write('from the client\n');
  await client.printed(/from the server\n/);
  await server.printed(/from the client\n/);
  client.child.stdin.end();
  t.equal((await client.done).code, 0);
  const ended = await server.done;
  t.equal(ended.code, 0, ended.stderr);
  t.match(ended.stdout, /^Connection from 127\.0\.0\.1:\d+\n {2}Post-quantum +yes \(hybrid key exchange\)$/m);
});

t.test(
  'Unix sockets, signals, ports in use',
  { skip: skip || (process.platform === 'win32' && 'POSIX') },
  async (t) => {
    const files = await Files.create(t);
    const path = files.path('socket');
    const server = new Running(['s_server', '-unix', path, ...files.identity('leaf'), '-echo', '--json']);
    t.teardown(() => server.child.kill('SIGKILL'));
    await server.printed(/"event":"listening"/);
    t.ok(statSync(path).isSocket());
    const result = await pqtls(['s_client', '-unix', path, '-servername', 'localhost', '-quiet', ...files.trust], {
      input: 'over a path',
    });
    t.equal(result.stdout, 'over a path', result.stderr);
    server.child.kill('SIGINT');
    t.equal((await server.done).code, 0, 'Ctrl-C ends it');
    t.throws(() => statSync(path), 'and nothing is left');

    const first = await serve(t, [...files.identity('leaf'), '-echo']);
    const second = await pqtls(['s_server', '-accept', `127.0.0.1:${first.port}`, ...files.identity('leaf')]);
    t.equal(second.code, 3);
    t.match(second.stderr, /^pqtls: .*EADDRINUSE.*Choose another port with -accept\.\n$/);
  },
);

t.test('hostile clients end nothing', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port, running } = await serve(t, [...files.identity('leaf'), '-rev', '--timeout', '8']);
  const send = async (data: string | Uint8Array): Promise<void> => {
    const socket = connectNet(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(data);
    socket.resume();
    await once(socket, 'close');
  };
  await send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await running.printed(/"code":"ERR_SSL_HTTP_REQUEST"/);
  await send(Buffer.from('1603010002ffff', 'hex'));
  await send('');
  await running.printed(/"code":"ERR_TLS_HANDSHAKE_TIMEOUT"/);
  const endless = await pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '-quiet'], {
    input: 'a'.repeat(100_000),
  });
  t.equal(endless.stdout, '', 'a line without end is answered by nothing');
  await running.printed(/"message":"A line has more than 16384 bytes/);
  const after = await pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '-quiet'], { input: 'abc\n' });
  t.equal(after.stdout, 'cba\n', 'and the next is served');
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** The path goes out as it stands. */
async function get(port: number, path: string, method = 'GET'): Promise<Answer> {
  const { ca } = await certificates();
  const request = https.request({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: ca.cert,
    path,
    method,
    agent: false,
  });
  request.end();
  const [response] = await once(request, 'response');
  let body = '';
  for await (const part of response) body += String(part);
  return { status: response.statusCode, headers: response.headers, body };
}
