// What `pqtls scan` writes: JSON, CSV, SARIF, CycloneDX and HTML, each checked by its own schema or a reader of it.

import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import addFormats2019 from 'ajv-formats-draft2019';
import { parse } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { html } from '#src/cli/html-template.js';
import { rules } from '#src/cli/scan/grade.js';
import { formats } from '#src/cli/scan/outputs/formats.js';
import { endpointReportSchema, type EndpointReport } from '#src/cli/scan/report.js';
import { entryOf, type ScanResult } from '#src/cli/scan/result.js';
import { accepts, best, certificate, refuses, withLeaf } from '../support/scan-report.js';

const require = createRequire(import.meta.url);

/** What a hostile endpoint may put into its certificate. */
const hostile = '<script>alert(1)</script>"\'&\u001b[31m\r\n=HYPERLINK("http://x")';

const reports: readonly EndpointReport[] = [
  best,
  {
    ...best,
    endpoint: { host: '2001:db8::7', port: 8443, servername: 'api.example' },
    versions: { 'TLSv1.3': accepts, 'TLSv1.2': accepts, 'TLSv1.1': accepts, TLSv1: accepts },
    groups: Object.fromEntries(
      ['X25519MLKEM768', 'MLKEM768', 'MLKEM1024', 'X25519', 'secp521r1', 'x448', 'ffdhe2048'].map((name) => [
        name,
        accepts,
      ]),
    ),
    tls13Suites: { TLS_AES_128_CCM_SHA256: accepts, TLS_CHACHA20_POLY1305_SHA256: accepts },
    legacySuites: {
      'TLSv1.2': {
        suites: [
          'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
          'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
          'TLS_RSA_WITH_AES_128_CBC_SHA256',
        ],
        order: 'client',
        ended: refuses,
      },
      TLSv1: { suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'], order: 'single', ended: refuses },
    },
    signatureSchemes: { accepted: ['rsa_pss_rsae_sha256', 'ecdsa_secp384r1_sha384', 'ed25519'], ended: refuses },
    ...withLeaf({
      subject: hostile,
      issuer: hostile,
      names: [hostile],
      key: 'RSA-2048',
      signature: 'sha256WithRSAEncryption',
    }),
  },
  {
    ...best,
    endpoint: { host: 'b.example', port: 443 },
    ...withLeaf({
      subject: '=cmd|calc',
      notAfter: 'no date',
      key: '1.2.3.4',
      signature: 'unreadable',
      fingerprint256: 'CC',
    }),
  },
  {
    ...best,
    endpoint: { host: 'c.example', port: 443 },
    status: 'unreachable',
    problem: `-1 ${hostile}`,
    versions: {},
    groups: {},
    chains: [],
    tls13Suites: {},
  },
];

const result: ScanResult = {
  tool: { name: 'pqtls', version: '1.2.3', engine: 'AWS-LC 5.12.0', node: '20.19.0', openssl: '3.0.0' },
  startedAt: '2026-11-28T12:00:00.000Z',
  finishedAt: '2026-11-28T12:00:09.500Z',
  entries: reports.map(entryOf),
  missing: ['d.example:443'],
};

function newAjv(): Ajv.default {
  const ajv = new Ajv.default({ strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  return ajv;
}

t.test('JSON', (t) => {
  const document = JSON.parse(formats.json(result));
  t.match(document, { format: 'pqtls scan', version: 1, summary: { endpoints: 5, missing: ['d.example:443'] } });
  t.strictSame(document.summary.grades, { 'A+': 1, A: 0, B: 0, C: 1, D: 0, F: 0, none: 1, ...grouped(document) });
  for (const [index, { name, grade, reason, findings, ...report }] of document.endpoints.entries()) {
    t.strictSame(endpointReportSchema.parse(report), reports[index], `${name}: the report as it is`);
    t.type(reason, 'string');
    t.ok(grade === null || typeof grade === 'string');
    t.ok(Array.isArray(findings));
  }
  t.end();

  function grouped({ endpoints }: { endpoints: { grade: string | null }[] }): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { grade } of endpoints) counts[grade ?? 'none'] = (counts[grade ?? 'none'] ?? 0) + 1;
    return counts;
  }
});

t.test('CSV', (t) => {
  const text = formats.csv(result);
  t.match(text, /^endpoint,address,status,grade,reason,/);
  t.notMatch(text.replaceAll('\r\n', '').replaceAll(/"[^"]*"/g, ''), /\n/, 'lines end with CRLF');
  const rows: Record<string, string>[] = parse(text, { columns: true, record_delimiter: '\r\n' });
  t.equal(rows.length, reports.length);
  t.equal(rows[0]?.['grade'], 'A+');
  t.equal(rows[0]?.['post_quantum_groups'], 'X25519MLKEM768 SecP384r1MLKEM1024');
  t.equal(rows[1]?.['subject'], hostile.replace('\u001b', '?'), 'quotes and lines come back as they are');
  t.equal(rows[2]?.['subject'], "'=cmd|calc", 'no formula');
  for (const row of rows) for (const [name, value] of Object.entries(row)) t.notMatch(value, /^[=+\-@\t\r]/, name);
  t.end();
});

t.test('SARIF', (t) => {
  const log = JSON.parse(formats.sarif(result));
  const folder = dirname(require.resolve('@microsoft/jest-sarif/package.json'));
  const schema = JSON.parse(readFileSync(join(folder, 'lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'));
  // Draft 4's word for $id, which is all of draft 4 in it.
  delete schema.id;
  delete schema.$schema;
  const validate = newAjv().compile(schema);
  t.ok(validate(log), JSON.stringify(validate.errors));
  const [run] = log.runs;
  t.equal(run.tool.driver.rules.length, rules.length);
  for (const { id, help } of run.tool.driver.rules) t.ok(help.text.length > 0, `${id} has help`);
  for (const { ruleId, ruleIndex } of run.results) t.equal(run.tool.driver.rules[ruleIndex].id, ruleId);
  t.match(run.invocations[0], { executionSuccessful: false });
  t.equal(run.invocations[0].toolExecutionNotifications.length, 2, 'the unreachable, and the missing');
  const spoilt = { ...log, runs: [{ ...run, tool: {} }] };
  t.notOk(validate(spoilt), 'the schema would notice');
  t.end();
});

t.test('CycloneDX', (t) => {
  const bill = JSON.parse(formats.cyclonedx(result));
  const folder = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res/schema');
  const read = (name: string): object => JSON.parse(readFileSync(join(folder, name), 'utf8')) as object;
  const ajv = newAjv();
  addFormats2019(ajv);
  ajv.addFormat('string', true);
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json']) {
    // By the name that the schema refers to: it is not that of their own $id.
    ajv.addSchema({ ...read(name), $id: `http://cyclonedx.org/schema/${name}` });
  }
  const validate = ajv.compile(read('bom-1.6.SNAPSHOT.schema.json'));
  t.ok(validate(bill), JSON.stringify(validate.errors));
  t.notOk(validate({ ...bill, components: [{ ...bill.components[0], cryptoProperties: { assetType: 'x' } }] }));

  type Component = { 'bom-ref': string; cryptoProperties: { assetType: string; algorithmProperties: object } };
  const components = new Map<string, Component>(
    bill.components.map((component: Component) => [component['bom-ref'], component]),
  );
  t.equal(components.size, bill.components.length, 'each once');
  const level = (name: string): unknown =>
    Reflect.get(
      components.get(`algorithm/${name}`)?.cryptoProperties.algorithmProperties ?? {},
      'nistQuantumSecurityLevel',
    );
  for (const [name, expected] of [
    ['X25519MLKEM768', 3],
    ['SecP384r1MLKEM1024', 5],
    ['MLKEM768', 3],
    ['MLKEM1024', 5],
    ['X25519', 0],
    ['ffdhe2048', 0],
    ['mldsa65', 3],
    ['ML-DSA-65', 3],
    ['rsa_pss_rsae_sha256', 0],
    ['RSA-2048', 0],
    ['AES-256-GCM', 5],
    ['AES-128-CCM', 1],
    ['CHACHA20-POLY1305', 5],
    ['3DES-EDE-CBC', undefined],
    ['1.2.3.4', undefined],
  ] as const) {
    t.ok(components.has(`algorithm/${name}`), name);
    t.equal(level(name), expected, `${name}: category`);
  }
  const references = new Set([...components.keys(), ...bill.services.map((service: Component) => service['bom-ref'])]);
  for (const { ref, dependsOn } of bill.dependencies as { ref: string; dependsOn: string[] }[]) {
    t.ok(references.has(ref), ref);
    for (const target of dependsOn) t.ok(references.has(target), `${ref} -> ${target}`);
  }
  t.equal(bill.services.length, 3, 'what was scanned');
  t.strictSame(bill.services[1].endpoints, ['//[2001:db8::7]:8443']);
  t.end();
});

t.test('HTML', (t) => {
  const page = formats.html(result);
  t.notMatch(page, /(?![\n\t])\p{C}/u, 'nothing that steers a terminal');
  t.equal(html`${'a\u202e\u009bb\n'}`.text, 'a\ufffd\ufffdb\n', 'or turns text around');
  t.notMatch(page, /<script/i, 'no script, not even that of a certificate');
  t.match(page, /&#60;script&#62;alert\(1\)&#60;\/script&#62;/, 'it is shown');
  t.notMatch(page, /\b(src|href)=(?!"#)/i, 'nothing is loaded');
  t.match(page, /default-src 'none'/);
  t.match(page, /<caption>\s*Endpoints by grade\s*<\/caption>/);
  t.match(page, /<th scope="row">A\+<\/th>/);
  t.match(page, /Not scanned: d\.example:443/);
  for (const { name } of result.entries) t.ok(page.includes(name), name);
  const attributes = [...page.matchAll(/<[a-z][^>]*>/gi)].map(([tag]) => tag);
  for (const tag of attributes) t.notMatch(tag, /\son\w+=/i, 'no handler');
  t.end();
});

t.test('table', (t) => {
  const text = formats.table(result);
  t.notOk(text.includes('\u001b'), 'a peer does not steer the terminal');
  t.match(text, /4 endpoints in 9\.5 s\. A\+: \d/);
  t.match(text, /Not scanned: d\.example:443/);
  t.end();
});

t.test('the certificate of the tests is one of the schema', (t) => {
  t.ok(endpointReportSchema.safeParse({ ...best, ...withLeaf(certificate) }).success);
  t.notOk(endpointReportSchema.safeParse({ ...best, extra: 1 }).success);
  t.end();
});
