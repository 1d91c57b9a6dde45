// What a TLSSocket takes from the stream underneath: addresses, connecting, and the options of a TCP socket.

import { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { invalidArgType } from '../errors.js';
import { beforeDialling } from './dial-handle.js';
import { isSocket, type Transport } from './transport.js';

/** The key of the transport, which programs don't see. */
export const transport: unique symbol = Symbol('pqtls.transport');

const addresses = ['remoteAddress', 'remotePort', 'remoteFamily', 'localAddress', 'localPort', 'localFamily'] as const;

// net.Socket's own events of a connection attempt, those before `connect`.
const attempts = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout'];

// Methods of newer Nodes that act on a TCP socket.
const tcpMethods = ['setTypeOfService', 'getTypeOfService'] as const;

/** A socket without a handle of its own: what net.Socket asks its handle, this asks the transport. */
export abstract class TransportSocket extends Socket {
  abstract get [transport](): Transport;

  /** The net.Socket that dialled, where this socket has no other. */
  #dialled: Socket | undefined;
  #bytesRead = 0;
  #bytesDispatched = 0;

  /**
   * Watches a transport that may not be connected yet; `onConnect` runs once it is, before `connect` is emitted. Of a
   * second transport (`again`) the program is told nothing.
   */
  protected followConnection(own: boolean, again: boolean, onConnect: () => void): void {
    const below = this[transport];
    if (!(below instanceof Socket)) return;
    if (own) {
      this.#dialled = below;
      for (const event of attempts) below.on(event, (...values: unknown[]) => this.emit(event, ...values));
    } else {
      setOwn(this, '_parent', below);
    }
    // Before it dials, it has a handle of ours.
    const waits = own ? !below.destroyed : isUnconnected(below);
    if (!again) this.setConnecting(waits);
    if (!waits) return;
    below.once('connect', () => {
      if (this.destroyed || this[transport] !== below) return;
      if (again) {
        onConnect();
        return;
      }
      this.setConnecting(false);
      this.touch();
      onConnect();
      this.emit('connect');
      if (own) this.emit('ready');
    });
  }

  /** Connects a socket that was made without a transport, as net.Socket does; the handshake follows by itself. */
  override connect(...args: unknown[]): this {
    const below = this[transport];
    if (this.destroyed || !(below instanceof Socket)) {
      throw Object.assign(new Error('Socket is closed'), { code: 'ERR_SOCKET_CLOSED' });
    }
    const last = args.at(-1);
    if (typeof last === 'function') {
      this.once('connect', last as () => void);
      args.pop();
    }
    if (below.connecting) return this;
    beforeDialling(below, args);
    // Its overloads are those of this method.
    (below as { connect(...args: unknown[]): unknown }).connect(...args);
    setOwn(this, '_host', (below as { _host?: unknown })._host ?? null);
    this.touch();
    return this;
  }

  /** Why a transport that is a net.Socket can't be reset through this: only plain TCP can, as in node:net. */
  override resetAndDestroy(): this {
    if (!this.destroyed) {
      throw Object.assign(new TypeError('This handle type cannot be sent'), { code: 'ERR_INVALID_HANDLE_TYPE' });
    }
    return this;
  }

  override setNoDelay(...args: [noDelay?: boolean]): this {
    return this.#forward('setNoDelay', args);
  }

  override setKeepAlive(...args: [enable?: boolean, initialDelay?: number]): this {
    return this.#forward('setKeepAlive', args);
  }

  override ref(): this {
    return this.#forward('ref', []);
  }

  override unref(): this {
    return this.#forward('unref', []);
  }

  override address(): ReturnType<Socket['address']> {
    const below = this[transport];
    return isSocket(below) && !this.destroyed ? below.address() : {};
  }

  /** Not by the options of the stream: an aborted signal would destroy what is not made yet. */
  protected obey(signal: unknown): void {
    if (!(signal instanceof AbortSignal)) {
      throw invalidArgType('signal', 'an instance of AbortSignal', signal);
    }
    if (signal.aborted) process.nextTick(() => addAbortSignal(signal, this));
    else addAbortSignal(signal, this);
  }

  protected setConnecting(connecting: boolean): void {
    if (this.connecting !== connecting) (this as { connecting: boolean }).connecting = connecting;
  }

  /** @internal Something moved: the idle timers of this socket and of the one it was given start anew. */
  touch(): void {
    // net.Socket's own; it would start a timer that was stopped.
    if (!this.destroyed) (this as unknown as { _unrefTimer(): void })._unrefTimer();
  }

  /** Stops the idle timer, which takes no orders later, and leaves `timeout` as it is, as net.Socket does. */
  override destroy(error?: Error): this {
    if (!this.destroyed) this.clearIdleTimer(this.timeout);
    return super.destroy(error);
  }

  /** `shown`: what `timeout` says from now on. */
  protected clearIdleTimer(shown: number | undefined): void {
    if (this.timeout) this.setTimeout(0);
    (this as { timeout?: number | undefined }).timeout = shown;
  }

  protected countRead(bytes: number): void {
    this.#bytesRead += bytes;
  }

  protected countDispatched(bytes: number): void {
    this.#bytesDispatched += bytes;
  }

  #forward(name: 'setNoDelay' | 'setKeepAlive' | 'ref' | 'unref', args: unknown[]): this {
    const below = this[transport];
    if (isSocket(below)) (below as unknown as Record<typeof name, (...args: unknown[]) => unknown>)[name](...args);
    return this;
  }

  #address(name: (typeof addresses)[number]): unknown {
    const below = this[transport];
    // net.Socket forgets its own end when it is destroyed.
    if (!isSocket(below) || (this.destroyed && name.startsWith('local'))) return undefined;
    return below[name];
  }

  static {
    // TypeScript lets no accessor override a property, so they are defined from outside of the class.
    for (const name of addresses) defineGetter(this.prototype, name, (socket) => socket.#address(name));
    defineGetter(this.prototype, 'pending', (socket) => socket.destroyed || socket.connecting);
    defineGetter(this.prototype, 'bufferSize', (socket) => (socket.destroyed ? undefined : socket.writableLength));
    defineGetter(this.prototype, 'bytesRead', (socket) => socket.#bytesRead);
    defineGetter(this.prototype, '_bytesDispatched', (socket) => socket.#bytesDispatched);
    defineGetter(this.prototype, 'bytesWritten', (socket) => socket.#bytesDispatched + waitingBytes(socket));
    defineGetter(this.prototype, 'autoSelectFamilyAttemptedAddresses', (socket) => {
      return socket.#dialled?.autoSelectFamilyAttemptedAddresses;
    });
    for (const name of tcpMethods) {
      if (!(name in Socket.prototype)) continue;
      Object.defineProperty(this.prototype, name, {
        configurable: true,
        writable: true,
        value(this: TransportSocket, ...args: unknown[]): unknown {
          const below = this[transport];
          const method: unknown = Reflect.get(below, name);
          const answer: unknown = typeof method === 'function' ? Reflect.apply(method, below, args) : undefined;
          return answer === below ? this : answer;
        },
      });
    }
  }
}

/** A socket that is not connected, or not yet; one that was destroyed is neither. */
function isUnconnected(socket: Socket): boolean {
  return socket.connecting || (socket.pending && !socket.destroyed);
}

/** What the stream still holds back and has not handed to us. */
function waitingBytes(socket: Socket): number {
  const { writableBuffer } = socket as unknown as {
    writableBuffer?: readonly { chunk: string | Uint8Array; encoding: BufferEncoding }[];
  };
  let bytes = 0;
  for (const { chunk, encoding } of writableBuffer ?? []) {
    bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
  }
  return bytes;
}

/** Own properties of every net.Socket that its types make read-only or leave out. */
function setOwn(socket: Socket, name: 'connecting' | 'timeout' | '_parent' | '_host', value: unknown): void {
  Reflect.set(socket, name, value);
}

function defineGetter(prototype: TransportSocket, name: string, read: (socket: TransportSocket) => unknown): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: TransportSocket) {
      return read(this);
    },
  });
}
