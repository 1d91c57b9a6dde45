// Runs cells of the matrix: starts the peer, moves bytes both ways, judges what both ends saw.

import { setTimeout as sleep } from 'node:timers/promises';
import { NamedGroup, SignatureScheme } from '#src/protocol/constants.js';
import { isPostQuantumGroup } from '#src/protocol/named-groups.js';
import { cellName, curveOfKey, groups, groupsOf, type Cell, type Group } from './axes.js';
import type { Credentials } from './credentials.js';
import { judge } from './judge.js';
import { dial, echoedBytes, serve, type Observation } from './ours.js';
import { serveHttps } from './ours-https.js';
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
 * Runs the cells of a peer, `workers` conversations at a time. A conversation with a resumption has the cell without one as its
 * first connection, so that both come of it.
 *
 * @param onResults called as each conversation is done
 */
export async function runCells(
  peer: Peer,
  cells: readonly Cell[],
  credentials: AllCredentials,
  workers: number,
  onResults: (results: readonly CellResult[]) => void,
): Promise<CellResult[]> {
  const results: CellResult[] = [];
  const queue = conversations(cells).values();
  const work = async (): Promise<void> => {
    for (const together of queue) {
      const done = await runTogether(peer, together, credentials);
      results.push(...done);
      onResults(done);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

/** Cells that differ in their resumption alone. */
function conversations(cells: readonly Cell[]): Cell[][] {
  const byRest = new Map<string, Cell[]>();
  for (const cell of cells) {
    const rest = JSON.stringify({ ...cell, resumption: undefined });
    byRest.set(rest, [...(byRest.get(rest) ?? []), cell]);
  }
  return [...byRest.values()];
}

async function runTogether(peer: Peer, cells: readonly Cell[], all: AllCredentials): Promise<CellResult[]> {
  const of = (cell: Cell, outcome: Outcome): CellResult => ({ peer: peer.name, cell, outcome });
  const excluded = cells.flatMap((cell) => {
    const reason = unsupported(peer, cell);
    return reason === undefined ? [] : [of(cell, { status: 'n/a', reason })];
  });
  const runnable = cells.filter((cell) => unsupported(peer, cell) === undefined);
  const longest = runnable.find(({ resumption }) => resumption) ?? runnable[0];
  if (longest === undefined) return excluded;
  const visits: string[][] = [];
  const failure = await converse(peer, longest, all[longest.signature], visits);
  return [...excluded, ...runnable.map((cell) => of(cell, verdict(visits.slice(0, connections(cell)), cell, failure)))];
}

/** @param visits what is wrong with each connection that was made */
function verdict(visits: readonly (readonly string[])[], cell: Cell, failure: string | undefined): Outcome {
  const problems = visits.flatMap((visit, index) =>
    visit.map((problem) => (cell.resumption ? `connection ${index + 1}: ${problem}` : problem)),
  );
  if (visits.length < connections(cell)) problems.push(failure ?? 'the conversation ended too early');
  return problems.length === 0 ? { status: 'passed' } : { status: 'failed', problems };
}

/** Both connections of a cell; what is wrong with each goes to `visits`, and what ended it early comes back. */
async function converse(
  peer: Peer,
  cell: Cell,
  credentials: Credentials,
  visits: string[][],
): Promise<string | undefined> {
  const deadline = new AbortController();
  const outOfTime = sleep(cellTimeoutMs, undefined, { signal: deadline.signal }).then(() => {
    throw new Error(`not done after ${cellTimeoutMs / 1000} seconds`);
  });
  // Whoever loses the race has nobody to tell.
  outOfTime.catch(() => {});
  const work = (cell.role === 'server' ? dialPeer : servePeer)(peer, cell, credentials, deadline.signal, visits);
  try {
    await Promise.race([work, outOfTime]);
    return undefined;
  } catch (error) {
    return describe(error);
  } finally {
    deadline.abort();
    // Every socket and process is gone before the next begins; why it failed was said.
    await work.catch(() => {});
  }
}

/** Our client, their server. */
async function dialPeer(
  peer: Peer,
  cell: Cell,
  credentials: Credentials,
  signal: AbortSignal,
  visits: string[][],
): Promise<void> {
  const conversation = await peer.start(configOf(peer, cell, credentials, undefined), cell);
  const stop = endOnAbort(conversation, signal);
  try {
    const { port } = conversation;
    if (port === undefined) throw new Error('the peer told no port');
    const accepted = peer.accepts?.(cell) ?? [cell.group];
    const decoys = cell.helloRetry ? decoysFor(accepted, cell.group, groupsOf(cell.ours)) : [];
    const ourGroups = [...decoys, cell.group, ...curveOfKey(cell)];
    let session: Buffer | undefined;
    for (let visit = 0; visit < connections(cell); visit++) {
      const dialled = dial(port, { cell, credentials, groups: ourGroups }, session, signal);
      const { ours, theirs } = await both(
        dialled.then(({ seen }) => seen),
        conversation,
      );
      visits.push(judge(cell, visit, credentials, ours, theirs));
      if (cell.resumption && visit === 0) {
        ({ session } = await dialled);
        if (session === undefined) throw new Error('the server gave no session to resume');
      }
    }
  } finally {
    await stop();
  }
}

/** Their client, our server. */
async function servePeer(
  peer: Peer,
  cell: Cell,
  credentials: Credentials,
  signal: AbortSignal,
  visits: string[][],
): Promise<void> {
  const server = await (peer.carries === 'https' ? serveHttps : serve)(
    { cell, credentials, groups: [cell.group] },
    signal,
  );
  try {
    const conversation = await peer.start(configOf(peer, cell, credentials, server.port), cell);
    const stop = endOnAbort(conversation, signal);
    try {
      for (let visit = 0; visit < connections(cell); visit++) {
        const { ours, theirs } = await both(server.next(), conversation);
        visits.push(judge(cell, visit, credentials, ours, theirs));
      }
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
  const after = curveOfKey(cell);
  const own = isServer ? credentials.server : credentials.client;
  return {
    role: cell.role,
    connections: connections(cell),
    version: cell.version,
    groups: (isServer ? (peer.accepts?.(cell) ?? [cell.group]) : [...before, cell.group, ...after]).map(
      (name) => NamedGroup[name],
    ),
    signature: SignatureScheme[cell.signature],
    ca: isServer ? credentials.client.ca : credentials.server.ca,
    trustedKey: (isServer ? credentials.client : credentials.server).keyHash,
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
function decoysFor(accepted: readonly Group[], group: Group, among: readonly Group[] = groups): Group[] {
  const free = among.filter((other) => !accepted.includes(other) && other !== group);
  const postQuantum = free.find(isPostQuantumGroup);
  const classical = free.find((other) => !isPostQuantumGroup(other));
  const decoys = [postQuantum, classical].filter((decoy) => decoy !== undefined);
  const isSafe = isPostQuantumGroup(group) ? postQuantum !== undefined : classical !== undefined;
  if (!isSafe) throw new Error(`the peer accepts every group of the class of ${group}`);
  return decoys;
}

const connections = (cell: Cell): number => (cell.resumption ? 2 : 1);

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
