// Peers that would have less than the policy: each is refused, told so by the right alert, and named in our error.

import { once } from 'node:events';
import * as net from 'node:net';
import * as tls from 'node:tls';
import t, { type Test } from 'tap';
import { connect, createSecureContext, NotPostQuantumError, PeerMisbehavedError } from 'pqtls';
import { Alert, NamedGroup } from '#src/protocol/constants.js';
import { loadBinding } from '#src/binding.js';
import { NativeTlsConnection } from '#src/engine/native-connection.js';
import type { ConnectionOptions, Progress } from '#src/engine/connection.js';
import { Authority } from '#src/cli/demo-authority.js';
import { serverThatChooses } from '../support/hello-script.js';
import { nodeBinary } from '../support/node-versions.js';
import { runCommand } from '../support/project.js';
import { credentials, dial, errorOf, listen } from '../support/tls-server.js';
import { shownError } from '../support/shown-error.js';
import { nativeContextOf } from '../support/native-context.js';

const staticRsa = { ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
// The OpenSSL of Node 20 has no post-quantum group.
const classical = { ecdhCurve: 'X25519:prime256v1', minVersion: 'TLSv1.3' } as const;

const error = {
  class: 'NotPostQuantumError',
  code: 'ERR_PQTLS_NOT_POST_QUANTUM',
  phase: 'handshake',
  engine: 'aws-lc',
};

/** A node:tls client against a port; its error. */
async function nodeClient(t: Test, port: number, options: tls.ConnectionOptions): Promise<Error & { code?: string }> {
  const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  t.teardown(() => client.destroy());
  client.on('secureConnect', () => t.fail('the client is connected'));
  client.resume();
  return errorOf(client);
}

/** The port of a node:tls server. */
async function nodeServer(t: Test, options: tls.TlsOptions): Promise<number> {
  const server = tls.createServer(options, () => t.fail('the server is connected'));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

void t.test("a server with 'require'", async (t) => {
  const authority = await Authority.create();
  const rsa = await authority.issue({ kind: 'RSA-2048' });
  const { server, port } = await listen(t, { ...rsa, postQuantum: 'require' });
  server.on('secureConnection', () => t.fail('the server is connected'));
  const rows = [
    {
      name: 'TLS 1.2, static RSA',
      options: staticRsa,
      client: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      server: {
        alertSent: 'protocol_version',
        engineReason: 'UNSUPPORTED_PROTOCOL',
        offered: { versions: ['TLSv1.2'] },
      },
      message: /TLSv1\.2/,
    },
    {
      name: 'TLS 1.3 and classical groups only',
      options: classical,
      client: /ERR_SSL_SSL(V3|\/TLS)_ALERT_HANDSHAKE_FAILURE/,
      server: {
        alertSent: 'handshake_failure',
        engineReason: 'NO_SHARED_GROUP',
        offered: { versions: ['TLSv1.3'], groups: ['X25519', 'secp256r1'], keyShares: ['X25519'] },
      },
      message: /X25519, secp256r1/,
    },
  ];
  for (const row of rows) {
    const failed = errorOf(server, 'tlsClientError');
    const refused = await nodeClient(t, port, row.options);
    t.match(refused.code, row.client, row.name);
    const seen = await failed;
    t.type(seen, NotPostQuantumError);
    t.match(shownError(seen), {
      ...error,
      ...row.server,
      message: row.message,
      cause: { class: 'PeerIncompatibleError' },
    });
  }
});

void t.test('what is not about post-quantum keeps its own error', async (t) => {
  const { server, port } = await listen(t, { postQuantum: 'require', groups: 'X25519MLKEM768' });
  const other = errorOf(server, 'tlsClientError');
  const client = await dial(t, port, { groups: 'MLKEM1024' });
  t.match(await errorOf(client), { code: /^ERR_SSL_(SSLV3_ALERT|SSL\/TLS_ALERT)_HANDSHAKE_FAILURE$/ });
  t.match(shownError(await other), { class: 'PeerIncompatibleError', code: 'ERR_SSL_NO_SUITABLE_KEY_SHARE' });

  const garbage = errorOf(server, 'tlsClientError');
  const plain = net.connect(port, '127.0.0.1');
  plain.on('error', () => {});
  plain.write('GET / HTTP/1.1\r\n\r\n');
  t.match(shownError(await garbage), { class: 'InvalidMessageError', code: 'ERR_SSL_HTTP_REQUEST' });
  plain.destroy();

  const { leaf } = await credentials();
  const mutual = await listen(t, { requestCert: true, ca: leaf.cert });
  mutual.server.on('tlsClientError', () => {});
  const anonymous = await dial(t, mutual.port, { postQuantum: 'require' });
  anonymous.resume();
  t.match(shownError(await errorOf(anonymous)), { class: 'AlertReceivedError', alertReceived: 'certificate_required' });

  const untrusted = await dial(t, port, { postQuantum: 'require', ca: (await Authority.create()).cert });
  t.match(shownError(await errorOf(untrusted)), { class: 'CertificateError' });
});

void t.test("a client with 'require'", async (t) => {
  const authority = await Authority.create();
  const rsa = await authority.issue({ kind: 'RSA-2048' });
  const require = { host: '127.0.0.1', ca: authority.cert, servername: 'localhost', postQuantum: 'require' } as const;

  const old = connect({ ...require, port: await nodeServer(t, { ...rsa, ...staticRsa }) });
  const oldError = await errorOf(old);
  t.type(oldError, NotPostQuantumError);
  t.match(shownError(oldError), {
    ...error,
    alertReceived: 'protocol_version',
    cause: { class: 'AlertReceivedError' },
  });

  const modern = connect({ ...require, port: await nodeServer(t, { ...rsa, ...classical }) });
  const modernError = await errorOf(modern);
  t.type(modernError, NotPostQuantumError);
  t.match(shownError(modernError), { ...error, alertReceived: 'handshake_failure', message: /handshake_failure/ });

  for (const isRetry of [true, false]) {
    const script = await serverThatChooses(t, NamedGroup.X25519, isRetry);
    const client = connect({ ...require, port: script.port });
    const seen = await errorOf(client);
    t.type(seen, NotPostQuantumError, isRetry ? 'HelloRetryRequest' : 'ServerHello');
    t.match(shownError(seen), {
      ...error,
      engineReason: 'WRONG_CURVE',
      alertSent: 'illegal_parameter',
      offered: { groups: ['X25519'] },
    });
    t.type(seen.cause, PeerMisbehavedError);
    t.equal(await script.alert, Alert.illegal_parameter);
  }

  // A group that is post-quantum and was not offered is misbehaviour and nothing more.
  const script = await serverThatChooses(t, NamedGroup.MLKEM1024, true);
  const client = connect({ ...require, port: script.port });
  t.match(shownError(await errorOf(client)), { class: 'PeerMisbehavedError', code: 'ERR_SSL_WRONG_CURVE' });
});

void t.test('a server that answers in TLS 1.2 whatever was offered', async (t) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      // ServerHello: TLS 1.2, no session, TLS_RSA_WITH_AES_128_GCM_SHA256, no extensions.
      const hello = `02000026${'0303'}${'22'.repeat(32)}00009c00`;
      socket.write(Buffer.from(`160303002a${hello}`, 'hex'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const client = await dial(t, (server.address() as net.AddressInfo).port, { postQuantum: 'require' });
  t.match(shownError(await errorOf(client)), {
    ...error,
    alertSent: 'protocol_version',
    offered: { versions: ['TLSv1.2'] },
    message: /the server chose TLSv1\.2/,
  });
});

void t.test('the same peers are reached where the mode allows it', async (t) => {
  const authority = await Authority.create();
  const rsa = await authority.issue({ kind: 'RSA-2048' });
  const { port } = await listen(t, rsa, (socket) => socket.end());
  for (const options of [{ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, classical] as const) {
    const client = tls.connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'localhost', ...options });
    await once(client, 'secureConnect');
    client.destroy();
  }
  t.pass('connected');
});

/** Carries bytes between two engines until both have nothing to say; returns the last progress of each. */
function exchange(client: NativeTlsConnection, server: NativeTlsConnection): { client: Progress; server: Progress } {
  const take = (progress: Progress): Buffer =>
    Buffer.concat(progress.ciphertext.map(({ bytes, release }) => (release(), Buffer.from(bytes))));
  const settle = (connection: NativeTlsConnection, progress: Progress): { progress: Progress; bytes: Buffer } => {
    const bytes = take(progress);
    if (progress.awaits?.kind !== 'verify') return { progress, bytes };
    const next = connection.resume({ kind: 'verify' });
    return { progress: next, bytes: Buffer.concat([bytes, take(next)]) };
  };
  let fromClient = settle(client, client.start());
  let fromServer = settle(server, server.receive(fromClient.bytes));
  for (let turn = 0; turn < 4; turn++) {
    if (fromServer.bytes.length === 0) break;
    fromClient = settle(client, client.receive(fromServer.bytes));
    if (fromClient.bytes.length === 0) break;
    fromServer = settle(server, server.receive(fromClient.bytes));
  }
  return { client: fromClient.progress, server: fromServer.progress };
}

void t.test('the last word: an engine that agreed to a classical group all the same', async (t) => {
  const state = loadBinding();
  if (!state.loaded) throw new Error(state.reason);
  const { binding } = state;
  const { authority, leaf } = await credentials();
  // Nothing is restricted here, so libssl lets X25519 through; only the check after the handshake is left.
  const engine = (isServer: boolean, demanding: boolean, groups: string): NativeTlsConnection => {
    const context = createSecureContext({ ...(isServer ? leaf : {}), ca: authority.cert, groups });
    const options: ConnectionOptions = {
      isServer,
      verifyPeer: !isServer,
      requirePeer: !isServer,
      suspendOnClientHello: false,
      servername: undefined,
      alpn: undefined,
      poolsOutput: false,
      borrowsInput: false,
      requirePostQuantum: demanding,
    };
    return new NativeTlsConnection(binding, nativeContextOf(context), options);
  };
  // NotPostQuantumError's own name, where the fault is of pqtls alone.
  const { class: name, ...rest } = error;
  const offered = { ...rest, name, alertSent: 'handshake_failure', message: /X25519 in TLSv1\.3/ };

  const client = exchange(engine(false, true, 'X25519'), engine(true, false, 'X25519'));
  t.match(client.client, {
    handshakeDone: false,
    plaintext: [],
    error: { ...offered, offered: { groups: ['X25519'] } },
  });
  t.match(client.server.error, { alertReceived: 'handshake_failure' }, 'the peer is told');

  const server = exchange(engine(false, false, 'X25519'), engine(true, true, 'X25519'));
  t.match(server.server, { handshakeDone: false, plaintext: [], error: offered });

  const fine = exchange(engine(false, true, 'X25519MLKEM768'), engine(true, true, 'X25519MLKEM768'));
  t.equal(fine.client.error, undefined);
  t.equal(fine.server.handshakeDone, true);
});

// Takes a session from the first port with X25519 and offers it to the second; prints whether it was resumed.
const resumingClient = `
  const tls = require('node:tls');
  const [first, second] = process.argv.slice(1).map(Number);
  const options = { host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1.3' };
  const one = tls.connect({ ...options, port: first, ecdhCurve: 'X25519' });
  one.resume();
  one.once('session', (session) => {
    one.destroy();
    const two = tls.connect({ ...options, port: second, ecdhCurve: 'X25519MLKEM768', session });
    two.on('secureConnect', () => {
      console.log(two.isSessionReused());
      two.destroy();
    });
  });`;

void t.test('a ticket of a classical session', async (t) => {
  const { leaf } = await credentials();
  const secureContext = createSecureContext(leaf);
  const lax = await listen(t, { secureContext }, (socket) => socket.on('error', () => {}).end('x'));
  const strict = await listen(t, { secureContext, postQuantum: 'require' }, (socket) => {
    socket.on('error', () => {}).end('x');
  });
  const resumed = async (port: number): Promise<string> => {
    const args = ['--eval', resumingClient, String(lax.port), String(port)];
    return (await runCommand(await nodeBinary('26'), args)).stdout.trim();
  };
  t.equal(await resumed(lax.port), 'true', 'the ticket is good');
  t.equal(await resumed(strict.port), 'false', "and nothing where 'require' is the mode");
});
