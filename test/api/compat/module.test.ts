// The module itself: its exports, its classes, its defaults, and its functions that need no connection.

import { EventEmitter, once } from 'node:events';
import * as net from 'node:net';
import { Duplex } from 'node:stream';
import type * as nodeTls from 'node:tls';
import { Subject } from '../../support/behaviours.js';
import { attempt, errorView } from '../../support/observations.js';

const subject = new Subject('module');

const exported = [
  'checkServerIdentity',
  'connect',
  'convertALPNProtocols',
  'createSecureContext',
  'createServer',
  'getCiphers',
  'rootCertificates',
  'SecureContext',
  'Server',
  'TLSSocket',
  'CLIENT_RENEG_LIMIT',
  'CLIENT_RENEG_WINDOW',
  'DEFAULT_CIPHERS',
  'DEFAULT_ECDH_CURVE',
  'DEFAULT_MAX_VERSION',
  'DEFAULT_MIN_VERSION',
] as const;

for (const name of exported) {
  subject.add(`the export ${name}`, ({ tls }) => {
    const value: unknown = tls[name as keyof typeof tls];
    return { type: typeof value, length: typeof value === 'function' ? value.length : undefined };
  });
}

subject.add('the export getCACertificates', ({ tls }) => typeof (tls as Record<string, unknown>)['getCACertificates'], {
  since: 23,
});
subject.add(
  'the export setDefaultCACertificates',
  ({ tls }) => typeof (tls as Record<string, unknown>)['setDefaultCACertificates'],
  { since: 24 },
);

for (const name of [
  'DEFAULT_MIN_VERSION',
  'DEFAULT_MAX_VERSION',
  'CLIENT_RENEG_LIMIT',
  'CLIENT_RENEG_WINDOW',
] as const) {
  subject.add(`the value of ${name}`, ({ tls }) => tls[name]);
}

subject.add('the module object can be assigned to', ({ tls }) => {
  const before = tls.DEFAULT_MIN_VERSION;
  try {
    tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
    return tls.DEFAULT_MIN_VERSION;
  } finally {
    tls.DEFAULT_MIN_VERSION = before;
  }
});

subject.add('DEFAULT_MAX_VERSION is read at call time', async (run) => {
  const before = run.tls.DEFAULT_MAX_VERSION;
  run.cleanup(() => void (run.tls.DEFAULT_MAX_VERSION = before));
  run.tls.DEFAULT_MAX_VERSION = 'TLSv1.2';
  const { client } = await run.pair();
  return client.getProtocol();
});

