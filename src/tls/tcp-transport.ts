// A TCP or Unix socket that the addon drives on Node's event loop: what a TLSSocket needs of a net.Socket, and no stream.

import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { type NativeBinding } from '../binding.js';
import { NativeTcpEvent, type NativeTcpHandle, type NativeTcpName } from '../binding/tcp-contract.js';
import { inThisContext } from './in-this-context.js';
import { metricsOfThisThread as metrics } from './metrics.js';
import { turnsOf } from './reactions.js';
import { ProgressRegister, type NativeConnection } from '../binding/tls-contract.js';

/** `PQTLS_TRANSPORT=net` leaves TCP to net.Socket, everywhere. */
const isWanted = process.env['PQTLS_TRANSPORT'] !== 'net';

/** What happens on a transport. */
export type TransportEvent = 'data' | 'end' | 'error' | 'close';

type WriteCallback = (error?: Error | null) => void;

/** The key of what a transport tells its receiver. */
export const onTransport: unique symbol = Symbol('pqtls.onTransport');

/** What is told of everything that happens on a transport. `data` comes with its length in the slab of the thread. */
export interface TransportReceiver {
  [onTransport](from: TcpTransport, event: TransportEvent, value?: number | Error): void;
}

/** What a handshake in the addon came to when JavaScript is needed. */
export interface HandshakeStep {
  /** Bits of NativeProgress; 0 where the socket has something to tell, or the handshake took too long. */
  readonly achieved: number;
  /** Bytes that stand in the slab, until the listener returns, and how many of them are done with. */
  readonly received: number;
  readonly consumed: number;
  /** Ciphertext of the handshake so far; undefined where it has to be asked for. */
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

/** What the addon has just told of. */
export function handshakeStep(registers: Int32Array, achieved: number): HandshakeStep {
  const { received, consumed, handshakeBytesRead, handshakeBytesWritten } = ProgressRegister;
  return {
    achieved,
    received: registers[received] ?? 0,
    consumed: registers[consumed] ?? 0,
    bytesRead: registers[handshakeBytesRead] ?? 0,
    bytesWritten: registers[handshakeBytesWritten] ?? 0,
  };
}

export const nothingAchieved: HandshakeStep = Object.freeze({ achieved: 0, received: 0, consumed: 0 });

interface BegunTransport {
  readonly isReading?: boolean;
  readonly scope?: AsyncResource;
}

type OnHandshake = (step: HandshakeStep) => void;

/** What the addon and this thread have in common: bytes that were read, and counts. */
interface SharedMemory {
  readonly slab: Uint8Array;
  readonly registers: Int32Array;
}

// The addon's part, where it has one and it is wanted.
export interface Tcp extends SharedMemory {
  readonly TcpHandle: NonNullable<NativeBinding['TcpHandle']>;
  readonly TcpListener: NonNullable<NativeBinding['TcpListener']>;
}

let known: { readonly binding: NativeBinding; readonly tcp: Tcp } | undefined;

export function tcpOf(binding: NativeBinding): Tcp | undefined {
  if (known?.binding === binding) return known.tcp;
  const { TcpHandle, TcpListener, tcpSlab, tcpPutOff: putOff, progress } = binding;
  if (!isWanted || TcpHandle === undefined || TcpListener === undefined || tcpSlab === undefined) return undefined;
  if (putOff !== undefined) binding.setTcpDispatcher?.(dispatch, turnsOf({ progress, putOff }));
  const tcp = { TcpHandle, TcpListener, slab: tcpSlab, registers: progress };
  known = { binding, tcp };
  // eslint-disable-next-line no-restricted-syntax -- Once for a thread.
  metrics.sentElsewhere = () => {
    const sent = tcp.registers[ProgressRegister.sentAlone] ?? 0;
    tcp.registers[ProgressRegister.sentAlone] = 0;
    return sent;
  };
  return tcp;
}

/** What a handle's events go to: a TcpTransport, or who waits for a connection. */
export interface NativeTcpReceiver {
  onEvent(event: number, value: number): void;
}

// One for all sockets.
function dispatch(this: NativeTcpHandle, event: number, value: number): void {
  (this.receiver as NativeTcpReceiver).onEvent(event, value);
}

/** What the addon needs to know of Node's handle of a socket; undefined where it has no descriptor, or is of another kind. */
export function describeHandle(handle: NodeHandle): { fd: number; isPipe: boolean } | undefined {
  const { fd } = handle;
  const { name } = handle.constructor;
  const isPipe = name === 'Pipe';
  return fd === undefined || fd < 0 || (!isPipe && name !== 'TCP') ? undefined : { fd, isPipe };
}

/** For the async contexts of sockets. */
export const destroyByHand = { requireManualDestroy: true };

/** Node's handle of a connected socket, as far as it is asked here. */
export interface NodeHandle {
  readonly fd?: number;
  readonly constructor: { readonly name: string };
  close(): void;
  hasRef?(): boolean;
}

/**
 * Emits, or tells its `receiver`, `data` (in the slab of the thread, until the listener returns), `end`, `error` and `close`. It reads only
 * between resume() and pause(), and stays open for writing after the peer's end, until end() or destroy().
 */
export class TcpTransport extends EventEmitter implements NativeTcpReceiver {
  allowHalfOpen = true;
  destroyed = false;
  closed = false;
  readableEnded = false;
  readonly connecting = false;
  /** Is told of everything in place of listeners, but for those of `close`. */
  receiver: TransportReceiver | undefined;
  /** For the engine's connection, which decrypts and encrypts on it. */
  readonly handle: NativeTcpHandle;
  readonly #slab: Uint8Array;
  readonly #registers: Int32Array;
  /** Where the connection was made: what it tells belongs to that async context. */
  readonly #scope: AsyncResource;
  #paused = true;
  #ended = false;
  #onShutdown: (() => void) | undefined;
  readonly #writes: WriteCallback[] = [];
  #peer: NativeTcpName | undefined;
  #onClose: (() => void) | undefined;
  #onHandshake: OnHandshake | undefined;

