// What a session must never do: get around trust, names, client certificates or the class of the key exchange.

import type * as nodeTls from 'node:tls';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import t from 'tap';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'pqtls';
import { Authority } from '#src/cli/demo-authority.js';
import { keepsFreedMemory, memoryGrowth } from '../support/memory.js';
import { credentials, listen } from '../support/tls-server.js';
import { modules } from '../support/tls-modules.js';
import { host } from '../support/visits.js';
import { shownError } from '../support/shown-error.js';
import { nativeContextOf } from '../support/native-context.js';

const classical = { ecdhCurve: 'X25519:P-256' };
const versions = ['TLSv1.3', 'TLSv1.2'] as const;

/** A context that neither offers nor accepts classical sessions, though it negotiates classical groups. */
function requiringPostQuantum(context: SecureContext): SecureContext {
  nativeContextOf(context).native.setResumption({ requirePostQuantum: true });
  return context;
}

function asOption(context: SecureContext): nodeTls.SecureContext {
  return context;
}

function info(socket: unknown): ReturnType<TLSSocket['getHandshakeInfo']> {
  return (socket as TLSSocket).getHandshakeInfo();
}

void t.test('tickets that were tampered with, truncated, or are of other keys lead to full handshakes', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  for (const maxVersion of versions) {
    const { server, visit } = await host(t, modules.pqtls, { ...leaf, maxVersion });
    const { session, ticket } = await visit({ ca });
    if (session === undefined || ticket === undefined) throw new Error('no ticket');
    t.equal((await visit({ ca, session })).resumed.server, true);
    const at = session.indexOf(ticket);
    t.ok(at > 0, 'the session holds its ticket');
    // Name, nonce, format, class, session, tag.
    for (const offset of [0, 15, 16, 27, 28, 29, 40, ticket.length - 17, ticket.length - 1]) {
      const tampered = Buffer.from(session);
      tampered.writeUInt8(tampered.readUInt8(at + offset) ^ 1, at + offset);
      const { resumed, error } = await visit({ ca, session: tampered });
      t.same([resumed.client, resumed.server, error], [false, false, undefined], `byte ${offset}, ${maxVersion}`);
    }
    server.setTicketKeys(Buffer.alloc(48, 1));
    t.same((await visit({ ca, session })).resumed, { client: false, server: false }, 'other keys');
  }
});

void t.test('own keys rotate: the one before still opens, and the client gets fresh tickets', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const context = createSecureContext(leaf);
  nativeContextOf(context).native.setResumption({ timeout: 300, ticketKeyLifetime: 2 });
  const { server, visit } = await host(t, modules.pqtls, { secureContext: asOption(context) });
  const { session } = await visit({ ca });
  const before = server.getTicketKeys();
  while (server.getTicketKeys().equals(before)) await new Promise((resolve) => setTimeout(resolve, 50));
  const renewed = await visit({ ca, session });
  t.same(renewed.resumed, { client: true, server: true });
  t.equal(renewed.sessions.length, 2, 'sealed with the new key');
  t.equal((await visit({ ca, session: renewed.session })).resumed.server, true);
  const after = server.getTicketKeys();
  while (server.getTicketKeys().equals(after)) await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal((await visit({ ca, session })).resumed.server, false, 'two keys ago');
  nativeContextOf(context).native.setTicketKeys(before);
  await new Promise((resolve) => setTimeout(resolve, 2200));
  t.same(server.getTicketKeys(), before, 'given keys stay');
});

