// Client certificates: asked for or not, accepted or not, and how the server shows what came.

import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { Subject, type BehaviourOptions, type Run } from '../../support/behaviours.js';
import type { Issuer } from '../../support/certificates.js';
import { alertCode, untrustedMessage } from '../../support/node-texts.js';
import { errorEvent, errorView, record } from '../../support/observations.js';

const subject = new Subject('client-auth');

/** How pqtls rejects a client: what the server is told, and the alert that the client gets. */
interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly alert: string;
}

const toldByAlert = 'node:tls completes the handshake and hangs up; here the peer gets the alert that says why';

const clients: [string, (run: Run) => Issuer | undefined, Rejection?][] = [
  ['no certificate', () => undefined],
  ['a good certificate', ({ certs }) => certs.client],
  [
    'a certificate of another CA',
    ({ certs }) => certs.foreignClient,
    {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      message: untrustedMessage('unable to verify the first certificate'),
      alert: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    },
  ],
  [
    'a self-signed certificate',
    ({ certs }) => certs.selfSigned,
    {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      message: untrustedMessage('self-signed certificate'),
      alert: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    },
  ],
  [
    'an expired certificate',
    ({ certs }) => certs.expired,
    { code: 'CERT_HAS_EXPIRED', message: 'certificate has expired', alert: alertCode('CERTIFICATE_EXPIRED') },
  ],
];

function rejected({ code, message, alert }: Rejection): BehaviourOptions {
  return {
    differs: {
      reason: toldByAlert,
      pqtls: {
        served: { type: 'Error', code, message },
        events: [`tlsClientError ${code}`],
        client: `error ${alert}`,
      },
    },
  };
}

for (const [name, identityOf, rejection] of clients) {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    for (const rejectUnauthorized of [false, undefined]) {
      const strict = rejectUnauthorized === undefined ? 'rejecting' : 'accepting';
      const options = rejection !== undefined && strict === 'rejecting' ? rejected(rejection) : {};
      subject.add(
        `${name}, ${strict}, ${maxVersion}`,
        async (run) => {
          const identity = identityOf(run);
          const { server, port } = await run.serve({
            requestCert: true,
            rejectUnauthorized,
            ca: run.certs.ca.cert,
            maxVersion,
          });
          const events = record(server, ['secureConnection', 'tlsClientError']);
          const outcome = new Promise((resolve) => {
            server.on('secureConnection', (socket) =>
              resolve({
                authorized: socket.authorized,
                why: errorView(socket.authorizationError),
                subject: socket.getPeerCertificate().subject,
                keys: Object.keys(socket.getPeerCertificate()).length > 0,
                x509: socket.getPeerX509Certificate()?.subject,
              }),
            );
            server.on('tlsClientError', (error: Error) => resolve(errorView(error)));
          });
          const client = run.connect({ port, cert: identity?.cert, key: identity?.key });
          const closed = new Promise((resolve) => {
            client.on('error', (error) => resolve(`error ${(error as { code?: string }).code}`));
            client.on('close', () => resolve('close'));
          });
          client.resume();
          const served = await outcome;
          return {
            served,
            events,
            // In TLS 1.3 a client learns of it only after its own handshake.
            client: typeof served === 'object' && served !== null && 'code' in served ? await closed : 'connected',
          };
        },
        options,
      );
    }
  }
}

subject.add('a certificate is not sent where none is asked for', async (run) => {
  const { client: identity } = run.certs;
  const { client, served } = await run.pair({ ca: run.certs.ca.cert }, { cert: identity.cert, key: identity.key });
  return {
    served: served.getPeerCertificate(),
    authorized: served.authorized,
    why: served.authorizationError,
    own: typeof client.getCertificate(),
  };
});

subject.add('what a client shows of its own certificate', async (run) => {
  const { client: identity } = run.certs;
  const { client } = await run.pair(
    { requestCert: true, ca: run.certs.ca.cert },
    { cert: identity.cert, key: identity.key },
  );
  return {
    own: (client.getCertificate() as { subject?: unknown } | null)?.subject,
    x509: client.getX509Certificate()?.subject,
  };
});

subject.add('getPeerCertificate(true) of a client', async (run) => {
  const { client: identity } = run.certs;
  const { served } = await run.pair(
    { requestCert: true, ca: run.certs.ca.cert },
    { cert: identity.cert, key: identity.key },
  );
  const peer = served.getPeerCertificate(true);
  return {
    subject: peer.subject,
    issuer: peer.issuerCertificate.subject,
    loops: peer.issuerCertificate.issuerCertificate === peer.issuerCertificate,
  };
});