  /**
   * @param begun whether the addon reads already, for a handshake that it has begun; the async context of its events
   */
  constructor(
    handle: NativeTcpHandle,
    { slab, registers }: SharedMemory,
    { isReading = false, scope = new AsyncResource('PQTLSTCP', destroyByHand) }: BegunTransport = {},
  ) {
    super();
    this.#scope = scope;
    this.#slab = slab;
    this.#registers = registers;
    this.#paused = !isReading;
    this.handle = handle;
    handle.receiver = this;
  }

  /**
   * Takes a connected socket over from Node's handle, which the caller closes. Undefined where that can't be, and node:net
   * goes on: without the addon's part for it, without a descriptor, or without another one left.
   */
  static takeOver(binding: NativeBinding, handle: NodeHandle): TcpTransport | undefined {
    const tcp = tcpOf(binding);
    const described = describeHandle(handle);
    if (tcp === undefined || described === undefined) return undefined;
    const taken = attempt(() => new tcp.TcpHandle(described.fd, described.isPipe));
    if (taken === undefined) return undefined;
    const transport = new TcpTransport(taken, tcp);
    if (handle.hasRef?.() === false) transport.unref();
    return transport;
  }

  /**
   * Runs the handshake of a server's connection in the addon, and reads for it. `onHandshake` runs once: when JavaScript
   * is needed, and before any event of this socket's.
   */
  handshake(connection: NativeConnection, onHandshake: OnHandshake): void {
    this.#onHandshake = onHandshake;
    this.handle.attach(connection);
    this.handle.handshake(true);
    this.resume();
  }

  /** What comes in is `data` from now on. */
  stopHandshake(): void {
    this.#onHandshake = undefined;
    this.handle.handshake(false);
  }

  /** For `data`: what stands in the slab. */
  read(length: number): Uint8Array {
    return this.#slab.subarray(0, length);
  }

  /** Runs once, when the socket is destroyed. */
  whenDestroyed(callback: () => void): void {
    this.#onClose = callback;
  }

  get writable(): boolean {
    return !this.destroyed && !this.#ended;
  }

  isPaused(): boolean {
    return this.#paused;
  }

