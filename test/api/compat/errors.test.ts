// What fails, where the error arrives, and what it says.

import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Subject, type BehaviourOptions, type Options, type Run } from '../../support/behaviours.js';
import { attempt, closed, errorEvent, errorView, lifeOfSocket, next, record } from '../../support/observations.js';

const subject = new Subject('errors');

subject.add('the server ends TCP before it says anything', async (run) => {
  const port = await run.serveTcp((socket) => socket.end());
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  const error = await errorEvent(client);
  await closed(client);
  return { error, events };
});

subject.add('the server ends TCP after the ClientHello', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.end()));
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  const error = await errorEvent(client);
  await closed(client);
  return { error, events };
});

subject.add('the same with localAddress and a name for the host', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.end()));
  const client = run.connect({ port, host: 'localhost', family: 4, localAddress: '127.0.0.1' });
  const error = await errorEvent(client);
  await closed(client);
  return error;
});

subject.add('the server destroys TCP before it says anything', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.destroy()));
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  const error = await errorEvent(client);
  await closed(client);
  return { error, events };
});

subject.add('the server resets TCP in the handshake', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  const error = await errorEvent(client);
  await closed(client);
  return { error, events };
});

subject.add('resetAndDestroy() of a TLS socket', async (run) => {
  const { served, client } = await run.pair();
  return [attempt(() => served.resetAndDestroy()), attempt(() => client.resetAndDestroy())];
});

subject.add('a client that connects and ends is a tlsClientError', async (run) => {
  const { server, port } = await run.serve();
  const events = record(server, ['connection', 'secureConnection', 'tlsClientError', 'clientError', 'error']);
  const error = errorEvent(server, 'tlsClientError');
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  tcp.end();
  return { error: await error, events };
});

subject.add('a client that connects and resets', async (run) => {
  const { server, port } = await run.serve();
  const error = errorEvent(server, 'tlsClientError');
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  await once(server, 'connection');
  tcp.resetAndDestroy();
  return error;
});

subject.add('a client that destroys in the middle of the handshake', async (run) => {
  const { server, port } = await run.serve();
  const error = errorEvent(server, 'tlsClientError');
  const client = run.connect({ port });
  const events = record(client, lifeOfSocket);
  client.once('connect', () => client.destroy());
  await closed(client);
  return { error: await error, events };
});

/** What a listener of `tlsClientError` makes of the socket. */
async function askedInTlsClientError(run: Run, ask: (socket: TLSSocket) => unknown): Promise<unknown> {
  const { server, port } = await run.serve();
  const answer = new Promise((resolve) =>
    server.once('tlsClientError', (_error: Error, socket: TLSSocket) => resolve(ask(socket))),
  );
  run.track(net.connect(port, '127.0.0.1')).end('nonsense that is no TLS at all');
  return answer;
}

subject.add('tlsClientError comes with the socket', async (run) =>
  askedInTlsClientError(run, (socket) => ({
    isSocket: socket instanceof run.tls.TLSSocket,
    remoteAddress: socket.remoteAddress,
    authorized: socket.authorized,
    encrypted: socket.encrypted,
    destroyed: socket.destroyed,
    servername: typeof socket.servername,
  })),
);

subject.add(
  'tlsClientError before a version is agreed',
  async (run) => askedInTlsClientError(run, (socket) => socket.getProtocol()),
  {
    differs: {
      reason: 'node:tls tells of its newest version, which nobody has agreed to',
      pqtls: null,
    },
  },
);

subject.add(
  'the address of a client after its tlsClientError',
  async (run) => {
    const { server, port } = await run.serve();
    const emitted = next(server, 'tlsClientError');
    run.track(net.connect(port, '127.0.0.1')).end('nonsense that is no TLS at all');
    const [, socket] = (await emitted) as [Error, TLSSocket];
    return { address: socket.remoteAddress };
  },
  {
    differs: {
      reason: 'the alert is still on its way, and a log is the better for the address',
      pqtls: { address: '127.0.0.1' },
    },
  },
);

