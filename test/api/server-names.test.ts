// Names that the engine accepts by itself, held against node:tls's own checkServerIdentity(). RFC 9525, Section 6.3.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import nodeTls, { type PeerCertificate } from 'node:tls';
import t from 'tap';
import { Authority } from '#src/cli/demo-authority.js';
import { connect, createServer } from '#src/index.js';

const certificates = [
  ['a.example.test', 'B.Example.Test'],
  ['*.example.test'],
  ['*.test', '*'],
  ['w*.example.test', '*w.example.test'],
  ['*.*.example.test', 'a.*.example.test'],
  ['xn--bcher-kva.example.test', '*.xn--bcher-kva.test'],
  ['example.test.'],
  ['127.0.0.1', '::1'],
  ['under_score.example.test'],
];

const hosts = [
  'a.example.test',
  'A.EXAMPLE.TEST',
  'b.example.test',
  'c.example.test',
  'www.example.test',
  'a.b.example.test',
  'example.test',
  'a.test',
  'test',
  'xn--bcher-kva.example.test',
  'x.xn--bcher-kva.test',
  'under_score.example.test',
];

for (const names of certificates) {
  void t.test(names.join(', '), async (t) => {
    const authority = await Authority.create();
    const leaf = await authority.issue({ names });
    const server = createServer(leaf, (socket) => {
      socket.on('error', () => {});
      socket.end();
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const certificate = new X509Certificate(leaf.cert);
    const subject = { CN: /CN=(.*)/.exec(certificate.subject)?.[1] };
    for (const host of hosts) {
      const told = { subject, subjectaltname: certificate.subjectAltName } as PeerCertificate;
      const expected = nodeTls.checkServerIdentity(host, told) === undefined;
      const { port } = server.address() as AddressInfo;
      const client = connect({ port, host: '127.0.0.1', servername: host, ca: authority.cert });
      const outcome = await new Promise((resolve) => {
        client.once('secureConnect', () => resolve(true));
        client.once('error', (error: Error & { code?: string }) => resolve(error.code));
      });
      t.equal(outcome, expected ? true : 'ERR_TLS_CERT_ALTNAME_INVALID', host);
      client.destroy();
    }
  });
}
