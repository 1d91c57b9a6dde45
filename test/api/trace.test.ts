// enableTrace: useful text on stderr, bounded and without secrets.

import { PassThrough } from 'node:stream';
import t from 'tap';
import { describeTrace } from '#src/tls/handshake-trace.js';
import { onBoth } from '../support/tls-modules.js';
import { cleanEnvironment, projectDir, runCommand } from '../support/project.js';
import { credentials } from '../support/tls-server.js';

const script = `
import { connect, createServer } from 'pqtls';
const { cert, key, ca, groups, trace, requestCert = false } = JSON.parse(process.argv[1]);
const server = createServer({ cert, key, groups, requestCert, ca, rejectUnauthorized: false, enableTrace: trace });
server.on('secureConnection', (socket) => {
  socket.on('keylog', () => {});
  socket.end('plaintext-secret');
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const secrets = [];
  const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ALPNProtocols: ['h2', 'a\\u001b[31m'],
    enableTrace: trace });
  if (trace === undefined) client.enableTrace();
  client.on('keylog', (line) => secrets.push(line.toString().trim().split(' ')[2]));
  client.resume().on('close', () => { server.close(); console.log(JSON.stringify(secrets)); });
});
`;

async function run(options: object, flags: string[] = []) {
  const { authority, leaf } = await credentials();
  const input = JSON.stringify({ ...leaf, ca: authority.cert, ...options });
  const args = [...flags, '--input-type=module', '-e', script, input];
  return runCommand(process.execPath, args, { cwd: projectDir, env: cleanEnvironment() });
}

void t.test('pqtls: messages, sizes and choices of both sides', async (t) => {
  const { code, stdout, stderr } = await run({ groups: ['secp384r1'], trace: true, requestCert: true });
  t.equal(code, 0, stderr);
  for (const expected of [
    /^pqtls client: Sent ClientHello, \d+ bytes, /m,
    /^ {4}server_name: "localhost"$/m,
    /^ {4}supported_groups: X25519MLKEM768, .*secp384r1$/m,
    /^ {4}key_share: X25519MLKEM768 \(1216 bytes\), X25519 \(32 bytes\)$/m,
    /^ {4}signature_algorithms: .*mldsa65/m,
    /^ {4}application_layer_protocol_negotiation: "h2", /m,
    /^pqtls server: Sent HelloRetryRequest, \d+ bytes/m,
    /^ {4}key_share: secp384r1$/m,
    /^pqtls client: Received ServerHello, \d+ bytes/m,
    /^ {4}cipher_suite: TLS_AES_\d+_GCM_SHA\d+$/m,
    /^ {4}key_share: secp384r1 \(97 bytes\)$/m,
    /^pqtls client: Received EncryptedExtensions/m,
    /^pqtls client: Received CertificateRequest/m,
    /^ {4}server chain: \d+ \+ \d+ bytes$/m,
    /^ {4}client chain: empty$/m,
    /^ {4}signature_scheme: ecdsa_secp256r1_sha256$/m,
    /^pqtls server: Sent Finished, 52 bytes, TLSv1.3|Finished, 36 bytes, TLSv1.3$/m,
    /^pqtls server: Sent Record: application_data, \d+ bytes$/m,
    /^pqtls server: Sent Alert: close_notify/m,
  ]) {
    t.match(stderr, expected);
  }
  const secrets = JSON.parse(stdout) as string[];
  t.equal(secrets.length, 5);
  for (const secret of [...secrets, 'plaintext-secret', '\u001b']) t.notOk(stderr.includes(secret));
});

void t.test('pqtls: the method and --trace-tls', async (t) => {
  const method = await run({});
  t.match(method.stderr, /^pqtls client: Sent ClientHello/m);
  t.match(method.stderr, /^pqtls client: Received NewSessionTicket, \d+ bytes, TLSv1.3$/m);
  t.notMatch(method.stderr, /^pqtls server/m);
  const flag = await run({ trace: false }, ['--trace-tls']);
  t.notMatch(flag.stderr, /^pqtls /m, 'the option wins');
});

void t.test('pqtls: a hostile message is described without harm', (t) => {
  for (const type of [1, 2, 8, 11, 13, 15, 24, 200]) {
    for (let length = 0; length < 80; length++) {
      const bytes = Buffer.alloc(length, 0xff);
      if (length > 0) bytes[0] = type;
      for (const version of [0x0303, 0x0304, 0]) {
        const event = { sent: false, version, contentType: 22, length: 1 << 24, bytes };
        t.ok(describeTrace(event, true).length < 20_000);
      }
    }
  }
  const many = Buffer.alloc(32 * 1024);
  many[0] = 1;
  t.ok(describeTrace({ sent: true, version: 0x0304, contentType: 22, length: many.length, bytes: many }, false));
  for (const contentType of [0, 20, 21, 23, 256, 257]) {
    t.ok(describeTrace({ sent: true, version: 0, contentType, length: 0, bytes: Buffer.alloc(0) }, false));
  }
  t.end();
});

onBoth(t, 'bad values', (t, tls) => {
  const socket = new PassThrough();
  t.throws(() => tls.connect({ socket, enableTrace: 1 } as never), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => new tls.TLSSocket(undefined as never, { enableTrace: 'x' } as never), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
  t.end();
});