void t.test('the class of the first key exchange survives every resumption', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const ticketKeys = Buffer.alloc(48, 3);
  const lenient = await host(t, modules.pqtls, {
    secureContext: asOption(createSecureContext({ ...leaf, ticketKeys })),
  });
  const strict = await host(t, modules.pqtls, {
    secureContext: asOption(requiringPostQuantum(createSecureContext({ ...leaf, ticketKeys }))),
  });

  const pure = await lenient.visit({ ca });
  t.match(info(pure.client), { sessionKeyExchange: 'post-quantum' });
  const first = await lenient.visit({ ca, ...classical });
  t.match(info(first.client), { sessionKeyExchange: 'classical', group: { name: 'X25519' } });

  // The resumed handshake has a hybrid group, and a session that is classical all the same.
  const laundered = await lenient.visit({ ca, session: first.session });
  t.same(laundered.resumed, { client: true, server: true });
  for (const socket of [laundered.client, laundered.served]) {
    t.match(info(socket), { resumed: true, sessionKeyExchange: 'classical', group: { name: 'X25519MLKEM768' } });
  }
  t.equal((await lenient.visit({ ca, session: laundered.session })).resumed.server, true);

  for (const session of [first.session, laundered.session]) {
    const { resumed, error } = await strict.visit({ ca, session });
    t.same([resumed.client, resumed.server, error], [false, false, undefined], 'the server takes no classical session');
  }
  t.same((await strict.visit({ ca, session: pure.session })).resumed, { client: true, server: true });

  const secureContext = asOption(requiringPostQuantum(createSecureContext({ ca })));
  t.equal((await lenient.visit({ secureContext, session: first.session })).resumed.client, false, 'not offered');
  t.equal((await lenient.visit({ secureContext, session: laundered.session })).resumed.client, false);
  t.equal((await lenient.visit({ secureContext, session: pure.session })).resumed.client, true);
});

void t.test('TLS 1.2 and stored sessions have a class as well', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  for (const maxVersion of versions) {
    const context = createSecureContext({ ...leaf, maxVersion, secureOptions: 0x4000 });
    const { server, visit } = await host(t, modules.pqtls, { secureContext: asOption(context) });
    keep(server);
    const { session } = await visit({ ca, ...classical });
    t.equal((await visit({ ca, session })).resumed.server, true, maxVersion);
    requiringPostQuantum(context);
    t.equal((await visit({ ca, session })).resumed.server, false, maxVersion);
  }
});

void t.test('stored sessions of TLS 1.3, which AWS-LC has not', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const { server, visit } = await host(t, modules.pqtls, { ...leaf, secureOptions: 0x4000 });
  const kept = keep(server);
  const first = await visit({ ca });
  t.equal(kept.size, 2);
  const second = await visit({ ca, session: first.session });
  t.same(second.resumed, { client: true, server: true });
  t.ok(second.events.includes('resumeSession'));
  for (const id of kept.keys()) kept.set(id, Buffer.from('garbage'));
  t.equal((await visit({ ca, session: first.session })).resumed.client, false);
  kept.clear();
  t.equal((await visit({ ca, session: first.session })).resumed.client, false);
});

void t.test('a client verifies a resumed session against the trust and the name of today', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const stranger = await Authority.create('stranger');
  for (const maxVersion of versions) {
    const { visit } = await host(t, modules.pqtls, { ...leaf, maxVersion });
    const { session } = await visit({ ca });
    const untrusted = await visit({ ca: stranger.cert, session });
    t.match(untrusted.error, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', alertSent: 'unknown_ca' });

    const lax = await visit({ ca: stranger.cert, rejectUnauthorized: false });
    t.equal(lax.authorized.client, false);
    const retried = await visit({ ca: stranger.cert, session: lax.session });
    t.match(retried.error, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'rejectUnauthorized: false is not inherited');
    t.equal((await visit({ ca, session: lax.session })).authorized.client, true, 'trusted today');
    const stillLax = await visit({ ca: stranger.cert, rejectUnauthorized: false, session: lax.session });
    t.equal(stillLax.resumed.client, true);
    t.equal(stillLax.authorized.client, false);

    let asked = 0;
    const checkServerIdentity = (): undefined => void asked++;
    // The server's names: localhost and addresses. The program accepts them for another.
    const permissive: ConnectionOptions = { ca, checkServerIdentity };
    const wrong = await visit(permissive);
    t.equal(asked, 1);
    t.equal((await visit({ ...permissive, session: wrong.session })).resumed.client, true);
    t.equal(asked, 1, 'as in node:tls, not asked again for a session that it had accepted');
    t.equal((await visit({ ...permissive, session })).resumed.client, true);
    t.equal(asked, 2, 'a session that it had not seen is asked about');
  }
});

