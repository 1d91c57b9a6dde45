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

/** Both in one process and in turns, so that what it has to bear falls out of the ratio. */
async function start(driver: Driver, provider: ProviderName, { credentials, sizes }: Setting): Promise<Contestant[]> {
  const { cert, key, ca } = credentials.byKind['P-256'];
  const role = { role: 'engine', library: 'typescript', cert, key, ca } as const;
  const process = await Participant.start(driver.node.binary, role, { PQTLS_PROVIDER: provider });
  const count = provider === 'noble' ? Math.ceil(sizes.memoryHandshakes / 10) : sizes.memoryHandshakes;
  const contestant = (
    name: string,
    ask: 'handshakes in memory' | 'primitives',
    stop: () => Promise<void>,
  ): Contestant => ({
    driver: { ...driver, name },
    async round() {
      const { microseconds = Number.NaN } = await process.ask({ ask, count });
      return [{ metric: memoryHandshake(provider), unit: 'us', better: 'lower', value: microseconds / count }];
    },
    stop,
  });
  const both = [
    contestant(driver.name, 'handshakes in memory', () => process.stop()),
    contestant(primitiveSum, 'primitives', () => Promise.resolve()),
  ];
  // The compiler is done with both before the first round.
  for (let warmUp = 0; warmUp < sizes.memoryWarmUps; warmUp++) for (const one of both) await one.round();
  return both;
}
