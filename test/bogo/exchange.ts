// All connections of one test: the first, and those that resume it.

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { EngineName } from '#src/engine/connection.js';
import { Driver, type SessionCache } from './driver.js';
import { connectionMaker } from './engines.js';
import { ExpectationError } from './failure.js';
import type { Flags, ShimFlags } from './flags.js';
import { Wire } from './wire.js';

/** @param open makes the transport of the next connection. @throws what ended a connection too early */
export async function runExchanges(
  engine: EngineName,
  { initial, resume }: ShimFlags,
  open: () => Promise<Duplex>,
): Promise<void> {
  const maker = connectionMaker(engine, randomBytes(48));
  const start = Date.now();
  const cache: SessionCache = { byId: new Map(), newest: undefined };
  for (let index = 0; index <= (initial['resume-count'] ?? 0); index += 1) {
    const flags = index === 0 ? initial : resume;
    if (index > 0 && flags.server !== true && cache.newest === undefined) {
      throw new ExpectationError('There is no session to offer');
    }
    const connection = maker.connect(flags, timeOf(flags, start, index));
    const wire = new Wire(await open());
    try {
      await new Driver(connection, wire, flags, cache, index > 0).run();
    } finally {
      connection.destroy();
      await wire.finish();
    }
  }
}

/** The reference's clock stands still but for what a test says; undefined where nothing is said. */
function timeOf(flags: Flags, start: number, index: number): number | undefined {
  const delay = flags['resumption-delay'];
  return delay === undefined ? undefined : start + index * delay * 1000;
}
