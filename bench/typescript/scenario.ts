// The scenario `typescript`: a handshake of that engine in memory, held to the sum of its primitives, on each of their providers.

import { providers, type ProviderName } from '#src/crypto/index.js';
import { Participant } from '../tls/processes.js';
import type { Contestant, Driver, Scenario, Setting } from '../tls/scenarios.js';

/** Who stands for the primitives in the results. */
export const primitiveSum = 'primitives';

export const memoryHandshake = (provider: ProviderName): string =>
  `CPU of a handshake, both ends in memory, ${provider}`;

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

/** What a round consists of: what slows the machine down for longer slows down both. */
const turns = 2;
const asks = ['handshakes in memory', 'primitives'] as const;
type Ask = (typeof asks)[number];

/** Each in a process of its own: it collects its own garbage, and no other. */
async function start(driver: Driver, provider: ProviderName, { credentials, sizes }: Setting): Promise<Contestant[]> {
  const { cert, key, ca } = credentials.byKind['P-256'];
  const role = { role: 'engine', library: 'typescript', cert, key, ca } as const;
  const round = provider === 'noble' ? sizes.memoryHandshakes / 10 : sizes.memoryHandshakes;
  const count = Math.ceil(round / turns);
  const workers: Partial<Record<Ask, Participant>> = {};
  const stop = async (): Promise<void> => void (await Promise.all(asks.map(async (ask) => workers[ask]?.stop())));
  try {
    for (const ask of asks) {
      workers[ask] = await Participant.start(driver.node.binary, role, { PQTLS_PROVIDER: provider });
    }
    // The compiler is done with both before the first round.
    for (let warmUp = 0; warmUp < sizes.memoryWarmUps; warmUp++) await inTurns(workers, count);
  } catch (error) {
    await stop();
    throw error;
  }
  // Whoever comes first in a round measures for both.
  let measured: Record<Ask, number> | undefined;
  const contestant = (name: string, ask: Ask, onStop: () => Promise<void>): Contestant => ({
    driver: { ...driver, name },
    async round() {
      const both = measured ?? (await inTurns(workers, count));
      measured = measured === undefined ? both : undefined;
      return [{ metric: memoryHandshake(provider), unit: 'us', better: 'lower', value: both[ask] }];
    },
    stop: onStop,
  });
  return [
    contestant(driver.name, 'handshakes in memory', stop),
    contestant(primitiveSum, 'primitives', () => Promise.resolve()),
  ];
}

/** Microseconds of one each, out of `turns` times `count`; each is first in every other turn. */
async function inTurns(workers: Partial<Record<Ask, Participant>>, count: number): Promise<Record<Ask, number>> {
  const spent = { 'handshakes in memory': 0, primitives: 0 };
  for (let turn = 0; turn < turns; turn++) {
    for (const ask of turn % 2 === 0 ? asks : asks.toReversed()) {
      const answer = await workers[ask]?.ask({ ask, count });
      spent[ask] += (answer?.microseconds ?? Number.NaN) / (turns * count);
    }
  }
  return spent;
}
