// postQuantum: what may be asked for, where it is asked for, and what wins.

import { once } from 'node:events';
import { Duplex } from 'node:stream';
import t from 'tap';
import {
  connect,
  createSecureContext,
  createServer,
  NotPostQuantumError,
  TLSSocket,
  type PostQuantumMode,
} from 'pqtls';
import { startNode } from '../support/node-peer.js';
import { connectedPair, credentials, dial, errorOf, listen } from '../support/tls-server.js';

const notPostQuantum = { name: 'NotPostQuantumError', code: 'ERR_PQTLS_NOT_POST_QUANTUM', phase: 'config' };

function nowhere(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, callback) => callback() });
}

function withEnvironment<T>(values: Record<string, string>, run: () => T): T {
  Object.assign(process.env, values);
  try {
    return run();
  } finally {
    for (const name of Object.keys(values)) delete process.env[name];
  }
}

void t.test('bad values are refused everywhere, in the environment as well', async (t) => {
  const { leaf } = await credentials();
  const bad = { code: 'ERR_INVALID_ARG_VALUE' };
  const secureContext = createSecureContext(leaf);
  for (const options of [{ postQuantum: 'required' as never }, { policy: 'nosuch' }]) {
    t.throws(() => createSecureContext(options), bad);
    t.throws(() => createServer({ secureContext, ...options }), bad);
    t.throws(() => connect({ secureContext, socket: nowhere(), ...options }), bad);
    t.throws(() => new TLSSocket(nowhere(), { secureContext, ...options }), bad);
  }
  t.throws(() => createSecureContext({ postQuantum: true as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => createSecureContext({ policy: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  t.throws(() => createSecureContext({ policy: '__proto__' }), bad);
  for (const name of ['PQTLS_POST_QUANTUM', 'PQTLS_POLICY']) {
    withEnvironment({ [name]: 'yes' }, () => {
      t.throws(() => createSecureContext(), { ...bad, message: new RegExp(name) });
      t.throws(() => connect({ secureContext, socket: nowhere() }), bad);
    });
    withEnvironment({ [name]: '' }, () => t.doesNotThrow(() => createSecureContext()));
  }
});

void t.test('the stricter of option and environment wins', (t) => {
  const rows: [option: PostQuantumMode | undefined, environment: string, result: PostQuantumMode][] = [
    [undefined, '', 'prefer'],
    [undefined, 'off', 'off'],
    [undefined, 'require', 'require'],
    ['off', '', 'off'],
    ['off', 'prefer', 'prefer'],
    ['off', 'require', 'require'],
    ['prefer', 'off', 'prefer'],
    ['prefer', 'require', 'require'],
    ['require', 'off', 'require'],
  ];
  for (const [postQuantum, environment, result] of rows) {
    withEnvironment({ PQTLS_POST_QUANTUM: environment }, () => {
      t.equal(createSecureContext({ postQuantum }).postQuantum, result, `${postQuantum} under ${environment}`);
    });
  }
  t.end();
});

void t.test("'require' leaves what is post-quantum, or nothing is made", (t) => {
  const context = createSecureContext({ postQuantum: 'require' });
  t.match(context, { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
  t.same(context.groups, ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024']);
  const mixed = createSecureContext({ postQuantum: 'require', groups: 'X25519:MLKEM1024:P-256:X25519MLKEM768' });
  t.same(mixed.groups, ['MLKEM1024', 'X25519MLKEM768']);
  t.throws(() => createSecureContext({ postQuantum: 'require', groups: 'X25519:P-256' }), notPostQuantum);
  t.throws(() => createSecureContext({ postQuantum: 'require', ecdhCurve: 'prime256v1' }), notPostQuantum);
  t.throws(() => createSecureContext({ postQuantum: 'require', maxVersion: 'TLSv1.2' }), notPostQuantum);
  t.throws(() => createServer({ postQuantum: 'require', maxVersion: 'TLSv1.2' }), notPostQuantum);
  t.throws(() => connect({ postQuantum: 'require', ecdhCurve: 'X25519', socket: nowhere() }), NotPostQuantumError);
  withEnvironment({ PQTLS_POST_QUANTUM: 'require' }, () => {
    t.throws(() => connect({ ecdhCurve: 'X25519', socket: nowhere() }), notPostQuantum);
  });
  t.end();
});

void t.test("'off' leaves what is classical", async (t) => {
  const context = createSecureContext({ postQuantum: 'off' });
  t.match(context, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
  t.same(context.groups, ['X25519', 'secp256r1', 'secp384r1']);
  t.same(createSecureContext({ postQuantum: 'off', groups: 'X25519MLKEM768:P-256' }).groups, ['secp256r1']);
  t.throws(() => createSecureContext({ postQuantum: 'off', groups: 'X25519MLKEM768' }), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  const { client, served } = await connectedPair(t, {}, { postQuantum: 'off' });
  t.match(client.getHandshakeInfo(), { postQuantumPolicy: 'off', postQuantum: false, group: { name: 'X25519' } });
  t.match(served.getHandshakeInfo(), { postQuantumPolicy: 'prefer', offered: { keyShares: ['X25519'] } });
});

void t.test('a given secureContext and the options beside it: the stricter wins', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const lax = createSecureContext({ ...leaf, ca });
  const off = createSecureContext({ ca, postQuantum: 'off' });
  const strict = createSecureContext({ ca, postQuantum: 'require' });
  const { server, port } = await listen(t, { secureContext: lax, postQuantum: 'require' });

  const failed = errorOf(server, 'tlsClientError');
  const classical = await dial(t, port, { groups: 'X25519' });
  t.match(await errorOf(classical), { alertReceived: 'handshake_failure' });
  t.match(await failed, { code: 'ERR_PQTLS_NOT_POST_QUANTUM', offered: { groups: ['X25519'] } });
  const oldFailed = errorOf(server, 'tlsClientError');
  const old = await dial(t, port, { maxVersion: 'TLSv1.2' });
  t.match(await errorOf(old), { alertReceived: 'protocol_version' });
  t.match(await oldFailed, { code: 'ERR_PQTLS_NOT_POST_QUANTUM', offered: { versions: ['TLSv1.2'] } });

  for (const options of [
    { secureContext: lax, postQuantum: 'require' },
    { secureContext: strict, postQuantum: 'off' },
  ] as const) {
    const client = await dial(t, port, options);
    await once(client, 'secureConnect');
    t.match(client.getHandshakeInfo(), { postQuantum: true, postQuantumPolicy: 'require' });
  }
  t.throws(() => connect({ secureContext: off, postQuantum: 'require', socket: nowhere() }), notPostQuantum);
  t.throws(() => connect({ secureContext: off, postQuantum: 'prefer', socket: nowhere() }), notPostQuantum);
  const tls12 = createSecureContext({ maxVersion: 'TLSv1.2' });
  t.throws(() => connect({ secureContext: tls12, postQuantum: 'require', socket: nowhere() }), notPostQuantum);
  const x25519 = createSecureContext({ ...leaf, groups: 'X25519' });
  t.throws(() => createServer({ secureContext: x25519, postQuantum: 'require' }), notPostQuantum);
  withEnvironment({ PQTLS_POST_QUANTUM: 'require' }, () => {
    t.throws(() => connect({ secureContext: x25519, socket: nowhere() }), notPostQuantum, 'a context made before');
  });
});

void t.test("'require' offers one key share, of a post-quantum group", async (t) => {
  const { served } = await connectedPair(t, {}, { postQuantum: 'require' });
  t.match(served.getHandshakeInfo()?.offered, {
    versions: ['TLSv1.3'],
    groups: ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'],
    keyShares: ['X25519MLKEM768'],
  });
  served.destroy();
  t.match(served.getHandshakeInfo(), { offered: { versions: ['TLSv1.3'] }, postQuantum: true }, 'after the end too');
  const retried = await connectedPair(t, { groups: 'SecP384r1MLKEM1024' }, { postQuantum: 'require' });
  t.match(retried.client.getHandshakeInfo(), { helloRetryRequest: true, group: { name: 'SecP384r1MLKEM1024' } });
});

void t.test("'prefer' chooses a shared post-quantum group whatever either list has first", async (t) => {
  const orders = await connectedPair(
    t,
    { groups: 'X25519:X25519MLKEM768', honorCipherOrder: false },
    {
      groups: 'X25519:X25519MLKEM768',
    },
  );
  t.match(orders.served.getHandshakeInfo(), { group: { name: 'X25519MLKEM768' } });

  // OpenSSL sends a share of the first group alone.
  const { authority } = await credentials();
  for (const options of [{}, { honorCipherOrder: false }]) {
    const { server, port } = await listen(t, options);
    const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const peer = await startNode('26', {
      role: 'client',
      group: 'X25519:X25519MLKEM768',
      bytes: 0,
      ca: authority.cert,
      port,
    });
    const [served] = await accepted;
    t.match(served.getHandshakeInfo(), {
      group: { name: 'X25519MLKEM768' },
      helloRetryRequest: true,
      offered: { groups: ['X25519', 'X25519MLKEM768'] },
    });
    served.destroy();
    await peer.end();
  }
});

void t.test('contexts for server names', async (t) => {
  const { authority, leaf } = await credentials();
  const lax = createSecureContext(await authority.issue({ names: ['a.test'] }));
  const classicalOnly = createSecureContext({ ...leaf, groups: 'X25519', minVersion: 'TLSv1.3' });
  const strict = createSecureContext({ ...(await authority.issue({ names: ['b.test'] })), postQuantum: 'require' });
  const { server, port } = await listen(t, { postQuantum: 'require' });
  t.throws(() => server.addContext('a.test', lax), { ...notPostQuantum, message: /TLSv1\.2/ });
  t.throws(() => server.addContext('a.test', classicalOnly), { ...notPostQuantum, message: /X25519/ });
  server.addContext('b.test', strict);
  server.addContext('c.test', await authority.issue({ names: ['c.test'] }));
  t.throws(() => server.addContext('c.test', { postQuantum: 'bad' as never }), { code: 'ERR_INVALID_ARG_VALUE' });
  for (const servername of ['b.test', 'c.test']) {
    const client = await dial(t, port, { servername });
    await once(client, 'secureConnect');
    t.equal(client.getHandshakeInfo()?.postQuantum, true);
  }
  server.setSecureContext({ ...leaf, postQuantum: 'prefer' });
  const after = await dial(t, port, { groups: 'X25519' });
  t.match(await errorOf(after), { alertReceived: 'handshake_failure' }, 'setSecureContext() keeps the mode');

  // The other way round: a name may be held to more than the server.
  const lenient = await listen(t);
  lenient.server.addContext('b.test', strict);
  for (const options of [{ groups: 'X25519' }, { maxVersion: 'TLSv1.2' }] as const) {
    const refused = errorOf(lenient.server, 'tlsClientError');
    const classical = await dial(t, lenient.port, { servername: 'b.test', ...options });
    t.match((await errorOf(classical)).message, /handshake_failure|protocol_version/);
    t.match(await refused, { code: 'ERR_PQTLS_NOT_POST_QUANTUM', phase: 'handshake' });
    const elsewhere = await dial(t, lenient.port, options);
    await once(elsewhere, 'secureConnect');
    t.equal(elsewhere.getHandshakeInfo()?.postQuantum, false);
  }
  const accepted = once(lenient.server, 'secureConnection') as Promise<[TLSSocket]>;
  const named = await dial(t, lenient.port, { servername: 'b.test' });
  await once(named, 'secureConnect');
  const [servedByName] = await accepted;
  t.match(servedByName.getHandshakeInfo(), { postQuantum: true, postQuantumPolicy: 'require' });

  const byCallback = await listen(t, {
    postQuantum: 'require',
    SNICallback: (_name, callback) => callback(null, lax),
  });
  const failed = errorOf(byCallback.server, 'tlsClientError');
  const client = await dial(t, byCallback.port, { servername: 'a.test' });
  t.match(await errorOf(client), { alertReceived: 'internal_error' });
  t.match(await failed, notPostQuantum);
});

void t.test('inherited options count, as own ones do', async (t) => {
  const { authority, leaf } = await credentials();
  const { port } = await listen(t, { groups: 'X25519' });
  const required = { postQuantum: 'require' } as const;
  const target = { host: 'localhost', port, ca: authority.cert };
  const code = 'ERR_PQTLS_NOT_POST_QUANTUM';
  t.equal((await errorOf(connect(Object.assign(Object.create(required) as object, target)))).code, code);
  t.equal((await errorOf(connect(port, Object.assign(Object.create(required) as object, target)))).code, code);
  const strict = Object.assign(Object.create({ policy: 'strict' }) as object, target);
  t.equal((await errorOf(connect(strict))).code, code);
  const wrapped = new TLSSocket(null, Object.create(required) as object);
  wrapped.connect({ host: 'localhost', port });
  t.equal((await errorOf(wrapped)).code, code);
  const server = createServer(Object.assign(Object.create({ policy: 'strict' }) as object, leaf));
  t.teardown(() => server.close());
  server.listen(0);
  await once(server, 'listening');
  const told = errorOf(server, 'tlsClientError');
  const { port: strictPort } = server.address() as { port: number };
  const client = connect({ ...target, port: strictPort, groups: 'X25519' });
  await errorOf(client);
  t.equal((await told).code, code);
});
