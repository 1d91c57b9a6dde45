// A client that verifies inside of the handshake: OpenSSL through Python, which every build has anyway.

import { once } from 'node:events';
import t from 'tap';
import { AlertReceivedError } from 'pqtls';
import { runCommand, temporaryFolder } from '../support/project.js';
import { credentials, errorOf, listen } from '../support/tls-server.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const client = `
import socket, ssl, sys
port, ca, name, version = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
context = ssl.create_default_context(cafile=ca or None)
context.maximum_version = getattr(ssl.TLSVersion, version)
try:
    with context.wrap_socket(socket.create_connection(('127.0.0.1', port)), server_hostname=name) as tls:
        tls.sendall(b'ping')
        print('connected', tls.version(), tls.recv(4).decode())
except ssl.SSLCertVerificationError as error:
    print('refused', error.verify_code)
`;

for (const [version, spoken] of [
  ['TLSv1_3', 'TLSv1.3'],
  ['TLSv1_2', 'TLSv1.2'],
] as const) {
  void t.test(spoken, async (t) => {
    const { authority } = await credentials();
    const folder = temporaryFolder('python');
    t.teardown(() => folder.remove());
    const ca = join(folder.path, 'ca.pem');
    writeFileSync(ca, authority.cert);
    const { server, port } = await listen(t, {}, (socket) => socket.pipe(socket));
    const run = (...args: string[]) => runCommand('python3', ['-c', client, String(port), ...args, version]);

    const accepted = once(server, 'secureConnection');
    const { stdout, stderr } = await run(ca, 'localhost');
    t.equal(stdout.trim(), `connected ${spoken} ping`, stderr);
    await accepted;

    // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY and X509_V_ERR_HOSTNAME_MISMATCH.
    for (const [trusted, name, code, alert] of [
      ['', 'localhost', '20', 'unknown_ca'],
      [ca, 'other.test', '62', 'bad_certificate'],
    ] as const) {
      const failed = errorOf(server, 'tlsClientError');
      t.equal((await run(trusted, name)).stdout.trim(), `refused ${code}`);
      const error = await failed;
      t.type(error, AlertReceivedError);
      t.match(error, { alertReceived: alert, code: /^ERR_SSL_(TLSV1|SSLV3)_ALERT_/, phase: 'handshake' });
    }
  });
}
