// Which certificates are accepted, what is said of those that are not, and how a peer's certificate shows.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { Subject, type Run } from '../../support/behaviours.js';
import { Issuer, type Certificates } from '../../support/certificates.js';
import { alertCode } from '../../support/node-texts.js';
import { attempt, closed, errorView, lifeOfSocket, record } from '../../support/observations.js';

const subject = new Subject('certificates');

const chains: [
  string,
  (certs: Certificates) => Record<string, unknown>,
  (certs: Certificates) => Record<string, unknown>,
][] = [
  ['a good certificate', () => ({}), () => ({})],
  ['a good RSA certificate', ({ rsa }) => ({ cert: rsa.cert, key: rsa.key }), () => ({})],
  ['an unknown CA', ({ foreign }) => ({ cert: foreign.cert, key: foreign.key }), () => ({})],
  [
    'an unknown CA, sent along',
    ({ foreign, otherCa }) => ({ cert: foreign.cert + otherCa.cert, key: foreign.key }),
    () => ({}),
  ],
  ['a self-signed certificate', ({ selfSigned }) => ({ cert: selfSigned.cert, key: selfSigned.key }), () => ({})],
  [
    'a self-signed certificate that is trusted',
    ({ selfSigned }) => ({ cert: selfSigned.cert, key: selfSigned.key }),
    ({ selfSigned }) => ({ ca: selfSigned.cert }),
  ],
  ['an expired certificate', ({ expired }) => ({ cert: expired.cert, key: expired.key }), () => ({})],
  ['a certificate of the future', ({ future }) => ({ cert: future.cert, key: future.key }), () => ({})],
  ['a name that does not match', ({ named }) => ({ cert: named.cert, key: named.key }), () => ({})],
  ['a name that matches', ({ named }) => ({ cert: named.cert, key: named.key }), () => ({ servername: 'a.example' })],
  ['a wildcard', ({ named }) => ({ cert: named.cert, key: named.key }), () => ({ servername: 'x.wild.example' })],
  [
    'a wildcard two labels off',
    ({ named }) => ({ cert: named.cert, key: named.key }),
    () => ({ servername: 'y.x.wild.example' }),
  ],
  ['a client certificate as a server', ({ client }) => ({ cert: client.cert, key: client.key }), () => ({})],
  ['an intermediate that is missing', ({ deep }) => ({ cert: deep.cert, key: deep.key }), () => ({})],
  [
    'an intermediate that is sent',
    ({ deep, intermediate }) => ({ cert: deep.cert + intermediate.cert, key: deep.key }),
    () => ({}),
  ],
  [
    'an intermediate that only the client has',
    ({ deep }) => ({ cert: deep.cert, key: deep.key }),
    ({ ca, intermediate }) => ({ ca: [ca.cert, intermediate.cert] }),
  ],
  [
    'an intermediate from the server’s ca option',
    ({ deep, intermediate, ca }) => ({ cert: deep.cert, key: deep.key, ca: [intermediate.cert, ca.cert] }),
    () => ({}),
  ],
  [
    'a trusted intermediate without its root',
    ({ deep }) => ({ cert: deep.cert, key: deep.key }),
    ({ intermediate }) => ({ ca: intermediate.cert }),
  ],
  [
    'an intermediate and allowPartialTrustChain',
    ({ deep }) => ({ cert: deep.cert, key: deep.key }),
    ({ intermediate }) => ({ ca: intermediate.cert, allowPartialTrustChain: true }),
  ],
  ['a ca list without the right one', () => ({}), ({ otherCa }) => ({ ca: [otherCa.cert] })],
  ['a ca list with the right one', () => ({}), ({ otherCa, ca }) => ({ ca: [otherCa.cert, ca.cert] })],
  ['an empty ca list', () => ({}), () => ({ ca: [] })],
  ['the leaf itself as ca', () => ({}), ({ leaf }) => ({ ca: leaf.cert })],
  ['the system’s roots', () => ({}), () => ({ ca: undefined })],
];

