// A chain that was found good once: what is remembered of it never outlives what it depended on. Beside node:tls, which
// verifies every chain anew.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { certificates, Issuer } from '../support/certificates.js';
import { engineUnderTest } from '../support/engine-under-test.js';
import { handshake } from '../support/handshakes.js';
import { modules } from '../support/tls-modules.js';
import { dial, errorOf, listen } from '../support/tls-server.js';

const localhost = { subject: 'CN=localhost', names: ['localhost'] };
const { ca, foreign, leaf, rsa, client } = await certificates();
const authorities = ca.cert;

type Verdict = (server: Issuer, options?: object) => Promise<string | undefined>;

/** Undefined where a client of these options trusts a server of these. */
function verdictOf(tls: (typeof modules)[keyof typeof modules]): Verdict {
  return async ({ cert, key }, options = {}) =>
    (await handshake(tls, { cert, key }, { ca: authorities, servername: 'localhost', ...options })).clientError;
}

/** The verdicts of `use` in the lifetime of a certificate, with its end: as many seconds as this machine needs for them. */
async function inTime<T>(use: (notAfter: Date) => Promise<T>): Promise<{ readonly notAfter: Date; readonly found: T }> {
  for (let lifetime = 4000; lifetime <= 64_000; lifetime *= 2) {
    // Certificates count in seconds.
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + lifetime);
    const found = await use(notAfter);
    if (Date.now() < notAfter.getTime()) return { notAfter, found };
  }
  throw new Error('Nothing came in time');
}

const untilAfter = (notAfter: Date): Promise<void> => sleep(notAfter.getTime() - Date.now() + 1000);

// They wait for a certificate's last second, all at the same time.
void test('what expires between two connections', { jobs: 4 }, async (t) => {
  for (const [name, tls] of Object.entries(modules)) {
    const verdict = verdictOf(tls);
    void t.test(`${name}, a certificate that expires`, async (t) => {
      const { notAfter, found } = await inTime(async (notAfter) => {
        const brief = await ca.issue({ ...localhost, notAfter });
        // Verdicts go with the last context of their store.
        const secureContext = tls.createSecureContext({ ca: authorities });
        const verdicts = [await verdict(brief, { secureContext }), await verdict(brief, { secureContext })];
        return { brief, secureContext, verdicts };
      });
      t.strictSame(found.verdicts, [undefined, undefined]);
      await untilAfter(notAfter);
      t.equal(await verdict(found.brief, { secureContext: found.secureContext }), 'CERT_HAS_EXPIRED');
    });

    void t.test(`${name}, an issuer that expires`, async (t) => {
      const { notAfter, found } = await inTime(async (notAfter) => {
        const issuer = await Issuer.selfSigned({ subject: 'CN=brief CA', ca: true, notAfter });
        const server = await issuer.issue(localhost);
        const secureContext = tls.createSecureContext({ ca: issuer.cert });
        return { server, secureContext, verdict: await verdict(server, { secureContext }) };
      });
      t.equal(found.verdict, undefined);
      await untilAfter(notAfter);
      t.equal(await verdict(found.server, { secureContext: found.secureContext }), 'CERT_HAS_EXPIRED');
    });
  }
});

for (const [name, tls] of Object.entries(modules)) {
  const verdict = verdictOf(tls);

  void test(`${name}: the same chain, asked for more`, async (t) => {
    t.equal(await verdict(leaf), undefined);
    t.equal(await verdict(leaf, { crl: await ca.revoke(client) }), undefined);
    t.equal(await verdict(leaf, { crl: await ca.revoke(leaf) }), 'CERT_REVOKED');
    t.equal(await verdict(leaf, { ca: foreign.cert }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    t.equal(await verdict(leaf, { servername: 'other.example' }), 'ERR_TLS_CERT_ALTNAME_INVALID');
    t.equal(await verdict(rsa), undefined);
    // Node has no name for it; the TypeScript engine asks for 2048 bits at any level.
    const ours = engineUnderTest === 'typescript' ? undefined : 'EE_KEY_TOO_SMALL';
    const tooSmall = name === 'pqtls' ? ours : 'UNSPECIFIED';
    t.equal(await verdict(rsa, { ciphers: 'DEFAULT@SECLEVEL=3' }), tooSmall);
    t.equal(await verdict(rsa), undefined);
  });

  void test(`${name}: another chain of the same names`, async (t) => {
    t.equal(await verdict(leaf), undefined);
    t.equal(await verdict(foreign), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const { cert, key } = leaf;
    const withMore = await handshake(
      tls,
      { cert: cert + foreign.cert, key },
      { ca: authorities, servername: 'localhost' },
    );
    t.equal(withMore.clientError, undefined, 'a certificate that leads nowhere does not hurt');
  });

  void test(`${name}: what a client may show, a server may not`, async (t) => {
    // One store for both directions: they trust the same certificates.
    const imposter = await ca.issue({ ...localhost, usage: 'client' });
    for (let turn = 0; turn < 2; turn++) {
      const { server, port } = await listen(t, {
        cert: leaf.cert,
        key: leaf.key,
        ca: authorities,
        requestCert: true,
      });
      const accepted = once(server, 'secureConnection');
      const { cert, key } = imposter;
      await dial(t, port, { ca: authorities, cert, key });
      await accepted;
      t.equal(await verdict(imposter), 'INVALID_PURPOSE');
    }
  });
}

// The addon remembers 256 of a store's; the TypeScript engine none.
const chains = engineUnderTest === 'typescript' ? 10 : 260;

void test('more chains than are remembered', async (t) => {
  const { port, server } = await listen(t);
  server.on('tlsClientError', () => {});
  for (let i = 0; i < chains; i++) {
    const { cert, key } = await ca.issue(localhost);
    server.setSecureContext({ cert, key });
    const socket = await dial(t, port, { ca: ca.cert });
    await once(socket, 'secureConnect');
    socket.destroy();
  }
  server.setSecureContext({ cert: foreign.cert, key: foreign.key });
  t.equal((await errorOf(await dial(t, port, { ca: ca.cert }))).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});
