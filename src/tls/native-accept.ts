// A net.Server's connections, accepted by the addon, or taken over from Node before it makes a net.Socket of them.

/* eslint-disable no-restricted-syntax -- What these functions belong to is there once for a server. */

import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { Socket, type Server } from 'node:net';
import type { EngineName } from '../engine/connection.js';
import { loadBinding, type NativeBinding } from '../binding.js';
import { AcceptWay, type NativeTcpHandle, type NativeTcpListener } from '../binding/tcp-contract.js';
import { configureListener, type PreparedHandshake } from './begun-handshake.js';
import {
  describeHandle,
  handshakeStep,
  nothingAchieved,
  TcpTransport,
  tcpOf,
  type HandshakeStep,
  type NodeHandle,
} from './tcp-transport.js';

type OnConnection = (this: unknown, error: number, handle: NodeHandle) => void;

/** Node's handle of a server that listens, or is about to. */
interface ListeningHandle extends NodeHandle {
  onconnection?: OnConnection;
  listen: (backlog: number) => number;
  /** 0, or why binding failed, which Node learns from listen(). */
  getsockname?(out: object): number;
  close: (callback?: () => void) => void;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
}

/** What node:net and node:cluster keep in a server, and what they call when it begins to listen. */
interface ListeningServer extends Server {
  _handle: ListeningHandle | null;
  _listen2: (this: ListeningServer, ...args: unknown[]) => void;
  _connections: number;
  _emitCloseIfDrained(): void;
  noDelay?: boolean;
  keepAlive?: boolean;
  keepAliveInitialDelay?: number;
  blockList?: unknown;
  allowHalfOpen: boolean;
}

/** Who speaks TLS on what is accepted. */
export interface NativeAcceptor {
  /** Only AWS-LC runs on the addon's TCP. */
  readonly engine: EngineName;
  /** See TlsAcceptor#prepare(). */
  prepare(): PreparedHandshake | undefined;
  /** Speaks TLS on a socket that was just accepted. */
  accept(transport: TcpTransport): void;
  /** See TlsAcceptor#resume(). */
  resume(transport: TcpTransport, prepared: PreparedHandshake, step: HandshakeStep, age: number): void;
}

const accepted = channel('net.server.socket');

/** Each server's listener to `connection` that speaks TLS; a program may have put its own in its place. */
const ownListeners = new WeakMap<ListeningServer, unknown>();

/**
 * Gives `acceptor` the connections of a server to come, whose last listener to `connection` does the same for a net.Socket.
 * Those that somebody else wants to see as one go Node's way: where `connection` has other listeners, and where there are
 * more connections than `maxConnections`.
 */
export function acceptNatively(given: Server, acceptor: NativeAcceptor): void {
  const server = given as ListeningServer;
  const loaded = loadBinding();
  if (acceptor.engine !== 'aws-lc' || !loaded.loaded || tcpOf(loaded.binding) === undefined) return;
  const { binding } = loaded;
  ownListeners.set(server, server.listeners('connection').at(-1));
  const listen = server._listen2;
  // node:net calls it by this name, so that programs can wrap it.
  const listenNatively = function (this: ListeningServer, ...args: unknown[]): void {
    onceHandleIsThere(this, (handle) => new NativeListening(binding, this, handle, acceptor));
    Reflect.apply(listen, this, args);
    const handle = this._handle;
    if (handle && typeof handle.onconnection === 'function') takeConnectionsOver(binding, this, handle, acceptor);
  };
  Object.defineProperty(server, '_listen2', { value: listenNatively, configurable: true, writable: true });
}

/** What node:net binds, and the primary of a cluster gives, is there before it listens. */
function onceHandleIsThere(server: ListeningServer, then: (handle: ListeningHandle) => void): void {
  if (server._handle) {
    then(server._handle);
    return;
  }
  Object.defineProperty(server, '_handle', {
    configurable: true,
    enumerable: true,
    get: () => null,
    set(handle: ListeningHandle | null) {
      Object.defineProperty(server, '_handle', { value: handle, configurable: true, enumerable: true, writable: true });
      if (handle) then(handle);
    },
  });
}

