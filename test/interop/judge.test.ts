// The matrix can fail: whatever either end sees otherwise than the cell asks for is found, and every cell is accounted for.

import t from 'tap';
import { NamedGroup, SignatureScheme } from '#src/protocol/constants.js';
import { allCells, engines, isQuick, type Cell } from './axes.js';
import { makeCredentials } from './credentials.js';
import { judge } from './judge.js';
import { runCells } from './matrix.js';
import type { Observation } from './ours.js';
import type { Conversation, Peer, PeerReport } from './peer.js';
import { peers } from './peers/index.js';

const cell: Cell = {
  ours: 'aws-lc',
  role: 'server',
  version: 'TLSv1.3',
  group: 'X25519MLKEM768',
  signature: 'mldsa65',
  resumption: false,
  clientAuth: true,
  helloRetry: true,
};

void t.test('every fact of either end counts', async (t) => {
  const credentials = (await makeCredentials())[cell.signature];
  const ours: Observation = {
    protocol: 'TLSv1.3',
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    group: 'X25519MLKEM768',
    signatureScheme: 'mldsa65',
    peerSignatureScheme: 'mldsa65',
    resumed: false,
    helloRetryRequest: true,
    authorized: true,
    peerCertificate: credentials.server.fingerprint,
    sent: 'aa',
    received: 'aa',
  };
  const theirs: PeerReport = {
    protocol: 'TLSv1.3',
    cipherSuite: 0x1301,
    group: NamedGroup.X25519MLKEM768,
    signatureScheme: SignatureScheme.mldsa65,
    peerSignatureScheme: 'mldsa65',
    resumed: false,
    helloRetryRequest: true,
    peerCertificate: credentials.client.fingerprint,
    sent: 'aa',
    received: 'aa',
  };
  t.same(judge(cell, 0, credentials, ours, theirs), []);
  t.same(
    judge(cell, 0, credentials, ours, { protocol: 'TLSv1.3', sent: 'aa', received: 'aa' }),
    [],
    'what a peer does not tell is not held against it',
  );
  const others: Record<string, unknown> = {
    protocol: 'TLSv1.2',
    cipherSuite: 'TLS_AES_256_GCM_SHA384',
    group: 'X25519',
    signatureScheme: 'ed25519',
    peerSignatureScheme: 'ed25519',
    resumed: true,
    helloRetryRequest: false,
    authorized: false,
    peerCertificate: '',
    sent: 'bb',
    received: 'bb',
  };
  for (const [name, value] of Object.entries(others)) {
    t.not(judge(cell, 0, credentials, { ...ours, [name]: value }, theirs).length, 0, `our ${name}`);
    if (name === 'authorized') continue;
    t.not(judge(cell, 0, credentials, ours, { ...theirs, [name]: value }).length, 0, `their ${name}`);
  }
});

function peerThat(start: () => Promise<Conversation>): Peer {
  return {
    name: 'made-up',
    title: 'made up',
    pin: 'none',
    limits: [],
    missing: () => undefined,
    prepare: async () => {},
    version: async () => '0',
    start,
  };
}

void t.test('a peer that fails is a failure in words of both ends', async (t) => {
  const broken = peerThat(async () => ({
    port: undefined,
    report: async () => {
      throw new Error('it broke');
    },
    end: async () => {},
  }));
  const results = await runCells(broken, [{ ...cell, role: 'client' }], await makeCredentials(), 1, () => {});
  t.match(results, [{ outcome: { status: 'failed', problems: [/we: waited for the other end; the peer: it broke/] } }]);
});

void t.test('what a peer excludes is n/a, and is not run', async (t) => {
  const limited: Peer = {
    ...peerThat(() => Promise.reject(new Error('it must not be started'))),
    limits: [{ reason: 'it cannot', excludes: () => true }],
  };
  const cells = [...allCells()].filter(isQuick);
  const results = await runCells(limited, cells, await makeCredentials(), 2, () => {});
  t.equal(results.length, cells.length);
  t.ok(results.every(({ outcome }) => outcome.status === 'n/a' && outcome.reason === 'it cannot'));
});

void t.test('each engine has the cells of what it speaks, and no others', (t) => {
  const cells = [...allCells()];
  const valuesOf = (ours: string, key: 'version' | 'group' | 'role' | 'signature') =>
    new Set(cells.filter((one) => one.ours === ours).map((one) => one[key]));
  t.same([...valuesOf('typescript', 'version')], ['TLSv1.3']);
  t.notOk(valuesOf('typescript', 'group').has('secp521r1'));
  for (const key of ['role', 'signature'] as const) t.same(valuesOf('typescript', key), valuesOf('aws-lc', key), key);
  const isOfBoth = ({ version, group }: Cell): boolean => version === 'TLSv1.3' && group !== 'secp521r1';
  const countOf = (engine: string): number => cells.filter((one) => one.ours === engine && isOfBoth(one)).length;
  t.equal(countOf('typescript'), countOf('aws-lc'));
  t.end();
});

void t.test('every peer supports most of a role, and the hybrid that matters', (t) => {
  for (const peer of peers) {
    if (peer.name === 'python') continue;
    const supported = [...allCells()].filter((one) => !peer.limits.some(({ excludes }) => excludes(one)));
    for (const engine of engines) {
      t.ok(
        supported.some(({ ours, group, helloRetry }) => ours === engine && group === 'X25519MLKEM768' && !helloRetry),
        `${peer.name}, ${engine}`,
      );
    }
  }
  t.end();
});
