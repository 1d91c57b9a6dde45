// `--trace`: the handshake message by message, both ways, with the key shares named and sized.

import { loadBinding } from '#src/binding.js';
import { HandshakeReport } from '#src/cli/handshake-report.js';
import { readTrace } from '#src/tls/handshake-messages.js';
import t from 'tap';
import { eventOf, events, Files, pqtls, serve } from '../support/command.js';

t.setTimeout(300_000);
const skip = loadBinding().loaded ? false : 'no addon here';

t.test('as text, on both sides', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port, running } = await serve(t, [...files.identity('leaf'), ...files.trust, '-echo', '-verify', '--trace']);
  const args = ['s_client', `localhost:${port}`, '-4', ...files.trust, '-alpn', 'x\u001b[31m,h2', '--trace'];
  const result = await pqtls(args, { input: 'plaintext-secret' });
  t.equal(result.code, 0, result.stderr);
  for (const line of [
    /^>>> client: ClientHello, 1\d\d\d bytes {2}-- what the client can do/m,
    /^ {6}server_name: "localhost"$/m,
    /^ {6}supported_groups: X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024, X25519, secp256r1, secp384r1$/m,
    /^ {6}signature_algorithms: mldsa65, /m,
    /^ {6}supported_versions: TLSv1\.3, TLSv1\.2$/m,
    /^ {6}application_layer_protocol_negotiation: "x.*31m", "h2"$/m,
    /^ {6}key_share:\n {8}X25519MLKEM768, 1216 bytes = ML-KEM-768 encapsulation key 1184 \+ X25519 32\n {8}X25519, 32 bytes$/m,
    /^ {6}cipher_suites: TLS_AES_256_GCM_SHA384, /m,
    /^<<< server: ServerHello, \d+ bytes/m,
    /^ {8}X25519MLKEM768, 1120 bytes = ML-KEM-768 ciphertext 1088 \+ X25519 32$/m,
    /^<<< server: EncryptedExtensions, \d+ bytes, TLSv1\.3/m,
    /^<<< server: CertificateRequest, \d+ bytes, TLSv1\.3/m,
    /^<<< server: Certificate, \d+ bytes, TLSv1\.3/m,
    /^ {6}server chain: \d+ \+ \d+ bytes$/m,
    /^<<< server: CertificateVerify, \d+ bytes, TLSv1\.3/m,
    /^ {6}signature_scheme: ecdsa_secp256r1_sha256$/m,
    /^<<< server: Finished, (36|52) bytes, TLSv1\.3/m,
    /^>>> client: Finished, (36|52) bytes, TLSv1\.3/m,
    /^<<< server: NewSessionTicket, \d+ bytes, TLSv1\.3/m,
    /^>>> client: Alert close_notify$/m,
    /^ {4}record application_data, \d+ bytes$/m,
  ]) {
    t.match(result.stdout, line);
  }
  t.notOk(result.stdout.includes('\u001b'), 'nothing writes to the terminal');
  await running.printed(/"event":"end"/);
  const steps = events(running.stdout).filter(({ event }) => event === 'trace');
  t.match(
    steps.find(({ name }) => name === 'ClientHello'),
    {
      sent: false,
      connection: 1,
      kind: 'handshake',
      details: [{}, { name: 'server_name', entries: [{ name: '"localhost"' }] }],
    },
  );
  t.ok(steps.some(({ name, sent }) => name === 'CertificateVerify' && sent === true));
  t.equal(result.stdout.split('plaintext-secret').length, 2, 'the echo, and not in the trace');
  t.notOk(running.stdout.includes('plaintext-secret'));
});

