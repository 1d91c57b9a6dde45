// Counts the instructions of a handshake: in pqtls's server, in node:tls's, and in the bare handshake in C.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../harness/project.js';
import { makeCredentials, type AllCredentials, type KeyKind } from '../tls/credentials.js';
import { countedEnvironment, parseProfile, underCallgrind } from './callgrind.js';
import { CountedServer, difference, type Difference } from './counted-server.js';
import { comparisons, type Figure } from './limits.js';

interface Scenario {
  readonly name: string;
  readonly kind: KeyKind;
  readonly mode: 'handshake' | 'resume';
}

export const scenarios: readonly Scenario[] = [
  { name: 'P-256', kind: 'P-256', mode: 'handshake' },
  { name: 'resumed', kind: 'P-256', mode: 'resume' },
  { name: 'RSA-2048', kind: 'RSA-2048', mode: 'handshake' },
  { name: 'ML-DSA-65', kind: 'ML-DSA-65', mode: 'handshake' },
];

export interface Measured {
  readonly figures: readonly Figure[];
  /** One line a scenario: the counts that the figures are made of. */
  readonly counts: readonly string[];
}

export interface MeasureOptions {
  readonly chosen: readonly Scenario[];
  /** Path of the Node whose server is counted. */
  readonly node: string;
  /** Where the profiles go. */
  readonly output: string;
  readonly onStep: (what: string) => void;
}

// Their difference is 32: RSA's blinding is renewed as often.
const few = 4;
const many = 36;
const addon = '/pqtls.node';
const loadGenerator = '/loadgen';
/** The function of AWS-LC whose work is left out. */
const mldsaSignature = 'mldsa65_signature_internal';

const signsByTrial = ({ kind }: Scenario): boolean => kind === 'ML-DSA-65';

export async function measure(options: MeasureOptions): Promise<Measured> {
  const credentials = await makeCredentials();
  const scratch = mkdtempSync(join(tmpdir(), 'pqtls-instructions-'));
  try {
    const ours = await serverCounts('pqtls', options.chosen, { ...options, credentials, scratch });
    const compared = options.chosen.filter((scenario) => !signsByTrial(scenario));
    const theirs =
      compared.length === 0 ? [] : await serverCounts('node:tls', compared, { ...options, credentials, scratch });
    const figures: Figure[] = [];
    const counts: string[] = [];
    for (const [index, scenario] of options.chosen.entries()) {
      const own = ours[index];
      if (own === undefined) continue;
      const add = ({ name }: { name: string }, value: number): void =>
        void figures.push({ scenario: scenario.name, name, value });
      if (signsByTrial(scenario)) {
        if (own.withinFunction === 0) throw new Error(`No call of ${mldsaSignature} was seen: AWS-LC has renamed it`);
        add(comparisons.withoutSignature, own.total - own.withinFunction);
        counts.push(describeCounts(scenario, own));
        continue;
      }
      options.onStep(`the floor, ${scenario.name}`);
      const floor = await floorCounts(scenario, credentials, options.output);
      add(comparisons.addonToFloor, own.of(addon) / floor.of(loadGenerator));
      if (scenario.kind === 'P-256') add(comparisons.outsideAddon, own.total - own.of(addon));
      const nodeTls = theirs[compared.indexOf(scenario)]?.total ?? Number.NaN;
      add(comparisons.wholeToNodeTls, own.total / nodeTls);
      counts.push(
        `${describeCounts(scenario, own)}; the floor ${count(floor.of(loadGenerator))}, node:tls ${count(nodeTls)}`,
      );
    }
    return { figures, counts };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    credentials.remove();
  }
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

function describeCounts({ name }: Scenario, own: Difference): string {
  return `${name}: ${count(own.total)} instructions, ${count(own.of(addon))} of them in the addon`;
}

async function serverCounts(
  library: 'pqtls' | 'node:tls',
  chosen: readonly Scenario[],
  { node, output, onStep, credentials, scratch }: MeasureOptions & { credentials: AllCredentials; scratch: string },
): Promise<Difference[]> {
  onStep(`${library} starts under callgrind`);
  const certificates = chosen.map(({ kind }) => {
    const { certFile, keyFile } = credentials.byKind[kind];
    return { certFile, keyFile };
  });
  const fileName = library.replace(':', '-');
  const server = await CountedServer.start(node, { library, certificates }, join(scratch, fileName));
  try {
    const counts: Difference[] = [];
    for (const [index, scenario] of chosen.entries()) {
      onStep(`${library}, ${scenario.name}`);
      const load = { port: server.ports[index] ?? 0, ca: credentials.byKind[scenario.kind].caFile };
      const kept = join(output, `${fileName}-${scenario.name}.callgrind`);
      const within = signsByTrial(scenario) ? mldsaSignature : undefined;
      counts.push(await server.count(scenario.mode, load, { kept, within }));
    }
    return counts;
  } finally {
    server.stop();
  }
}

async function floorCounts(
  { name, kind, mode }: Scenario,
  credentials: AllCredentials,
  output: string,
): Promise<Difference> {
  const { certFile, keyFile, caFile } = credentials.byKind[kind];
  const run = async (count: number): Promise<string> => {
    const profile = join(output, `floor-${name}.callgrind`);
    const [valgrind, ...options] = underCallgrind({ profile, inside: 'loadgen::*::ServerSide::*' });
    const program = join(projectRoot, 'vendor/build/loadgen/loadgen');
    const files = ['--certificate', certFile, '--key', keyFile, '--ca', caFile];
    const resumed = mode === 'resume' ? ['--resumed'] : [];
    const args = [...options, program, 'floor', ...files, ...resumed, '--count', String(count)];
    await promisify(execFile)(valgrind, args, { env: countedEnvironment(), timeout: 60_000, killSignal: 'SIGKILL' });
    return readFileSync(profile, 'utf8');
  };
  const small = parseProfile(await run(few));
  return difference(small, parseProfile(await run(many)), many - few);
}
