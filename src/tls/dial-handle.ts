// What a net.Socket has for its handle while it connects: a socket of the addon's. Lookup, the choice among addresses, their
// options and what is told of them stay node:net's, and TCP is the addon's from the start.

import { AsyncResource } from 'node:async_hooks';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { loadBinding } from '../binding.js';
import { NativeTcpEvent, type NativeTcpHandle } from '../binding/tcp-contract.js';
import { destroyByHand, TcpTransport, tcpOf, type NodeHandle, type Tcp } from './tcp-transport.js';

/** Node's request of a connection attempt. Without `oncomplete` nobody waits for it any more. */
interface ConnectRequest {
  oncomplete?: (status: number, handle: DialHandle, request: ConnectRequest, readable: true, writable: true) => void;
}

/** The methods are those that node:net calls on its own handles; results are 0 or a negative errno. */
class DialHandle {
  readonly #tcp: Tcp;
  /** Where the program dials: what comes of it belongs to that async context. */
  readonly #scope = new AsyncResource('PQTLSTCP', destroyByHand);
  /** Made with the first address, which tells its kind. */
  #native: NativeTcpHandle | undefined;
  #request: ConnectRequest | undefined;
  #isReferenced = true;
  #onClosed: (() => void) | undefined;

  constructor(tcp: Tcp) {
    this.#tcp = tcp;
  }

  bind(address: string, port: number | undefined): number {
    return this.#bind(4, address, port);
  }

  bind6(address: string, port: number | undefined, flags: number | undefined): number {
    return this.#bind(6, address, port, flags);
  }

  #bind(family: 4 | 6, address: string, port = 0, flags = 0): number {
    return this.#open(false, (native) => native.bind(family, address, port, flags));
  }

  /** Without a port, to a Unix socket. */
  connect(request: ConnectRequest, address: string, port?: number): number {
    this.#request = request;
    if (port === undefined) return this.#open(true, (native) => native.connectPath(address));
    return this.#open(false, (native) => native.connect(4, address, port));
  }

  connect6(request: ConnectRequest, address: string, port: number): number {
    this.#request = request;
    return this.#open(false, (native) => native.connect(6, address, port));
  }

  #open(isPipe: boolean, use: (native: NativeTcpHandle) => number): number {
    if (this.#native === undefined) {
      try {
        this.#native = new this.#tcp.TcpHandle(undefined, isPipe);
      } catch (error) {
        const errno: unknown = error instanceof Error ? Reflect.get(error, 'errno') : undefined;
        if (typeof errno !== 'number') throw error;
        return errno;
      }
      this.#native.receiver = this;
      if (!this.#isReferenced) this.#native.setRef(false);
    }
    return use(this.#native);
  }

  /** @internal An event of the addon's. */
  onEvent(event: number, value: number): void {
    this.#scope.runInAsyncScope(DialHandle.#onNativeEvent, undefined, this, event, value);
  }

  static readonly #onNativeEvent = (handle: DialHandle, event: number, value: number): void => {
    if (event === NativeTcpEvent.connected) handle.#request?.oncomplete?.(value, handle, handle.#request, true, true);
    else if (event === NativeTcpEvent.closed) handle.#closed();
  };

  /** The connection, which is there; this handle has nothing any more. */
  take(): TcpTransport | undefined {
    const native = this.#native;
    this.#native = undefined;
    return native && new TcpTransport(native, this.#tcp, { scope: this.#scope });
  }

  close(callback?: () => void): void {
    this.#onClosed ??= callback;
    if (this.#native !== undefined) this.#native.close();
    // As late as libuv tells of the end of what it had opened.
    else setImmediate(() => this.#closed());
  }

  #closed(): void {
    const callback = this.#onClosed;
    this.#onClosed = undefined;
    this.#scope.emitDestroy();
    callback?.();
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
    return this.#native?.setKeepAlive(on, seconds, interval, count) ?? 0;
  }

  setTypeOfService(value: number): number {
    return this.#native?.setTypeOfService(value) ?? 0;
  }

  getsockname(out: object): number {
    Object.assign(out, this.#native?.name(false));
    return 0;
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

/** Node's permission model asks in Node's own handles alone, and has to be asked. */
function dialler(): Tcp | undefined {
  const loaded = loadBinding();
  const isRestricted = Reflect.get(process, 'permission') !== undefined;
  return loaded.loaded && !isRestricted ? tcpOf(loaded.binding) : undefined;
}

/** Goes on with a connection that a net.Socket has made, and ends that. Undefined where it can't be taken over. */
export function fromDialled(dialled: unknown): TcpTransport | undefined {
  const loaded = loadBinding();
  if (!(dialled instanceof Socket) || !loaded.loaded) return undefined;
  const handle = Reflect.get(dialled, '_handle') as NodeHandle | DialHandle | null;
  if (handle === null) return undefined;
  const isOurs = handle instanceof DialHandle;
  const taken = isOurs ? handle.take() : TcpTransport.takeOver(loaded.binding, handle);
  if (taken === undefined) return undefined;
  // It has nothing to close any more.
  if (isOurs) Reflect.set(dialled, '_handle', null);
  dialled.destroy();
  return taken;
}
