// Bad values of options: what throws, when, and with which code and message.

import * as net from 'node:net';
import { Subject, type BehaviourOptions, type Options } from '../../support/behaviours.js';
import { attempt } from '../../support/observations.js';

const subject = new Subject('options-validation');

function throws(reason: string, type: string, code: string, message?: string): BehaviourOptions {
  const threw = message === undefined ? { code, type } : { code, message, type };
  return { differs: { reason, pqtls: { threw } } };
}

const early = 'node:tls fails at the first connection, or never';
const noContext = throws(early, 'TypeError', 'ERR_TLS_INVALID_CONTEXT', 'context must be a SecureContext');

/** What pqtls says more clearly, or earlier. */
const clearer: Readonly<Record<string, BehaviourOptions>> = {
  'createSecureContext with pfx: text': throws('every error has a code', 'Error', 'ERR_OSSL_ASN1_NOT_ENOUGH_DATA'),
  'createSecureContext with pfx: bytes': throws('every error has a code', 'Error', 'ERR_OSSL_ASN1_NOT_ENOUGH_DATA'),
  'createSecureContext with sigalgs: text': throws(
    'node:tls does not say what is wrong',
    'TypeError',
    'ERR_INVALID_ARG_VALUE',
    "The property 'options.sigalgs' is invalid. Received 'no such'",
  ),
  'createSecureContext with sessionIdContext: 33 bytes': throws(
    'node:tls has no code here',
    'TypeError',
    'ERR_SSL_SSL_SESSION_ID_CONTEXT_TOO_LONG',
  ),
  'createServer with handshakeTimeout: -1': throws(
    early,
    'RangeError',
    'ERR_OUT_OF_RANGE',
    'The value of "options.handshakeTimeout" is out of range. It must be >= 0. Received -1',
  ),
  'createServer with ALPNProtocols: 5': throws(
    early,
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
    'The "options.ALPNProtocols" property must be an array of strings or an instance of Buffer, TypedArray, or DataView. Received type number (5)',
  ),
  'createServer with ALPNProtocols: an empty name': {
    differs: {
      reason: 'malformed lists are refused, as in Node 24 and later',
      pqtls: {
        threw: {
          code: 'ERR_INVALID_ARG_VALUE',
          message: "The argument 'ALPNProtocols' must not contain zero-length protocol. Received <Buffer 00>",
          type: 'TypeError',
        },
      },
      before: 24,
    },
  },
  "createSecureContext with ecdhCurve: ''": {
    differs: { reason: 'as in Node 22 and later', pqtls: { returned: 'object' }, before: 22 },
  },
  'createServer with ALPNCallback: 5': throws(
    early,
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
    'The "options.ALPNCallback" property must be of type function. Received type number (5)',
  ),
  'createServer with secureContext: {}': noContext,
  'createServer with secureContext: 5': noContext,
  'createServer with enableTrace: text': throws(
    early,
    'TypeError',
    'ERR_INVALID_ARG_TYPE',
    `The "options.enableTrace" property must be of type boolean. Received type string ('x')`,
  ),
  'setTicketKeys() with 47 bytes': throws(
    'it is no bug of Node that should be reported there',
    'Error',
    'ERR_INTERNAL_ASSERTION',
    'Session ticket keys must be a 48-byte buffer',
  ),
};

