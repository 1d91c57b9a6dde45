// What a peer of the interop lab is, and the protocol that its program speaks: one line of JSON in, lines of JSON out.
//
// In: PeerConfig. Out: `{"port":N}` of a server, then a PeerReport for each connection, or `{"error":"..."}` and the end.

import type { Cell, Group, Role, Version } from './axes.js';

/** What a peer's program is told. Groups and the signature scheme are numbers of the TLS registries. */
export interface PeerConfig {
  readonly role: Role;
  /** Connections that follow each other; a client resumes from the second on. */
  readonly connections: number;
  readonly version: Version;
  /** Most wanted first. */
  readonly groups: readonly number[];
  readonly signature: number;
  /** PEM of what our side's leaf was issued by. */
  readonly ca: string;
  /** SHA-256 of our leaf's SubjectPublicKeyInfo, in base64, for who trusts keys. */
  readonly trustedKey: string;
  /** A server's chain and key, or those of a client that is to show one. */
  readonly cert?: string;
  readonly key?: string;
  readonly requestCert: boolean;
  /** Our server's, for a client. */
  readonly port?: number;
  /** A client sends as many; a server reads them all and sends them back. */
  readonly bytes: number;
}

/** What a peer saw of one connection. What its API does not tell is left out. */
export interface PeerReport {
  readonly protocol: string;
  /** A number of the registry, or any spelling of its name. */
  readonly group?: number | string | null;
  readonly cipherSuite?: number | string | null;
  /** Its own signature's, and ours. */
  readonly signatureScheme?: number | string | null;
  readonly peerSignatureScheme?: number | string | null;
  readonly resumed?: boolean | null;
  readonly helloRetryRequest?: boolean | null;
  /** SHA-256 of our leaf, in hex; empty where we showed none. */
  readonly peerCertificate?: string | null;
  /** SHA-256 of the bytes, in hex. */
  readonly sent: string;
  readonly received: string;
}

/** A running peer. */
export interface Conversation {
  /** A server's. */
  readonly port: number | undefined;
  /** Of the next connection. Rejects where the peer failed or ended. */
  report(): Promise<PeerReport>;
  /** Ends it where it has not ended by itself. */
  end(): Promise<void>;
}

/** What a peer cannot do, for a reason that holds whatever comes of it: such cells are `n/a`. */
export interface Limit {
  readonly reason: string;
  readonly excludes: (cell: Cell) => boolean;
}

export interface Peer {
  /** As --peer takes it. */
  readonly name: string;
  readonly title: string;
  /** What fixes its version. */
  readonly pin: string;
  /** Not in the lab's list of peers that must be there. */
  readonly optional?: boolean;
  readonly limits: readonly Limit[];
  /** What our server carries for its client: bytes both ways, or a page by pqtls/https that does the same. Default `echo`. */
  readonly carries?: 'echo' | 'https';
  /** Why it cannot be started now, in words that end with what to do; undefined where it can. Builds and fetches nothing. */
  missing(): string | undefined;
  /** Fetches and builds what is due. Throws PeerUnavailableError where this machine cannot. */
  prepare(): Promise<void>;
  /** Of the implementation, asked of itself where it can say. */
  version(): Promise<string>;
  start(config: PeerConfig, cell: Cell): Promise<Conversation>;
  /** What its client must be told to offer before the group of a cell, so that it sends no share for that. */
  readonly decoys?: (group: Group) => readonly Group[];
  /** What its server accepts in a cell, where it is not the group of the cell alone. */
  readonly accepts?: (cell: Cell) => readonly Group[];
}

/** This machine cannot have the peer; the message says why and what to do. */
export class PeerUnavailableError extends Error {
  override readonly name = 'PeerUnavailableError';
}

export const lacksGroups = (names: readonly Group[], reason: string): Limit => ({
  reason,
  excludes: ({ group }) => names.includes(group),
});

export const lacksSignatures = (names: readonly string[], reason: string): Limit => ({
  reason,
  excludes: ({ signature }) => names.includes(signature),
});

/** Why a peer does not support a cell, or undefined. */
export function unsupported(peer: Peer, cell: Cell): string | undefined {
  return peer.limits.find(({ excludes }) => excludes(cell))?.reason;
}