/** For connections that Node accepts: those that the primary of a cluster hands out, and where the addon does not listen. */
function takeConnectionsOver(
  binding: NativeBinding,
  server: ListeningServer,
  handle: ListeningHandle,
  acceptor: NativeAcceptor,
): void {
  const nodes = handle.onconnection;
  if (nodes === undefined) return;
  handle.onconnection = function (error, client): void {
    const transport = error === 0 && isOurs(server) ? TcpTransport.takeOver(binding, client) : undefined;
    if (transport === undefined) {
      Reflect.apply(nodes, this, [error, client]);
      return;
    }
    client.close();
    if (server.noDelay) transport.setNoDelay(true);
    // node:net keeps it in seconds.
    if (server.keepAlive) transport.setKeepAlive(true, (server.keepAliveInitialDelay ?? 0) * 1000);
    adopt(server, transport);
    acceptor.accept(transport);
  };
}

/** What connections were accepted with. */
interface Begun {
  readonly prepared: PreparedHandshake;
  /** The listener's number for it. */
  readonly number: number;
  /** Of them, those that are at their handshake. */
  pending: number;
}

/** A listening socket of the addon's in the place of Node's, whose handle stays bound and is asked for its address. */
class NativeListening {
  readonly #server: ListeningServer;
  readonly #handle: ListeningHandle;
  readonly #acceptor: NativeAcceptor;
  readonly #binding: NativeBinding;
  /** By number: what is used now, and what connections of before are at their handshake with. */
  readonly #begun = new Map<number, Begun>();
  #current: Begun | undefined;
  /** Where listen() was called: connections belong to that async context, as in node:net. */
  #scope: AsyncResource | undefined;

  constructor(binding: NativeBinding, server: ListeningServer, handle: ListeningHandle, acceptor: NativeAcceptor) {
    this.#binding = binding;
    this.#server = server;
    this.#handle = handle;
    this.#acceptor = acceptor;
    const nodes = handle.listen;
    // Only for this once: node:net listens again with another handle.
    handle.listen = (backlog) => {
      handle.listen = nodes;
      const listener = this.#create();
      return listener === undefined ? handle.listen(backlog) : this.#listen(listener, backlog);
    };
  }

