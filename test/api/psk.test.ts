// pskCallback: the same cases on node:tls and pqtls, in TLS 1.2, which is where AWS-LC has external PSKs. RFC 4279.

import { PassThrough } from 'node:stream';
import type { ConnectionOptions, TlsOptions, TLSSocket } from 'node:tls';
import t from 'tap';
import { attempt } from '../support/handshakes.js';
import { modules, onBoth } from '../support/tls-modules.js';
import { credentials } from '../support/tls-server.js';

const psk = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const suites = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-PSK-CHACHA20-POLY1305' } as const;
const noCertificate = { key: undefined, cert: undefined };

function server(pskCallback: unknown = () => psk, more: TlsOptions = {}): TlsOptions {
  return { ...noCertificate, ...suites, pskCallback, ...more } as TlsOptions;
}

function client(
  pskCallback: unknown = () => ({ psk, identity: 'me' }),
  more: ConnectionOptions = {},
): ConnectionOptions {
  return { ...suites, checkServerIdentity: () => undefined, pskCallback, ...more } as ConnectionOptions;
}

onBoth(t, 'identity, hint and key', async (t, tls) => {
  const seen: unknown[] = [];
  const asServer = (socket: TLSSocket, identity: string) => {
    seen.push(socket instanceof tls.TLSSocket, identity);
    return psk;
  };
  const asClient = (hint: string | null) => {
    seen.push(hint);
    return { psk, identity: 'Client é' };
  };
  const result = await attempt(t, tls, server(asServer, { pskIdentityHint: 'here' }), client(asClient));
  t.same(seen, ['here', true, 'Client é']);
  t.equal(result.client.getProtocol(), 'TLSv1.2');
  t.equal(result.client.authorized, true);
  t.same(result.client.getPeerCertificate(), {});
  const received = new Promise((resolve) => result.served?.once('data', resolve));
  result.client.write('under a shared key');
  t.equal(String(await received), 'under a shared key');
});

onBoth(t, 'no hint is null, and a server may answer with an object', async (t, tls) => {
  const asClient = (hint: string | null) => {
    t.equal(hint, null);
    return { psk, identity: 'me' };
  };
  const { log } = await attempt(
    t,
    tls,
    server(() => ({ psk: new Uint8Array(psk) })),
    client(asClient),
  );
  t.same(log, ['secureConnection', 'secureConnect']);
});

