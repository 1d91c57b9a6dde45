// OCSP stapling: the same cases on node:tls and pqtls. RFC 6066, Section 8; RFC 9846, Section 4.4.2.1.

import { once } from 'node:events';
import type { Server } from 'node:tls';
import t from 'tap';
import { attempt, type AttemptHooks } from '../support/handshakes.js';
import { modules, onBoth } from '../support/tls-modules.js';
import { credentials } from '../support/tls-server.js';
import { X509Certificate } from 'node:crypto';
import { Worker } from 'node:worker_threads';

type Callback = (error: Error | null, response?: Buffer | null) => void;
type Handler = (certificate: Buffer, issuer: Buffer | null, callback: Callback) => void;

function hooks(handler?: Handler): AttemptHooks {
  return {
    onServer: (server: Server, log) => {
      if (handler === undefined) return;
      server.on('OCSPRequest', (certificate: Buffer, issuer: Buffer, callback: Callback) => {
        log.push('OCSPRequest');
        handler(certificate, issuer, callback);
      });
    },
    onClient: (client, log) => {
      client.on('OCSPResponse', (response: Buffer | null) => log.push(`OCSPResponse ${String(response)}`));
    },
  };
}

const asking = { requestOCSP: true };

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  onBoth(t, `${maxVersion}: a response comes before secureConnect`, async (t, tls) => {
    const { leaf } = await credentials();
    const respond: Handler = (certificate, issuer, callback) => {
      t.ok(certificate.equals(new X509Certificate(leaf.cert).raw));
      t.equal(issuer, null, 'the server trusts nobody who issued it');
      setImmediate(() => callback(null, Buffer.from('hello ocsp')));
    };
    const { log } = await attempt(t, tls, { maxVersion, ca: [] }, asking, hooks(respond));
    t.same(log.slice(0, 2), ['OCSPRequest', 'OCSPResponse hello ocsp']);
    t.same(log.slice(2).toSorted(), ['secureConnect', 'secureConnection']);
  });

  onBoth(t, `${maxVersion}: the issuer is found among those that the server trusts`, async (t, tls) => {
    const { authority } = await credentials();
    const respond: Handler = (_certificate, issuer, callback) => {
      t.ok(issuer?.equals(new X509Certificate(authority.cert).raw));
      callback(null, null);
    };
    const { log } = await attempt(t, tls, { maxVersion, ca: authority.cert }, asking, hooks(respond));
    t.same(log.slice(0, 2), ['OCSPRequest', 'OCSPResponse null']);
  });

  onBoth(t, `${maxVersion}: no listener, no response`, async (t, tls) => {
    const { log } = await attempt(t, tls, { maxVersion }, asking, hooks());
    t.equal(log[0], 'OCSPResponse null');
    t.same(log.slice(1).toSorted(), ['secureConnect', 'secureConnection']);
  });

  onBoth(t, `${maxVersion}: a client that does not ask`, async (t, tls) => {
    const { log } = await attempt(
      t,
      tls,
      { maxVersion },
      {},
      hooks(() => t.fail('asked')),
    );
    t.same(log.toSorted(), ['secureConnect', 'secureConnection']);
  });

  onBoth(t, `${maxVersion}: an error, a throw and a second answer end the connection`, async (t, tls, module) => {
    const refuse: Handler = (_certificate, _issuer, callback) => callback(new Error('no responder'));
    const thrown: Handler = () => {
      throw new Error('no responder');
    };
    // In node:tls before Node 24 it is an uncaught exception.
    for (const handler of module === 'pqtls' ? [refuse, thrown] : [refuse]) {
      const { log } = await attempt(t, tls, { maxVersion }, asking, hooks(handler));
      t.same(log, ['OCSPRequest', 'tlsClientError no responder', 'error ECONNRESET']);
    }
    const twice: Handler = (_certificate, _issuer, callback) => {
      callback(null, null);
      callback(null, null);
    };
    const { serverError } = await attempt(t, tls, { maxVersion }, asking, hooks(twice));
    t.match(serverError, { code: 'ERR_MULTIPLE_CALLBACK', message: 'Callback called multiple times' });
  });

  onBoth(t, `${maxVersion}: what is not a buffer throws into the answer`, async (t, tls) => {
    const wrong: Handler = (_certificate, _issuer, callback) => {
      t.throws(() => callback(null, 'text' as never), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: 'OCSP response must be a buffer',
      });
      callback(new Error('over'));
    };
    const { serverError } = await attempt(t, tls, { maxVersion }, asking, hooks(wrong));
    t.ok(serverError);
  });

  onBoth(t, `${maxVersion}: destroy() inside of OCSPResponse`, async (t, tls) => {
    const { log } = await attempt(t, tls, { maxVersion }, asking, {
      onClient: (client, log) =>
        client.on('OCSPResponse', () => {
          log.push('OCSPResponse');
          client.destroy();
        }),
    });
    t.equal(log[0], 'OCSPResponse');
    t.notOk(log.includes('secureConnect'));
  });
}

