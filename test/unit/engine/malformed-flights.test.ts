// Both engines meet the same malformed flights, in both roles: the class of the error, its code and the alert are the same, but
// for what stands in alert-deviations.ts; and there everything still deviates.

import '../../support/both-engines.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import type { TlsError } from '#src/errors.js';
import { faultAlerts, type FaultAlert, type FaultReason } from '#src/protocol/faults.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { Issuer } from '../../support/certificates.js';
import { credentialOf } from '../../support/endpoints.js';
import { meet } from '../../support/hostile-peer.js';
import { projectDir } from '../../support/project.js';
import { alertDeviations, codeDeviations, type Outcome } from './alert-deviations.js';
import { malformedFlights } from './malformed-flights.js';

const certificate = await Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] });
const identity = {
  options: { cert: certificate.cert, key: certificate.key, ca: certificate.cert },
  context: {
    credentials: [credentialOf(certificate)],
    tickets: new TicketKeys(nodePrimitives, Date.now),
  },
};

/** Not of a malformed flight's making; each has its tests elsewhere. */
const otherReasons: Partial<Record<FaultReason, string>> = {
  CONNECTION_REJECTED: "the program's refusal: test/api/errors.test.ts",
  CERTIFICATE_VERIFY_FAILED: "the program's verdict: engines.test.ts",
  PRIVATE_KEY_OPERATION_FAILED: "the program's signature: test/api/sign.test.ts",
  ENGINE_FAILED: 'ours',
};

function outcomeOf(error: TlsError | undefined): Outcome | 'accepted' {
  if (error === undefined) return 'accepted';
  return { class: error.constructor.name, code: error.code, alert: error.alertSent ?? 'none' };
}

const bothSides = / from a (client|server)$/;

/** The table's row for a flight, by its name with or without the side. */
function rowOf<Row>(table: Readonly<Record<string, Row>>, name: string): [key: string, row: Row] | undefined {
  for (const key of [name, name.replace(bothSides, '').replace(/,$/, '')]) {
    const row = table[key];
    if (row !== undefined) return [key, row];
  }
  return undefined;
}

const used = new Set<string>();
/** By row: what the TypeScript engine does. */
const proper = new Map<string, Outcome | 'accepted'>();

t.test('the TypeScript engine sends the alert of the RFC, AWS-LC the same but for the table', async (t) => {
  for (const [name, flight] of malformedFlights) {
    const error = await meet('typescript', flight, identity);
    t.equal(error?.engineReason, flight.reason, name);
    const pure = outcomeOf(error);
    if (flight.reason !== undefined && pure !== 'accepted') {
      t.equal(pure.alert, flight.alert ?? (faultAlerts as Partial<Record<string, FaultAlert>>)[flight.reason], name);
    }
    const native = outcomeOf(await meet('aws-lc', flight, identity));
    const deviation = rowOf(alertDeviations, name);
    const code = rowOf(codeDeviations, name);
    if (deviation !== undefined) {
      used.add(deviation[0]);
      proper.set(deviation[0], pure);
      t.same(native, deviation[1], `AWS-LC: ${name}`);
      t.notSame(native, pure, `${name} still deviates`);
    } else if (code !== undefined && pure !== 'accepted') {
      used.add(code[0]);
      t.same(native, { ...pure, code: code[1] }, `AWS-LC: ${name}`);
      t.not(pure.code, code[1], `${name} still has another code`);
    } else t.same(native, pure, `AWS-LC: ${name}`);
  }
});

t.test('every reason of a fault is provoked, and every row of the tables was needed', (t) => {
  const provoked = new Set<string | undefined>([...malformedFlights.values()].map(({ reason }) => reason));
  for (const reason of Object.keys(faultAlerts) as FaultReason[]) {
    t.not(provoked.has(reason), otherReasons[reason] !== undefined, reason);
  }
  for (const key of [...Object.keys(alertDeviations), ...Object.keys(codeDeviations)]) t.ok(used.has(key), key);
  t.end();
});

t.test('the page has the same table', (t) => {
  const page = readFileSync(join(projectDir, 'docs/typescript-engine.md'), 'utf8');
  const section = page.slice(page.indexOf('## Alerts'), page.indexOf('\n## ', page.indexOf('## Alerts') + 1));
  const rows = section.split('\n').filter((line) => /^\| (?!the peer sent)/.test(line) && !line.startsWith('|---'));
  const expected = Object.entries(alertDeviations).map(([key, native]) => {
    const pure = proper.get(key) ?? 'accepted';
    const differs = native !== 'accepted' && pure !== 'accepted' && native.class !== pure.class;
    const note = differs ? `, \`${native.class}\`` : '';
    return `| ${key} | ${shown(pure)} | ${shown(native)}${note} |`;
  });
  t.same(rows.map(squeezed).sort(), expected.sort());
  t.end();
});

function shown(outcome: Outcome | 'accepted'): string {
  if (outcome === 'accepted') return 'takes it';
  return outcome.alert === 'none' ? 'no alert' : `\`${outcome.alert}\``;
}

/** Without what prettier aligns the columns by. */
function squeezed(row: string): string {
  return row.replace(/ +/g, ' ');
}
