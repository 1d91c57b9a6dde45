// Whom a client trusts without `ca`: environment and command line of Node, side by side with node:tls.

import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectDir, cleanEnvironment, runCommand, temporaryFolder } from '../support/project.js';
import { isOlderThan } from '../support/tls-modules.js';
import { credentials, listen } from '../support/tls-server.js';

/** Dials without `ca`, and tells how that ended. */
const program = `
  const [, module, port] = process.argv;
  const { default: tls } = await import(module);
  const socket = tls.connect({ host: '127.0.0.1', port: Number(port), servername: 'localhost' });
  socket.on('secureConnect', () => socket.destroy());
  socket.on('error', () => {});
  socket.on('close', () => console.log(socket.authorized, tls.getCACertificates?.().length));
  socket.on('error', (error) => console.log(error.code));
`;

/** The name under which OpenSSL looks for a CA whose subject is one common name, as \`openssl rehash\` gives it. */
function hashedName(cert: string): string {
  const name = /^CN=(.*)$/.exec(new X509Certificate(cert).subject)?.[1] ?? '';
  const text = Buffer.from(name.toLowerCase());
  const der = (tag: number, value: Buffer): Buffer => Buffer.concat([Buffer.from([tag, value.length]), value]);
  const commonName = Buffer.from('0603550403', 'hex');
  const attribute = der(0x30, Buffer.concat([commonName, der(0x0c, text)]));
  const hash = createHash('sha1').update(der(0x31, attribute)).digest().readUInt32LE(0);
  return `${hash.toString(16).padStart(8, '0')}.0`;
}

void t.test('environment and command line', async (t) => {
  const { authority } = await credentials();
  const folder = temporaryFolder('trust');
  t.teardown(() => folder.remove());
  const ca = String(authority.cert);
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const path = (name: string): string => join(folder.path, name);
  mkdirSync(path('plain'));
  mkdirSync(path('hashed'));
  const files = {
    'ca.pem': ca,
    'text.pem': 'no certificate\n',
    'half.pem': ca + broken,
    'late.pem': broken + ca,
    'cut.pem': `${ca}-----BEGIN CERTIFICATE-----\nAAAA\n`,
    'plain/ca.pem': ca,
    [`hashed/${hashedName(ca)}`]: ca,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(path(name), content);
  const { port, server } = await listen(t);
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}));

  const file = { SSL_CERT_FILE: path('ca.pem') };
  const noFile = { SSL_CERT_FILE: path('none.pem') };
  const cases: [name: string, flags: string[], env: Record<string, string>, trusted: boolean, since?: string][] = [
    ['nothing', [], {}, false],
    ['extra', [], { NODE_EXTRA_CA_CERTS: path('ca.pem') }, true],
    ['no such extra', [], { NODE_EXTRA_CA_CERTS: path('none.pem') }, false],
    ['an empty name of extra', [], { NODE_EXTRA_CA_CERTS: '' }, false],
    ['extra without a certificate', [], { NODE_EXTRA_CA_CERTS: path('text.pem') }, false],
    ['extra that is broken at its end', [], { NODE_EXTRA_CA_CERTS: path('half.pem') }, false],
    ['extra that is broken first', [], { NODE_EXTRA_CA_CERTS: path('late.pem') }, false],
    ['extra that is cut off', [], { NODE_EXTRA_CA_CERTS: path('cut.pem') }, false],
    ['extra that is a folder', [], { NODE_EXTRA_CA_CERTS: path('plain') }, false],
    ["OpenSSL's file, not asked for", [], file, false],
    ["OpenSSL's file, against a flag", ['--use-bundled-ca'], file, false],
    ["OpenSSL's file", ['--use-openssl-ca'], file, true],
    ["OpenSSL's file by NODE_OPTIONS", [], { NODE_OPTIONS: '--use_openssl_ca', ...file }, true],
    ["OpenSSL's file and extra", ['--use-openssl-ca'], { ...noFile, NODE_EXTRA_CA_CERTS: path('ca.pem') }, true],
    ["OpenSSL's folder", ['--use-openssl-ca'], { SSL_CERT_DIR: path('hashed') }, true],
    ["OpenSSL's folders", ['--use-openssl-ca'], { SSL_CERT_DIR: `${path('none')}:${path('hashed')}` }, true],
    ["OpenSSL's folder without hashed names", ['--use-openssl-ca'], { SSL_CERT_DIR: path('plain') }, false],
    ["the system's file", ['--use-system-ca'], file, true, '22.15'],
    ["the system's folder", ['--use-system-ca'], { ...noFile, SSL_CERT_DIR: path('plain') }, true, '22.15'],
    ["the system's file by the environment", [], { NODE_USE_SYSTEM_CA: '1', ...file }, true, '24.6'],
  ];
  for (const [name, flags, env, trusted, since = '20'] of cases) {
    if (isOlderThan(since)) continue;
    const [node, ours] = await Promise.all(
      ['node:tls', 'pqtls'].map(async (module) => {
        const args = [...flags, '--input-type=module', '-e', program, module, String(port)];
        const { stdout, stderr } = await runCommand(process.execPath, args, {
          cwd: projectDir,
          env: cleanEnvironment({ NODE_EXTRA_CA_CERTS: undefined, ...env }),
        });
        return { stdout, warnings: stderr.replaceAll(/\(node:\d+\)/g, '(node)') };
      }),
    );
    t.match(node?.stdout, new RegExp(`^${trusted ? '' : 'UNABLE_TO_VERIFY_LEAF_SIGNATURE\n'}${trusted} `), name);
    // Node 20 has no getCACertificates() of its own.
    const count = /\d+\n$/;
    t.equal(
      isOlderThan('22.15') ? ours?.stdout.replace(count, 'undefined\n') : ours?.stdout,
      node?.stdout,
      `${name}: as node:tls`,
    );
    t.equal(ours?.warnings, node?.warnings, `${name}: its warnings`);
  }
});
