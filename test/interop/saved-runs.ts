// The newest whole run of each peer and engine, kept in .build/interop/results, so that the page can be made of runs of single peers.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { engines, groups, roles, signatures, versions, type Engine } from './axes.js';
import { cacheDir } from './build-steps.js';
import type { Peer } from './peer.js';
import type { PeerRun } from './run.js';

const savedRun = z.object({
  date: z.iso.datetime().transform((text) => new Date(text)),
  ours: z.string(),
  version: z.string(),
  seconds: z.number(),
  unavailable: z.string().optional(),
  results: z
    .array(
      z.object({
        peer: z.string(),
        cell: z.object({
          ours: z.enum(engines),
          role: z.enum(roles),
          version: z.enum(versions),
          group: z.enum(groups),
          signature: z.enum(signatures),
          resumption: z.boolean(),
          clientAuth: z.boolean(),
          helloRetry: z.boolean(),
        }),
        outcome: z.discriminatedUnion('status', [
          z.object({ status: z.literal('passed') }),
          z.object({ status: z.literal('failed'), problems: z.array(z.string()) }),
          z.object({ status: z.literal('n/a'), reason: z.string() }),
        ]),
      }),
    )
    .optional(),
});

export function saveRun(run: PeerRun): void {
  const { peer, engine, ...rest } = run;
  const path = pathOf(peer, engine);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(rest));
}

export function savedRuns(peers: readonly Peer[]): PeerRun[] {
  return peers.flatMap((peer) => engines.map((engine) => savedRunOf(peer, engine)));
}

function pathOf(peer: Peer, engine: Engine): string {
  return join(cacheDir, 'results', engine, `${peer.name}.json`);
}

/** Or a run that says that there was none. */
function savedRunOf(peer: Peer, engine: Engine): PeerRun {
  const path = pathOf(peer, engine);
  const never: PeerRun = {
    peer,
    engine,
    date: undefined,
    ours: '',
    version: '',
    seconds: 0,
    results: undefined,
    unavailable: `run it with npm run test:interop -- --peer ${peer.name} --engine ${engine}`,
  };
  if (!existsSync(path)) return never;
  const { results, unavailable, ...rest } = savedRun.parse(JSON.parse(readFileSync(path, 'utf8')));
  return { peer, engine, ...rest, results, ...(unavailable === undefined ? {} : { unavailable }) };
}
