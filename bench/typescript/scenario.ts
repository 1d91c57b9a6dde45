// The scenario `typescript`: a handshake of that engine in memory, held to the sum of its primitives, on each of their providers.

import { providers, type ProviderName } from '#src/crypto/index.js';
import { Participant } from '../tls/processes.js';
import type { Contestant, Driver, Scenario, Setting } from '../tls/scenarios.js';

/** Who stands for the primitives in the results. */
export const primitiveSum = 'primitives';

export const memoryHandshake = (provider: ProviderName): string =>
  `CPU of a handshake in memory, both ends, ${provider}`;

export const typescript: Scenario = {
  name: 'typescript',
  about: 'full handshakes of the TypeScript engine in memory, and the primitives that they are made of',
  async contestants(drivers, setting) {
    const contestants: Contestant[] = [];
    try {
      for (const driver of drivers.filter(({ name }) => name === 'typescript')) {
        for (const provider of providers()) contestants.push(...(await start(driver, provider, setting)));
      }
    } catch (error) {
      await Promise.all(contestants.map((contestant) => contestant.stop()));
      throw error;
    }
    return contestants;
  },
};

/** What a round consists of: whatever disturbs the machine for a moment disturbs both. */
const turns = 2;
const asks = ['handshakes in memory', 'primitives'] as const;
type Ask = (typeof asks)[number];
type Workers = Readonly<Record<Ask, Participant>>;

/** Each in a process of its own: it collects its own garbage, and no other. In turns, so that what the machine has to bear falls out. */
async function start(driver: Driver, provider: ProviderName, { credentials, sizes }: Setting): Promise<Contestant[]> {
  const { cert, key, ca } = credentials.byKind['P-256'];
  const role = { role: 'engine', library: 'typescript', cert, key, ca } as const;
  const worker = (): Promise<Participant> => Participant.start(driver.node.binary, role, { PQTLS_PROVIDER: provider });
  const workers: Workers = { 'handshakes in memory': await worker(), primitives: await worker() };
  const round = provider === 'noble' ? sizes.memoryHandshakes / 10 : sizes.memoryHandshakes;
  const count = Math.ceil(round / turns);
  // The compiler is done with both before the first round.
  for (let warmUp = 0; warmUp < sizes.memoryWarmUps; warmUp++) await inTurns(workers, count);
  // Whoever comes first in a round measures for both.
  let measured: Record<Ask, number> | undefined;
  const contestant = (name: string, ask: Ask): Contestant => ({
    driver: { ...driver, name },
    async round() {
      const both = measured ?? (await inTurns(workers, count));
      measured = measured === undefined ? both : undefined;
      return [{ metric: memoryHandshake(provider), unit: 'us', better: 'lower', value: both[ask] }];
    },
    stop: () => workers[ask].stop(),
  });
  return [contestant(driver.name, 'handshakes in memory'), contestant(primitiveSum, 'primitives')];
}

/** Microseconds of one each, out of `turns` times `count`; each is first in every other turn. */
async function inTurns(workers: Workers, count: number): Promise<Record<Ask, number>> {
  const spent = { 'handshakes in memory': 0, primitives: 0 };
  for (let turn = 0; turn < turns; turn++) {
    for (const ask of turn % 2 === 0 ? asks : asks.toReversed()) {
      const { microseconds = Number.NaN } = await workers[ask].ask({ ask, count });
      spent[ask] += microseconds / (turns * count);
    }
  }
  return spent;
}