  pause(): this {
    if (!this.#paused && !this.destroyed) this.handle.readStop();
    this.#paused = true;
    return this;
  }

  resume(): this {
    if (this.#paused && !this.destroyed && !this.readableEnded) this.handle.readStart();
    this.#paused = false;
    return this;
  }

  /** `callback` runs when the kernel has the bytes, at once where it took them all. */
  write(bytes: Uint8Array, callback: WriteCallback): void {
    this.sent(this.handle.write(bytes), callback);
  }

  /** For what the engine has sent by itself: `status` as the handle's write() returns it. */
  sent(status: number, callback: WriteCallback): void {
    if (status === 0) callback();
    else if (status > 0) this.#writes.push(inThisContext(callback));
    else {
      const error = systemError('write', status);
      callback(error);
      this.destroy(error);
    }
  }

  /** A FIN after what was written; `callback` runs when it is on its way, or can't be any more. */
  end(callback: () => void): void {
    if (!this.writable) {
      callback();
      return;
    }
    this.#ended = true;
    this.#onShutdown = inThisContext(callback);
    if (this.handle.end() < 0) this.#shutDown();
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.handle.close();
    this.#onClose?.();
    if (error !== undefined) process.nextTick(() => this.#tell('error', error));
    return this;
  }

  /** @internal An event of the addon's. */
  onEvent(event: number, value: number): void {
    this.#scope.runInAsyncScope(TcpTransport.#onNativeEvent, undefined, this, event, value);
  }

  /** Runs `run` where events of this socket are told. */
  runInScope(run: () => void): void {
    this.#scope.runInAsyncScope(run);
  }

  static readonly #onNativeEvent = (transport: TcpTransport, event: number, value: number): void => {
    transport.#onEvent(event, value);
  };

  #onEvent(event: number, value: number): void {
    const onHandshake = this.#onHandshake;
    if (onHandshake !== undefined) {
      this.#onHandshake = undefined;
      const isHandshake = event === NativeTcpEvent.handshake;
      onHandshake(isHandshake && value !== 0 ? handshakeStep(this.#registers, value) : nothingAchieved);
      if (isHandshake) return;
    }
    if (event === NativeTcpEvent.read) {
      if (!this.destroyed) this.#tell('data', value);
    } else if (event === NativeTcpEvent.end) {
      this.#onEnd();
    } else if (event === NativeTcpEvent.failed) {
      this.destroy(systemError('read', value));
    } else if (event === NativeTcpEvent.written) {
      const error = value < 0 ? systemError('write', value) : undefined;
      this.#writes.shift()?.(error);
      if (error !== undefined) this.destroy(error);
    } else if (event === NativeTcpEvent.shutdown) {
      this.#shutDown();
    } else if (event === NativeTcpEvent.closed) {
      this.closed = true;
      this.#scope.emitDestroy();
      this.#tell('close');
    }
  }

  #tell(event: TransportEvent, value?: number | Error): void {
    this.receiver?.[onTransport](this, event, value);
    if (this.receiver === undefined) this.emit(event, typeof value === 'number' ? this.read(value) : value);
    else if (event === 'close') this.emit('close');
  }

  #onEnd(): void {
    if (this.destroyed) return;
    this.readableEnded = true;
    this.#tell('end');
    this.#closeOnceEnded();
  }

  #shutDown(): void {
    const callback = this.#onShutdown;
    this.#onShutdown = undefined;
    callback?.();
    this.#closeOnceEnded();
  }

  /** As a net.Socket, when both directions have ended. */
  #closeOnceEnded(): void {
    if (this.readableEnded && this.#ended && this.#onShutdown === undefined) this.destroy();
  }

  get remoteAddress(): string | undefined {
    return this.#remote()?.address;
  }

  get remotePort(): number | undefined {
    return this.#remote()?.port;
  }

  get remoteFamily(): string | undefined {
    return this.#remote()?.family;
  }

  get localAddress(): string | undefined {
    return this.handle.name(false)?.address;
  }

  get localPort(): number | undefined {
    return this.handle.name(false)?.port;
  }

  get localFamily(): string | undefined {
    return this.handle.name(false)?.family;
  }

  /** What was asked once is known after the end, too. */
  #remote(): NativeTcpName | undefined {
    this.#peer ??= this.handle.name(true);
    return this.#peer;
  }

  address(): ReturnType<Socket['address']> {
    return this.handle.name(false) ?? {};
  }

  setNoDelay(on: unknown = true): this {
    this.handle.setNoDelay(Boolean(on));
    return this;
  }

  /**
   * @param delay milliseconds before the first probe
   * @param interval milliseconds between probes; by default libuv's, a second
   * @param count probes without an answer that end the connection; by default libuv's, 10
   */
  setKeepAlive(on?: unknown, delay?: unknown, interval?: unknown, count?: unknown): this {
    // Node 26 takes an object as well.
    if (typeof on === 'object' && on !== null) {
      const { enable, initialDelay, ...rest } = on as Record<string, unknown>;
      return this.setKeepAlive(enable, initialDelay, rest['interval'], rest['count']);
    }
    const between = interval === undefined ? 0 : wholeSeconds(interval);
    const probes = Number.isInteger(count) ? Number(count) : 0;
    this.handle.setKeepAlive(Boolean(on), wholeSeconds(delay), between, probes);
    return this;
  }

  /** As Node's own checks and reports it, where it has the method (26). */
  setTypeOfService(value: number): this {
    Reflect.apply(Reflect.get(Socket.prototype, 'setTypeOfService') as () => unknown, { _handle: this.handle }, [
      value,
    ]);
    return this;
  }

  getTypeOfService(): unknown {
    return Reflect.apply(
      Reflect.get(Socket.prototype, 'getTypeOfService') as () => unknown,
      { _handle: this.handle },
      [],
    );
  }

  ref(): this {
    this.handle.setRef(true);
    return this;
  }

  unref(): this {
    this.handle.setRef(false);
    return this;
  }
}

/** As node:net reads milliseconds, whatever they are. */
function wholeSeconds(milliseconds: unknown): number {
  return ~~(Number(milliseconds) / 1000);
}

/** Undefined for an error of the system's. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined;
    throw error;
  }
}

/** In Node's words. */
function systemError(syscall: string, errno: number): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall });
}