subject.add('after tlsClientError the socket closes', async (run) => {
  const { server, port } = await run.serve();
  const emitted = next(server, 'tlsClientError');
  run.track(net.connect(port, '127.0.0.1')).end('nonsense that is no TLS at all');
  const [, socket] = (await emitted) as [Error, net.Socket];
  const destroyed = socket.destroyed;
  await closed(socket);
  return { destroyed, after: socket.destroyed };
});

subject.add('a tlsClientError leaves no error event on the socket for an unprepared program', async (run) => {
  const { server, port } = await run.serve();
  const errors: unknown[] = [];
  server.on('tlsClientError', (error: Error, socket) => {
    errors.push(`server ${(error as { code?: string }).code}`);
    socket.on('error', (error: Error) => errors.push(`socket ${(error as { code?: string }).code}`));
  });
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  tcp.end('nonsense that is no TLS at all');
  tcp.resume();
  await closed(tcp);
  return errors;
});

async function serverThatGets(run: Run, bytes: string | Buffer): Promise<unknown> {
  const { server, port } = await run.serve();
  const error = errorEvent(server, 'tlsClientError');
  const tcp = run.track(net.connect(port, '127.0.0.1'));
  tcp.on('error', () => {});
  tcp.end(bytes);
  tcp.resume();
  return error;
}

const serverDiffers: Readonly<Record<string, BehaviourOptions>> = {
  'an SSLv2 hello': {
    differs: {
      reason: 'AWS-LC does not speak SSLv2 and refuses it at once; OpenSSL waits for the rest of its hello',
      pqtls: { type: 'Error', code: 'ERR_SSL_WRONG_VERSION_NUMBER' },
    },
  },
};

for (const [name, bytes] of [
  ['text', 'hello there, this is plain text\r\n'],
  ['an HTTP request', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a POST request', 'POST / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a CONNECT request', 'CONNECT localhost:1 HTTP/1.1\r\n\r\n'],
  ['zeros', '\0'.repeat(200)],
  ['an SSLv2 hello', Buffer.from('802e0100020015000000100100800700c0030080060040020080040080000064627e0c0f3a', 'hex')],
  ['a record of TLS 9.9', Buffer.from('160909000400000000', 'hex')],
  ['application data first', Buffer.from('1703030004aabbccdd', 'hex')],
  ['an alert first', Buffer.from('15030100020228', 'hex')],
  ['a close_notify first', Buffer.from('15030100020100', 'hex')],
  ['an empty handshake record', Buffer.from('1603010000', 'hex')],
  ['a handshake message that is no ClientHello', Buffer.from('160301000402000000', 'hex')],
  ['a record that is too long', Buffer.concat([Buffer.from('160301ffff', 'hex'), Buffer.alloc(65535)])],
] as const) {
  subject.add(`a server that gets ${name}`, async (run) => serverThatGets(run, bytes), serverDiffers[name]);

  subject.add(`a client that gets ${name}`, async (run) => {
    const port = await run.serveTcp((socket) => socket.once('data', () => socket.end(bytes)));
    const client = run.connect({ port });
    const events = record(client, lifeOfSocket);
    const error = await errorEvent(client);
    await closed(client);
    return { error, events };
  });
}

subject.add('a TLS error has library, reason and code', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.end('no TLS here, only text\n')));
  const client = run.connect({ port });
  const [error] = (await next(client, 'error')) as [Error & { library?: string; reason?: string; code?: string }];
  return {
    library: error.library,
    reason: error.reason,
    code: error.code,
    text: /wrong version number/.test(error.message),
  };
});

subject.add('an error without a listener is uncaught', async (run) => {
  const port = await run.serveTcp((socket) => socket.once('data', () => socket.end()));
  const uncaught = run.uncaught();
  run.tls.connect({ port, host: '127.0.0.1' });
  return errorView(await uncaught);
});

