// ALPNCallback: the same cases on node:tls and pqtls. RFC 7301.

import t from 'tap';
import type { TLSSocket } from 'node:tls';
import { attempt } from '../support/handshakes.js';
import { modules, onBoth } from '../support/tls-modules.js';
import { credentials } from '../support/tls-server.js';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const offered = { ALPNProtocols: ['a', 'b'] };

for (const maxVersion of versions) {
  onBoth(t, `${maxVersion}: ALPNCallback chooses`, async (t, tls) => {
    const seen: unknown[] = [];
    const ALPNCallback = (offer: { servername: string; protocols: string[] }) => {
      seen.push(offer);
      return 'b';
    };
    const { client, served } = await attempt(t, tls, { ALPNCallback, maxVersion }, offered);
    t.same(seen, [{ servername: 'localhost', protocols: ['a', 'b'] }]);
    t.equal(client.alpnProtocol, 'b');
    t.equal(served?.alpnProtocol, 'b');
  });

  onBoth(t, `${maxVersion}: undefined refuses, and so does a list without a common protocol`, async (t, tls) => {
    for (const options of [{ ALPNCallback: () => undefined }, { ALPNProtocols: ['other'] }]) {
      const { log } = await attempt(t, tls, { ...options, maxVersion }, offered);
      t.ok(log.includes('tlsClientError ERR_SSL_NO_APPLICATION_PROTOCOL'), String(log));
      t.ok(log.includes('error ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'), String(log));
    }
  });

  onBoth(
    t,
    `${maxVersion}: a result that was not offered ends the connection without an alert`,
    async (t, tls) => {
      for (const value of ['zz', null, 5, '']) {
        const ALPNCallback = (() => value) as () => string;
        const { serverError, clientError } = await attempt(t, tls, { ALPNCallback, maxVersion }, offered);
        t.match(serverError, { name: 'TypeError', code: 'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT' });
        t.equal(
          serverError?.message,
          `ALPN callback returned a value (${value}) that did not match any of the client's offered protocols (a, b)`,
        );
        t.equal(clientError?.code, 'ECONNRESET');
      }
    },
    '20.20',
  );

  onBoth(
    t,
    `${maxVersion}: an ALPNCallback that throws`,
    async (t, tls) => {
      const ALPNCallback = () => {
        throw new Error('no such tenant');
      };
      const { serverError, clientError } = await attempt(t, tls, { ALPNCallback, maxVersion }, offered);
      t.equal(serverError?.message, 'no such tenant');
      t.equal(clientError?.code, 'ECONNRESET');
    },
    '20.20',
  );

  onBoth(t, `${maxVersion}: a client without ALPN is not asked about`, async (t, tls) => {
    const ALPNCallback = () => t.fail('called') as never;
    const { client, served } = await attempt(t, tls, { ALPNCallback, maxVersion }, {});
    t.equal(client.alpnProtocol, false);
    t.equal(served?.alpnProtocol, false);
  });

  onBoth(t, `${maxVersion}: this is the socket, and setKeyCert() counts`, async (t, tls) => {
    const { authority } = await credentials();
    const other = await authority.issue({ names: ['localhost', 'other.test'] });
    function ALPNCallback(this: TLSSocket): string {
      (this as unknown as { setKeyCert(options: object): void }).setKeyCert(other);
      return 'a';
    }
    const { client } = await attempt(t, tls, { ALPNCallback, maxVersion }, offered);
    t.match(client.getPeerCertificate().subjectaltname, /other\.test/);
  });
}

// node:tls runs into an assertion of its own there.
void t.test('pqtls: destroy() inside of ALPNCallback', async (t) => {
  function ALPNCallback(this: TLSSocket): string {
    this.destroy(new Error('enough'));
    return 'a';
  }
  const { log } = await attempt(t, modules.pqtls, { ALPNCallback: ALPNCallback }, offered);
  t.same(log.toSorted(), ['error ECONNRESET', 'tlsClientError enough']);
});

void t.test('pqtls: names of any bytes are told and answered', async (t) => {
  // As RFC 8701 sends them; told as ASCII, as node:tls does.
  const ALPNProtocols = [Buffer.from([0x0a, 0x0a]), Buffer.from([0xfa, 0xfa])] as never;
  const seen: string[] = [];
  const ALPNCallback = ({ protocols }: { protocols: string[] }) => {
    seen.push(...protocols);
    return protocols[1];
  };
  const { log } = await attempt(t, modules.pqtls, { ALPNCallback }, { ALPNProtocols });
  t.same(seen, ['\n\n', 'zz']);
  t.same(log.toSorted(), ['secureConnect', 'secureConnection']);
});

onBoth(t, 'bad values', (t, tls) => {
  t.throws(() => tls.createServer({ ALPNCallback: () => 'a', ALPNProtocols: ['a'] }), {
    name: 'TypeError',
    code: 'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS',
    message: 'The ALPNCallback and ALPNProtocols TLS options are mutually exclusive',
  });
  t.throws(() => new tls.TLSSocket(undefined as never, { isServer: true, ALPNCallback: 1 } as never), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
  t.end();
});
