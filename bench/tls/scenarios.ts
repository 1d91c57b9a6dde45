// The scenarios of the TLS path: for each, who takes part, and what one round measures of each of them.

import type { Library, ServerMode } from './contract.js';
import type { AllCredentials, KeyKind } from './credentials.js';
import { typescript } from '../typescript/scenario.js';
import { HeldLoad, load, Participant, type LoadReport } from './processes.js';

/** Who is measured. */
export interface Driver {
  readonly library: Library;
  /** What it is called in the results: `pqtls`, `typescript`, `node:tls`, `floor`; in one scenario `primitives`. */
  readonly name: string;
  readonly node: NodeUnderTest;
}

export interface NodeUnderTest {
  readonly binary: string;
  /** e.g. `v26.0.0`. */
  readonly version: string;
  /** Its OpenSSL knows X25519MLKEM768 and ML-DSA. */
  readonly isHybrid: boolean;
}

/** Sizes of everything; `--quick` has small ones, whose figures mean little. */
export interface Sizes {
  readonly warmUp: number;
  readonly handshakes: number;
  readonly idle: number;
  readonly megabytes: number;
  readonly roundTrips: number;
  readonly stormSeconds: number;
  readonly duplexHandshakes: number;
  readonly memoryHandshakes: number;
  /** Rounds of them that are not counted. */
  readonly memoryWarmUps: number;
}

export interface Sample {
  readonly metric: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly value: number;
  readonly p50?: number;
  readonly p99?: number;
}

/** One driver in one scenario: starts once, is measured once a round. */
export interface Contestant {
  readonly driver: Driver;
  round(): Promise<Sample[]>;
  stop(): Promise<void>;
}

export interface Setting {
  readonly credentials: AllCredentials;
  readonly sizes: Sizes;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Where a round takes long and varies little. */
  readonly mostRounds?: number;
  /** Of these drivers, those that can take part, ready to be measured. */
  contestants(drivers: readonly Driver[], setting: Setting): Promise<Contestant[]>;
}

const concurrency = 16;
const bytesInMebibyte = 1024 * 1024;

function groupOf({ library, node }: Driver): { groups?: string } {
  return library === 'node:tls' && !node.isHybrid ? { groups: 'X25519' } : {};
}

async function startServer(
  driver: Driver,
  { credentials }: Setting,
  kind: KeyKind,
  mode: ServerMode,
  sizes = { hello: 0, flight: 0 },
): Promise<Participant> {
  const { cert, key } = credentials.byKind[kind];
  return Participant.start(driver.node.binary, { role: 'server', library: driver.library, mode, cert, key, ...sizes });
}

interface HandshakeTerms {
  readonly kind: KeyKind;
  readonly mode: 'handshake' | 'resume';
  readonly metric: string;
}

function handshakeSamples(metric: string, microseconds: number, count: number, report: LoadReport): Sample[] {
  const { p50, p99 } = report.microseconds ?? {};
  const seen = p50 === undefined || p99 === undefined ? {} : { p50, p99 };
  return [
    { metric: `server CPU${metric}`, unit: 'us', better: 'lower', value: microseconds / count, ...seen },
    { metric: `handshakes${metric}`, unit: '1/s', better: 'higher', value: count / report.wallSeconds },
  ];
}

async function handshakes(driver: Driver, setting: Setting, terms: HandshakeTerms): Promise<Contestant> {
  const { kind, mode, metric } = terms;
  const server = await startServer(driver, setting, kind, 'echo');
  const options = { port: server.port, ca: setting.credentials.byKind[kind].caFile, concurrency, ...groupOf(driver) };
  await load(mode, { ...options, count: setting.sizes.warmUp });
  return {
    driver,
    async round() {
      const count = setting.sizes.handshakes;
      const { usage, result } = await server.during(() => load(mode, { ...options, count }));
      return handshakeSamples(metric, usage.microseconds, count, result);
    },
    stop: () => server.stop(),
  };
}

/** The least that a Node server can take: the handshake in C, and a plain TCP connection with the same bytes in Node. */
async function floor(driver: Driver, setting: Setting, { mode, metric }: HandshakeTerms): Promise<Contestant> {
  const { certFile: certificate, keyFile: key, caFile: ca } = setting.credentials.byKind['P-256'];
  const inMemory = {
    certificate,
    key,
    ca,
    count: setting.sizes.handshakes,
    ...(mode === 'resume' ? { resumed: true as const } : {}),
  };
  const { hello = 0, flight = 0 } = await load('floor', { ...inMemory, count: 10 });
  const server = await startServer({ ...driver, library: 'tcp' }, setting, 'P-256', 'echo', { hello, flight });
  const plain = { port: server.port, plain: true as const, hello, flight, concurrency };
  await load('handshake', { ...plain, count: setting.sizes.warmUp });
  return {
    driver,
    async round() {
      const count = setting.sizes.handshakes;
      const inC = await load('floor', inMemory);
      const { usage } = await server.during(() => load('handshake', { ...plain, count }));
      const value = (inC.microseconds?.mean ?? Number.NaN) + usage.microseconds / count;
      return [{ metric: `server CPU${metric}`, unit: 'us', better: 'lower', value }];
    },
    stop: () => server.stop(),
  };
}

