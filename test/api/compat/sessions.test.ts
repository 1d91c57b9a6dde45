// Sessions and tickets from a client's side: the session event, getSession(), resumption and what it keeps.

import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { Subject, type Options, type Run } from '../../support/behaviours.js';
import { attempt, closed, next, record } from '../../support/observations.js';

const subject = new Subject('sessions');

/** The last session that a connection brought, and its events. */
async function first(run: Run, port: number, options: Options = {}): Promise<{ session: Buffer; events: string[] }> {
  const client = run.connect({ port, ...options });
  const events = record(client, ['session', 'secureConnect', 'data']);
  let session: Buffer | undefined;
  client.on('session', (value) => (session = value));
  await new Promise((resolve) => client.once('end', resolve));
  if (session === undefined) throw new Error('No session came');
  return { session, events };
}

/** Node before 24 sends the tickets of TLS 1.3 after what a secureConnection listener writes. */
function early(version: string, pqtls: unknown): object {
  return version === 'TLSv1.2' ? {} : { differs: { reason: 'tickets come before data', pqtls, before: 24 } };
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  subject.add(
    `the session events, ${maxVersion}`,
    async (run) => {
      const { port } = await run.serve({ maxVersion }, (socket) => socket.end('x'));
      const { events } = await first(run, port);
      return events;
    },
    early(maxVersion, ['secureConnect', 'session', 'session', 'data']),
  );

  subject.add(`resumption, ${maxVersion}`, async (run) => {
    const { port, server } = await run.serve({ maxVersion }, (socket) => socket.end('x'));
    const { session } = await first(run, port);
    const accepted = next(server, 'secureConnection');
    const client = run.connect({ port, session });
    await once(client, 'secureConnect');
    const [served] = (await accepted) as [TLSSocket];
    return {
      isBuffer: Buffer.isBuffer(session),
      client: client.isSessionReused(),
      served: served.isSessionReused(),
      authorized: client.authorized,
      subject: client.getPeerCertificate().subject,
      protocol: client.getProtocol(),
    };
  });

  subject.add(
    `getSession() and getTLSTicket() after the handshake, ${maxVersion}`,
    async (run) => {
      const { port } = await run.serve({ maxVersion }, (socket) => socket.write('x'));
      const client = run.connect({ port });
      await once(client, 'data');
      return { session: Buffer.isBuffer(client.getSession()), ticket: Buffer.isBuffer(client.getTLSTicket()) };
    },
    early(maxVersion, { session: true, ticket: true }),
  );

  subject.add(`a session of another server is a full handshake, ${maxVersion}`, async (run) => {
    const one = await run.serve({ maxVersion }, (socket) => socket.end('x'));
    const other = await run.serve({ maxVersion }, (socket) => socket.end('x'));
    const { session } = await first(run, one.port);
    const client = run.connect({ port: other.port, session });
    await once(client, 'secureConnect');
    return { reused: client.isSessionReused(), authorized: client.authorized };
  });

  subject.add(`shared ticket keys resume on another server, ${maxVersion}`, async (run) => {
    const ticketKeys = Buffer.alloc(48, 7);
    const options = { maxVersion, ticketKeys, sessionIdContext: 'shared' };
    const one = await run.serve(options, (socket) => socket.end('x'));
    const other = await run.serve(options, (socket) => socket.end('x'));
    const { session } = await first(run, one.port);
    const client = run.connect({ port: other.port, session });
    await once(client, 'secureConnect');
    return { reused: client.isSessionReused(), keys: other.server.getTicketKeys().equals(ticketKeys) };
  });

  subject.add(`setTicketKeys() ends resumption, ${maxVersion}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion }, (socket) => socket.end('x'));
    const { session } = await first(run, port);
    server.setTicketKeys(Buffer.alloc(48, 9));
    const client = run.connect({ port, session });
    await once(client, 'secureConnect');
    return client.isSessionReused();
  });

  subject.add(`a resumed client certificate, ${maxVersion}`, async (run) => {
    const { client: identity, ca } = run.certs;
    const { port, server } = await run.serve(
      { maxVersion, requestCert: true, ca: ca.cert, sessionIdContext: 'x' },
      (socket) => socket.end('x'),
    );
    const credentials = { cert: identity.cert, key: identity.key };
    const { session } = await first(run, port, credentials);
    const accepted = next(server, 'secureConnection');
    run.connect({ port, session, ...credentials });
    const [served] = (await accepted) as [TLSSocket];
    return {
      reused: served.isSessionReused(),
      authorized: served.authorized,
      subject: served.getPeerCertificate().subject,
    };
  });
}

subject.add('newSession and resumeSession, TLSv1.2', async (run) => {
  const store = new Map<string, Buffer>();
  const events: string[] = [];
  const secureOptions = constants.SSL_OP_NO_TICKET;
  const { port, server } = await run.serve({ maxVersion: 'TLSv1.2', secureOptions }, (socket) => socket.end('x'));
  server.on('newSession', (id: Buffer, data: Buffer, callback: () => void) => {
    events.push(`newSession ${String(Buffer.isBuffer(id))} ${String(Buffer.isBuffer(data))}`);
    store.set(id.toString('hex'), data);
    setTimeout(callback, 5);
  });
  server.on('resumeSession', (id: Buffer, callback: (error: null, data: Buffer | null) => void) => {
    events.push('resumeSession');
    callback(null, store.get(id.toString('hex')) ?? null);
  });
  const { session } = await first(run, port);
  const client = run.connect({ port, session });
  await once(client, 'secureConnect');
  return { events: [...new Set(events)], reused: client.isSessionReused() };
});

subject.add(
  'a session given as a Uint8Array',
  async (run) => {
    const { port } = await run.serve({}, (socket) => socket.end('x'));
    const { session } = await first(run, port);
    const client = run.connect({ port, session: new Uint8Array(session) });
    await once(client, 'secureConnect');
    return client.isSessionReused();
  },
  { differs: { reason: 'Node 22 and later overlook it', pqtls: true, from: 22 } },
);

subject.add('a session that is nonsense', async (run) => {
  const { port } = await run.serve();
  return attempt(() => run.connect({ port, session: Buffer.from('nonsense') }).on('error', () => {}));
});

subject.add('setSession() on the socket', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('x'));
  const { session } = await first(run, port);
  const client = run.connect({ port });
  (client as unknown as { setSession(session: Buffer): void }).setSession(session);
  await once(client, 'secureConnect');
  return client.isSessionReused();
});

subject.add('one session for two connections', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('x'));
  const { session } = await first(run, port);
  const reused: boolean[] = [];
  for (let round = 0; round < 2; round++) {
    const client = run.connect({ port, session });
    await once(client, 'secureConnect');
    reused.push(client.isSessionReused());
  }
  return reused;
});

subject.add('no session event on a server', async (run) => {
  const { client, served } = await run.pair();
  const events = record(served, ['session']);
  served.end('x');
  client.resume();
  await new Promise((resolve) => client.once('end', resolve));
  return events;
});

subject.add('resumption does not ask checkServerIdentity again', async (run) => {
  const { port } = await run.serve({}, (socket) => socket.end('x'));
  let asked = 0;
  const checkServerIdentity = (): undefined => void asked++;
  const { session } = await first(run, port, { checkServerIdentity });
  const client = run.connect({ port, session, checkServerIdentity });
  await once(client, 'secureConnect');
  return { asked, reused: client.isSessionReused() };
});

subject.add('a session of rejectUnauthorized: false does not authorize', async (run) => {
  const { foreign } = run.certs;
  const { port } = await run.serve({ cert: foreign.cert, key: foreign.key }, (socket) => socket.end('x'));
  const { session } = await first(run, port, { rejectUnauthorized: false });
  const client = run.connect({ port, session });
  return new Promise((resolve) => {
    client.on('secureConnect', () => resolve({ authorized: client.authorized, reused: client.isSessionReused() }));
    client.on('error', (error) => resolve((error as { code?: string }).code));
  });
});

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  subject.add(`getSession() in the session event, ${maxVersion}`, async (run) => {
    const { port } = await run.serve({ maxVersion }, (socket) => socket.end('x'));
    const client = run.connect({ port });
    const same: boolean[] = [];
    client.on('session', (session: Buffer) => same.push(client.getSession()?.equals(session) === true));
    client.resume();
    await once(client, 'close');
    return same;
  });
}

for (const answer of ['', 'bye']) {
  subject.add(`a client that ends in secureConnect gets its sessions, and ${answer || 'nothing'} else`, async (run) => {
    const { port } = await run.serve({ allowHalfOpen: true }, (socket) => {
      socket.resume();
      socket.on('end', () => socket.end(answer));
    });
    const client = run.connect({ port, allowHalfOpen: true }, () => client.end('x'));
    // Of its own order, `finish`: the end waits for the tickets here.
    const events = record(client, ['secureConnect', 'session', 'data', 'end', 'close']);
    await closed(client);
    return events;
  });
}

await subject.check();
