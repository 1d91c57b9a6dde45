// What the TLS path must reach against node:tls of the same Node and in the same rounds, and its TypeScript engine against its primitives.

import { medianInterval } from '../harness/statistics.js';
import type { ProviderName } from '#src/crypto/index.js';
import { memoryHandshake, primitiveSum } from '../typescript/scenario.js';
import type { Goal, Series } from '../harness/results.js';

interface Wanted {
  readonly scenario: string;
  readonly metric: string;
  /** Default: `pqtls`. */
  readonly driver?: string;
  readonly against: string;
  /** Its figure divided by the other's: at most `goal` where lower is better, at least `goal` otherwise. */
  readonly goal: number;
  readonly stretch?: number;
}

const providerNames: readonly ProviderName[] = ['aws-lc', 'noble'];

const wanted: readonly Wanted[] = [
  { scenario: 'handshake', metric: 'server CPU, P-256', against: 'node:tls', goal: 0.45, stretch: 0.4 },
  { scenario: 'handshake', metric: 'server CPU, P-256', against: 'floor', goal: 1.2 },
  { scenario: 'handshake', metric: 'server CPU, RSA-2048', against: 'node:tls', goal: 0.6 },
  { scenario: 'handshake', metric: 'server CPU, ML-DSA-65', against: 'node:tls', goal: 0.35 },
  { scenario: 'resume', metric: 'server CPU', against: 'node:tls', goal: 0.42 },
  { scenario: 'client', metric: 'client CPU', against: 'node:tls', goal: 0.55 },
  { scenario: 'memory', metric: 'RSS of an idle connection', against: 'node:tls', goal: 0.2 },
  { scenario: 'throughput', metric: 'download', against: 'node:tls', goal: 1.3 },
  { scenario: 'throughput', metric: 'upload', against: 'node:tls', goal: 1.1 },
  { scenario: 'throughput', metric: 'server CPU of a download', against: 'node:tls', goal: 0.8 },
  { scenario: 'throughput', metric: 'server CPU of an upload', against: 'node:tls', goal: 0.95 },
  { scenario: 'echo', metric: 'round trips of 64 B', against: 'node:tls', goal: 1.15 },
  { scenario: 'echo', metric: '64 small writes a tick', against: 'node:tls', goal: 1.05 },
  { scenario: 'latency', metric: 'p99 ping, 400 RSA handshakes/s', against: 'node:tls', goal: 0.45 },
  { scenario: 'duplex', metric: 'CPU of a handshake, both ends', against: 'node:tls', goal: 0.6 },
  { scenario: 'duplex', metric: 'throughput', against: 'node:tls', goal: 1 },
  ...providerNames.map((provider) => ({
    scenario: 'typescript',
    metric: memoryHandshake(provider),
    driver: 'typescript',
    against: primitiveSum,
    goal: 1.2,
  })),
  // Within 1.5 times: of what node:tls moves, so much.
  { scenario: 'throughput', metric: 'download', driver: 'typescript', against: 'node:tls', goal: 1 / 1.5 },
  { scenario: 'throughput', metric: 'upload', driver: 'typescript', against: 'node:tls', goal: 1 / 1.5 },
];

/** Of the reference Node alone: only there do both speak the same TLS. */
export function judge(series: readonly Series[], node: string): Goal[] {
  return wanted.flatMap(({ scenario, metric, driver = 'pqtls', against, goal, stretch }) => {
    const find = (driver: string): Series | undefined =>
      series.find(
        (one) => one.scenario === scenario && one.metric === metric && one.driver === driver && one.node === node,
      );
    const [ours, theirs] = [find(driver), find(against)];
    if (ours === undefined || theirs === undefined) return [];
    // Round by round: what both had to bear falls out of the ratio.
    const ratios = ours.values.map((value, round) => value / (theirs.values[round] ?? Number.NaN));
    const { median, low, high } = medianInterval(ratios);
    const reached = ours.better === 'lower' ? median <= goal : median >= goal;
    const result: Goal = {
      scenario,
      metric,
      driver,
      against,
      better: ours.better,
      goal,
      ratio: { median, low, high },
      reached,
    };
    return [stretch === undefined ? result : { ...result, stretch }];
  });
}