const contexts: [string, Options][] = [
  ['cert: 5', { cert: 5 }],
  ['cert: true', { cert: true }],
  ['cert: {}', { cert: {} }],
  ['cert: []', { cert: [] }],
  ['cert: [5]', { cert: [5] }],
  ['cert: null', { cert: null }],
  ['cert: false', { cert: false }],
  ['cert: 0', { cert: 0 }],
  ["cert: ''", { cert: '' }],
  ['cert: text', { cert: 'no certificate' }],
  ['key: 5', { key: 5 }],
  ['key: true', { key: true }],
  ['key: {}', { key: {} }],
  ['key: [5]', { key: [5] }],
  ['key: [{ pem: 5 }]', { key: [{ pem: 5 }] }],
  ['key: null', { key: null }],
  ['key: false', { key: false }],
  ["key: ''", { key: '' }],
  ['key: text', { key: 'no key' }],
  ['ca: 5', { ca: 5 }],
  ['ca: true', { ca: true }],
  ['ca: {}', { ca: {} }],
  ['ca: [5]', { ca: [5] }],
  ['ca: null', { ca: null }],
  ["ca: ''", { ca: '' }],
  ['ca: text', { ca: 'no certificate' }],
  ['ca: false', { ca: false }],
  ['crl: 5', { crl: 5 }],
  ['crl: text', { crl: 'no crl' }],
  ['crl: []', { crl: [] }],
  ['crl: null', { crl: null }],
  ['pfx: 5', { pfx: 5 }],
  ['pfx: text', { pfx: 'no pfx' }],
  ['pfx: bytes', { pfx: Buffer.from('no pfx') }],
  ['pfx: []', { pfx: [] }],
  ['pfx: null', { pfx: null }],
  ['passphrase: 5', { passphrase: 5 }],
  ['passphrase: null', { passphrase: null }],
  ['ciphers: 5', { ciphers: 5 }],
  ['ciphers: null', { ciphers: null }],
  ["ciphers: ''", { ciphers: '' }],
  ['ciphers: text', { ciphers: 'no-such-cipher' }],
  ['ciphers: TLS_ text', { ciphers: 'TLS_no_such_cipher' }],
  ['ciphers: a known and an unknown one', { ciphers: 'AES256-SHA:no-such-cipher' }],
  ['ciphers: TLS 1.3 only', { ciphers: 'TLS_AES_256_GCM_SHA384' }],
  ['ciphers: TLS 1.2 only', { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' }],
  ['ciphers: a list of both', { ciphers: 'TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384' }],
  ['ciphers: HIGH', { ciphers: 'HIGH:!aNULL:!MD5' }],
  ['ciphers: @SECLEVEL', { ciphers: 'DEFAULT@SECLEVEL=1' }],
  ['ciphers: TLS 1.3 only with TLS 1.2', { ciphers: 'TLS_AES_256_GCM_SHA384', maxVersion: 'TLSv1.2' }],
  ['sigalgs: 5', { sigalgs: 5 }],
  ["sigalgs: ''", { sigalgs: '' }],
  ['sigalgs: text', { sigalgs: 'no such' }],
  ['sigalgs: RSA+SHA256', { sigalgs: 'RSA+SHA256' }],
  ['sigalgs: OpenSSL names', { sigalgs: 'ECDSA+SHA256:RSA-PSS+SHA256:ed25519' }],
  ['sigalgs: IANA names', { sigalgs: 'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256' }],
  ['sigalgs: null', { sigalgs: null }],
  ['ecdhCurve: 5', { ecdhCurve: 5 }],
  ['ecdhCurve: null', { ecdhCurve: null }],
  ['ecdhCurve: text', { ecdhCurve: 'no-such-curve' }],
  ['ecdhCurve: auto', { ecdhCurve: 'auto' }],
  ['ecdhCurve: P-256', { ecdhCurve: 'P-256' }],
  ['ecdhCurve: prime256v1:P-521', { ecdhCurve: 'prime256v1:P-521:X25519' }],
  ['ecdhCurve: secp384r1', { ecdhCurve: 'secp384r1' }],
  ["ecdhCurve: ''", { ecdhCurve: '' }],
  ['dhparam: 5', { dhparam: 5 }],
  ['dhparam: text', { dhparam: 'no parameters' }],
  ['dhparam: auto', { dhparam: 'auto' }],
  ['dhparam: null', { dhparam: null }],
  ['minVersion: 5', { minVersion: 5 }],
  ['minVersion: text', { minVersion: 'TLSv9' }],
  ['minVersion: null', { minVersion: null }],
  ["minVersion: ''", { minVersion: '' }],
  ['minVersion: TLSv1', { minVersion: 'TLSv1' }],
  ['minVersion: TLSv1.1', { minVersion: 'TLSv1.1' }],
  ['maxVersion: TLSv1', { maxVersion: 'TLSv1' }],
  ['maxVersion: TLSv1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
  ['maxVersion: text', { maxVersion: 'TLSv9' }],
  ['minVersion above maxVersion', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }],
  ['secureProtocol: text', { secureProtocol: 'no such' }],
  ['secureProtocol: 5', { secureProtocol: 5 }],
  ['secureProtocol: SSLv2_method', { secureProtocol: 'SSLv2_method' }],
  ['secureProtocol: SSLv3_method', { secureProtocol: 'SSLv3_method' }],
  ['secureProtocol: TLS_method', { secureProtocol: 'TLS_method' }],
  ['secureProtocol: TLSv1_2_method', { secureProtocol: 'TLSv1_2_method' }],
  ['secureProtocol: TLSv1_3_method', { secureProtocol: 'TLSv1_3_method' }],
  ['secureProtocol and minVersion', { secureProtocol: 'TLS_method', minVersion: 'TLSv1.2' }],
  ['secureProtocol and maxVersion', { secureProtocol: 'TLS_method', maxVersion: 'TLSv1.2' }],
  ['secureOptions: text', { secureOptions: 'x' }],
  ['secureOptions: -1', { secureOptions: -1 }],
  ['secureOptions: null', { secureOptions: null }],
  ['secureOptions: 0', { secureOptions: 0 }],
  ['honorCipherOrder: text', { honorCipherOrder: 'x' }],
  ['sessionIdContext: 5', { sessionIdContext: 5 }],
  ['sessionIdContext: text', { sessionIdContext: 'x' }],
  ['sessionIdContext: 33 bytes', { sessionIdContext: 'x'.repeat(33) }],
  ['sessionTimeout: text', { sessionTimeout: 'x' }],
  ['sessionTimeout: -1', { sessionTimeout: -1 }],
  ['sessionTimeout: 1.5', { sessionTimeout: 1.5 }],
  ['sessionTimeout: 0', { sessionTimeout: 0 }],
  ['sessionTimeout: null', { sessionTimeout: null }],
  ['ticketKeys: 5', { ticketKeys: 5 }],
  ['ticketKeys: text', { ticketKeys: 'x' }],
  ['ticketKeys: 47 bytes', { ticketKeys: Buffer.alloc(47) }],
  ['ticketKeys: 48 bytes', { ticketKeys: Buffer.alloc(48) }],
  ['ticketKeys: DataView', { ticketKeys: new DataView(new ArrayBuffer(48)) }],
  ['clientCertEngine: 5', { clientCertEngine: 5 }],
  ['privateKeyEngine: 5', { privateKeyEngine: 5 }],
  ['privateKeyIdentifier: 5', { privateKeyIdentifier: 5 }],
  ['privateKeyIdentifier alone', { privateKeyIdentifier: 'x' }],
  ['privateKeyEngine alone', { privateKeyEngine: 'x' }],
  ['allowPartialTrustChain: text', { allowPartialTrustChain: 'x' }],
  ['an unknown option', { noSuchOption: 5 }],
];
for (const [name, options] of contexts) {
  const title = `createSecureContext with ${name}`;
  subject.add(title, ({ tls }) => attempt(() => tls.createSecureContext(options)), clearer[title]);
}

for (const value of [undefined, null, 5, 'text', true, []]) {
  subject.add(`createSecureContext(${JSON.stringify(value)})`, ({ tls }) =>
    attempt(() => tls.createSecureContext(value as object)),
  );
}

subject.add('createSecureContext with a key that does not fit', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: certs.leaf.cert, key: certs.named.key })),
);
subject.add('createSecureContext with a key of another type', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: certs.leaf.cert, key: certs.rsa.key })),
);
subject.add('createSecureContext with the key first', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ key: certs.named.key, cert: certs.leaf.cert })),
);
subject.add('createSecureContext with a key only', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ key: certs.leaf.key })),
);
subject.add('createSecureContext with a certificate only', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: certs.leaf.cert })),
);
subject.add('createSecureContext with two keys and one certificate', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: certs.leaf.cert, key: [certs.leaf.key, certs.rsa.key] })),
);
subject.add('createSecureContext with two certificates and one key', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: [certs.leaf.cert, certs.rsa.cert], key: certs.rsa.key })),
);
subject.add('createSecureContext with key types side by side, in another order', ({ tls, certs }) =>
  attempt(() =>
    tls.createSecureContext({ cert: [certs.leaf.cert, certs.rsa.cert], key: [certs.rsa.key, certs.leaf.key] }),
  ),
);
subject.add('createSecureContext with a certificate as key', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: certs.leaf.cert, key: certs.leaf.cert })),
);
subject.add('createSecureContext with a key as certificate', ({ tls, certs }) =>
  attempt(() => tls.createSecureContext({ cert: certs.leaf.key, key: certs.leaf.key })),
);
// One for both modules: with one of 256 keys and salts a wrong passphrase leaves a valid padding, and another error.
let encryptedKey: string | undefined;

