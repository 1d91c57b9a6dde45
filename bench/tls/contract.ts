// What the bench and the programs that it measures say to each other: roles, modes, questions and answers.

/**
 * `pqtls` is the addon's TCP and TLS, `typescript` pqtls with its TypeScript engine, `node:tls` the Node's own, `tcp` a plain echo
 * with the sizes of a handshake.
 */
export type Library = 'pqtls' | 'typescript' | 'node:tls' | 'tcp';

/**
 * What a server does with what it reads: sends it back; answers each 64 bytes with 64 writes of 64 in one tick; reads a
 * count in 8 bytes and sends as many, or receives as many and sends 8.
 */
export type ServerMode = 'echo' | 'burst' | 'download' | 'upload';

export interface ServerRole {
  readonly role: 'server';
  readonly library: Library;
  readonly mode: ServerMode;
  readonly cert: string;
  readonly key: string;
  /** Of `tcp`: bytes of a ClientHello, and of the flight that answers it. */
  readonly hello: number;
  readonly flight: number;
}

export interface ClientRole {
  readonly role: 'client';
  readonly library: Exclude<Library, 'tcp'>;
  readonly ca: string;
}

export interface DuplexRole {
  readonly role: 'duplex';
  readonly library: Exclude<Library, 'tcp'>;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Handshakes of the TypeScript engine in memory, and the primitives that they are made of. */
export interface EngineRole {
  readonly role: 'engine';
  readonly library: 'typescript';
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export type Role = ServerRole | ClientRole | DuplexRole | EngineRole;

export type Question =
  | { readonly ask: 'begin' }
  | { readonly ask: 'usage' }
  /** After a garbage collection. */
  | { readonly ask: 'memory' }
  | { readonly ask: 'handshakes'; readonly port: number; readonly count: number; readonly concurrency: number }
  | { readonly ask: 'transfer'; readonly bytes: number }
  | { readonly ask: 'handshakes in memory' | 'primitives'; readonly count: number };

/** What happened since `begin`. */
export interface Usage {
  /** CPU time of the whole process, its garbage collector's and compiler's threads included. */
  readonly microseconds: number;
  readonly connections: number;
  /** Of pqtls: connections of which getHandshakeInfo() says that they were not what is measured: another transport, or engine. */
  readonly strays: number;
}

export interface Answer {
  readonly port?: number;
  readonly usage?: Usage;
  readonly rss?: number;
  /** What the program did itself, in microseconds of CPU time and of the clock. */
  readonly microseconds?: number;
  readonly wall?: number;
}