subject.add(
  'requestCert of a TLSSocket without a server',
  async (run) => {
    const { client: identity, ca, leaf } = run.certs;
    let served: TLSSocket | undefined;
    const port = await run.serveTcp((tcp) => {
      served = run.track(
        new run.tls.TLSSocket(tcp, {
          isServer: true,
          requestCert: true,
          ...leaf,
          cert: leaf.cert,
          key: leaf.key,
          ca: ca.cert,
        }),
      );
      served.on('error', () => {});
      served.on('secure', () => served?.write('x'));
    });
    const client = run.connect({ port, cert: identity.cert, key: identity.key });
    await once(client, 'data');
    return { authorized: served?.authorized, subject: served?.getPeerCertificate().subject };
  },
  {
    differs: {
      reason: 'node:tls leaves the verdict to the program; here a server of its own verifies as any other',
      pqtls: {
        authorized: true,
        subject: Object.assign(Object.create(null) as object, { O: 'pqtls', CN: 'client one' }),
      },
    },
  },
);

subject.add('the chain of a client', async (run) => {
  const { deep, intermediate, ca } = run.certs;
  const { served } = await run.pair(
    { requestCert: true, ca: ca.cert },
    { cert: deep.cert + intermediate.cert, key: deep.key },
  );
  return { authorized: served.authorized, issuer: served.getPeerCertificate(true).issuerCertificate?.subject };
});

for (const sigalgs of ['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256']) {
  for (const order of ['EC first', 'RSA first']) {
    subject.add(`a client with two chains, ${order}, for a server that takes ${sigalgs}`, async (run) => {
      const { client: ec, rsa, ca } = run.certs;
      const chains = order === 'EC first' ? [ec, rsa] : [rsa, ec];
      const { client, served } = await run.pair(
        // The server's own key is to be able to sign, too.
        { requestCert: true, rejectUnauthorized: false, ca: ca.cert, sigalgs, ...serverOf(run, sigalgs) },
        { cert: chains.map(({ cert }) => cert), key: chains.map(({ key }) => key) },
      );
      return {
        subject: served.getPeerCertificate().subject,
        own: (client.getCertificate() as { subject?: unknown } | null)?.subject,
      };
    });
  }
}

function serverOf({ certs }: Run, sigalgs: string): { cert: string; key: string } {
  const { cert, key } = sigalgs.startsWith('rsa') ? certs.rsa : certs.leaf;
  return { cert, key };
}

for (const [name, schemes] of [
  ['RSA', 'rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256'],
  ['ECDSA', 'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256'],
] as const) {
  subject.add(`a client with two chains, for a server that prefers ${name}`, async (run) => {
    const { client: ec, rsa, ca } = run.certs;
    const { served } = await run.pair(
      { requestCert: true, rejectUnauthorized: false, ca: ca.cert, sigalgs: schemes },
      { cert: [ec.cert, rsa.cert], key: [ec.key, rsa.key] },
    );
    return served.getPeerCertificate().subject;
  });
}

subject.add(
  'a rejected client of TLS 1.3 gets the alert as an error',
  async (run) => {
    const { foreignClient } = run.certs;
    const { port } = await run.serve({ requestCert: true, ca: run.certs.ca.cert });
    const client = run.connect({ port, cert: foreignClient.cert, key: foreignClient.key });
    const events = record(client, ['secureConnect', 'error', 'end', 'close']);
    client.resume();
    await new Promise((resolve) => client.once('close', resolve));
    return events;
  },
  {
    differs: {
      reason: toldByAlert,
      pqtls: ['secureConnect', 'error ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'close true'],
    },
  },
);

subject.add('a client without a certificate in TLS 1.3 gets the alert as an error', async (run) => {
  const { port } = await run.serve({ requestCert: true, ca: run.certs.ca.cert });
  const client = run.connect({ port });
  return errorEvent(client);
});

subject.add('renegotiate() asks for the certificate later, TLS 1.2', async (run) => {
  const { served } = await run.pair({ ca: run.certs.ca.cert, maxVersion: 'TLSv1.2' });
  return typeof served.renegotiate;
});

subject.add('the CA names that a server sends come from ca', async (run) => {
  const { client: identity, ca, otherCa } = run.certs;
  const { served } = await run.pair(
    { requestCert: true, ca: [otherCa.cert, ca.cert] },
    { cert: identity.cert, key: identity.key },
  );
  return served.authorized;
});

await subject.check();
