// Starts endpoints of known kinds in processes of their own, runs the built `pqtls scan`, and compares.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { Authority } from '#src/cli/demo-authority.js';
import { judge } from '#src/cli/scan/grade.js';
import { accepted, type EndpointReport } from '#src/cli/scan/report.js';
import { certificates } from './certificates.js';
import { issuedByP256 } from './mldsa-certificate.js';
import { nodeBinary, type NodeVersion } from './node-versions.js';
import { cleanEnvironment, projectDir, runCommand, temporaryFolder, type CommandResult } from './project.js';
import type { Credentials } from './scan-endpoints.js';
import type { Kind, Known } from './scan-kinds.js';

const day = 24 * 60 * 60 * 1000;
const serverFile = join(import.meta.dirname, 'scan-endpoints.js');
export const commandFile = join(projectDir, 'dist/cli/main.js');

export interface Served {
  readonly kind: Kind;
  readonly port: number;
}

export interface Zoo {
  readonly folder: string;
  /** PEM of the authorities that issued what is to be trusted. */
  readonly ca: string;
  readonly served: readonly Served[];
}

/** @param processes how many serve what runs on this Node */
export async function startZoo(t: Test, kinds: readonly Kind[], processes = 1): Promise<Zoo> {
  const scratch = temporaryFolder('scan');
  t.teardown(() => scratch.remove());
  const { credentials, ca } = await makeCredentials();
  const credentialsFile = join(scratch.path, 'credentials.json');
  writeFileSync(credentialsFile, JSON.stringify(credentials), { mode: 0o600 });
  writeFileSync(join(scratch.path, 'ca.pem'), ca);
  const shares = new Map<string, { node: NodeVersion | undefined; kinds: Kind[] }>();
  for (const [index, kind] of kinds.entries()) {
    const key = kind.node ?? `here ${index % processes}`;
    const share = shares.get(key) ?? { node: kind.node, kinds: [] };
    share.kinds.push(kind);
    shares.set(key, share);
  }
  const served = await Promise.all(
    [...shares.values()].map(async (share) => serve(t, credentialsFile, share.kinds, share.node)),
  );
  return { folder: scratch.path, ca: join(scratch.path, 'ca.pem'), served: served.flat() };
}

async function serve(
  t: Test,
  credentials: string,
  kinds: readonly Kind[],
  node: NodeVersion | undefined,
): Promise<Served[]> {
  const binary = node === undefined ? process.execPath : await nodeBinary(node);
  const child = spawn(binary, [serverFile, credentials, ...kinds.map(({ name }) => name)], {
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(async () => endOf(child));
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`The endpoints ended early with ${String(code)}`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited])) as [string];
  exited.catch(() => {});
  const ports = JSON.parse(line) as number[];
  return kinds.map((kind, index) => ({ kind, port: ports[index] ?? 0 }));
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}

/** Runs the built command as a user does. */
export function runScan(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return runCommand(process.execPath, [commandFile, 'scan', ...args], { env: cleanEnvironment(env) });
}

export function endpointOf({ port }: Served): string {
  return `127.0.0.1:${port}@localhost`;
}

/** Compares what was found with what is known, field by field. */
export function compare(t: Test, known: Known, report: EndpointReport): void {
  const found = inWordsOf(known, report);
  for (const field of Object.keys(known) as (keyof Known)[]) t.strictSame(found[field], known[field], field);
}

function inWordsOf(known: Known, report: EndpointReport): Known {
  const { grade, findings } = judge(report);
  const { preferredGroup: preferred, helloRetryRequest, chains } = report;
  const probes = { ...report.groups, ...report.tls13Suites, ...report.versions };
  // Of what is known, as many findings as are listed: the less important ones follow.
  const ids = findings.map(({ rule }) => rule.id);
  return {
    status: report.status,
    grade,
    findings: ids.slice(0, known.findings?.length || ids.length),
    versions: accepted(report.versions),
    groups: accepted(report.groups),
    preferred:
      preferred && known.preferred?.length === 3
        ? [preferred.group, preferred.order, preferred.helloRetryRequest]
        : [preferred?.group ?? '', preferred?.order ?? ''],
    retry: [helloRetryRequest.withoutUsableShare.behaviour, helloRetryRequest.withLesserShare.behaviour],
    large: report.largeClientHello.result,
    tls13Suites: accepted(report.tls13Suites),
    tls12Suites: report.legacySuites['TLSv1.2']?.suites ?? [],
    schemes: report.signatureSchemes.accepted,
    keys: chains.flatMap(({ certificates: [leaf] }) => leaf?.key ?? []),
    trust: chains.every(({ trusted }) => trusted) ? 'trusted' : (chains.find(({ trusted }) => !trusted)?.problem ?? ''),
    alpn: report.alpn ?? '',
    ocsp: report.ocspStapled,
    resumption: report.resumption,
    clientCertificate: report.clientCertificateRequired,
    unclear: Object.fromEntries(
      Object.keys(known.unclear ?? {}).map((name) => [name, probes[name]?.result ?? 'absent']),
    ),
    problem:
      known.problem !== undefined && report.problem?.includes(known.problem) === true
        ? known.problem
        : (report.problem ?? ''),
  };
}

async function makeCredentials(): Promise<{ credentials: Credentials; ca: string }> {
  const authority = await Authority.create();
  const mldsa = issuedByP256('ML-DSA-65');
  const leaf = await authority.issue();
  const rsa = await authority.issue({ kind: 'RSA-2048' });
  const { selfSigned: self } = await certificates();
  const past = { notBefore: new Date(Date.now() - 20 * day), notAfter: new Date(Date.now() - day) };
  return {
    ca: `${authority.cert}\n${mldsa.ca}`,
    credentials: {
      leaf,
      rsa,
      both: { cert: [leaf.cert, rsa.cert], key: [leaf.key, rsa.key] },
      rsa1024: await authority.issue({ kind: 'RSA-1024' }),
      mldsa: { cert: mldsa.cert, key: mldsa.key },
      expired: await authority.issue(past),
      selfSigned: { cert: self.cert, key: self.key },
      otherName: await authority.issue({ names: ['other.example'] }),
    },
  };
}