subject.add('createSecureContext with an encrypted key', ({ tls, certs }) => {
  encryptedKey ??= certs.leaf.encryptedKey('secret');
  const key = encryptedKey;
  const { cert } = certs.leaf;
  return {
    right: attempt(() => tls.createSecureContext({ cert, key, passphrase: 'secret' })),
    wrong: attempt(() => tls.createSecureContext({ cert, key, passphrase: 'public' })),
    none: attempt(() => tls.createSecureContext({ cert, key })),
    own: attempt(() => tls.createSecureContext({ cert, key: [{ pem: key, passphrase: 'secret' }] })),
    ownWins: attempt(() =>
      tls.createSecureContext({ cert, key: [{ pem: key, passphrase: 'secret' }], passphrase: 'x' }),
    ),
    ownWrong: attempt(() =>
      tls.createSecureContext({ cert, key: [{ pem: key, passphrase: 'x' }], passphrase: 'secret' }),
    ),
    unneeded: attempt(() => tls.createSecureContext({ cert, key: certs.leaf.key, passphrase: 'x' })),
  };
});
subject.add('createSecureContext with bytes of every kind', ({ tls, certs }) => {
  const cert = Buffer.from(certs.leaf.cert);
  const key = Buffer.from(certs.leaf.key);
  const view = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    buffers: attempt(() => tls.createSecureContext({ cert, key, ca: cert })),
    arrays: attempt(() =>
      tls.createSecureContext({ cert: new Uint8Array(cert) as Buffer, key: new Uint8Array(key) as Buffer }),
    ),
    views: attempt(() => tls.createSecureContext({ cert: view(cert), key: view(key), ca: view(cert) } as object)),
    arrayBuffer: attempt(() => tls.createSecureContext({ cert: new Uint8Array(cert).buffer } as object)),
  };
});