const isFloor = ({ name }: Driver): boolean => name === 'floor';
/** For scenarios in which nothing is asked of the TypeScript engine. */
const isFloorOrTypescript = (driver: Driver): boolean => isFloor(driver) || driver.name === 'typescript';

export async function forEach(
  drivers: readonly Driver[],
  start: (driver: Driver) => Promise<Contestant>,
): Promise<Contestant[]> {
  const started: Contestant[] = [];
  try {
    for (const driver of drivers) started.push(await start(driver));
  } catch (error) {
    await Promise.all(started.map((contestant) => contestant.stop()));
    throw error;
  }
  return started;
}

const handshake: Scenario = {
  name: 'handshake',
  about: 'full handshakes, 64 B echoed, closed: with a P-256, an RSA-2048 and an ML-DSA-65 certificate',
  async contestants(drivers, setting) {
    const terms = (kind: KeyKind): HandshakeTerms => ({ kind, mode: 'handshake', metric: `, ${kind}` });
    const tls = drivers.filter((driver) => !isFloor(driver));
    const hybrid = tls.filter(({ node }) => node.isHybrid);
    return [
      ...(await forEach(drivers, (driver) =>
        isFloor(driver) ? floor(driver, setting, terms('P-256')) : handshakes(driver, setting, terms('P-256')),
      )),
      ...(await forEach(hybrid, (driver) => handshakes(driver, setting, terms('RSA-2048')))),
      ...(await forEach(hybrid, (driver) => handshakes(driver, setting, terms('ML-DSA-65')))),
    ];
  },
};

const resume: Scenario = {
  name: 'resume',
  about: 'resumed handshakes (psk_dhe_ke with the same group), 64 B echoed, closed',
  async contestants(drivers, setting) {
    const terms: HandshakeTerms = { kind: 'P-256', mode: 'resume', metric: '' };
    return forEach(drivers, (driver) =>
      isFloor(driver) ? floor(driver, setting, terms) : handshakes(driver, setting, terms),
    );
  },
};

const client: Scenario = {
  name: 'client',
  about: 'full handshakes of a Node client with a server in C that is the same for all, verified, 64 B echoed, closed',
  async contestants(drivers, { credentials, sizes }) {
    const { ca, certFile: certificate, keyFile: key } = credentials.byKind['P-256'];
    return forEach(
      drivers.filter((driver) => !isFloor(driver)),
      async (driver) => {
        const library = driver.library === 'pqtls' ? 'pqtls' : 'node:tls';
        const server = await HeldLoad.start('serve', { certificate, key, ...groupOf(driver) });
        const process = await Participant.start(driver.node.binary, { role: 'client', library, ca });
        const port = server.first['port'] ?? 0;
        await process.ask({ ask: 'handshakes', port, count: sizes.warmUp, concurrency });
        return {
          driver,
          async round() {
            const count = sizes.handshakes;
            await process.ask({ ask: 'begin' });
            const { microseconds = Number.NaN } = await process.ask({ ask: 'handshakes', port, count, concurrency });
            return [{ metric: 'client CPU', unit: 'us', better: 'lower', value: microseconds / count }];
          },
          async stop() {
            await process.stop();
            await server.stop();
          },
        };
      },
    );
  },
};

const memory: Scenario = {
  name: 'memory',
  about: 'resident memory of a server for each connection that is open and idle after one echo',
  mostRounds: 3,
  async contestants(drivers, setting) {
    const { sizes } = setting;
    return forEach(
      drivers.filter((driver) => !isFloorOrTypescript(driver)),
      (driver) =>
        Promise.resolve({
          driver,
          // A process of its own for each round: what a heap grew to once, it keeps.
          async round() {
            const server = await startServer(driver, setting, 'P-256', 'echo');
            const options = { port: server.port, ...groupOf(driver) };
            await load('handshake', { ...options, count: sizes.warmUp, concurrency });
            const { rss: before = Number.NaN } = await server.ask({ ask: 'memory' });
            const held = await HeldLoad.start('idle', { ...options, count: sizes.idle });
            const { rss: during = Number.NaN } = await server.ask({ ask: 'memory' });
            await held.stop();
            await server.stop();
            const value = (during - before) / sizes.idle;
            return [{ metric: 'RSS of an idle connection', unit: 'B', better: 'lower', value } as const];
          },
          stop: () => Promise.resolve(),
        }),
    );
  },
};