  #create(): NativeTcpListener | undefined {
    const tcp = tcpOf(this.#binding);
    const described = describeHandle(this.#handle);
    // Node's own accept, and only that, makes the net.Socket that others want to see; and tells why binding failed.
    if (tcp === undefined || described === undefined || !isOurs(this.#server)) return undefined;
    if (this.#handle.getsockname !== undefined && this.#handle.getsockname({}) !== 0) return undefined;
    try {
      return new tcp.TcpListener(described.fd, described.isPipe);
    } catch (error) {
      if (error instanceof Error && 'errno' in error) return undefined;
      throw error;
    }
  }

  #listen(listener: NativeTcpListener, backlog: number): number {
    const handle = this.#handle;
    const server = this.#server;
    listener.choose = () => this.#choose(listener);
    listener.onHandle = (...args) => this.#scope?.runInAsyncScope(this.#onHandle, this, ...args);
    listener.onDescriptor = (fd) => this.#scope?.runInAsyncScope(this.#onDescriptor, this, fd);
    listener.onError = (status) => {
      this.#scope?.runInAsyncScope(() => {
        Reflect.apply(handle.onconnection as OnConnection, handle, [status]);
      });
    };
    const { noDelay = false, keepAlive = false, keepAliveInitialDelay = 0 } = server;
    listener.setSocket(noDelay, keepAlive, keepAliveInitialDelay);
    const status = listener.listen(backlog);
    if (status !== 0) {
      listener.close();
      return status;
    }
    this.#scope = new AsyncResource('PQTLSLISTENER');
    countPending(server, listener);
    let isRef = true;
    handle.ref = () => {
      listener.setRef((isRef = true));
    };
    handle.unref = () => {
      listener.setRef((isRef = false));
    };
    handle.hasRef = () => isRef;
    const { close } = handle;
    handle.close = (callback) => {
      listener.close();
      Reflect.apply(close, handle, [callback]);
    };
    return 0;
  }

  /** As things are now: listeners and channels come and go. */
  #choose(listener: NativeTcpListener): AcceptWay {
    if (!isOurs(this.#server)) return AcceptWay.node;
    const prepared = this.#acceptor.prepare();
    if (prepared === undefined) return AcceptWay.javascript;
    let begun = this.#current;
    if (begun?.prepared !== prepared) {
      if (begun?.pending === 0) this.#begun.delete(begun.number);
      begun = this.#current = { prepared, number: configureListener(listener, prepared), pending: 0 };
      this.#begun.set(begun.number, begun);
    }
    begun.pending += 1;
    return AcceptWay.addon;
  }

  /** What a connection, which is at its handshake no more, was accepted with. */
  #preparedOf(number: number): PreparedHandshake | undefined {
    const begun = this.#begun.get(number);
    if (begun === undefined) return undefined;
    begun.pending -= 1;
    if (begun.pending === 0 && begun !== this.#current) this.#begun.delete(number);
    return begun.prepared;
  }

  #onHandle(handle: NativeTcpHandle, flags: number, age: number, begunWith: number): void {
    const tcp = tcpOf(this.#binding);
    if (tcp === undefined) return;
    const step = flags === 0 ? nothingAchieved : handshakeStep(tcp.registers, flags);
    const prepared = this.#preparedOf(begunWith);
    const transport = new TcpTransport(handle, tcp, { isReading: prepared !== undefined });
    adopt(this.#server, transport);
    transport.runInScope(() => {
      if (prepared !== undefined) this.#acceptor.resume(transport, prepared, step, age);
      else this.#acceptor.accept(transport);
    });
  }

  /** Node's handle is made of the descriptor, and goes where Node's own accept would have brought it. */
  #onDescriptor(fd: number): void {
    const made = new Socket({ fd, manualStart: true } as object) as Socket & { _handle: NodeHandle | null };
    const client = made._handle;
    made._handle = null;
    made.destroy();
    const { onconnection } = this.#handle;
    if (client !== null && onconnection !== undefined) Reflect.apply(onconnection, this.#handle, [0, client]);
  }
}

interface Count {
  /** Connections that JavaScript knows of. */
  known: number;
  listeners: NativeTcpListener[];
}

const counts = new WeakMap<ListeningServer, Count>();

/** Connections whose handshake runs in the addon count as well. */
function countPending(server: ListeningServer, listener: NativeTcpListener): void {
  const counted = counts.get(server);
  if (counted !== undefined) {
    // A server that listens again: what was accepted before may still be there.
    counted.listeners = [...counted.listeners.filter((earlier) => earlier.pending() > 0), listener];
    return;
  }
  const count: Count = { known: server._connections, listeners: [listener] };
  counts.set(server, count);
  const pending = (): number => count.listeners.reduce((sum, one) => sum + one.pending(), 0);
  Object.defineProperty(server, '_connections', {
    configurable: true,
    enumerable: true,
    get: () => count.known + pending(),
    set(total: number) {
      count.known = total - pending();
    },
  });
}

function isOurs(server: ListeningServer): boolean {
  const { maxConnections } = server;
  // Without a limit it is undefined. What 0 means changed with Node 21, and Node's own code knows.
  const isFull = maxConnections !== undefined && server._connections >= maxConnections;
  if (isFull || server.blockList || accepted.hasSubscribers) return false;
  const [first, ...others] = server.listeners('connection');
  return others.length === 0 && first === ownListeners.get(server);
}

function adopt(server: ListeningServer, transport: TcpTransport): void {
  transport.allowHalfOpen = server.allowHalfOpen;
  addConnections(server, 1);
  transport.whenDestroyed(() => {
    addConnections(server, -1);
    server._emitCloseIfDrained();
  });
}

function addConnections(server: ListeningServer, more: 1 | -1): void {
  const count = counts.get(server);
  if (count === undefined) server._connections += more;
  else count.known += more;
}