for (const [name, serverOptions, clientOptions] of chains) {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2']) {
    subject.add(`${name}, ${maxVersion}`, async (run) => {
      const { client } = await run.failure({ ...serverOptions(run.certs), maxVersion }, clientOptions(run.certs));
      return client;
    });
  }
  subject.add(`${name}, with rejectUnauthorized: false`, async (run) => {
    const { port } = await run.serve(serverOptions(run.certs));
    const client = run.connect({ port, ...clientOptions(run.certs), rejectUnauthorized: false });
    await once(client, 'secureConnect');
    return { authorized: client.authorized, why: errorView(client.authorizationError) };
  });
}

for (const maxVersion of ['TLSv1.3', 'TLSv1.2']) {
  subject.add(
    `what a server sees of a client that rejects it, ${maxVersion}`,
    async (run) => {
      const { foreign } = run.certs;
      const { server } = await run.failure({ cert: foreign.cert, key: foreign.key, maxVersion }, {});
      return server;
    },
    {
      differs: {
        reason: 'node:tls completes the handshake and hangs up; here the peer gets the alert that says why',
        pqtls: { type: 'Error', code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' },
      },
    },
  );
}

subject.add('the events of a rejected certificate', async (run) => {
  const { foreign } = run.certs;
  const { port } = await run.serve({ cert: foreign.cert, key: foreign.key });
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  await closed(client);
  return { events, authorized: client.authorized, why: client.authorizationError };
});

subject.add('the error of a wrong name has reason, host and cert', async (run) => {
  const { named } = run.certs;
  const { port } = await run.serve({ cert: named.cert, key: named.key });
  const client = run.connect({ port });
  const [error] = (await once(client, 'error')) as [Error & { reason: string; host: string; cert: PeerCertificate }];
  return { message: error.message, reason: error.reason, host: error.host, cert: Object.keys(error.cert).sort() };
});

for (const [name, verdict] of [
  ['undefined', undefined],
  ['null', null],
  ['false', false],
  ['an Error', new Error('not this one')],
  ['an error with a code', Object.assign(new Error('not this one'), { code: 'ENOTTHIS' })],
  ['text', 'not this one'],
] as const) {
  subject.add(`checkServerIdentity that returns ${name}`, async (run) => {
    const { port } = await run.serve();
    const asked: unknown[] = [];
    const client = run.connect({
      port,
      checkServerIdentity(host: string, cert: PeerCertificate) {
        asked.push(host, Object.keys(cert).sort());
        return verdict;
      },
    });
    const ended = new Promise((resolve) => {
      client.on('secureConnect', () => resolve('secureConnect'));
      client.on('error', (error) => resolve(errorView(error)));
    });
    return { asked, ended: await ended, authorized: client.authorized, why: errorView(client.authorizationError) };
  });
}

subject.add('checkServerIdentity that throws', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({
    port,
    checkServerIdentity() {
      throw new Error('thrown');
    },
  });
  return Promise.race([
    once(client, 'error').then(([error]) => ({ event: errorView(error) })),
    run.uncaught().then((error) => ({ uncaught: errorView(error) })),
  ]);
});

subject.add(
  'checkServerIdentity that throws decides nothing',
  async (run) => {
    const { port } = await run.serve();
    const client = run.connect({
      port,
      checkServerIdentity() {
        throw new Error('thrown');
      },
    });
    await run.uncaught();
    return { authorized: client.authorized, destroyed: client.destroyed };
  },
  {
    differs: {
      reason: 'a connection on which nobody has decided is not left open',
      pqtls: { authorized: false, destroyed: true },
    },
  },
);

subject.add('checkServerIdentity is not asked about an untrusted chain', async (run) => {
  const { foreign } = run.certs;
  const { port } = await run.serve({ cert: foreign.cert, key: foreign.key });
  let asked = 0;
  const client = run.connect({ port, rejectUnauthorized: false, checkServerIdentity: () => void asked++ });
  await once(client, 'secureConnect');
  return { asked, why: client.authorizationError };
});

subject.add('checkServerIdentity is asked with rejectUnauthorized: false', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port, rejectUnauthorized: false, checkServerIdentity: () => new Error('no') });
  await once(client, 'secureConnect');
  return { authorized: client.authorized, why: errorView(client.authorizationError) };
});

