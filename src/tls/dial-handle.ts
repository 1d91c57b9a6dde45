// What a net.Socket has for its handle while it connects: a socket of the addon's. Lookup, the choice among addresses, their
// options and what is told of them stay node:net's, and TCP is the addon's from the start.

import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { constants } from 'node:os';
import { loadBinding } from '../binding.js';
import { NativeTcpEvent, type NativeTcpHandle } from '../binding/tcp-contract.js';
import {
  attempt,
  destroyByHand,
  TcpTransport,
  tcpOf,
  type NativeTcpReceiver,
  type NodeHandle,
  type Tcp,
} from './tcp-transport.js';

/** Node's request of a connection attempt. Without `oncomplete` nobody waits for it any more. */
interface ConnectRequest {
  oncomplete?: (status: number, handle: DialHandle, request: ConnectRequest, readable: true, writable: true) => void;
}

interface Attempt {
  readonly request: ConnectRequest;
  /** Where it began, which may be a callback of `lookup`: its end belongs to that async context. */
  readonly scope: AsyncResource;
}

const notOpen = -constants.errno.EBADF;

/** The methods are those that node:net calls on its own handles; results are 0 or a negative errno. */
class DialHandle implements NativeTcpReceiver {
  readonly #tcp: Tcp;
  /** Where the TLSSocket was made: what the connection brings belongs to that async context. */
  readonly #scope = new AsyncResource('PQTLSTCP', destroyByHand);
  #native: NativeTcpHandle | undefined;
  #attempt: Attempt | undefined;
  #isConnected = false;
  #isReferenced = true;
  #onClosed: (() => void) | undefined;

  constructor(tcp: Tcp) {
    this.#tcp = tcp;
  }