subject.add(
  'a served socket destroyed with an error that nobody listens to',
  async (run) => {
    const server = run.tls.createServer(run.certs.leaf);
    const events = record(server, ['tlsClientError', 'error']);
    const port = await run.listen(server);
    run.connect({ port }).on('error', () => {});
    const [served] = (await next(server, 'secureConnection')) as [net.Socket];
    served.destroy(new Error('ours'));
    await closed(served);
    return { events, errored: served.errored?.message };
  },
  // Before, node:tls ended the server for it.
  { since: '20.20' },
);

for (const [name, serverOptions, clientOptions] of [
  ['no version in common, the client too new', { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }],
  ['no version in common, the client too old', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }],
  [
    'no cipher suite in common in TLS 1.2',
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
  ],
  [
    'no cipher suite in common in TLS 1.3',
    { ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' },
    { ciphers: 'TLS_AES_256_GCM_SHA384', minVersion: 'TLSv1.3' },
  ],
  ['no group in common', { ecdhCurve: 'P-256' }, { ecdhCurve: 'P-384' }],
  ['no group in common in TLS 1.2', { ecdhCurve: 'P-256', maxVersion: 'TLSv1.2' }, { ecdhCurve: 'P-384' }],
  ['no signature scheme in common', {}, { sigalgs: 'rsa_pss_rsae_sha256' }],
  ['no ALPN protocol in common', { ALPNProtocols: ['a'] }, { ALPNProtocols: ['b'] }],
] as const) {
  subject.add(name, async (run) => run.failure(serverOptions, clientOptions));
}

subject.add('a server without a certificate', async (run) => run.failure({ cert: undefined }, {}));
subject.add('a server without a certificate, TLS 1.2', async (run) =>
  run.failure({ cert: undefined, maxVersion: 'TLSv1.2' }, {}),
);

subject.add('handshakeTimeout is a tlsClientError', async (run) => {
  const { server, port } = await run.serve({ handshakeTimeout: 50 });
  const emitted = errorEvent(server, 'tlsClientError');
  run.track(net.connect(port, '127.0.0.1')).resume();
  return emitted;
});

subject.add(
  'handshakeTimeout and the socket',
  async (run) => {
    const { server, port } = await run.serve({ handshakeTimeout: 50 });
    const emitted = next(server, 'tlsClientError');
    run.track(net.connect(port, '127.0.0.1')).resume();
    const [, socket] = (await emitted) as [Error, net.Socket];
    return { destroyed: socket.destroyed };
  },
  {
    differs: {
      reason:
        'the connection is aborted, as Node’s documentation has it; node:tls leaves it open for the client to hold',
      pqtls: { destroyed: true },
    },
  },
);

subject.add('handshakeTimeout while SNICallback does not answer', async (run) => {
  const { server, port } = await run.serve({ handshakeTimeout: 50, SNICallback: () => {} });
  const emitted = errorEvent(server, 'tlsClientError');
  run.connect({ port }).on('error', () => {});
  return emitted;
});

subject.add('a handshake in time clears handshakeTimeout', async (run) => {
  const { client, served, server } = await run.pair({ handshakeTimeout: 300 });
  const events = [...record(server, ['tlsClientError']), ...record(served, ['error', 'close'])];
  await new Promise((resolve) => setTimeout(resolve, 400));
  return { events, alive: !client.destroyed && !served.destroyed };
});

subject.add('an error with which a socket is destroyed', async (run) => {
  const { client, served } = await run.pair();
  const events = record(client, lifeOfSocket);
  client.destroy(new Error('enough'));
  await closed(client, served);
  return { events, errored: client.errored?.message };
});

subject.add('bytes that are no record after the handshake', async (run) => {
  const tcps: net.Socket[] = [];
  const server = net.createServer((tcp) => {
    tcps.push(run.track(tcp));
    tcp.on('error', () => {});
    const served = new run.tls.TLSSocket(tcp, { isServer: true, ...run.certs.leaf });
    served.on('error', () => {});
    served.on('secure', () => served.write('x'));
  });
  const port = await run.listen(server);
  // Through a relay that adds nonsense once the handshake is done.
  let inject: () => void = () => {};
  const relay = await run.serveTcp((near) => {
    const far = run.track(net.connect(port, '127.0.0.1'));
    far.on('error', () => {});
    near.pipe(far);
    far.on('data', (chunk) => near.write(chunk));
    inject = () => near.write('this is no TLS record at all');
  });
  const client = run.connect({ port: relay });
  await once(client, 'data');
  const error = errorEvent(client);
  inject();
  return error;
});