for (const [name, options] of [
  ['servername', { servername: 'a.example' }],
  ['host only', { servername: undefined, host: '127.0.0.1' }],
  ['an empty servername', { servername: '' }],
] as const) {
  subject.add(`the name that is checked: ${name}`, async (run) => {
    const { port } = await run.serve();
    let name: unknown;
    const client = run.connect({ port, ...options, checkServerIdentity: (host: string) => void (name = host) });
    await once(client, 'secureConnect');
    return name;
  });
}

for (const value of [undefined, null, 0, '', true, 'false'] as const) {
  subject.add(`rejectUnauthorized: ${JSON.stringify(value)} with a bad certificate`, async (run) => {
    const { foreign } = run.certs;
    const { port } = await run.serve({ cert: foreign.cert, key: foreign.key });
    const client = run.connect({ port, rejectUnauthorized: value });
    return new Promise((resolve) => {
      client.on('secureConnect', () => resolve({ authorized: client.authorized }));
      client.on('error', (error) => resolve(errorView(error)));
    });
  });
}

subject.add('NODE_TLS_REJECT_UNAUTHORIZED=0', async (run) => {
  const { foreign } = run.certs;
  const { port } = await run.serve({ cert: foreign.cert, key: foreign.key });
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  run.cleanup(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  const accepted = run.connect({ port });
  await once(accepted, 'secureConnect');
  const refused = run.connect({ port, rejectUnauthorized: true });
  const [error] = (await once(refused, 'error')) as [unknown];
  return { authorized: accepted.authorized, why: accepted.authorizationError, refused: errorView(error) };
});

/** A certificate as a program sees it: what is stable, and the kind of the rest. */
function view(certificate: PeerCertificate | object | null): unknown {
  if (certificate === null) return null;
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(certificate)) {
    if (name === 'issuerCertificate') continue;
    if (Buffer.isBuffer(value)) shown[name] = 'Buffer';
    else if (/^(fingerprint|modulus|valid|serial)/.test(name))
      shown[name] = String(value)
        .replace(/[0-9A-F]/g, 'x')
        .replace(/x+/g, 'x');
    else shown[name] = value;
  }
  return shown;
}

async function peerOf(run: Run, cert: string, key: string, extra = {}): Promise<TLSSocket> {
  const { client } = await run.pair({ cert, key, ...extra }, { rejectUnauthorized: false });
  return client;
}

for (const which of ['leaf', 'rsa', 'named', 'selfSigned'] as const) {
  subject.add(`getPeerCertificate() of the certificate '${which}'`, async (run) => {
    const identity = run.certs[which];
    const client = await peerOf(run, identity.cert, identity.key);
    const certificate = client.getPeerCertificate();
    return { order: Object.keys(certificate), certificate: view(certificate), serial: certificate.serialNumber };
  });

  subject.add(`getPeerCertificate() equals the certificate '${which}' itself`, async (run) => {
    const identity = run.certs[which];
    const client = await peerOf(run, identity.cert, identity.key);
    const parsed = new X509Certificate(identity.cert);
    const certificate = client.getPeerCertificate();
    return {
      raw: certificate.raw.equals(parsed.raw),
      fingerprint: certificate.fingerprint === parsed.fingerprint,
      fingerprint256: certificate.fingerprint256 === parsed.fingerprint256,
      serial: certificate.serialNumber === parsed.serialNumber,
      from: certificate.valid_from === parsed.validFrom,
      to: certificate.valid_to === parsed.validTo,
    };
  });
}

subject.add('getPeerCertificate(true) walks the chain to the root and loops there', async (run) => {
  const { deep, intermediate } = run.certs;
  const { client } = await run.pair({ cert: deep.cert + intermediate.cert, key: deep.key });
  const names: unknown[] = [];
  let at = client.getPeerCertificate(true);
  for (let depth = 0; depth < 6; depth++) {
    names.push(at.subject.CN);
    if (at.issuerCertificate === at || at.issuerCertificate === undefined) break;
    at = at.issuerCertificate;
  }
  return { names, loops: at.issuerCertificate === at };
});