void t.test('a session for one name is none for another', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const { visit } = await host(t, modules.pqtls, leaf);
  const { session } = await visit({ ca });
  const other = await visit({ ca, session, servername: 'other.test' });
  t.match(other.error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  // The same SNI, so that the server resumes, and another name to verify.
  const options = { ca, session, servername: '' };
  const byAddress = await visit({ ...options, host: '127.0.0.1' });
  t.equal(byAddress.error, undefined);
  const accepted = await visit({ ca, servername: 'other.test', checkServerIdentity: () => undefined });
  const refused = await visit({ ca, servername: 'other.test', session: accepted.session });
  t.match(refused.error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, "another check's verdict is not ours");
});

void t.test('a server verifies the certificate of a resumed client again', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const stranger = await Authority.create('stranger');
  const ticketKeys = Buffer.alloc(48, 5);
  for (const maxVersion of versions) {
    const common = { ...leaf, requestCert: true, ticketKeys, maxVersion };
    const before = await host(t, modules.pqtls, { ...common, ca });
    const after = await host(t, modules.pqtls, { ...common, ca: stranger.cert });
    const lax = await host(t, modules.pqtls, { ...common, ca: stranger.cert, rejectUnauthorized: false });
    const { session } = await before.visit({ ca, ...leaf });

    // The client sends the root that it trusts along.
    const refused = await after.visit({ ca, ...leaf, session });
    t.match(
      shownError(refused.serverError),
      { class: 'CertificateError', code: 'SELF_SIGNED_CERT_IN_CHAIN' },
      maxVersion,
    );
    t.equal(refused.served, undefined, 'the connection is not handed out');
    t.match(refused.error, { alertReceived: 'unknown_ca' });

    const tolerated = await lax.visit({ ca, ...leaf, session });
    t.same(tolerated.resumed, { client: true, server: true });
    t.equal(tolerated.authorized.server, false);
    t.equal((tolerated.served as unknown as TLSSocket).authorizationError, 'SELF_SIGNED_CERT_IN_CHAIN', maxVersion);
  }
});

void t.test('who showed no certificate then has to show one now', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const ticketKeys = Buffer.alloc(48, 6);
  for (const maxVersion of versions) {
    const common = { ...leaf, ca, ticketKeys, maxVersion };
    const open = await host(t, modules.pqtls, common);
    const optional = await host(t, modules.pqtls, { ...common, requestCert: true, rejectUnauthorized: false });
    const required = await host(t, modules.pqtls, { ...common, requestCert: true });
    for (const { visit } of [open, optional]) {
      const { session } = await visit({ ca });
      t.equal((await visit({ ca, session })).resumed.server, true);
      const refused = await required.visit({ ca, session });
      t.match(refused.serverError, { code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' }, maxVersion);
      t.equal(refused.served, undefined);
    }
  }
});

void t.test('a session is resumed only within the limits of the context', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const { visit } = await host(t, modules.pqtls, leaf);
  const old = await visit({ ca, maxVersion: 'TLSv1.2' });
  const raised = await visit({ ca, session: old.session, minVersion: 'TLSv1.3' });
  t.same(
    [raised.resumed.client, (raised.client as TLSSocket).getHandshakeInfo()?.protocol, raised.error],
    [false, 'TLSv1.3', undefined],
  );
  const now = await visit({ ca });
  const lowered = await visit({ ca, session: now.session, maxVersion: 'TLSv1.2' });
  t.same(
    [lowered.resumed.client, (lowered.client as TLSSocket).getHandshakeInfo()?.protocol, lowered.error],
    [false, 'TLSv1.2', undefined],
  );
});

void t.test('resumption through a HelloRetryRequest', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const group = 'SecP384r1MLKEM1024';
  const { visit } = await host(t, modules.pqtls, { ...leaf, ecdhCurve: group });
  const { session } = await visit({ ca });
  const retried = await visit({ ca, session });
  t.same(retried.resumed, { client: true, server: true });
  for (const socket of [retried.client, retried.served]) {
    t.match(info(socket), { helloRetryRequest: true, sessionKeyExchange: 'post-quantum', group: { name: group } });
  }
});