subject.add('DEFAULT_MIN_VERSION is read at call time', async (run) => {
  const before = run.tls.DEFAULT_MIN_VERSION;
  run.cleanup(() => void (run.tls.DEFAULT_MIN_VERSION = before));
  run.tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  return run.failure({}, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
});

subject.add('DEFAULT_CIPHERS is read at call time', async (run) => {
  const before = run.tls.DEFAULT_CIPHERS;
  run.cleanup(() => void (run.tls.DEFAULT_CIPHERS = before));
  run.tls.DEFAULT_CIPHERS = 'TLS_AES_128_GCM_SHA256';
  const { client } = await run.pair();
  return client.getCipher().name;
});

subject.add('DEFAULT_ECDH_CURVE is read at call time', async (run) => {
  const before = run.tls.DEFAULT_ECDH_CURVE;
  run.cleanup(() => void (run.tls.DEFAULT_ECDH_CURVE = before));
  run.tls.DEFAULT_ECDH_CURVE = 'P-384';
  const { client } = await run.pair();
  return client.getEphemeralKeyInfo();
});

subject.add(
  'the class right above TLSSocket',
  ({ tls }) => ({
    socket: Object.getPrototypeOf(tls.TLSSocket.prototype) === net.Socket.prototype,
    socketClass: Object.getPrototypeOf(tls.TLSSocket) === net.Socket,
  }),
  {
    differs: {
      reason: 'a TLSSocket is a net.Socket by way of classes of its own',
      pqtls: { socket: false, socketClass: false },
    },
  },
);

subject.add('inheritance', ({ tls }) => ({
  socket: tls.TLSSocket.prototype instanceof net.Socket,
  server: Object.getPrototypeOf(tls.Server.prototype) === net.Server.prototype,
  socketClass: Object.prototype.isPrototypeOf.call(net.Socket, tls.TLSSocket),
  serverClass: Object.getPrototypeOf(tls.Server) === net.Server,
  names: [tls.TLSSocket.name, tls.Server.name],
}));

subject.add('instances', async (run) => {
  const { client, served, server } = await run.pair();
  return {
    client: [client instanceof run.tls.TLSSocket, client instanceof net.Socket, client instanceof Duplex],
    served: [served instanceof run.tls.TLSSocket, served instanceof net.Socket],
    server: [server instanceof run.tls.Server, server instanceof net.Server, server instanceof EventEmitter],
    constructors: [client.constructor === run.tls.TLSSocket, server.constructor === run.tls.Server],
  };
});

subject.add('Server() without new', (run) => {
  const server = (run.tls.Server as unknown as (options: object) => net.Server)({ ...run.certs.leaf });
  return server instanceof run.tls.Server;
});

subject.add('Server() without new, with a listener only', (run) => {
  const server = (run.tls.Server as unknown as (listener: () => void) => net.Server)(() => {});
  return [server instanceof run.tls.Server, server.listenerCount('secureConnection')];
});

subject.add('SecureContext() without new', ({ tls }) => {
  const Context = (tls as unknown as { SecureContext: (options?: object) => unknown }).SecureContext;
  return attempt(() => Context());
});

subject.add('classes that inherit', async (run) => {
  class MySocket extends run.tls.TLSSocket {
    mine = 1;
  }
  class MyServer extends run.tls.Server {
    mine = 2;
  }
  const server = new MyServer(run.certs.leaf);
  const socket = run.track(new MySocket(new net.Socket()));
  return [server.mine, socket.mine, server instanceof run.tls.Server, socket instanceof run.tls.TLSSocket];
});

subject.add('a constructor that inherits the old way', async (run) => {
  const { Server } = run.tls;
  const Old = function (this: object, options: object) {
    (Server as unknown as (this: object, options: object) => void).call(this, options);
  } as unknown as new (options: object) => net.Server;
  Object.setPrototypeOf(Old.prototype, Server.prototype);
  const server = new Old(run.certs.leaf);
  const port = await run.listen(server);
  const client = run.connect({ port });
  await once(client, 'secureConnect');
  return client.authorized;
});

subject.add('rootCertificates', ({ tls }) => ({
  frozen: Object.isFrozen(tls.rootCertificates),
  array: Array.isArray(tls.rootCertificates),
  same: tls.rootCertificates === tls.rootCertificates,
  pem: tls.rootCertificates.every((pem) => /^-----BEGIN CERTIFICATE-----\n[^]*\n-----END CERTIFICATE-----$/.test(pem)),
  count: tls.rootCertificates.length,
  assigned: attempt(() => ((tls as { rootCertificates: unknown }).rootCertificates = [])),
}));

subject.add('getCiphers()', ({ tls }) => {
  const ciphers = tls.getCiphers();
  return {
    array: Array.isArray(ciphers),
    lower: ciphers.every((name) => name === name.toLowerCase()),
    unique: new Set(ciphers).size === ciphers.length,
    has: [
      'tls_aes_256_gcm_sha384',
      'tls_chacha20_poly1305_sha256',
      'ecdhe-rsa-aes128-gcm-sha256',
      'aes128-gcm-sha256',
    ].map((name) => ciphers.includes(name)),
    fresh: tls.getCiphers() !== ciphers,
  };
});

/** What createSecurePair() makes, which the types of Node no longer know. */
interface SecurePair extends EventEmitter {
  readonly encrypted: Duplex;
  readonly cleartext: nodeTls.TLSSocket;
  destroy(): void;
}

const convert = (tls: unknown): ((protocols: unknown, out: object) => void) =>
  (tls as { convertALPNProtocols: (protocols: unknown, out: object) => void }).convertALPNProtocols;

for (const [name, value] of [
  ['names', ['h2', 'http/1.1']],
  ['no names', []],
  ['bytes', Buffer.from('\x02h2')],
  ['a Uint8Array', Uint8Array.of(2, 104, 50)],
  ['a DataView', new DataView(Uint8Array.of(2, 104, 50).buffer)],
  ['a Uint16Array', Uint16Array.of(1, 2)],
  ['bytes that are no list', Buffer.from('hello')],
  ['a number', 5],
  ['text', 'h2'],
  ['undefined', undefined],
  ['a name of 255 bytes', ['x'.repeat(255)]],
  ['a name of 256 bytes', ['x'.repeat(256)]],
  ['a name beside one of 256 bytes', ['h2', 'x'.repeat(256)]],
  ['a name that is no string', [5]],
  ['umlauts', ['ä']],
  ['an empty name', ['']],
] as const) {
  subject.add(`convertALPNProtocols() of ${name}`, ({ tls }) => {
    const out: { ALPNProtocols?: Buffer } = {};
    try {
      convert(tls)(value, out);
    } catch (error) {
      return { threw: errorView(error) };
    }
    const { ALPNProtocols } = out;
    return { keys: Object.keys(out), hex: ALPNProtocols?.toString('hex'), buffer: Buffer.isBuffer(ALPNProtocols) };
  });
}

subject.add('convertALPNProtocols() copies what it is given', ({ tls }) => {
  const wire = Buffer.from('\x02h2');
  const out: { ALPNProtocols?: Buffer } = {};
  convert(tls)(wire, out);
  wire.write('xx', 1);
  return out.ALPNProtocols?.toString();
});

type CaTls = { getCACertificates: (type?: unknown) => string[] };
for (const type of [undefined, 'default', 'bundled', 'extra'] as const) {
  subject.add(
    `getCACertificates(${String(type)})`,
    ({ tls }) => {
      const list = (tls as unknown as CaTls).getCACertificates(type);
      const again = (tls as unknown as CaTls).getCACertificates(type);
      return { count: list.length, frozen: Object.isFrozen(list), same: again === list };
    },
    { since: 24 },
  );
}
for (const type of ['no such', 5, null, {}]) {
  subject.add(
    `getCACertificates(${JSON.stringify(type)}) throws`,
    ({ tls }) => attempt(() => (tls as unknown as CaTls).getCACertificates(type)),
    { since: 24 },
  );
}

type SettingTls = CaTls & { setDefaultCACertificates: (certs: unknown) => void };
subject.add(
  'setDefaultCACertificates() decides what a client trusts',
  async (run) => {
    const tls = run.tls as unknown as SettingTls;
    const before = tls.getCACertificates('default');
    run.cleanup(() => tls.setDefaultCACertificates(before));
    tls.setDefaultCACertificates([run.certs.ca.cert]);
    const { client } = await run.pair({}, { ca: undefined });
    return { authorized: client.authorized, listed: tls.getCACertificates('default').length };
  },
  { since: 24 },
);
for (const value of ['text', 5, null, [5], ['no certificate'], [Buffer.from('no certificate')]]) {
  subject.add(
    `setDefaultCACertificates(${JSON.stringify(value)})`,
    ({ tls }) => attempt(() => (tls as unknown as SettingTls).setDefaultCACertificates(value)),
    { since: 24 },
  );
}

subject.add('createSecureContext() as a program replaced it', async (run) => {
  const { tls } = run;
  const { createSecureContext } = tls;
  const seen: unknown[] = [];
  tls.createSecureContext = (options) => {
    seen.push(options?.ca === undefined ? 'a server' : 'a client');
    return createSecureContext(options);
  };
  try {
    const { client } = await run.pair();
    return [seen, client.authorized];
  } finally {
    tls.createSecureContext = createSecureContext;
  }
});

subject.add('checkServerIdentity() as a program replaced it', async (run) => {
  const { tls } = run;
  const { checkServerIdentity } = tls;
  const seen: unknown[] = [];
  tls.checkServerIdentity = (host, certificate) => {
    seen.push([host, certificate.subject.CN]);
    return new Error('never');
  };
  try {
    const { port } = await run.serve();
    const [error] = (await once(run.connect({ port }), 'error')) as [Error];
    return [seen, error.message];
  } finally {
    tls.checkServerIdentity = checkServerIdentity;
  }
});

subject.add('createSecurePair(), where there is one', async ({ tls, certs }) => {
  const create = (
    tls as unknown as {
      createSecurePair?: (context: nodeTls.SecureContext, ...more: unknown[]) => SecurePair;
    }
  ).createSecurePair;
  if (create === undefined) return 'absent';
  const context = tls.createSecureContext({ cert: certs.leaf.cert, key: certs.leaf.key });
  const server = create(context, true);
  const client = create(tls.createSecureContext({ ca: certs.ca.cert }), false, true, true, { servername: 'localhost' });
  client.encrypted.pipe(server.encrypted).pipe(client.encrypted);
  client.cleartext.write('hello');
  const [[data]] = (await Promise.all([
    once(server.cleartext, 'data'),
    once(server, 'secure'),
    once(client, 'secure'),
  ])) as unknown as [[Buffer]];
  const keys = [server, client].map((pair) => Object.keys(pair).filter((key) => !key.startsWith('_')));
  client.destroy();
  server.destroy();
  return [data.toString(), keys, client.cleartext.destroyed];
});

await subject.check();
