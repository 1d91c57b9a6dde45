// The grades of `pqtls scan`: every rule by itself, and together.

import t from 'tap';
import { grades, isBelow, judge, reasonOf, rules } from '#src/cli/scan/grade.js';
import type { EndpointReport } from '#src/cli/scan/report.js';
import { entryOf, exitCode, type ScanResult } from '#src/cli/scan/result.js';
import { accepts, best, refuses, withLeaf } from '../support/scan-report.js';

const legacy = { order: 'server', ended: refuses } as const;

/** For each rule, what of the best endpoint has to change, and what else then applies. */
const cases: Readonly<Record<string, readonly [Partial<EndpointReport>, ...also: string[]]>> = {
  'no-handshake': [{ status: 'refused', problem: 'alert handshake_failure', versions: {}, groups: {} }],
  'large-client-hello-breaks': [
    { largeClientHello: { result: 'reset', detail: 'reset', classicalOfSameSize: 'reset' } },
  ],
  'obsolete-version-only': [{ versions: { 'TLSv1.3': refuses, 'TLSv1.2': refuses, TLSv1: accepts }, groups: {} }],
  'certificate-not-valid': [withLeaf({ notAfter: '2026-11-28T11:59:59.000Z' })],
  'weak-certificate': [withLeaf({ key: 'RSA-1024' }), 'classical-certificate'],
  'no-tls13': [{ versions: { 'TLSv1.3': refuses, 'TLSv1.2': accepts }, groups: {} }],
  'no-post-quantum': [{ groups: { X25519MLKEM768: refuses, SecP256r1MLKEM768: refuses, X25519: accepts } }],
  'post-quantum-unknown': [{ groups: { X25519MLKEM768: { result: 'timeout', detail: '' }, X25519: accepts } }],
  'obsolete-version-accepted': [{ versions: { 'TLSv1.3': accepts, 'TLSv1.1': accepts } }, 'classical-accepted'],
  'not-trusted': [
    {
      chains: [
        {
          ...best.chains[0],
          certificates: best.chains[0]?.certificates ?? [],
          trusted: false,
          problem: 'X',
          signatureSchemes: [],
        },
      ],
    },
  ],
  'post-quantum-not-preferred': [
    {
      groups: { ...best.groups, X25519: accepts },
      preferredGroup: { group: 'X25519', helloRetryRequest: false, order: 'server' },
    },
    'classical-accepted',
  ],
  'post-quantum-by-retry': [
    { preferredGroup: { group: 'SecP384r1MLKEM1024', helloRetryRequest: true, order: 'server' } },
  ],
  'retry-request-broken': [
    { helloRetryRequest: { ...best.helloRetryRequest, withLesserShare: { behaviour: 'fails', detail: 'reset' } } },
  ],
  'no-forward-secrecy': [
    {
      versions: { 'TLSv1.3': accepts, 'TLSv1.2': accepts },
      legacySuites: { 'TLSv1.2': { ...legacy, suites: ['TLS_RSA_WITH_AES_128_GCM_SHA256'] } },
    },
    'classical-accepted',
  ],
  'classical-accepted': [{ groups: { ...best.groups, X25519: accepts } }],
  'classical-unknown': [{ groups: { ...best.groups, X25519: { result: 'timeout', detail: '' } } }],
  'client-order': [
    {
      preferredGroup: {
        group: 'X25519MLKEM768',
        helloRetryRequest: false,
        reversed: 'SecP384r1MLKEM1024',
        order: 'client',
      },
    },
  ],
  'classical-certificate': [withLeaf({ key: 'EC-P-256' })],
  'expires-soon': [withLeaf({ notAfter: '2026-12-01T00:00:00.000Z' })],
};

t.test('nothing found is the best grade', (t) => {
  t.strictSame(judge(best), { grade: 'A+', findings: [] });
  t.equal(reasonOf(best, judge(best)), 'Post-quantum key exchange is required.');
  t.end();
});

t.test('each rule', (t) => {
  t.strictSame(Object.keys(cases).sort(), rules.map(({ id }) => id).sort(), 'has its case');
  for (const rule of rules) {
    const [changes, ...also] = cases[rule.id] ?? [{}];
    const { grade, findings } = judge({ ...best, ...changes });
    t.strictSame(findings.map(({ rule: { id } }) => id).sort(), [rule.id, ...also].sort(), rule.id);
    t.equal(grade, rule.cap ?? 'A+', `${rule.id}: grade`);
    t.match(findings[0]?.message, /\.$/, `${rule.id}: a sentence`);
  }
  t.end();
});

t.test('rules stand in the order of what they leave', (t) => {
  const caps = rules.flatMap(({ cap }) => cap ?? []);
  t.strictSame(
    caps,
    caps.toSorted((a, b) => grades.indexOf(b) - grades.indexOf(a)),
  );
  t.end();
});

t.test('a certificate with SHA-1, and one that is not valid yet', (t) => {
  t.equal(judge({ ...best, ...withLeaf({ signature: 'sha1WithRSAEncryption' }) }).grade, 'F');
  t.equal(judge({ ...best, ...withLeaf({ signature: 'sha1WithRSAEncryption', selfIssued: true }) }).grade, 'A+');
  const [chain] = best.chains;
  const weakIssuer = { ...chain?.certificates[0], subject: 'CN=middle', key: 'RSA-1024' };
  const chains = [{ ...chain, certificates: [...(chain?.certificates ?? []), weakIssuer] }];
  const weak = judge({ ...best, chains } as EndpointReport);
  t.match(weak.findings[0], { rule: { id: 'weak-certificate' }, message: /issuer CN=middle: Its key has 1024 bits/ });
  t.equal(judge({ ...best, ...withLeaf({ notBefore: '2026-11-29T00:00:00.000Z' }) }).grade, 'F');
  t.end();
});

t.test('no grade where the scan did not come to its end', (t) => {
  t.equal(judge({ ...best, incomplete: 'it stopped answering' }).grade, undefined);
  for (const status of ['unreachable', 'silent', 'closed', 'not-tls'] as const) {
    t.equal(judge({ ...best, status, problem: 'x', versions: {}, groups: {} }).grade, undefined, status);
  }
  t.end();
});

t.test('the exit code', (t) => {
  const result = (reports: readonly EndpointReport[], missing: string[] = []): ScanResult => ({
    tool: { name: 'pqtls', version: '0', engine: '', node: '', openssl: '' },
    startedAt: best.scannedAt,
    finishedAt: best.scannedAt,
    entries: reports.map(entryOf),
    missing,
  });
  const classical = { ...best, groups: { ...best.groups, X25519: accepts } };
  const unreachable: EndpointReport = { ...best, status: 'unreachable', problem: 'x', versions: {}, groups: {} };
  t.equal(exitCode(result([best, classical]), 'A'), 0);
  t.equal(exitCode(result([best, classical]), 'A+'), 1);
  t.equal(exitCode(result([best, unreachable]), 'A'), 3);
  t.equal(exitCode(result([classical, unreachable]), 'A+'), 1, 'below comes first');
  t.equal(exitCode(result([best], ['a:1']), 'A'), 3);
  t.ok(isBelow('F', 'D'));
  t.notOk(isBelow('A+', 'A'));
  t.end();
});