const servers: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['5', 5],
  ['text', 'text'],
  ['an array', []],
  ['handshakeTimeout: text', { handshakeTimeout: 'x' }],
  ['handshakeTimeout: null', { handshakeTimeout: null }],
  ['handshakeTimeout: -1', { handshakeTimeout: -1 }],
  ['handshakeTimeout: 0', { handshakeTimeout: 0 }],
  ['SNICallback: 5', { SNICallback: 5 }],
  ['SNICallback: null', { SNICallback: null }],
  ['SNICallback: text', { SNICallback: 'x' }],
  ['ALPNProtocols: 5', { ALPNProtocols: 5 }],
  ['ALPNProtocols: []', { ALPNProtocols: [] }],
  ['ALPNProtocols: an empty name', { ALPNProtocols: [''] }],
  ['ALPNProtocols: a long name', { ALPNProtocols: ['x'.repeat(256)] }],
  ['ALPNProtocols: numbers', { ALPNProtocols: [5] }],
  ['ALPNCallback: 5', { ALPNCallback: 5 }],
  ['ALPNCallback: null', { ALPNCallback: null }],
  ['ALPNCallback beside ALPNProtocols', { ALPNCallback: () => 'x', ALPNProtocols: ['x'] }],
  ['pskCallback: 5', { pskCallback: 5 }],
  ['pskCallback: null', { pskCallback: null }],
  ['pskIdentityHint: 5', { pskCallback: () => null, pskIdentityHint: 5 }],
  ['pskIdentityHint alone', { pskIdentityHint: 5 }],
  ['requestCert: text', { requestCert: 'x' }],
  ['rejectUnauthorized: text', { rejectUnauthorized: 'x' }],
  ['sessionTimeout: text', { sessionTimeout: 'x' }],
  ['sessionIdContext: 5', { sessionIdContext: 5 }],
  ['ticketKeys: 47 bytes', { ticketKeys: Buffer.alloc(47) }],
  ['ticketKeys: text', { ticketKeys: 'x' }],
  ['ciphers: 5', { ciphers: 5 }],
  ['minVersion: text', { minVersion: 'x' }],
  ['secureContext: {}', { secureContext: {} }],
  ['secureContext: 5', { secureContext: 5 }],
  ['highWaterMark: text', { highWaterMark: 'x' }],
  ['enableTrace: text', { enableTrace: 'x' }],
  ['requestOCSP: text', { requestOCSP: 'x' }],
  ['pauseOnConnect: text', { pauseOnConnect: 'x' }],
  ['allowHalfOpen: text', { allowHalfOpen: 'x' }],
  ['privateKeyEngine alone', { privateKeyEngine: 'x' }],
  ['an unknown option', { noSuchOption: 5 }],
];
for (const [name, options] of servers) {
  const title = `createServer with ${name}`;
  subject.add(title, ({ tls }) => attempt(() => tls.createServer(options as object)), clearer[title]);
}

