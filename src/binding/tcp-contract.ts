// The contract with native/tcp_handle.*: sockets that the addon drives on Node's event loop. Absent on Windows.

import type { NativeConnection } from './tls-contract.js';

/** What happens on a socket. Mirrors TcpEvent in native/tcp_handle.h. */
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
   * in the slab are done with.
   */
  handshake: 6,
} as const;

export interface NativeTcpName {
  address: string;
  family: 'IPv4' | 'IPv6';
  port: number;
}

/** Results are 0 or a negative errno where nothing else is said. */
export interface NativeTcpHandle {
  readStart(): number;
  readStop(): number;
  /** 0: done; 1: a `written` event follows. The bytes are the caller's again at once. */
  write(bytes: Uint8Array): number;
  /**
   * Feeds the connection with what comes in, and sends what it answers, until a `handshake` event or any other one.
   * For a connection without a pskCallback and without certificate compression. undefined ends that.
   */
  handshake(connection: NativeConnection | undefined): void;
  /** A FIN after what was written; a `shutdown` event follows. */
  shutdown(): number;
  /** A `closed` event follows. Idempotent. */
  close(): void;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
  setTypeOfService(value: number): number;
  /** 0 to 255, or a negative errno. */
  getTypeOfService(): number;
  setRef(on: boolean): void;
  name(ofPeer: boolean): NativeTcpName | undefined;
}

export interface NativeTcp {
  /** Where bytes that were read stand; 65 536 bytes, one for each thread. Never given to programs. */
  readonly tcpSlab?: Uint8Array;
  /** Takes a duplicate of a connected, non-blocking descriptor; the caller closes its own. Throws with an `errno`. */
  readonly TcpHandle?: new (
    fd: number,
    isPipe: boolean,
    onEvent: (event: number, value: number) => void,
  ) => NativeTcpHandle;
}
