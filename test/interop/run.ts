// One run of the lab: prepares each peer, runs its cells, and keeps what came of it.

import { loadBinding } from '#src/binding.js';
import { engineOf } from '#src/engine/select.js';
import { allCells, isQuick, type Cell, type Engine } from './axes.js';
import { makeCredentials } from './credentials.js';
import { runCells, type CellResult } from './matrix.js';
import { PeerUnavailableError, type Peer } from './peer.js';
import { BuildError } from './build-steps.js';
import { roleNames } from './summary.js';
import { startProgress } from '../support/progress.js';

export interface PeerRun {
  readonly peer: Peer;
  /** Of our side. */
  readonly engine: Engine;
  /** When; undefined where it never was. */
  readonly date: Date | undefined;
  /** What ran our side. */
  readonly ours: string;
  readonly version: string;
  /** Undefined where the peer could not be had; then `unavailable` says why. */
  readonly results: readonly CellResult[] | undefined;
  readonly unavailable?: string;
  readonly seconds: number;
}

export interface RunOptions {
  readonly peers: readonly Peer[];
  readonly engines: readonly Engine[];
  readonly accepts: (cell: Cell) => boolean;
  readonly quick: boolean;
  /** Cells at a time. */
  readonly workers: number;
  /** Fetch and build what is due; otherwise a peer that is not there is reported. */
  readonly build: boolean;
  readonly onPeer: (run: PeerRun) => void;
}

export async function runLab(options: RunOptions): Promise<PeerRun[]> {
  const credentials = await makeCredentials();
  const cells = [...allCells()].filter((cell) => (!options.quick || isQuick(cell)) && options.accepts(cell));
  const runs: PeerRun[] = [];
  for (const peer of options.peers) {
    for (const engine of options.engines) {
      const ofEngine = cells.filter(({ ours }) => ours === engine);
      const run = await runPeer(peer, engine, ofEngine, credentials, options);
      runs.push(run);
      options.onPeer(run);
    }
  }
  return runs;
}

async function runPeer(
  peer: Peer,
  engine: Engine,
  cells: readonly Cell[],
  credentials: Awaited<ReturnType<typeof makeCredentials>>,
  { build, workers }: RunOptions,
): Promise<PeerRun> {
  const unavailable = await prepare(peer, build);
  const base = { peer, engine, date: new Date(), ours: ourSide(engine) };
  if (unavailable !== undefined) return { ...base, version: '', results: undefined, unavailable, seconds: 0 };
  const started = performance.now();
  const version = await peer.version();
  const progress = startProgress(`${peer.title}, ${engine}`, cells.length, 'interop');
  let failed = 0;
  try {
    const results = await runCells(peer, cells, credentials, workers, (done) => {
      for (const { outcome, cell } of done) {
        if (outcome.status === 'failed') failed++;
        progress.step(`${failed === 0 ? '' : `${failed} failed, `}${roleNames[cell.role]}, ${cell.group}`);
      }
    });
    return { ...base, version, results, seconds: (performance.now() - started) / 1000 };
  } finally {
    progress.stop();
  }
}

function ourSide(asked: Engine): string {
  const choice = engineOf(loadBinding(), asked);
  const made = choice.engine === undefined ? choice.why : choice.version;
  return `${made}, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
}

/** Why the peer cannot be had, or undefined. */
async function prepare(peer: Peer, build: boolean): Promise<string | undefined> {
  if (!build) return peer.missing();
  try {
    await peer.prepare();
  } catch (error) {
    if (error instanceof PeerUnavailableError) return error.message;
    if (error instanceof BuildError) return `its build failed: ${error.message}`;
    throw error;
  }
  return peer.missing();
}