async function transfers(driver: Driver, setting: Setting, mode: 'download' | 'upload'): Promise<Contestant> {
  const server = await startServer(driver, setting, 'P-256', mode);
  const options = { port: server.port, ...groupOf(driver) };
  const { megabytes } = setting.sizes;
  await load(mode, { ...options, bytes: megabytes * bytesInMebibyte });
  const cpu = mode === 'download' ? 'server CPU of a download' : 'server CPU of an upload';
  return {
    driver,
    async round() {
      const bytes = megabytes * bytesInMebibyte;
      const { usage, result } = await server.during(() => load(mode, { ...options, bytes }));
      return [
        { metric: mode, unit: 'MiB/s', better: 'higher', value: megabytes / result.wallSeconds },
        { metric: cpu, unit: 'ms/GiB', better: 'lower', value: (usage.microseconds / 1000) * (1024 / megabytes) },
      ];
    },
    stop: () => server.stop(),
  };
}

const throughput: Scenario = {
  name: 'throughput',
  about: 'one connection that sends or receives in writes of 64 KiB',
  async contestants(drivers, setting) {
    const tls = drivers.filter((driver) => !isFloor(driver));
    return [
      ...(await forEach(tls, (driver) => transfers(driver, setting, 'download'))),
      ...(await forEach(tls, (driver) => transfers(driver, setting, 'upload'))),
    ];
  },
};

async function roundTrips(
  driver: Driver,
  setting: Setting,
  { mode, metric, reply, share }: { mode: 'echo' | 'burst'; metric: string; reply: number; share: number },
): Promise<Contestant> {
  const server = await startServer(driver, setting, 'P-256', mode);
  const count = Math.ceil(setting.sizes.roundTrips * share);
  const options = { port: server.port, size: 64, reply, count, ...groupOf(driver) };
  await load('echo', options);
  return {
    driver,
    async round() {
      const { wallSeconds, microseconds } = await load('echo', options);
      const { p50, p99 } = microseconds ?? {};
      const seen = p50 === undefined || p99 === undefined ? {} : { p50, p99 };
      return [{ metric, unit: '1/s', better: 'higher', value: count / wallSeconds, ...seen }];
    },
    stop: () => server.stop(),
  };
}

const echo: Scenario = {
  name: 'echo',
  about: 'round trips on one connection: 64 B there and back, and 64 B answered with 64 writes of 64 B in one tick',
  async contestants(drivers, setting) {
    const tls = drivers.filter((driver) => !isFloorOrTypescript(driver));
    const small = { mode: 'echo', metric: 'round trips of 64 B', reply: 64, share: 1 } as const;
    const burst = { mode: 'burst', metric: '64 small writes a tick', reply: 64 * 64, share: 0.25 } as const;
    return [
      ...(await forEach(tls, (driver) => roundTrips(driver, setting, small))),
      ...(await forEach(tls, (driver) => roundTrips(driver, setting, burst))),
    ];
  },
};

const latency: Scenario = {
  name: 'latency',
  about: 'pings over an open connection while 400 new clients a second make handshakes with an RSA-2048 certificate',
  async contestants(drivers, setting) {
    return forEach(
      drivers.filter((driver) => !isFloorOrTypescript(driver)),
      async (driver) => {
        const server = await startServer(driver, setting, 'RSA-2048', 'echo');
        const options = { port: server.port, ...groupOf(driver) };
        await load('handshake', { ...options, count: setting.sizes.warmUp, concurrency });
        return {
          driver,
          async round() {
            const report = await load('storm', { ...options, rate: 400, seconds: setting.sizes.stormSeconds });
            const { p50 = Number.NaN, p90 = Number.NaN, p99 = Number.NaN } = report.pings ?? {};
            return Object.entries({ median: p50, p90, p99 }).map(([percentile, value]) => ({
              metric: `${percentile} ping, 400 RSA handshakes/s`,
              unit: 'us',
              better: 'lower',
              value,
            }));
          },
          stop: () => server.stop(),
        };
      },
    );
  },
};

const duplex: Scenario = {
  name: 'duplex',
  about: 'both ends in one process over a Duplex that is no socket',
  async contestants(drivers, { credentials, sizes }) {
    const { cert, key, ca } = credentials.byKind['P-256'];
    return forEach(
      drivers.filter((driver) => !isFloorOrTypescript(driver)),
      async (driver) => {
        const library = driver.library === 'pqtls' ? 'pqtls' : 'node:tls';
        const process = await Participant.start(driver.node.binary, { role: 'duplex', library, cert, key, ca });
        const run = (count: number) => process.ask({ ask: 'handshakes', port: 0, count, concurrency: 1 });
        const transfer = () => process.ask({ ask: 'transfer', bytes: sizes.megabytes * bytesInMebibyte });
        await run(sizes.warmUp / 2);
        await transfer();
        return {
          driver,
          async round() {
            const { microseconds = Number.NaN } = await run(sizes.duplexHandshakes);
            const { wall = Number.NaN } = await transfer();
            const cpu = microseconds / sizes.duplexHandshakes;
            return [
              { metric: 'CPU of a handshake, both ends', unit: 'us', better: 'lower', value: cpu },
              { metric: 'throughput', unit: 'MiB/s', better: 'higher', value: (sizes.megabytes / wall) * 1e6 },
            ];
          },
          stop: () => process.stop(),
        };
      },
    );
  },
};

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  handshake,
  resume,
  client,
  memory,
  throughput,
  echo,
  latency,
  duplex,
  typescript,
];
