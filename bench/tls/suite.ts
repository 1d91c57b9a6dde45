// Runs scenarios of the TLS path: starts everybody, measures round by round in turns, and judges.

import { execFileSync } from 'node:child_process';
import { medianInterval } from '../harness/statistics.js';
import { UsageError } from '../harness/usage-error.js';
import { startProgress, type Progress } from '../../test/support/progress.js';
import type { Goal, Series } from '../harness/results.js';
import { nodeBinary } from '../../test/support/node-versions.js';
import { referenceNodeMajor } from '../primitives/targets.js';
import { makeCredentials } from './credentials.js';
import { judge } from './goals.js';
import type { Contestant, Driver, NodeUnderTest, Sample, Scenario, Sizes } from './scenarios.js';

export interface SuiteOptions {
  /** Small counts and three rounds: shows that everything runs, and measures nothing. */
  readonly quick: boolean;
  readonly rounds: number;
  /** Only drivers whose name contains this. */
  readonly only: string;
  /** The reference Node, instead of fetching Node 26; false for the running Node alone. */
  readonly node: string | boolean;
}

export interface SuiteResult {
  readonly series: readonly Series[];
  readonly goals: readonly Goal[];
}

const full: Sizes = {
  warmUp: 3000,
  handshakes: 1000,
  idle: 2000,
  megabytes: 256,
  roundTrips: 10_000,
  stormSeconds: 2,
  duplexHandshakes: 400,
  memoryHandshakes: 400,
  memoryWarmUps: 4,
};
const quick: Sizes = {
  warmUp: 40,
  handshakes: 40,
  idle: 40,
  megabytes: 4,
  roundTrips: 200,
  stormSeconds: 0.3,
  duplexHandshakes: 10,
  memoryHandshakes: 20,
  memoryWarmUps: 1,
};

export async function runSuite(chosen: readonly Scenario[], options: SuiteOptions): Promise<SuiteResult> {
  const nodes = await nodesUnderTest(options.node);
  const drivers = nodes
    .flatMap((node, index): Driver[] => [
      { library: 'pqtls', name: 'pqtls', node },
      ...(index === 0 ? [{ library: 'typescript', name: 'typescript', node } as const] : []),
      { library: 'node:tls', name: 'node:tls', node },
      ...(index === 0 ? [{ library: 'tcp', name: 'floor', node } as const] : []),
    ])
    .filter(({ name }) => name.includes(options.only));
  if (drivers.length === 0) {
    throw new UsageError(
      `No driver has "${options.only}" in its name: there are pqtls, typescript, node:tls and floor.`,
    );
  }
  const credentials = await makeCredentials();
  const rounds = options.quick ? Math.min(options.rounds, 3) : options.rounds;
  const progress = startProgress('tls', chosen.length * (rounds + 1));
  const setting = { credentials, sizes: options.quick ? quick : full };
  const series: Series[] = [];
  try {
    for (const scenario of chosen) {
      progress.step(`${scenario.name}: starting`);
      const contestants = await scenario.contestants(drivers, setting);
      try {
        const most = Math.min(rounds, scenario.mostRounds ?? rounds);
        series.push(...(await measure(scenario.name, contestants, most, progress)));
      } finally {
        await Promise.all(contestants.map((contestant) => contestant.stop()));
      }
    }
  } finally {
    progress.stop();
    credentials.remove();
  }
  return { series, goals: judge(series, nodes[0]?.version ?? '') };
}

async function measure(
  scenario: string,
  contestants: readonly Contestant[],
  rounds: number,
  progress: Progress,
): Promise<Series[]> {
  const samples = new Map<string, { readonly driver: Driver; readonly taken: Sample[] }>();
  for (let round = 0; round < rounds; round++) {
    progress.step(`${scenario}: round ${round + 1} of ${rounds}`);
    // Who comes first has the machine as the one before left it: every other round goes the other way.
    for (const { driver, round: run } of round % 2 === 0 ? contestants : contestants.toReversed()) {
      for (const sample of await run()) {
        const key = `${driver.name} ${driver.node.version} ${sample.metric}`;
        const entry = samples.get(key) ?? { driver, taken: [] };
        entry.taken.push(sample);
        samples.set(key, entry);
      }
    }
  }
  return [...samples.values()].map(({ driver, taken }) => seriesOf(scenario, driver, taken));
}

function seriesOf(scenario: string, driver: Driver, taken: readonly Sample[]): Series {
  const [first] = taken;
  if (first === undefined) throw new Error('A series without a sample');
  const { metric, unit, better } = first;
  const values = taken.map(({ value }) => value);
  const { median, low, high } = medianInterval(values);
  const percentile = (name: 'p50' | 'p99'): number | undefined => {
    const seen = taken.flatMap((sample) => sample[name] ?? []);
    return seen.length === 0 ? undefined : medianInterval(seen).median;
  };
  const [p50, p99] = [percentile('p50'), percentile('p99')];
  return {
    scenario,
    metric,
    driver: driver.name,
    node: driver.node.version,
    unit,
    better,
    values,
    median,
    low,
    high,
    ...(p50 === undefined ? {} : { p50 }),
    ...(p99 === undefined ? {} : { p99 }),
  };
}

/** The reference first; the running Node, where that is another. */
async function nodesUnderTest(reference: string | boolean): Promise<NodeUnderTest[]> {
  const running = describe(process.execPath);
  if (reference === false) return [running];
  const isReference = running.version.startsWith(`v${referenceNodeMajor}.`);
  const binary = typeof reference === 'string' ? reference : isReference ? process.execPath : await nodeBinary('26');
  const described = describe(binary);
  return described.version === running.version ? [described] : [described, running];
}

function describe(binary: string): NodeUnderTest {
  const script = 'console.log(JSON.stringify([process.version, process.versions.openssl]))';
  const [version = '', openssl = ''] = askNode(binary, script);
  const [major = 0, minor = 0] = openssl.split('.').map(Number);
  return { binary, version, isHybrid: major > 3 || (major === 3 && minor >= 5) };
}

/** The array that the script prints as JSON. */
function askNode(binary: string, script: string): readonly string[] {
  try {
    const text = execFileSync(binary, ['-e', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return JSON.parse(text) as string[];
  } catch (error) {
    throw new UsageError(`${binary} is no Node that runs here: ${(error as Error).message}`);
  }
}