void t.test("node:tls's own sessions are ignored", async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const theirs = await host(t, modules['node:tls'], leaf);
  const { session } = await theirs.visit({ ca });
  const { visit } = await host(t, modules.pqtls, leaf);
  const { resumed, error } = await visit({ ca, session });
  t.same([resumed.client, error], [false, undefined]);
});

void t.test('destroy() while the program looks for a session', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  for (const maxVersion of versions) {
    const { server, port, visit } = await host(t, modules.pqtls, { ...leaf, secureOptions: 0x4000, maxVersion });
    keep(server);
    const { session } = await visit({ ca });
    server.removeAllListeners('resumeSession');
    const client = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', session });
    client.on('error', () => {});
    const [, answer] = (await once(server, 'resumeSession')) as [Buffer, (error: null, session: Buffer | null) => void];
    const gone = once(server, 'tlsClientError');
    client.destroy();
    await gone;
    answer(null, session ?? null);
    answer(null, null);
    t.same((await visit({ ca })).resumed, { client: false, server: false }, 'the server goes on');
  }
});

void t.test('sessions leave no memory behind', { skip: keepsFreedMemory }, async (t) => {
  const { authority, leaf } = await credentials();
  const secureContext = createSecureContext({ ca: authority.cert });
  const { server, port } = await listen(t, { requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.on('error', () => {});
    socket.end('x');
  });
  keep(server as unknown as nodeTls.Server, false);
  let session: Buffer | undefined;
  const visit = async (): Promise<void> => {
    const client = connect({ host: '127.0.0.1', port, secureContext, servername: 'localhost', session, ...leaf });
    client.on('session', (got: Buffer) => (session = got));
    client.resume();
    await once(client, 'close');
  };
  // The TypeScript engine's memory goes up and down by more, as V8 collects: a leak grows every time.
  let grown = Infinity;
  for (let attempt = 0; attempt < 3 && grown >= 24; attempt++) grown = await memoryGrowth(1200, visit);
  t.ok(grown < 24, `grew by ${grown.toFixed(1)} MiB over 1200 connections`);
});

/** A server's store of sessions. */
function keep(server: nodeTls.Server, remember = true): Map<string, Buffer> {
  const kept = new Map<string, Buffer>();
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    if (remember) kept.set(id.toString('hex'), session);
    setImmediate(done);
  });
  server.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => {
    setImmediate(() => done(null, kept.get(id.toString('hex')) ?? null));
  });
  return kept;
}

void t.test('a session that comes too late vouches for nothing', async (t) => {
  const { authority, leaf } = await credentials();
  const ca = authority.cert;
  const other = await host(t, modules.pqtls, await authority.issue({ names: ['other.example'] }));
  const right = await host(t, modules.pqtls, leaf);
  const named = { ca, servername: 'localhost' };
  const unverified = await other.visit({ ...named, rejectUnauthorized: false });
  const verified = await right.visit(named);
  if (unverified.session === undefined || verified.session === undefined) throw new Error('no session came');
  const late = verified.session;
  const client = connect({ host: '127.0.0.1', port: other.port, ...named, session: unverified.session });
  // The ClientHello with the first session is on its way then.
  client.on('connect', () => setImmediate(() => client.setSession(late)));
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
});

void t.test('a client is not read while its session is being stored', async (t) => {
  const { authority } = await credentials();
  const { server, port } = await listen(t, { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET });
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const store = new Promise<() => void>((resolve) => {
    server.on('newSession', (_id: Buffer, _session: Buffer, stored: () => void) => resolve(stored));
  });
  const client = connect({ host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost' });
  const [raw] = await accepted;
  const stored = await store;
  await new Promise(setImmediate);
  t.equal(raw.isPaused(), true);
  const secure = once(server, 'secureConnection');
  stored();
  await secure;
  t.equal(raw.isPaused(), false);
  client.destroy();
  await once(client, 'close');
});
