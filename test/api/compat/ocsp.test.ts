// OCSP stapling: OCSPRequest on a server, OCSPResponse on a client.

import { once } from 'node:events';
import { Subject } from '../../support/behaviours.js';
import { errorEvent, record } from '../../support/observations.js';

const subject = new Subject('ocsp');

type Answer = (error: Error | null, response?: Buffer | null) => void;

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  subject.add(`a response reaches the client before secureConnect, ${maxVersion}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion, ca: run.certs.ca.cert });
    const asked: unknown[] = [];
    server.on('OCSPRequest', (certificate: Buffer, issuer: Buffer, callback: Answer) => {
      asked.push(Buffer.isBuffer(certificate), Buffer.isBuffer(issuer));
      setTimeout(() => callback(null, Buffer.from('a response')), 5);
    });
    const client = run.connect({ port, requestOCSP: true });
    const events = record(client, ['OCSPResponse', 'secureConnect']);
    const [response] = (await once(client, 'OCSPResponse')) as [Buffer];
    await once(client, 'secureConnect');
    return { asked, events, response: response.toString() };
  });

  subject.add(`no response, ${maxVersion}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion });
    server.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, callback: Answer) => callback(null, null));
    const client = run.connect({ port, requestOCSP: true });
    const seen: unknown[] = [];
    client.on('OCSPResponse', (response: unknown) => seen.push(response));
    await once(client, 'secureConnect');
    return seen;
  });

  subject.add(`no listener at the server, ${maxVersion}`, async (run) => {
    const { port } = await run.serve({ maxVersion });
    const client = run.connect({ port, requestOCSP: true });
    const seen: unknown[] = [];
    client.on('OCSPResponse', (response: unknown) => seen.push(response));
    await once(client, 'secureConnect');
    return seen;
  });

  subject.add(`an error of the listener, ${maxVersion}`, async (run) => {
    const { server, port } = await run.serve({ maxVersion });
    server.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, callback: Answer) =>
      callback(new Error('no OCSP')),
    );
    const atServer = errorEvent(server, 'tlsClientError');
    const client = run.connect({ port, requestOCSP: true });
    const atClient = errorEvent(client);
    return { server: await atServer, client: ((await atClient) as { code?: unknown }).code };
  });
}

subject.add('a client that does not ask', async (run) => {
  const { server, port } = await run.serve();
  const events = record(server, ['OCSPRequest']);
  const client = run.connect({ port });
  await once(client, 'secureConnect');
  return events;
});

await subject.check();