subject.add('getPeerCertificate(true) of a chain that is not trusted', async (run) => {
  const { foreign } = run.certs;
  const client = await peerOf(run, foreign.cert, foreign.key);
  const certificate = client.getPeerCertificate(true);
  return {
    issuer: certificate.issuer,
    hasIssuer: 'issuerCertificate' in certificate,
    is: typeof certificate.issuerCertificate,
  };
});

subject.add('getPeerCertificate() on a server that asked for none', async (run) => {
  const { served } = await run.pair();
  return [served.getPeerCertificate(), served.getPeerCertificate(true), served.getPeerX509Certificate()];
});

subject.add('getCertificate() of both ends', async (run) => {
  const { client, served } = await run.pair();
  return { client: client.getCertificate(), served: view(served.getCertificate()) };
});

subject.add('getPeerX509Certificate() and getX509Certificate()', async (run) => {
  const { client, served } = await run.pair();
  const peer = client.getPeerX509Certificate();
  return {
    isX509: peer instanceof X509Certificate,
    subject: peer?.subject,
    issuer: peer?.issuerCertificate?.subject,
    ownOfServer: served.getX509Certificate()?.subject,
    ownOfClient: client.getX509Certificate(),
    served: served.getPeerX509Certificate(),
  };
});

subject.add('certificates after a session was resumed', async (run) => {
  const { port } = await run.serve({ maxVersion: 'TLSv1.2' });
  const first = run.connect({ port });
  await once(first, 'secureConnect');
  const session = first.getSession();
  first.end();
  const second = run.connect({ port, session });
  await once(second, 'secureConnect');
  return {
    reused: second.isSessionReused(),
    subject: second.getPeerCertificate().subject,
    authorized: second.authorized,
  };
});

for (const [name, options] of [
  ['a CRL without the certificate', async (certs: Certificates) => ({ crl: await certs.ca.revoke() })],
  ['a CRL that names the certificate', async (certs: Certificates) => ({ crl: await certs.ca.revoke(certs.leaf) })],
  ['a CRL of another CA only', async (certs: Certificates) => ({ crl: await certs.otherCa.revoke() })],
  [
    'a list of CRLs',
    async (certs: Certificates) => ({ crl: [await certs.otherCa.revoke(), await certs.ca.revoke(certs.leaf)] }),
  ],
  ['a CRL as bytes', async (certs: Certificates) => ({ crl: Buffer.from(await certs.ca.revoke(certs.leaf)) })],
] as const) {
  subject.add(name, async (run) => {
    const { client } = await run.failure({}, await options(run.certs));
    return client;
  });
}

subject.add(
  'the revoked certificate of a client',
  async (run) => {
    const { ca, client } = run.certs;
    return run.failure(
      { requestCert: true, ca: ca.cert, crl: await ca.revoke(client), maxVersion: 'TLSv1.2' },
      { cert: client.cert, key: client.key },
    );
  },
  {
    differs: {
      reason: 'node:tls completes the handshake and hangs up; here the peer gets the alert that says why',
      pqtls: {
        client: { type: 'Error', code: alertCode('CERTIFICATE_REVOKED') },
        server: { type: 'Error', code: 'CERT_REVOKED', message: 'certificate revoked' },
      },
    },
  },
);

