// Runs cells of the matrix: starts the peer, moves bytes both ways, judges what both ends saw.

import { setTimeout as sleep } from 'node:timers/promises';
import { NamedGroup, SignatureScheme } from '#src/protocol/constants.js';
import { isPostQuantumGroup } from '#src/protocol/named-groups.js';
import { cellName, curveOfKey, groups, type Cell, type Group } from './axes.js';
import type { Credentials } from './credentials.js';
import { judge } from './judge.js';
import { dial, echoedBytes, serve, type Observation } from './ours.js';
import { unsupported, type Conversation, type Peer, type PeerConfig } from './peer.js';

/** Both connections of a cell, and the start of the peer's program. */
const cellTimeoutMs = 30_000;

export type Outcome =
  | { readonly status: 'passed' }
  | { readonly status: 'failed'; readonly problems: readonly string[] }
  | { readonly status: 'n/a'; readonly reason: string };

export interface CellResult {
  readonly peer: string;
  readonly cell: Cell;
  readonly outcome: Outcome;
}

export type AllCredentials = Readonly<Record<Cell['signature'], Credentials>>;

/**
 * Runs the cells of a peer, `workers` at a time.
 *
 * @param onResult called as each is done
 */
export async function runCells(
  peer: Peer,
  cells: readonly Cell[],
  credentials: AllCredentials,
  workers: number,
  onResult: (result: CellResult) => void,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  const queue = cells.values();
  const work = async (): Promise<void> => {
    for (const cell of queue) {
      const result = { peer: peer.name, cell, outcome: await runCell(peer, cell, credentials[cell.signature]) };
      results.push(result);
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

export async function runCell(peer: Peer, cell: Cell, credentials: Credentials): Promise<Outcome> {
  const reason = unsupported(peer, cell);
  if (reason !== undefined) return { status: 'n/a', reason };
  const deadline = new AbortController();
  const outOfTime = sleep(cellTimeoutMs, undefined, { signal: deadline.signal }).then(() => {
    throw new Error(`not done after ${cellTimeoutMs / 1000} seconds`);
  });
  try {
    const work = converse(peer, cell, credentials, deadline.signal);
    // Whoever of the two loses the race has nobody to tell.
    outOfTime.catch(() => {});
    work.catch(() => {});
    const problems = await Promise.race([work, outOfTime]);
    return problems.length === 0 ? { status: 'passed' } : { status: 'failed', problems };
  } catch (error) {
    return { status: 'failed', problems: [describe(error)] };
  } finally {
    deadline.abort();
  }
}

async function converse(peer: Peer, cell: Cell, credentials: Credentials, signal: AbortSignal): Promise<string[]> {
  return cell.role === 'server'
    ? dialPeer(peer, cell, credentials, signal)
    : servePeer(peer, cell, credentials, signal);
}

/** Our client, their server. */
async function dialPeer(peer: Peer, cell: Cell, credentials: Credentials, signal: AbortSignal): Promise<string[]> {
  const conversation = await peer.start(configOf(peer, cell, credentials, undefined), cell);
  const stop = endOnAbort(conversation, signal);
  try {
    const { port } = conversation;
    if (port === undefined) throw new Error('the peer told no port');
    const accepted = peer.accepts?.(cell) ?? [cell.group];
    const decoys = cell.helloRetry ? decoysFor(accepted, cell.group) : [];
    const ourGroups = [...decoys, cell.group, ...curveOfKey(cell)];
    const problems: string[] = [];
    let session: Buffer | undefined;
    for (let visit = 0; visit < connections(cell); visit++) {
      const dialled = dial(port, { cell, credentials, groups: ourGroups }, session, signal);
      const { ours, theirs } = await both(
        dialled.then(({ seen }) => seen),
        conversation,
      );
      if (cell.resumption && visit === 0) {
        ({ session } = await dialled);
        if (session === undefined) problems.push('the server gave no session to resume');
      }
      problems.push(...judge(cell, visit, credentials, ours, theirs).map(onVisit(cell, visit)));
    }
    return problems;
  } finally {
    await stop();
  }
}

/** Their client, our server. */
async function servePeer(peer: Peer, cell: Cell, credentials: Credentials, signal: AbortSignal): Promise<string[]> {
  const server = await serve({ cell, credentials, groups: [cell.group] }, signal);
  try {
    const conversation = await peer.start(configOf(peer, cell, credentials, server.port), cell);
    const stop = endOnAbort(conversation, signal);
    try {
      const problems: string[] = [];
      for (let visit = 0; visit < connections(cell); visit++) {
        const { ours, theirs } = await both(server.next(), conversation);
        problems.push(...judge(cell, visit, credentials, ours, theirs).map(onVisit(cell, visit)));
      }
      return problems;
    } finally {
      await stop();
    }
  } finally {
    await server.close();
  }
}

/** What both saw; where one failed, what both say about it. */
async function both(observed: Promise<Observation>, conversation: Conversation) {
  const reported = conversation.report();
  const [ours, theirs] = await Promise.allSettled([
    Promise.race([observed, soonAfterFailure(reported)]),
    Promise.race([reported, soonAfterFailure(observed)]),
  ]);
  if (ours.status === 'fulfilled' && theirs.status === 'fulfilled') return { ours: ours.value, theirs: theirs.value };
  const say = (who: string, result: PromiseSettledResult<unknown>): string =>
    `${who}: ${result.status === 'fulfilled' ? 'saw no fault' : describe(result.reason)}`;
  throw new Error(`${say('we', ours)}; ${say('the peer', theirs)}`);
}

/** Rejects a moment after the other end failed: time enough to say why here, and no waiting for what won't come. */
function soonAfterFailure(other: Promise<unknown>): Promise<never> {
  return new Promise((_resolve, reject) => {
    other.catch(() => void sleep(500).then(() => reject(new Error('waited for the other end'))));
  });
}

export function configOf(peer: Peer, cell: Cell, credentials: Credentials, port: number | undefined): PeerConfig {
  const isServer = cell.role === 'server';
  const before = cell.helloRetry && !isServer ? (peer.decoys?.(cell.group) ?? decoysFor([cell.group], cell.group)) : [];
  const after = isServer ? [] : curveOfKey(cell);
  const own = isServer ? credentials.server : credentials.client;
  return {
    role: cell.role,
    connections: connections(cell),
    version: cell.version,
    groups: [...before, cell.group, ...after].map((name) => NamedGroup[name]),
    signature: SignatureScheme[cell.signature],
    ca: isServer ? credentials.client.ca : credentials.server.ca,
    ...(isServer || cell.clientAuth ? { cert: own.cert, key: own.key } : {}),
    requestCert: isServer && cell.clientAuth,
    ...(port === undefined ? {} : { port }),
    bytes: echoedBytes,
  };
}

/**
 * Groups for a client to put first so that it sends no share for what the server accepts: one of each class, as we and
 * others send a share for the first of each. Those of the default policies, which every peer has.
 */
function decoysFor(accepted: readonly Group[], group: Group): Group[] {
  const free = groups.filter((other) => !accepted.includes(other) && other !== group);
  const postQuantum = free.find(isPostQuantumGroup);
  const classical = free.find((other) => !isPostQuantumGroup(other));
  const decoys = [postQuantum, classical].filter((decoy) => decoy !== undefined);
  const isSafe = isPostQuantumGroup(group) ? postQuantum !== undefined : classical !== undefined;
  if (!isSafe) throw new Error(`the peer accepts every group of the class of ${group}`);
  return decoys;
}

const connections = (cell: Cell): number => (cell.resumption ? 2 : 1);

const onVisit =
  (cell: Cell, visit: number) =>
  (problem: string): string =>
    cell.resumption ? `connection ${visit + 1}: ${problem}` : problem;

function endOnAbort(conversation: Conversation, signal: AbortSignal): () => Promise<void> {
  const abort = (): void => void conversation.end();
  signal.addEventListener('abort', abort);
  return async () => {
    signal.removeEventListener('abort', abort);
    await conversation.end();
  };
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? ` (${String(error.code)})` : '';
  return `${error.message}${code}`;
}

/** For messages. */
export function resultName({ peer, cell }: CellResult): string {
  return `${peer}: ${cellName(cell)}`;
}