subject.add('createServer with a listener of every kind', ({ tls }) => [
  attempt(() => tls.createServer(() => {})),
  attempt(() => tls.createServer({}, () => {})),
  attempt(() => tls.createServer({}, 5 as never)),
  attempt(() => tls.createServer({}, null as never)),
  tls.createServer(() => {}).listenerCount('secureConnection'),
]);

for (const [name, value] of [
  ['nothing', undefined],
  ['text', 'x'],
  ['null', null],
  ['47 bytes', Buffer.alloc(47)],
  ['48 bytes', Buffer.alloc(48)],
  ['a Uint8Array', new Uint8Array(48)],
  ['a DataView', new DataView(new ArrayBuffer(48))],
  ['an ArrayBuffer', new ArrayBuffer(48)],
  ['a number', 48],
] as const) {
  const title = `setTicketKeys() with ${name}`;
  subject.add(
    title,
    ({ tls, certs }) => attempt(() => tls.createServer(certs.leaf).setTicketKeys(value as Buffer)),
    clearer[title],
  );
}

subject.add('addContext() with bad arguments', ({ tls, certs }) => {
  const server = tls.createServer(certs.leaf);
  return [
    attempt(() => server.addContext(undefined as never, {})),
    attempt(() => server.addContext('', {})),
    attempt(() => server.addContext('a.example', undefined as never)),
    attempt(() => server.addContext('a.example', null as never)),
    attempt(() => server.addContext('a.example', { cert: 5 } as never)),
    attempt(() => server.addContext('a.example', tls.createSecureContext())),
  ];
});

subject.add(
  'addContext() with a name that is a number',
  ({ tls, certs }) => attempt(() => tls.createServer(certs.leaf).addContext(5 as never, {})),
  throws(
    'node:tls trips over it',
    'Error',
    'ERR_TLS_REQUIRED_SERVER_NAME',
    '"servername" is required parameter for Server.addContext',
  ),
);

subject.add('setSecureContext() with bad arguments', ({ tls, certs }) => {
  const server = tls.createServer(certs.leaf);
  return [
    attempt(() => server.setSecureContext(undefined as never)),
    attempt(() => server.setSecureContext(null as never)),
    attempt(() => server.setSecureContext({ cert: 5 } as never)),
    attempt(() => server.setSecureContext({ ticketKeys: 5 } as never)),
    attempt(() => server.setSecureContext({})),
  ];
});

for (const [name, call] of [
  [
    'setMaxSendFragment() with text',
    (socket: never) => (socket as { setMaxSendFragment(x: string): void }).setMaxSendFragment('x'),
  ],
  [
    'exportKeyingMaterial() with nothing',
    (socket: never) => (socket as { exportKeyingMaterial(): void }).exportKeyingMaterial(),
  ],
  ['renegotiate() with nothing', (socket: never) => (socket as { renegotiate(): void }).renegotiate()],
  ['renegotiate() with null', (socket: never) => (socket as { renegotiate(x: null): void }).renegotiate(null)],
  [
    'renegotiate() with a bad callback',
    (socket: never) => (socket as { renegotiate(x: object, y: number): void }).renegotiate({}, 5),
  ],
  ['setKeyCert() with nothing', (socket: never) => (socket as { setKeyCert(): void }).setKeyCert()],
  ['setTimeout() with text', (socket: never) => (socket as { setTimeout(x: string): void }).setTimeout('x')],
  [
    'setTimeout() with a bad callback',
    (socket: never) => (socket as { setTimeout(x: number, y: number): void }).setTimeout(1, 5),
  ],
  ['write() with nothing', (socket: never) => (socket as { write(): void }).write()],
  ['write() with null', (socket: never) => (socket as { write(x: null): void }).write(null)],
  ['write() with a number', (socket: never) => (socket as { write(x: number): void }).write(5)],
  ['write() with an object', (socket: never) => (socket as { write(x: object): void }).write({})],
  ['setEncoding() with a bad name', (socket: never) => (socket as { setEncoding(x: string): void }).setEncoding('x')],
] as const) {
  for (const end of ['client', 'served'] as const) {
    const isBare = name.startsWith('setKeyCert') && end === 'served';
    const pqtls = { threw: { type: 'Error', code: 'ERR_SSL_PASSED_A_NULL_PARAMETER' } };
    const differs = { reason: 'the reason that Node 20 tells; later ones lose it', from: 22, pqtls };
    subject.add(
      `${name}, ${end}`,
      async (run) => {
        const pair = await run.pair();
        pair.client.on('error', () => {});
        return attempt(() => call(pair[end] as never));
      },
      isBare ? { differs } : {},
    );
  }
}