  /** net.Socket makes its own handle at this point: in its connect(). */
  open(): void {
    if (this.#native !== undefined) return;
    const native = attempt(() => new this.#tcp.TcpHandle(undefined, false));
    if (native === undefined) return;
    native.receiver = this;
    if (!this.#isReferenced) native.setRef(false);
    this.#native = native;
  }

  bind(address: string, port = 0): number {
    return this.#native?.bind(4, address, port, 0) ?? notOpen;
  }

  bind6(address: string, port = 0, flags = 0): number {
    return this.#native?.bind(6, address, port, flags) ?? notOpen;
  }

  connect(request: ConnectRequest, address: string, port: number): number {
    return this.#connect(4, request, address, port);
  }

  connect6(request: ConnectRequest, address: string, port: number): number {
    return this.#connect(6, request, address, port);
  }

  #connect(family: 4 | 6, request: ConnectRequest, address: string, port: number): number {
    this.#attempt = { request, scope: new AsyncResource('PQTLSCONNECT') };
    return this.#native?.connect(family, address, port) ?? notOpen;
  }

  /** @internal An event of the addon's. */
  onEvent(event: number, value: number): void {
    if (event === NativeTcpEvent.connected) this.#attempt?.scope.runInAsyncScope(DialHandle.#onConnected, this, value);
    else if (event === NativeTcpEvent.closed) this.#closed();
  }

  static #onConnected(this: DialHandle, status: number): void {
    this.#isConnected = status === 0;
    const request = this.#attempt?.request;
    request?.oncomplete?.(status, this, request, true, true);
  }

  /** The connection, which is there; this handle has nothing any more. */
  take(): TcpTransport | undefined {
    const native = this.#native;
    this.#native = this.#attempt = undefined;
    return native && new TcpTransport(native, this.#tcp, { scope: this.#scope });
  }

  /** An attempt that goes on ends with `ECANCELED` before. */
  close(callback?: () => void): void {
    this.#onClosed ??= callback;
    if (this.#native !== undefined) this.#native.close();
    // As late as libuv tells of the end of what it had opened.
    else setImmediate(() => this.#closed());
  }

  #closed(): void {
    const callback = this.#onClosed;
    this.#onClosed = undefined;
    this.#attempt = undefined;
    this.#scope.emitDestroy();
    if (callback !== undefined) this.#scope.runInAsyncScope(callback);
  }

  // What is read is TLS's, once the connection is there.
  readStart(): number {
    return 0;
  }

  readStop(): number {
    return 0;
  }

  // Before it is open node:net keeps these for when it is connected.
  setNoDelay(on: boolean): number {
    return this.#native?.setNoDelay(on) ?? 0;
  }

  setKeepAlive(on: boolean, seconds: number, interval = 0, count = 0): number {
    return this.#native?.setKeepAlive(on, seconds, interval, Number.isInteger(count) ? count : 0) ?? 0;
  }

  /** Undefined before it is connected: then node:net keeps the value, and answers with it. */
  get setTypeOfService(): ((value: number) => number) | undefined {
    return this.#isConnected ? DialHandle.#setTypeOfService : undefined;
  }

  static readonly #setTypeOfService = function (this: DialHandle, value: number): number {
    return this.#native?.setTypeOfService(value) ?? notOpen;
  };

  getsockname(out: object): number {
    const name = this.#native?.name(false);
    Object.assign(out, name);
    // libuv puts off what binding to an address in use fails with.
    return name === undefined ? -constants.errno.EADDRINUSE : 0;
  }

  ref(): void {
    this.#setReferenced(true);
  }

  unref(): void {
    this.#setReferenced(false);
  }

  hasRef(): boolean {
    return this.#isReferenced;
  }

  #setReferenced(on: boolean): void {
    this.#isReferenced = on;
    this.#native?.setRef(on);
  }
}

/** Node publishes the net.Socket that connects. */
const dialled = channel('net.client.socket');

/**
 * A TCP socket for a TLSSocket that was given none. With `dialsNatively` it serves to connect alone: fromDialled() goes on
 * with what it has connected.
 */
export function ownTransport(options: SocketConstructorOpts & object, dialsNatively: boolean): Socket {
  const { noDelay, keepAlive, keepAliveInitialDelay } = options as Record<string, unknown>;
  const tcp = dialsNatively ? dialler() : undefined;
  // It stays open for writing until close_notify is out.
  const chosen: Record<string, unknown> = { allowHalfOpen: true, noDelay, keepAlive };
  if (keepAliveInitialDelay !== undefined) chosen['keepAliveInitialDelay'] = keepAliveInitialDelay;
  if (tcp !== undefined) Object.assign(chosen, { handle: new DialHandle(tcp), manualStart: true });
  return new Socket(chosen);
}

function dialler(): Tcp | undefined {
  const loaded = loadBinding();
  // Node's permission model asks in Node's own handles alone, and has to be asked.
  const isRestricted = Reflect.get(process, 'permission') !== undefined;
  return loaded.loaded && !isRestricted ? tcpOf(loaded.binding) : undefined;
}

/** Before the net.Socket's connect() with these arguments. */
export function beforeDialling(socket: Socket, args: readonly unknown[]): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (!(handle instanceof DialHandle)) return;
  // What Node does with a path depends on its version; and whoever follows its sockets should not see this one end.
  if (hasPath(args) || dialled.hasSubscribers) Reflect.set(socket, '_handle', null);
  else handle.open();
}

/** As net.Socket's connect() reads its arguments, or finds them read. */
function hasPath([first]: readonly unknown[]): boolean {
  const given: unknown = Array.isArray(first) ? first[0] : first;
  return typeof given === 'object' && given !== null ? Boolean(Reflect.get(given, 'path')) : isPath(given);
}

/** A string that is not a port number. */
export function isPath(value: unknown): boolean {
  return typeof value === 'string' && !(Number(value) >= 0);
}

/** Goes on with a connection that a net.Socket has made, and ends that. Undefined where it can't be taken over. */
export function fromDialled(socket: unknown): TcpTransport | undefined {
  const loaded = loadBinding();
  if (!(socket instanceof Socket) || !loaded.loaded) return undefined;
  const handle = Reflect.get(socket, '_handle') as NodeHandle | DialHandle | null;
  if (handle === null) return undefined;
  const isOurs = handle instanceof DialHandle;
  if (!isOurs && dialled.hasSubscribers) return undefined;
  const taken = isOurs ? handle.take() : TcpTransport.takeOver(loaded.binding, handle);
  if (taken === undefined) return undefined;
  // It has nothing to close any more.
  if (isOurs) Reflect.set(socket, '_handle', null);
  socket.destroy();
  return taken;
}