onBoth(t, 'the default check refuses a server without a certificate', async (t, tls) => {
  const pskCallback = () => ({ psk, identity: 'me' });
  const { clientError, log } = await attempt(t, tls, server(), { ...suites, pskCallback });
  t.equal(clientError?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  t.notOk(log.includes('secureConnect'));
});

onBoth(t, 'null gives up with an alert', async (t, tls) => {
  const byClient = await attempt(
    t,
    tls,
    server(),
    client(() => null),
  );
  t.equal(byClient.clientError?.code, 'ERR_SSL_PSK_IDENTITY_NOT_FOUND');
  t.ok(byClient.serverError);
  const byServer = await attempt(
    t,
    tls,
    server(() => null),
    client(),
  );
  t.equal(byServer.serverError?.code, 'ERR_SSL_PSK_IDENTITY_NOT_FOUND');
  t.ok(byServer.clientError);
});

onBoth(t, 'another key does not do', async (t, tls) => {
  const { log, serverError } = await attempt(
    t,
    tls,
    server(() => Buffer.alloc(16, 1)),
    client(),
  );
  t.equal(serverError?.code, 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC');
  t.notOk(log.includes('secureConnect'));
});

const wrong: [name: string, value: unknown, code: string][] = [
  ['text', 'x', 'ERR_INVALID_ARG_TYPE'],
  ['no key', {}, 'ERR_INVALID_ARG_TYPE'],
  ['a key of text', { psk: 's', identity: 'a' }, 'ERR_INVALID_ARG_TYPE'],
  ['a long key', { psk: Buffer.alloc(600), identity: 'a' }, 'ERR_INVALID_ARG_VALUE'],
];

for (const [name, value, code] of wrong) {
  onBoth(
    t,
    `a callback that returns ${name}`,
    async (t, tls) => {
      const byClient = await attempt(
        t,
        tls,
        server(),
        client(() => value),
      );
      t.equal(byClient.clientError?.code, code);
      t.equal(byClient.serverError?.code, 'ECONNRESET');
      const byServer = await attempt(
        t,
        tls,
        server(() => value),
        client(),
      );
      t.equal(byServer.serverError?.code, code);
      t.equal(byServer.clientError?.code, 'ECONNRESET');
    },
    '20.20',
  );
}

onBoth(
  t,
  'a client without an identity, or with a long one',
  async (t, tls) => {
    const missing = await attempt(
      t,
      tls,
      server(),
      client(() => ({ psk })),
    );
    t.equal(missing.clientError?.code, 'ERR_INVALID_ARG_TYPE');
    const long = await attempt(
      t,
      tls,
      server(),
      client(() => ({ psk, identity: 'é'.repeat(200) })),
    );
    t.equal(long.clientError?.code, 'ERR_INVALID_ARG_VALUE');
  },
  '20.20',
);

onBoth(
  t,
  'a callback that throws',
  async (t, tls) => {
    const fail = () => {
      throw new Error('no vault');
    };
    const byClient = await attempt(t, tls, server(), client(fail));
    t.same(byClient.log, ['error no vault', 'tlsClientError ECONNRESET']);
    const byServer = await attempt(t, tls, server(fail), client());
    t.same(byServer.log, ['tlsClientError no vault', 'error ECONNRESET']);
  },
  '20.20',
);

onBoth(t, 'a hint that is too long', async (t, tls) => {
  const { serverError } = await attempt(t, tls, server(undefined, { pskIdentityHint: 'x'.repeat(300) }), client());
  // Node 20 and 22 spell it wrongly.
  t.match(serverError?.code, /^ERR_TLS_PSK_SET_IDENTIT?Y_HINT_FAILED$/);
});

onBoth(t, 'bad values', (t, tls) => {
  const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  t.throws(() => tls.createServer({ pskCallback: 1 } as never), refused);
  t.throws(() => tls.createServer({ pskIdentityHint: 1 } as never), refused);
  t.throws(() => tls.connect({ socket: new PassThrough(), pskCallback: 1 } as never), refused);
  t.end();
});

void t.test('pqtls: destroy(), write() and another connection inside of the callback', async (t) => {
  const { authority } = await credentials();
  const asClient = () => {
    // Its first flight is made at once, on top of this connection's handshake.
    const other = modules.pqtls.connect({ port: 1, host: '127.0.0.1', ca: authority.cert });
    other.on('error', () => {});
    return { psk, identity: 'me' };
  };
  let written: TLSSocket | undefined;
  const asServer = (socket: TLSSocket) => {
    written = socket;
    socket.write('early');
    return psk;
  };
  const busy = await attempt(t, modules.pqtls, server(asServer), client(asClient));
  t.equal(written, busy.served);
  t.equal(String(await new Promise((resolve) => busy.client.once('data', resolve))), 'early');

  const endServer = (socket: TLSSocket) => {
    socket.destroy(new Error('enough'));
    return psk;
  };
  const ended = await attempt(t, modules.pqtls, server(endServer), client());
  t.same(ended.log.toSorted(), ['error ECONNRESET', 'tlsClientError enough']);

  const hooks = {
    onClient: (socket: TLSSocket) => {
      endClient = () => socket.destroy();
    },
  };
  let endClient = (): unknown => undefined;
  const gone = await attempt(
    t,
    modules.pqtls,
    server(),
    client(() => {
      endClient();
      return { psk, identity: 'me' };
    }),
    hooks,
  );
  t.same(gone.log, ['tlsClientError ECONNRESET']);
});

void t.test('pqtls: an identity with a NUL is not sent', async (t) => {
  const { clientError } = await attempt(
    t,
    modules.pqtls,
    server(),
    client(() => ({ psk, identity: 'a\0b' })),
  );
  t.equal(clientError?.code, 'ERR_SSL_PSK_IDENTITY_NOT_FOUND');
});

void t.test('pqtls: a server that asks for certificates takes no key instead', async (t) => {
  const { authority } = await credentials();
  const asks = { requestCert: true, ca: authority.cert };
  const refused = await attempt(t, modules.pqtls, server(undefined, asks), client());
  t.notOk(refused.log.includes('secureConnection'));
  const lenient = await attempt(t, modules.pqtls, server(undefined, { ...asks, rejectUnauthorized: false }), client());
  t.equal(lenient.served?.authorized, false);
  t.match(lenient.served?.authorizationError, 'UNABLE_TO_GET_ISSUER_CERT');
});

void t.test('pqtls: a server that may not speak TLS 1.2 takes no key', async (t) => {
  const strict = { ...server(() => t.fail('asked')), maxVersion: 'TLSv1.3', minVersion: 'TLSv1.3' } as TlsOptions;
  const { log, serverError } = await attempt(t, modules.pqtls, { ...strict, ciphers: undefined }, {});
  t.equal(serverError?.code, 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM');
  t.notOk(log.includes('secureConnect'));
});

void t.test('pqtls: node:tls and we share keys', async (t) => {
  for (const asServer of ['node:tls', 'pqtls'] as const) {
    const mixed = {
      ...modules['node:tls'],
      createServer: modules[asServer].createServer,
      connect: modules[asServer === 'pqtls' ? 'node:tls' : 'pqtls'].connect,
    };
    const { log } = await attempt(t, mixed, server(undefined, { pskIdentityHint: 'h' }), client());
    t.same(log.toSorted(), ['secureConnect', 'secureConnection'], asServer);
  }
});
