// The TypeScript verification of chains against AWS-LC's and node:tls's, over real handshakes: where they differ, why.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import nodeTls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import t from 'tap';
import pqtls from 'pqtls';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { parseRevocationList } from '#src/x509/revocation-list.js';
import { TrustStore } from '#src/x509/trust-store.js';
import { verifyChain } from '#src/x509/verify-chain.js';
import { chainCases, type Case } from '../support/chains.js';

t.setTimeout(240_000);

type Connect = (options: ConnectionOptions) => TLSSocket;
/** What has a code in OpenSSL and no name in node:tls. */
const unnamed: ReadonlySet<string | undefined> = new Set([
  ...['UNHANDLED_CRITICAL_EXTENSION', 'PERMITTED_VIOLATION', 'EXCLUDED_VIOLATION'],
]);

/** `differing`: undefined where they agree, null where the other takes the chain. */
function theirs(expected: string | undefined, differing: string | null | undefined): string | undefined {
  if (differing !== undefined) return differing ?? undefined;
  return unnamed.has(expected) ? 'UNSPECIFIED' : expected;
}

const clients = {
  // The security level is the default of Node 20.
  'node:tls': (options: ConnectionOptions) => nodeTls.connect({ ...options, ciphers: 'DEFAULT@SECLEVEL=1' }),
  'aws-lc': pqtls.connect as unknown as Connect,
};

function pemOf(crl: Uint8Array): string {
  return `-----BEGIN X509 CRL-----\n${Buffer.from(crl).toString('base64')}\n-----END X509 CRL-----\n`;
}

/** What a client says of the chain, with no check of the name; undefined where it takes it. */
async function verdictOf(connect: Connect, port: number, { trusted, crls, allowPartial }: Case): Promise<unknown> {
  const client = connect({
    port,
    host: '127.0.0.1',
    ca: trusted.map(({ pem }) => pem),
    ...(crls === undefined ? {} : { crl: crls.map(pemOf) }),
    ...({ allowPartialTrustChain: allowPartial ?? false } as object),
    checkServerIdentity: () => undefined,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  try {
    await once(client, 'secureConnect');
    return client.authorizationError ?? undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    client.destroy();
  }
}

t.test('every kind of chain', async (t) => {
  for (const row of await chainCases()) {
    const { chain, trusted, crls, allowPartial, title, expected } = row;
    const server = nodeTls.createServer({
      cert: chain.map(({ pem }) => pem).join(''),
      key: (await chain[0]?.keyPem()) ?? '',
      // It shows what it is told to, SHA-1 and all.
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ours = verifyChain(
      chain.map(({ der }) => der),
      {
        trusted: new TrustStore(trusted.map(({ der }) => der)),
        purpose: 'serverAuth',
        time: Date.now(),
        verifySignature: nodePrimitives.verifySignature,
        crls: crls?.map(parseRevocationList),
        allowPartial,
      },
    );
    t.equal(ours.error?.code, expected, title);
    const node = await verdictOf(clients['node:tls'], port, row);
    t.equal(node, theirs(expected, row.node), `${title}, node:tls`);
    const awsLc = await verdictOf(clients['aws-lc'], port, row);
    t.equal(awsLc, theirs(expected, row.awsLc), `${title}, aws-lc`);
    const differs = row.node !== undefined || row.awsLc !== undefined;
    t.equal(row.why !== undefined, differs, `${title}: a difference has a reason`);
    server.close();
  }
});
