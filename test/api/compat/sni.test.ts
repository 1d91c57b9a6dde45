// Server Name Indication: what a client sends, what a server sees, and what SNICallback may answer.

import { once } from 'node:events';
import type { SecureContext, TLSSocket } from 'node:tls';
import { Subject } from '../../support/behaviours.js';
import { errorEvent, errorView, next } from '../../support/observations.js';

const subject = new Subject('sni');

for (const [name, servername] of [
  ['a host name', 'a.example'],
  ['capitals', 'A.Example'],
  ['none', undefined],
  ['an empty one', ''],
  ['one label', 'host'],
  ['an underscore', 'a_b.example'],
  ['a trailing dot', 'a.example.'],
] as const) {
  subject.add(`the servername that both ends show: ${name}`, async (run) => {
    const { client, served } = await run.pair({}, { servername, rejectUnauthorized: false });
    return [client, served].map((socket) => (socket as { servername?: unknown }).servername);
  });
}

subject.add('an IP address as servername', async (run) => {
  const { port } = await run.serve();
  try {
    const client = run.connect({ port, servername: '127.0.0.1' });
    await once(client, 'secureConnect');
    return { servername: (client as { servername?: unknown }).servername, authorized: client.authorized };
  } catch (error) {
    return errorView(error);
  }
});

subject.add('the host is the servername where there is none', async (run) => {
  const { server, port } = await run.serve();
  const client = run.track(run.tls.connect({ port, host: 'localhost', family: 4, ca: run.certs.ca.cert } as object));
  const connected = once(client, 'secureConnect');
  const [served] = (await next(server, 'secureConnection')) as [TLSSocket];
  await connected;
  return [(client as { servername?: unknown }).servername, (served as { servername?: unknown }).servername];
});

subject.add('SNICallback gets the name, and this is the socket', async (run) => {
  const seen: unknown[] = [];
  const { client } = await run.pair({
    SNICallback(this: unknown, name: string, callback: (error: null) => void) {
      seen.push(name, this instanceof run.tls.TLSSocket);
      callback(null);
    },
  });
  return { seen, authorized: client.authorized };
});

subject.add('SNICallback is not called without a name', async (run) => {
  let calls = 0;
  await run.pair(
    {
      SNICallback: (_name: string, callback: (error: null) => void) => {
        calls++;
        callback(null);
      },
    },
    { servername: '', rejectUnauthorized: false },
  );
  return calls;
});

for (const [name, later] of [
  ['at once', (answer: () => void) => answer()],
  ['in a tick', (answer: () => void) => process.nextTick(answer)],
  ['later', (answer: () => void) => void setTimeout(answer, 30)],
] as const) {
  subject.add(`SNICallback that answers with a context ${name}`, async (run) => {
    const { named } = run.certs;
    const context = run.tls.createSecureContext({ cert: named.cert, key: named.key });
    const { client } = await run.pair(
      {
        SNICallback: (_name: string, callback: (error: null, context: SecureContext) => void) =>
          later(() => callback(null, context)),
      },
      { servername: 'a.example' },
    );
    return client.getPeerCertificate().subject;
  });

  subject.add(`SNICallback that answers with an error ${name}`, async (run) => {
    const { server, port } = await run.serve({
      SNICallback: (_name: string, callback: (error: Error) => void) =>
        later(() => callback(new Error('no such name'))),
    });
    const client = run.connect({ port });
    const error = errorEvent(client);
    return { server: await errorEvent(server, 'tlsClientError'), client: await error };
  });
}

for (const [name, value] of [
  ['null', null],
  ['undefined', undefined],
  ['an empty object', {}],
  ['text', 'x'],
  ['a number', 5],
  ['false', false],
] as const) {
  subject.add(`SNICallback that answers with ${name}`, async (run) =>
    run.failure(
      { SNICallback: (_name: string, callback: (error: null, value: unknown) => void) => callback(null, value) },
      {},
    ),
  );
}

subject.add(
  'SNICallback that throws',
  async (run) => {
    const { server, port } = await run.serve({
      SNICallback() {
        throw new Error('thrown');
      },
    });
    run.connect({ port }).on('error', () => {});
    return Promise.race([
      errorEvent(server, 'tlsClientError').then((error) => ({ tlsClientError: error })),
      run.uncaught().then((error) => ({ uncaught: error.message })),
    ]);
  },
  { since: '20.20' },
);

