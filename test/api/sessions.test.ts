// Resumption as node:tls has it: every case runs against node:tls and against pqtls.

import { constants } from 'node:crypto';
import type * as nodeTls from 'node:tls';
import t from 'tap';
import { credentials } from '../support/tls-server.js';
import { modules } from '../support/tls-modules.js';
import { host, type Client } from '../support/visits.js';

const noTickets = { secureOptions: constants.SSL_OP_NO_TICKET };

/** A server's store of sessions. Answers later, as a real one does. */
function store(server: nodeTls.Server): Map<string, Buffer> {
  const kept = new Map<string, Buffer>();
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    kept.set(id.toString('hex'), session);
    setTimeout(done, 10);
  });
  server.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => {
    setTimeout(() => done(null, kept.get(id.toString('hex')) ?? null), 5);
  });
  return kept;
}

for (const [name, tls] of Object.entries(modules)) {
  void t.test(name, async (t) => {
    const { authority, leaf } = await credentials();
    const ca = authority.cert;

    await t.test('tickets, TLS 1.3', async (t) => {
      const { visit } = await host(t, tls, leaf);
      const first = await visit({ ca });
      t.same(first.resumed, { client: false, server: false });
      t.equal(first.sessions.length, 2);
      t.same(
        first.events.filter((event) => event !== 'secureConnection'),
        ['secureConnect', 'session', 'session'],
      );
      t.ok((first.ticket?.length ?? 0) > 0);
      const second = await visit({ ca, session: first.session });
      t.same(second.resumed, { client: true, server: true });
      t.equal(second.authorized.client, true);
      t.same(second.sessions, [], 'a resumed connection keeps its ticket');
      const third = await visit({ ca, session: second.session });
      t.same(third.resumed, { client: true, server: true }, 'a session of a resumed connection');
      const again = await visit({ ca, session: first.session });
      t.equal(again.resumed.client, true, 'a session may be used more than once');
    });

    await t.test('tickets, TLS 1.2', async (t) => {
      const { visit } = await host(t, tls, { ...leaf, maxVersion: 'TLSv1.2' });
      const first = await visit({ ca });
      t.same(
        first.events.filter((event) => event !== 'secureConnection'),
        ['secureConnect', 'session'],
      );
      const second = await visit({ ca, session: first.session });
      t.same(second.resumed, { client: true, server: true });
      t.same(second.sessions, []);
    });

    await t.test('nothing before, undefined without, null after', async (t) => {
      const { port } = await host(t, tls, leaf);
      const client = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
      t.equal(client.getSession(), undefined);
      t.equal(client.getTLSTicket(), undefined);
      t.equal(client.isSessionReused(), false);
      client.on('error', () => {});
      client.destroy();
      t.equal(client.getSession(), null);
      t.equal(client.getTLSTicket(), null);
    });

    await t.test('setSession before the handshake, as bytes and as latin1', async (t) => {
      const { visit, port } = await host(t, tls, leaf);
      const { session } = await visit({ ca });
      if (session === undefined) throw new Error('no session');
      for (const form of [session, session.toString('latin1')]) {
        const client = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }) as Client;
        client.setSession(form);
        await new Promise<void>((resolve) => client.once('secureConnect', resolve));
        t.equal(client.isSessionReused(), true, typeof form);
        client.end();
        client.resume();
        await new Promise<void>((resolve) => client.once('close', () => resolve()));
      }
    });

    await t.test('what is no session is ignored, what is no buffer throws', async (t) => {
      const { visit, port } = await host(t, tls, leaf);
      const { session } = await visit({ ca });
      if (session === undefined) throw new Error('no session');
      for (const bytes of [Buffer.from('garbage'), session.subarray(0, session.length >> 1), Buffer.alloc(0)]) {
        const { resumed, error } = await visit({ ca, session: bytes });
        t.same([resumed.client, error], [false, undefined]);
      }
      const socket = tls.connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }) as Client;
      t.throws(() => socket.setSession(5 as unknown as Buffer), { code: 'ERR_INVALID_ARG_TYPE' });
      t.throws(() => socket.setSession({} as unknown as Buffer), { message: 'Session must be a buffer' });
      socket.on('error', () => {});
      socket.destroy();
    });

    await t.test('a server that keeps its sessions, TLS 1.2', async (t) => {
      const { server, visit } = await host(t, tls, { ...leaf, maxVersion: 'TLSv1.2', ...noTickets });
      const kept = store(server);
      const first = await visit({ ca });
      t.equal(first.ticket, undefined);
      t.equal(kept.size, 1);
      t.ok(
        first.events.indexOf('newSession') < first.events.indexOf('secureConnection'),
        'the connection waits for the callback of newSession',
      );
      const second = await visit({ ca, session: first.session });
      t.same(second.resumed, { client: true, server: true });
      t.ok(second.events.includes('resumeSession'));
      t.notOk(second.events.includes('newSession'));
      kept.clear();
      const third = await visit({ ca, session: first.session });
      t.same(third.resumed, { client: false, server: false }, 'the store forgot it');
      for (const [id] of kept) kept.set(id, Buffer.from('garbage'));
      t.equal((await visit({ ca, session: third.session })).resumed.client, false, 'garbage from the store');
    });

    await t.test('newSession with tickets, TLS 1.3', async (t) => {
      const { server, visit } = await host(t, tls, leaf);
      const kept = store(server);
      const first = await visit({ ca });
      t.equal(first.sessions.length, 2);
      t.equal(kept.size, 2);
      for (const id of kept.keys()) t.equal(id.length, 64, 'ids of 32 bytes');
      t.equal((await visit({ ca, session: first.session })).resumed.client, true);
    });

    await t.test('resumeSession that fails ends the handshake', async (t) => {
      const { server, visit } = await host(t, tls, { ...leaf, maxVersion: 'TLSv1.2', ...noTickets });
      store(server);
      const { session } = await visit({ ca });
      server.removeAllListeners('resumeSession');
      const refusal = Object.assign(new Error('store is down'), { code: 'E_STORE' });
      server.on('resumeSession', (_id: Buffer, done: (error: Error | null, session: null) => void) =>
        done(refusal, null),
      );
      const { error, serverError } = await visit({ ca, session });
      t.equal(error?.code, 'ECONNRESET');
      t.equal(serverError?.code, 'E_STORE');
    });

    await t.test('ticketKeys: two servers, and another that has none in common', async (t) => {
      const ticketKeys = Buffer.alloc(48, 7);
      const a = await host(t, tls, { ...leaf, ticketKeys });
      const b = await host(t, tls, { ...leaf, ticketKeys });
      const c = await host(t, tls, leaf);
      const { session } = await a.visit({ ca });
      t.equal((await b.visit({ ca, session })).resumed.client, true);
      t.equal((await c.visit({ ca, session })).resumed.client, false);
      t.same(a.server.getTicketKeys(), ticketKeys);
      t.equal(c.server.getTicketKeys().length, 48);
      c.server.setTicketKeys(ticketKeys);
      t.equal((await c.visit({ ca, session })).resumed.client, true, 'on a running server');
      c.server.setTicketKeys(Buffer.alloc(48, 8));
      t.equal((await c.visit({ ca, session })).resumed.client, false, 'other keys at once');
    });

    await t.test('sessions are bound to sessionIdContext', async (t) => {
      const ticketKeys = Buffer.alloc(48, 7);
      const a = await host(t, tls, { ...leaf, ticketKeys, sessionIdContext: 'a' });
      const b = await host(t, tls, { ...leaf, ticketKeys, sessionIdContext: 'b' });
      const { session } = await a.visit({ ca });
      t.equal((await a.visit({ ca, session })).resumed.client, true);
      t.equal((await b.visit({ ca, session })).resumed.client, false);
    });

    await t.test('sessionTimeout', async (t) => {
      const { visit } = await host(t, tls, { ...leaf, sessionTimeout: 1 });
      const { session } = await visit({ ca });
      await new Promise((resolve) => setTimeout(resolve, 2100));
      const { resumed, error } = await visit({ ca, session });
      t.same([resumed.client, error], [false, undefined]);
    });

    await t.test('SNI contexts share the keys of the server', async (t) => {
      const { server, visit } = await host(t, tls, leaf);
      server.addContext('a.test', tls.createSecureContext(await authority.issue({ names: ['a.test'] })));
      const { session } = await visit({ ca, servername: 'a.test' });
      const again = await visit({ ca, servername: 'a.test', session });
      t.same(again.resumed, { client: true, server: true });
    });

    await t.test('client certificates on a resumed connection', async (t) => {
      for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
        const { visit } = await host(t, tls, { ...leaf, ca, requestCert: true, maxVersion });
        const first = await visit({ ca, ...leaf });
        t.same(first.authorized, { client: true, server: true });
        const second = await visit({ ca, ...leaf, session: first.session });
        t.same(second.resumed, { client: true, server: true }, maxVersion);
        t.same(second.authorized, { client: true, server: true });
      }
    });

    await t.test('wrong options throw', (t) => {
      const wrong = [
        [{ ticketKeys: 'x' }, 'ERR_INVALID_ARG_TYPE'],
        [{ ticketKeys: Buffer.alloc(47) }, 'ERR_INVALID_ARG_VALUE'],
        [{ sessionTimeout: 'x' }, 'ERR_INVALID_ARG_TYPE'],
        [{ sessionTimeout: -1 }, 'ERR_OUT_OF_RANGE'],
        [{ sessionTimeout: 1.5 }, 'ERR_OUT_OF_RANGE'],
        [{ sessionIdContext: 5 }, 'ERR_INVALID_ARG_TYPE'],
      ] as const;
      for (const [options, code] of wrong) {
        t.throws(() => tls.createServer(options as unknown as nodeTls.TlsOptions), { code });
      }
      t.throws(() => tls.createServer({ sessionIdContext: 'x'.repeat(33) }), TypeError);
      const server = tls.createServer();
      t.throws(() => server.setTicketKeys('x' as unknown as Buffer), { code: 'ERR_INVALID_ARG_TYPE' });
      t.throws(() => server.setTicketKeys(Buffer.alloc(4)), { code: 'ERR_INTERNAL_ASSERTION' });
      t.end();
    });
  });
}
