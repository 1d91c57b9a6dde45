// The contract with native/tcp_*: sockets that the addon drives on Node's event loop. Absent on Windows.

import type { NativeConnection, NativeSecureContext } from './tls-contract.js';

/** What happens on a socket. Mirrors TcpEvent in native/tcp_stream.h. */
export const NativeTcpEvent = {
  /** `value` bytes stand in the slab, until the callback returns. */
  read: 0,
  /** The peer's FIN. */
  end: 1,
  /** Reading failed; `value` is a negative errno. */
  failed: 2,
  /** A write that had to wait is done (0) or failed (a negative errno). */
  written: 3,
  shutdown: 4,
  closed: 5,
  /**
   * A handshake() needs JavaScript: `value` has bits of NativeProgress; of what was read, `consumed` of `received` bytes
   * in the slab are done with. 0 for the handshake timeout.
   */
  handshake: 6,
  /** What connect() has begun is done (0) or has failed (a negative errno). */
  connected: 7,
} as const;

export interface NativeTcpName {
  address: string;
  family: 'IPv4' | 'IPv6';
  port: number;
}

/**
 * A socket, and the connection on it. Those of Connection's methods are about the connection that the addon accepted or
 * that was attached. Results are 0 or a negative errno where nothing else is said.
 */
export interface NativeTcpHandle extends NativeConnection {
  /** Gets the events; see setTcpDispatcher(). */
  receiver: unknown;
  /** To an address of this family. `flags` of uv_tcp_bind(). */
  bind(family: 4 | 6, address: string, port: number, flags: number): number;
  /** To an address of this family, with its zone; a `connected` event follows 0, with ECANCELED where it is closed before. */
  connect(family: 4 | 6, address: string, port: number): number;
  readStart(): number;
  readStop(): number;
  /** 0: done; 1: a `written` event follows. The bytes are the caller's again at once. */
  write(bytes: Uint8Array): number;
  /** The connection that decrypt(), encrypt() and handshake() are about. */
  attach(connection: NativeConnection): void;
  /**
   * Feeds the connection with what comes in, and sends what it answers, until a `handshake` event or any other one.
   * For a connection without a pskCallback and without certificate compression.
   */
  handshake(on: boolean): void;
  /**
   * Decrypts what stands in the slab from `offset` to `end`, and sends what the connection answers: bits of
   * NativeProgress; `consumed`, `plaintext`, `ciphertext` and `socketStatus` say how much and how it went. When the
   * handshake is done.
   */
  decrypt(offset: number, end: number, plaintext: Uint8Array): number;
  /**
   * Encrypts and sends from `offset` on, until everything is sent or the kernel takes no more: bits of NativeProgress;
   * `consumed` is where it stopped, `ciphertext` how much was sent, `socketStatus` as write() returns it. When the
   * handshake is done.
   */
  encrypt(plaintext: Uint8Array, offset: number): number;
  /** Sends the connection's close_notify; counts as encrypt() does. */
  closeNotify(): number;
  /** A FIN after what was written; a `shutdown` event follows. */
  end(): number;
  /** A `closed` event follows. Idempotent. */
  close(): void;
  setNoDelay(on: boolean): number;
  /** Seconds until the first probe and between probes, and their number; 0 of the last two leaves libuv's. */
  setKeepAlive(on: boolean, seconds: number, interval: number, count: number): number;
  setTypeOfService(value: number): number;
  /** 0 to 255, or a negative errno. */
  getTypeOfService(): number;
  setRef(on: boolean): void;
  name(ofPeer: boolean): NativeTcpName | undefined;
}

/** Who goes on with a connection that was accepted. Mirrors Way in native/tcp_listener.h. */
export const AcceptWay = { addon: 0, javascript: 1, node: 2 } as const;

export type AcceptWay = (typeof AcceptWay)[keyof typeof AcceptWay];

/** What a listener calls, with itself as `this`. */
export interface NativeTcpListenerHooks {
  /** For each connection, before anything is made for it. */
  choose(): AcceptWay;
  /**
   * A connection is JavaScript's from here on. `begunWith` is what setTls() had returned when its handshake began, 0 where
   * it has none. Then `flags` has bits of NativeProgress, `progress` what is in the slab. `age` in milliseconds.
   */
  onHandle(handle: NativeTcpHandle, flags: number, age: number, begunWith: number): void;
  /** A connection for node:net. The descriptor is the callee's. */
  onDescriptor(fd: number): void;
  /** Accepting failed, with a negative errno. */
  onError(status: number): void;
}

export interface NativeTcpListener extends NativeTcpListenerHooks {
  /** 0 or a negative errno. */
  listen(backlog: number): number;
  /** For connections to come; returns a number, not 0, that stands for it. A `minimumVersion` of 0 and undefined `groups` are the context's. Milliseconds; 0 is none. */
  setTls(
    context: NativeSecureContext,
    isServer: true,
    verifyPeer: boolean,
    requirePeer: boolean,
    suspendOnClientHello: boolean,
    serverName: undefined,
    alpn: Uint8Array | undefined,
    requirePostQuantum: boolean,
    minimumVersion: number,
    groups: Uint16Array | undefined,
    handshakeTimeout: number,
  ): number;
  /** TCP options of connections to come. */
  setSocket(noDelay: boolean, keepAlive: boolean, seconds: number): void;
  setRef(on: boolean): void;
  /** No more connections; those that are there go on. */
  close(): void;
  /** Connections that have not come to onHandle() yet. */
  pending(): number;
}

export interface NativeTcp {
  /** Where bytes that were read stand; 262 144 bytes, one for each thread. Never given to programs. */
  readonly tcpSlab?: Uint8Array;
  /** What was put off, in order; of the thread, whichever copy of pqtls puts it there. */
  readonly tcpPutOff?: (() => void)[];
  /**
   * Takes a duplicate of a connected, non-blocking descriptor; the caller closes its own. Undefined: a socket to connect.
   * Throws with an `errno`.
   */
  readonly TcpHandle?: new (fd: number | undefined, isPipe: boolean) => NativeTcpHandle;
  /** Takes a duplicate of a bound descriptor; the caller keeps its own. Throws with an `errno`. */
  readonly TcpListener?: new (fd: number, isPipe: boolean) => NativeTcpListener;
  /**
   * What every event of every socket of this thread goes to, with the handle as `this`; and what runs one thing that was
   * put off, see `hasPutOff` of ProgressRegister.
   */
  setTcpDispatcher?(
    dispatcher: (this: NativeTcpHandle, event: number, value: number) => void,
    runPutOff: () => void,
  ): void;
}