t.test('as JSON: HelloRetryRequest, a second ClientHello, TLS 1.2', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port } = await serve(t, [...files.identity('leaf'), '-groups', 'SecP384r1MLKEM1024:P-256', '-echo']);
  const to = ['s_client', `localhost:${port}`, '-4', ...files.trust, '--json', '-msg'];
  const result = await pqtls(to);
  const steps = events(result.stdout).filter(({ event, kind }) => event === 'trace' && kind === 'handshake');
  t.strictSame(steps.map(({ name }) => name as string).slice(0, 4), [
    'ClientHello',
    'HelloRetryRequest',
    'ClientHello',
    'ServerHello',
  ]);
  const shares = (at: number): unknown =>
    (steps[at]?.['details'] as { name: string; entries?: unknown }[]).find(({ name }) => name === 'key_share')?.entries;
  t.strictSame(shares(0), [
    { name: 'X25519MLKEM768', length: 1216 },
    { name: 'X25519', length: 32 },
  ]);
  t.strictSame(shares(2), [{ name: 'SecP384r1MLKEM1024', length: 1665 }]);
  t.strictSame(shares(3), [{ name: 'SecP384r1MLKEM1024', length: 1665 }]);
  t.equal(eventOf(result.stdout, 'handshake')['helloRetryRequest'], true);
  t.equal(steps[0]?.['length'], eventOf(result.stdout, 'handshake')['clientHelloLength']);

  const old = await pqtls([...to, '-tls1_2']);
  const names = events(old.stdout)
    .filter(({ event, kind }) => event === 'trace' && kind === 'handshake')
    .map(({ name }) => name as string);
  for (const name of [
    'ServerHello',
    'Certificate',
    'ServerKeyExchange',
    'ServerHelloDone',
    'ClientKeyExchange',
    'Finished',
  ]) {
    t.ok(names.includes(name), name);
  }
  const hello = events(old.stdout).find(({ name }) => name === 'ServerHello');
  t.match(hello?.['details'], [{ name: 'cipher_suite', text: /^TLS_ECDHE_ECDSA_WITH_/ }]);
});

t.test('a failed handshake is explained as far as it went', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port } = await serve(t, [...files.identity('leaf'), '-policy', 'strict']);
  const result = await pqtls(['s_client', `localhost:${port}`, '-4', ...files.trust, '-groups', 'X25519', '--trace']);
  t.equal(result.code, 1);
  t.match(result.stdout, /^>>> client: ClientHello[^]*^<<< server: Alert handshake_failure$/m);
});

t.test('-quiet and -brief keep standard output for data', { skip }, async (t) => {
  const files = await Files.create(t);
  const { port } = await serve(t, [...files.identity('leaf'), '-echo']);
  for (const terse of ['-quiet', '-brief']) {
    const args = ['s_client', `localhost:${port}`, '-4', ...files.trust, '--trace', terse];
    const result = await pqtls(args, { input: 'data' });
    t.equal(result.stdout, 'data', terse);
    t.match(result.stderr, /^>>> client: ClientHello/m, terse);
  }
});

t.test('hostile messages are described in bounds', (t) => {
  let text = '';
  const report = new HandshakeReport({ write: (part) => (text += part) }, false);
  for (const type of [1, 2, 8, 11, 13, 15, 24, 200]) {
    for (const fill of [0, 0xff, 0x0a]) {
      for (let length = 0; length < 120; length++) {
        const bytes = Buffer.alloc(length, fill);
        if (length > 0) bytes[0] = type;
        report.add(
          readTrace({ sent: length % 2 === 0, version: 0x0304, contentType: 22, length: 1 << 24, bytes }, true),
        );
      }
    }
  }
  const large = Buffer.alloc(64 * 1024, 0);
  large[0] = 1;
  text = '';
  report.add(readTrace({ sent: true, version: 0x0303, contentType: 22, length: large.length, bytes: large }, false));
  t.ok(text.length < 20_000, `${text.length} letters`);
  for (let times = 0; times < 20_000; times++) {
    report.add(
      readTrace({ sent: true, version: 0, contentType: 256, length: 5, bytes: Buffer.of(23, 3, 3, 0, 1) }, false),
    );
  }
  t.ok(text.length < 600_000, 'and so is a connection without end');
  t.ok(text.endsWith('... no more is shown\n'));
  t.end();
});