for (const [name, args] of [
  ['length 0', [0, 'label', Buffer.alloc(0)]],
  ['length -1', [-1, 'label', Buffer.alloc(0)]],
  ['length text', ['x', 'label', Buffer.alloc(0)]],
  ['length NaN', [NaN, 'label', Buffer.alloc(0)]],
  ['length 1.5', [1.5, 'label', Buffer.alloc(0)]],
  ['length 32', [32, 'label', Buffer.alloc(0)]],
  ['no context', [32, 'label']],
  ['a context of text', [32, 'label', 'context']],
  ['a label of 5', [32, 5, Buffer.alloc(0)]],
  ['no label', [32]],
  ['an empty label', [32, '', Buffer.alloc(0)]],
  ['too much', [2 ** 20, 'label', Buffer.alloc(0)]],
  // Of SHA-384, which the default suite has.
  ['as much as there is', [255 * 48, 'label', Buffer.alloc(0)]],
  ['a byte more than there is', [255 * 48 + 1, 'label', Buffer.alloc(0)]],
  ['a label that has no room', [32, 'l'.repeat(250), Buffer.alloc(0)]],
] as const) {
  subject.add(`exportKeyingMaterial() with ${name}`, async (run) => {
    const { client } = await run.pair();
    return attempt(() => Reflect.apply(client.exportKeyingMaterial, client, args));
  });
}

subject.add('setServername() of a client before its handshake', (run) => {
  const socket = run.track(new run.tls.TLSSocket(new net.Socket())) as unknown as {
    setServername(name?: unknown): void;
  };
  return [undefined, 5, null, {}, '', 'a.example'].map((name) => attempt(() => socket.setServername(name)));
});

subject.add('setServername() of a server', async (run) => {
  const { served } = await run.pair();
  const socket = served as unknown as { setServername(name?: unknown): void };
  return [undefined, 5, 'a.example'].map((name) => attempt(() => socket.setServername(name)));
});

for (const ciphers of ['DES-CBC3-SHA', '3DES', 'foo', 'HIGH:@WEAKNESS', 'ECDHE+foo']) {
  subject.add(`ciphers: ${ciphers}`, (run) => {
    try {
      run.tls.createSecureContext({ ciphers });
      return 'accepted';
    } catch (error) {
      const { code, message, library, reason } = error as Record<string, unknown>;
      return { code, message, library, reason };
    }
  });
}

for (const [name, options] of Object.entries({
  'a key that is none': { key: 'x' },
  'a certificate that is none': { cert: 'x' },
})) {
  subject.add(`library and reason: ${name}`, (run) => {
    try {
      run.tls.createSecureContext(options);
      return 'accepted';
    } catch (error) {
      const { code, library, reason } = error as Record<string, unknown>;
      return { code, library, reason };
    }
  });
}

subject.add('secureProtocol: an empty text', (run) =>
  attempt(() => run.tls.createSecureContext({ secureProtocol: '' })),
);

subject.add('addContext() and setSecureContext() with a list', async (run) => {
  const { server } = await run.serve();
  return [attempt(() => server.addContext('a', [] as never)), attempt(() => server.setSecureContext([] as never))];
});

subject.add('exportKeyingMaterial(): its arguments first', (run) => {
  const socket = run.track(new run.tls.TLSSocket(new net.Socket()));
  const call = (...args: unknown[]): unknown => attempt(() => Reflect.apply(socket.exportKeyingMaterial, socket, args));
  return [call('x', 'label'), call(10, 5), call(10, 'label', 'context'), call(10, 'label')];
});

await subject.check();