subject.add('EPIPE or ECONNRESET of a write to a peer that is gone reaches the callback', async (run) => {
  const { client, served } = await run.pair();
  client.on('error', () => {});
  served.destroy();
  await closed(served, client);
  return new Promise((resolve) => client.write('x', (error) => resolve(errorView(error))));
});

for (const sigalgs of ['ecdsa_secp384r1_sha384', 'rsa_pss_rsae_sha256']) {
  subject.add(`a server whose certificate does not fit, for a client that takes ${sigalgs}`, async (run) => {
    const { server, port } = await run.serve({ sigalgs: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384' });
    run.connect({ port, sigalgs }).on('error', () => {});
    const [error] = (await once(server, 'tlsClientError')) as [Error];
    return (error as { code?: string }).code;
  });
}

subject.add('http.get() of a TLS port', async (run) => {
  const { server, port } = await run.serve();
  const failed = next(server, 'tlsClientError');
  const request = http.get({ port, host: '127.0.0.1' });
  const client = await errorEvent(request);
  return { client, server: errorView((await failed)[0]) };
});

subject.add('what is no TLS gets no answer', async (run) => {
  const { port } = await run.serve();
  const socket = run.track(net.connect(port, '127.0.0.1'));
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  socket.on('error', () => {});
  socket.write(Buffer.alloc(1000, 'nonsense '));
  await closed(socket);
  return { received };
});

subject.add('a server that speaks no TLS gets no answer', async (run) => {
  const received: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    void run
      .serveTcp((socket) => {
        socket.on('data', (chunk: Buffer) => {
          received.push(chunk);
          socket.write('220 mail.example ready\r\n');
        });
        socket.on('close', () => resolve());
      })
      .then((port) => run.connect({ port }).on('error', () => {}));
  });
  await ended;
  // One record: the ClientHello.
  const bytes = Buffer.concat(received);
  return { alone: bytes.length === 5 + bytes.readUInt16BE(3) };
});

const namedDiffers: Readonly<Record<string, BehaviourOptions>> = {
  'no common version': {
    differs: {
      reason: 'Node 22 and 24 tell it, 20 and 26 do not',
      pqtls: { code: 'ERR_SSL_UNSUPPORTED_PROTOCOL', servername: null },
      from: 22,
      before: 25,
    },
  },
};
const named: Record<string, [Options, Options]> = {
  'no common suite': [{ ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' }, {}],
  'no common version': [{ minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }],
  'no common group': [{ ecdhCurve: 'P-384' }, { ecdhCurve: 'P-521' }],
  'no common protocol': [{ ALPNProtocols: ['a'] }, { ALPNProtocols: ['b'] }],
};
for (const [name, [serverOptions, clientOptions]] of Object.entries(named)) {
  const told = async (run: Run): Promise<unknown> => {
    const { server, port } = await run.serve(serverOptions);
    const failed = next(server, 'tlsClientError');
    run.connect({ port, servername: 'a.example', ...clientOptions }).on('error', () => {});
    const [error, socket] = (await failed) as [Error, TLSSocket];
    return { code: Reflect.get(error, 'code') as unknown, servername: socket.servername };
  };
  subject.add(`the servername of a tlsClientError: ${name}`, told, namedDiffers[name]);
}

subject.add('TLS 1.1 without a level that allows it', async (run) => {
  const { server, port } = await run.serve({ minVersion: 'TLSv1' });
  let accepted = false;
  server.on('secureConnection', () => (accepted = true));
  const client = run.connect({ port, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
  const events = record(client, ['secureConnect', 'close']);
  client.on('error', () => {});
  await closed(client);
  return { accepted, events };
});

await subject.check();
