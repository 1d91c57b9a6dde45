// Sessions as programs keep them: what a client may resume, and whom it had verified; a server's newSession, resumeSession.

import type { EventEmitter } from 'node:events';
import type { ConnectionState } from './negotiated-socket.js';
import type { Duplex } from 'node:stream';
import type { Answer, EngineEvent } from '../engine/connection.js';
import { invalidArgType } from '../errors.js';

/** Whose certificate a client had accepted when it got a session. */
export interface VerifiedIdentity {
  readonly name: string;
  /** By the program's own checkServerIdentity. */
  readonly byProgram: boolean;
}

interface KeptSession {
  /** The engine's bytes. Secret. */
  readonly session: Uint8Array;
  readonly identity: VerifiedIdentity | undefined;
}

// Kept sessions: magic, flags, length of the name (two bytes), the name, the engine's bytes.
const magic = Buffer.from('\0pqtls:session:1\0');
const nameVerified = 1;
const verifiedByProgram = 2;

/** What getSession() and the session events give. */
export function wrapSession(session: Uint8Array, identity?: VerifiedIdentity): Buffer {
  const name = Buffer.from(identity?.name ?? '');
  const header = Buffer.alloc(3);
  header.writeUInt8(identity === undefined ? 0 : nameVerified | (identity.byProgram ? verifiedByProgram : 0), 0);
  header.writeUInt16BE(name.length, 1);
  return Buffer.concat([magic, header, name, session]);
}

/** undefined for bytes that are not of ours, which are ignored as in node:tls: a full handshake follows. */
export function unwrapSession(bytes: Uint8Array): KeptSession | undefined {
  const kept = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameAt = magic.length + 3;
  if (kept.length < nameAt || !kept.subarray(0, magic.length).equals(magic)) return undefined;
  const flags = kept.readUInt8(magic.length);
  const nameEnd = nameAt + kept.readUInt16BE(magic.length + 1);
  if (kept.length <= nameEnd) return undefined;
  const identity =
    (flags & nameVerified) === 0
      ? undefined
      : { name: kept.toString('utf8', nameAt, nameEnd), byProgram: (flags & verifiedByProgram) !== 0 };
  return { session: kept.subarray(nameEnd), identity };
}

/** The `session` option and the argument of setSession(), with node:tls's error. */
export function checkSession(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw Object.assign(new TypeError('Session must be a buffer'), {
    code: 'ERR_INVALID_ARG_TYPE',
    cause: invalidArgType('session', 'an instance of Buffer, TypedArray, or DataView', value),
  });
}

// How long a client's end waits for tickets that may never come, in milliseconds: some round trips of its handshake.
const shortestWait = 50;
const longestWait = 1000;

/**
 * For a client that ends at once and wants the session: its engine takes no ticket after its own close_notify, so that
 * waits until the session came, the connection is over, or the server had time enough to send one.
 */
export class AwaitedTickets {
  readonly #client: EventEmitter;
  #done = false;

  constructor(client: EventEmitter) {
    this.#client = client;
  }

  /** Whether the end has to wait; `proceed` is called once it need not any more. */
  awaited({ isServer, info, session }: ConnectionState, proceed: () => void): boolean {
    const wanted = !isServer && info?.protocol === 'TLSv1.3';
    if (!wanted || this.#done || session !== undefined) return false;
    this.#done = true;
    let immediate: NodeJS.Immediate | undefined;
    const stop = (): void => {
      clearTimeout(timer);
      clearImmediate(immediate);
      for (const [event, listener] of listeners) this.#client.removeListener(event, listener);
      proceed();
    };
    // A server sends several in a row.
    const onSession = (): void => void (immediate ??= setImmediate(stop));
    const listeners = [
      ['session', onSession],
      ['end', stop],
      ['close', stop],
    ] as const;
    const timer = setTimeout(stop, Math.min(Math.max(4 * info.durationMs, shortestWait), longestWait));
    for (const [event, listener] of listeners) this.#client.on(event, listener);
    return true;
  }
}

/** Calls back once, when somebody begins to listen: nothing is made that nobody hears. */
export function onFirstListener(emitter: EventEmitter, event: string, callback: () => void): void {
  const onListener = (name: string | symbol): void => {
    if (name !== event) return;
    emitter.off('newListener', onListener);
    callback();
  };
  emitter.on('newListener', onListener);
}

/** A session of TLS 1.2 is kept before the handshake counts as done; every other is told of afterwards. */
export function aroundHandshake(events: readonly EngineEvent[]): [before: EngineEvent[], after: EngineEvent[]] {
  const isLate = (event: EngineEvent): boolean =>
    event.kind === 'session' || (event.kind === 'new-session' && !event.blocking);
  return [events.filter((event) => !isLate(event)), events.filter(isLate)];
}

/** What a server's sessions do with the socket. */
export interface SessionHooks {
  resume(answer: Answer): void;
  /** Every newSession callback has run. */
  stored(): void;
}

/** The events newSession and resumeSession of one connection. */
export class ServerSessions {
  readonly #server: EventEmitter;
  readonly #socket: Duplex;
  readonly #hooks: SessionHooks;
  #unstored = 0;

  constructor(server: EventEmitter, socket: Duplex, hooks: SessionHooks) {
    this.#server = server;
    this.#socket = socket;
    this.#hooks = hooks;
  }

  /** As node:tls: a server is asked only where it listened when the connection came. */
  static wanted(server: EventEmitter | undefined): server is EventEmitter {
    return server !== undefined && server.listenerCount('newSession') + server.listenerCount('resumeSession') > 0;
  }

  get waiting(): boolean {
    return this.#unstored > 0;
  }

  created({ id, session }: Extract<EngineEvent, { kind: 'new-session' }>): void {
    this.#unstored += 1;
    let once = false;
    const done = (): void => {
      if (once) return;
      once = true;
      this.#unstored -= 1;
      if (this.#unstored === 0 && !this.#socket.destroyed) this.#hooks.stored();
    };
    let told = false;
    try {
      told = this.#server.emit('newSession', id, wrapSession(session), done);
    } catch (error) {
      this.#server.emit('error', error);
    }
    if (!told) done();
  }

  wanted(id: Buffer): void {
    let once = false;
    const answer = (error?: Error | null, session?: unknown): void => {
      if (this.#socket.destroyed) return;
      if (once) {
        this.#socket.destroy(
          Object.assign(new Error('Callback called multiple times'), { code: 'ERR_MULTIPLE_CALLBACK' }),
        );
        return;
      }
      once = true;
      if (error) {
        this.#socket.destroy(error);
        return;
      }
      const kept = ArrayBuffer.isView(session) ? unwrapSession(checkSession(session)) : undefined;
      this.#hooks.resume({ kind: 'resume-session', session: kept?.session });
    };
    try {
      if (!this.#server.emit('resumeSession', id, answer)) answer(null, null);
    } catch (error) {
      answer(error instanceof Error ? error : new Error('resumeSession threw', { cause: error }));
    }
  }
}