void t.test('pqtls: the response is the one of the context that the server name chose', async (t) => {
  const { authority } = await credentials();
  const other = await authority.issue({ names: ['other.test'] });
  const { log } = await attempt(
    t,
    modules.pqtls,
    {},
    { requestOCSP: true, servername: 'other.test' },
    {
      onServer: (server, log) => {
        server.addContext('other.test', other);
        server.on('OCSPRequest', (certificate: Buffer, _issuer, callback: Callback) => {
          log.push(String(new X509Certificate(certificate).subjectAltName));
          callback(null, Buffer.alloc(60_000, 'x'));
        });
      },
      onClient: (client, log) => client.on('OCSPResponse', (response: Buffer) => log.push(`${response.length} bytes`)),
    },
  );
  t.match(log[0], /other\.test/);
  t.equal(log[1], '60000 bytes');
});

// The extension's length has two bytes. RFC 9846, Section 4.4.2.
void t.test('pqtls: a response that does not fit fails the handshake on both sides', async (t) => {
  const respond: Handler = (_certificate, _issuer, callback) => callback(null, Buffer.alloc(70_000));
  const { log } = await attempt(t, modules.pqtls, {}, asking, hooks(respond));
  t.same(log.map((line) => line.split(' ')[0]).toSorted(), ['OCSPRequest', 'error', 'tlsClientError']);
});

void t.test('pqtls: an answer after the end does nothing', async (t) => {
  let late: Callback | undefined;
  const { clientError } = await attempt(t, modules.pqtls, { handshakeTimeout: 50 }, asking, {
    onServer: (server) =>
      server.on('OCSPRequest', (_certificate, _issuer, callback: Callback) => {
        late = callback;
      }),
  });
  t.ok(clientError);
  t.doesNotThrow(() => late?.(null, Buffer.from('late')));
});

// A server of OpenSSL, whose flight is several records, on a thread of its own, so that flights come at the same time.
const otherThread = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:tls').createServer(workerData, (socket) => socket.on('error', () => {}).end('hello'));
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

// The rest of a flight waits for the verdict, which comes later, when other connections have read into the same memory.
onBoth(t, 'many clients at a time that ask for a response', async (t, tls) => {
  const { authority, leaf } = await credentials();
  const worker = new Worker(otherThread, { eval: true, workerData: leaf });
  t.teardown(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  const visit = async (): Promise<string> => {
    const options = { host: '127.0.0.1', port, servername: 'localhost', ca: authority.cert, ...asking };
    const socket = tls.connect(options);
    t.teardown(() => socket.destroy());
    let received = '';
    for await (const part of socket) received += String(part);
    return received;
  };
  const all = await Promise.all(Array.from({ length: 64 }, visit));
  t.strictSame(
    all,
    all.map(() => 'hello'),
  );
});
