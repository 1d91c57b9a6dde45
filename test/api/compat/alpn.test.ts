// ALPN: what is agreed, what both ends show, and what ALPNCallback may answer.

import { Subject } from '../../support/behaviours.js';
import { errorEvent } from '../../support/observations.js';

const subject = new Subject('alpn');

const pairs: [string, unknown, unknown][] = [
  ['the same', ['a'], ['a']],
  ['the server’s order decides', ['b', 'a'], ['a', 'b']],
  ['one in common', ['x', 'b'], ['a', 'b']],
  ['only the server has some', ['a'], undefined],
  ['only the client has some', undefined, ['a']],
  ['neither', undefined, undefined],
  ['an empty list at the server', [], ['a']],
  ['an empty list at the client', ['a'], []],
  ['wire form', Buffer.from('\x01a\x01b'), Buffer.from('\x01b')],
  ['a Uint8Array', Uint8Array.of(1, 97), Uint8Array.of(1, 97)],
  ['a long name', ['x'.repeat(255)], ['x'.repeat(255)]],
  ['umlauts', ['ä'], ['ä']],
];
for (const [name, server, client] of pairs) {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    subject.add(`${name}, ${maxVersion}`, async (run) => {
      const pair = await run.pair({ ALPNProtocols: server, maxVersion }, { ALPNProtocols: client });
      return [pair.client.alpnProtocol, pair.served.alpnProtocol];
    });
  }
}

subject.add('nothing in common', async (run) => run.failure({ ALPNProtocols: ['a'] }, { ALPNProtocols: ['b'] }));
subject.add('nothing in common, TLS 1.2', async (run) =>
  run.failure({ ALPNProtocols: ['a'], maxVersion: 'TLSv1.2' }, { ALPNProtocols: ['b'] }),
);

subject.add('ALPNCallback gets name and protocols', async (run) => {
  const seen: unknown[] = [];
  const { client, served } = await run.pair(
    {
      ALPNCallback(this: unknown, offer: object) {
        seen.push(offer, this instanceof run.tls.TLSSocket);
        return 'b';
      },
    },
    { ALPNProtocols: ['a', 'b'] },
  );
  return { seen, client: client.alpnProtocol, served: served.alpnProtocol };
});

subject.add('ALPNCallback is not called where the client offers nothing', async (run) => {
  let calls = 0;
  const { client } = await run.pair({ ALPNCallback: () => void calls++ });
  return { calls, alpn: client.alpnProtocol };
});

subject.add('ALPNCallback without a server name', async (run) => {
  const seen: unknown[] = [];
  await run.pair(
    {
      ALPNCallback: (offer: object) => {
        seen.push(offer);
        return 'a';
      },
    },
    { ALPNProtocols: ['a'], servername: '', rejectUnauthorized: false },
  );
  return seen;
});

for (const [name, answer] of [
  ['undefined', undefined],
  ['null', null],
  ['a protocol that was not offered', 'z'],
  ['a number', 5],
  ['an empty string', ''],
] as const) {
  subject.add(
    `ALPNCallback that answers ${name}`,
    async (run) => run.failure({ ALPNCallback: () => answer }, { ALPNProtocols: ['a'] }),
    { since: '20.20' },
  );
}

subject.add(
  'ALPNCallback that throws',
  async (run) => {
    const { server, port } = await run.serve({
      ALPNCallback: () => {
        throw new Error('thrown');
      },
    });
    run.connect({ port, ALPNProtocols: ['a'] }).on('error', () => {});
    return Promise.race([
      errorEvent(server, 'tlsClientError').then((error) => ({ tlsClientError: error })),
      run.uncaught().then((error) => ({ uncaught: error.message })),
    ]);
  },
  { since: '20.20' },
);

subject.add('ALPNCallback sees names of other bytes as ASCII', async (run) => {
  const seen: unknown[] = [];
  const { client } = await run.pair(
    {
      ALPNCallback: ({ protocols }: { protocols: string[] }) => {
        seen.push(...protocols);
        return protocols[1];
      },
    },
    { ALPNProtocols: ['a', 'ä', '€'] },
  );
  return { seen, alpn: client.alpnProtocol };
});

subject.add('a client shows null before and false after where nothing is agreed', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port });
  const before = client.alpnProtocol;
  await new Promise((resolve) => client.once('secureConnect', resolve));
  return { before, after: client.alpnProtocol };
});

await subject.check();