const identityCases: [string, string, object][] = [
  ['a name in subjectaltname', 'a.example', { subject: {}, subjectaltname: 'DNS:a.example' }],
  ['a trailing dot', 'a.example.', { subject: {}, subjectaltname: 'DNS:a.example' }],
  ['capitals', 'A.EXAMPLE', { subject: {}, subjectaltname: 'DNS:a.example' }],
  ['another name', 'b.example', { subject: {}, subjectaltname: 'DNS:a.example' }],
  ['a wildcard', 'b.example', { subject: {}, subjectaltname: 'DNS:*.example' }],
  ['a wildcard of a domain', 'b.a.example', { subject: {}, subjectaltname: 'DNS:*.a.example' }],
  ['a wildcard over two labels', 'c.b.a.example', { subject: {}, subjectaltname: 'DNS:*.a.example' }],
  ['a partial wildcard', 'b1.a.example', { subject: {}, subjectaltname: 'DNS:b*.a.example' }],
  ['a wildcard in the second label', 'b.a.example', { subject: {}, subjectaltname: 'DNS:b.*.example' }],
  ['a bare star', 'a', { subject: {}, subjectaltname: 'DNS:*' }],
  ['the common name without alternatives', 'a.example', { subject: { CN: 'a.example' } }],
  [
    'the common name beside a DNS alternative',
    'a.example',
    { subject: { CN: 'a.example' }, subjectaltname: 'DNS:b.example' },
  ],
  [
    'the common name beside an IP alternative',
    'a.example',
    { subject: { CN: 'a.example' }, subjectaltname: 'IP Address:127.0.0.1' },
  ],
  ['another common name', 'b.example', { subject: { CN: 'a.example' } }],
  ['several common names', 'b.example', { subject: { CN: ['a.example', 'b.example'] } }],
  ['no name at all', 'a.example', { subject: {} }],
  ['no subject', 'a.example', {}],
  ['an empty certificate', 'a.example', { subject: null }],
  ['an address', '127.0.0.1', { subject: {}, subjectaltname: 'IP Address:127.0.0.1' }],
  ['another address', '127.0.0.2', { subject: {}, subjectaltname: 'IP Address:127.0.0.1' }],
  ['an address as a DNS name', '127.0.0.1', { subject: {}, subjectaltname: 'DNS:127.0.0.1' }],
  ['an address as the common name', '127.0.0.1', { subject: { CN: '127.0.0.1' } }],
  ['IPv6', '::1', { subject: {}, subjectaltname: 'IP Address:0:0:0:0:0:0:0:1' }],
  ['a URI', 'a.example', { subject: {}, subjectaltname: 'URI:http://a.example/' }],
  ['a quoted name', 'a.example', { subject: {}, subjectaltname: 'DNS:"a.example"' }],
  ['several names', 'c.example', { subject: {}, subjectaltname: 'DNS:a.example, DNS:b.example, DNS:c.example' }],
  ['an empty host', '', { subject: {}, subjectaltname: 'DNS:a.example' }],
  ['a U-label', 'ä.example', { subject: {}, subjectaltname: 'DNS:xn--4ca.example' }],
  ['a punycode wildcard', 'xn--4ca.a.example', { subject: {}, subjectaltname: 'DNS:*.a.example' }],
];
for (const [name, host, certificate] of identityCases) {
  subject.add(`checkServerIdentity(): ${name}`, (run) => {
    try {
      return errorView(run.tls.checkServerIdentity(host, certificate as PeerCertificate)) ?? 'accepted';
    } catch (error) {
      return { threw: errorView(error) };
    }
  });
}

subject.add('checkServerIdentity() takes a host that is no string', (run) =>
  [undefined, 5, null].map((host) =>
    attempt(() => run.tls.checkServerIdentity(host as never, { subject: {}, subjectaltname: 'DNS:x' } as never)),
  ),
);

subject.add('a self-signed certificate that is trusted, whose key may not sign certificates', async (run) => {
  const names = ['localhost'];
  const alone = await Issuer.selfSigned({ subject: 'CN=localhost', names, digitalSignatureOnly: true });
  const { port } = await run.serve({ cert: alone.cert, key: alone.key });
  const client = run.connect({ port, ca: alone.cert });
  await once(client, 'secureConnect');
  return [client.authorized, client.authorizationError];
});

subject.add('the error of an untrusted certificate as text', async (run) => {
  const { cert, key } = run.certs.foreign;
  const { port } = await run.serve({ cert, key });
  const [error] = (await once(run.connect({ port }), 'error')) as [Error];
  // Node 24 adds a hint.
  return [error.name, String(error).split(';')[0], Object.keys(error).includes('name')];
});

subject.add('the issuers of getPeerX509Certificate()', async (run) => {
  const { deep, intermediate } = run.certs;
  const { client } = await run.pair({ cert: deep.cert + intermediate.cert, key: deep.key });
  const leaf = client.getPeerX509Certificate();
  const issuer = leaf?.issuerCertificate;
  return [leaf, issuer, issuer?.issuerCertificate].map((certificate) => certificate?.subject);
});

await subject.check();