subject.add('SNICallback that answers twice', async (run) => {
  const { server, port } = await run.serve({
    SNICallback: (_name: string, callback: (error: null) => void) => {
      callback(null);
      callback(null);
    },
  });
  const client = run.connect({ port });
  client.on('error', () => {});
  return Promise.race([
    once(client, 'secureConnect').then(() => 'secureConnect'),
    errorEvent(server, 'tlsClientError').then((error) => ({ tlsClientError: error })),
    run.uncaught().then((error) => ({ uncaught: error.message })),
  ]);
});

subject.add('SNICallback that answers after the client is gone', async (run) => {
  let answer: (() => void) | undefined;
  const { server, port } = await run.serve({
    SNICallback: (_name: string, callback: (error: null) => void) => (answer = () => callback(null)),
  });
  const client = run.connect({ port });
  client.on('error', () => {});
  const gone = errorEvent(server, 'tlsClientError');
  while (answer === undefined) await new Promise((resolve) => setImmediate(resolve));
  client.destroy();
  const error = await gone;
  answer();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return (error as { code?: unknown }).code;
});

subject.add('the context of SNICallback decides about client certificates', async (run) => {
  const { named, client: identity, otherCa } = run.certs;
  const context = run.tls.createSecureContext({ cert: named.cert, key: named.key, ca: otherCa.cert });
  const { served } = await run.pair(
    {
      requestCert: true,
      rejectUnauthorized: false,
      ca: run.certs.ca.cert,
      SNICallback: (_name: string, callback: (error: null, context: SecureContext) => void) => callback(null, context),
    },
    { servername: 'a.example', cert: identity.cert, key: identity.key },
  );
  return { authorized: served.authorized, why: served.authorizationError };
});

subject.add('the context of SNICallback trusts whom the server does not', async (run) => {
  const { named, foreignClient, ca, otherCa } = run.certs;
  const context = run.tls.createSecureContext({ cert: named.cert, key: named.key, ca: otherCa.cert });
  const { served } = await run.pair(
    {
      requestCert: true,
      ca: ca.cert,
      SNICallback: (_name: string, callback: (error: null, context: SecureContext) => void) => callback(null, context),
    },
    { servername: 'a.example', cert: foreignClient.cert, key: foreignClient.key },
  );
  return { authorized: served.authorized, why: served.authorizationError };
});

subject.add('SNICallback that answers with no Error', async (run) =>
  run.failure({ SNICallback: (_name: string, callback: (error: unknown) => void) => callback('no') }, {}),
);

subject.add('SNICallback of a TLSSocket without a server', async (run) => {
  const { named } = run.certs;
  const context = run.tls.createSecureContext({ cert: named.cert, key: named.key });
  const port = await run.serveTcp((tcp) => {
    const served = new run.tls.TLSSocket(tcp, {
      isServer: true,
      ...run.certs.leaf,
      SNICallback: (_name, callback) => callback(null, context),
    });
    run.track(served).on('error', () => {});
  });
  const client = run.connect({ port, servername: 'a.example' });
  await once(client, 'secureConnect');
  return client.getPeerCertificate().subject;
});

subject.add('the name of a connection whose SNICallback failed', async (run) => {
  const { server, port } = await run.serve({
    SNICallback: (_name: string, callback: (error: Error) => void) => callback(new Error('no')),
  });
  run.connect({ port, servername: 'a.example' }).on('error', () => {});
  const [, socket] = (await once(server, 'tlsClientError')) as [Error, TLSSocket & { servername: unknown }];
  return socket.servername;
});

subject.add('an SNICallback that answers with the `context` of a context', async (run) => {
  const { ca, named } = run.certs;
  const { context } = run.tls.createSecureContext({ cert: named.cert, key: named.key });
  const { port } = await run.serve({
    SNICallback: (_name: string, callback: (error: null, context: unknown) => void) => callback(null, context),
  });
  const client = run.connect({ port, servername: 'a.example', ca: ca.cert, checkServerIdentity: () => undefined });
  await once(client, 'secureConnect');
  return client.getPeerCertificate().subject;
});

await subject.check();
