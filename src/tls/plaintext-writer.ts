// What the program writes, on its way to the engine: it waits for the handshake, then goes through one pooled buffer at a time.

import type { EventEmitter } from 'node:events';
import type { Connection } from '../engine/connection.js';
import type { NativeTlsConnection } from '../engine/native-connection.js';
import { inParts, longestPart } from '../engine/parts.js';
import type { CiphertextWriter } from './ciphertext-writer.js';
import { metricsOfThisThread as metrics } from './metrics.js';
import { canceled, closedBeforeConnection } from './pending-writes.js';
import type { TcpTransport } from './tcp-transport.js';

type WriteCallback = (error?: Error | null) => void;

const settled = Promise.resolve();

/** As in node:tls, a write is done after what the program has put off, by ticks and promises, until its own turn ends. */
function afterPromises(callback: WriteCallback, error?: Error | null): void {
  void settled.then(() => process.nextTick(callback, error));
}

/** Where plaintext goes once the handshake is done. */
export interface SecurePath {
  readonly connection: Connection;
  readonly writer: CiphertextWriter;
  /** The engine sends on it by itself. */
  readonly socket: { readonly connection: NativeTlsConnection; readonly transport: TcpTransport } | undefined;
}

/** What the writes need of their socket. */
export interface WritingSocket extends EventEmitter {
  readonly destroyed: boolean;
  readonly connecting: boolean;
  /** Bytes are on their way. */
  touch(): void;
}

export class PlaintextWriter {
  readonly #socket: WritingSocket;
  #path: SecurePath | undefined;
  /** The stream's first write, and its end. */
  #waiting: { readonly run: () => void; readonly cancel: () => void }[] = [];

  constructor(socket: WritingSocket) {
    this.#socket = socket;
  }

  /** The handshake is done: writes go this way. Those that waited are run by flush(). */
  open(path: SecurePath): void {
    this.#path = path;
  }

  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  flush(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.run();
  }

  /** The socket is destroyed: what waited fails. */
  cancel(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { cancel } of waiting) cancel();
  }

  /** Runs once what was written before the handshake's end has its turn, or cancels. */
  whenSecure(run: () => void, cancel: () => void): void {
    this.#waiting.push({ run, cancel });
  }

  write(chunks: readonly Uint8Array[], callback: WriteCallback): void {
    if (this.#path !== undefined) {
      const { socket, writer } = this.#path;
      const first = chunks.length === 1 ? chunks[0] : undefined;
      const isDirect = socket !== undefined && writer.isIdle && !this.#socket.destroyed;
      if (isDirect && first !== undefined && first.length <= longestPart) {
        this.#send(this.#path, socket, first, 0, callback, true);
        return;
      }
      // A write is never done before it returns: it counts against the high-water mark, as in node:tls. A transport may call back
      // at once, or in the next tick, as net.Socket does.
      this.#encrypt(this.#path, chunks.flatMap(inParts), 0, 0, (error) => afterPromises(callback, error));
      return;
    }
    // As in node:net, what never was connected tells of its writes with its end.
    const onClose = (): void => callback(closedBeforeConnection());
    if (this.#socket.connecting) this.#socket.once('close', onClose);
    this.whenSecure(
      () => {
        this.#socket.removeListener('close', onClose);
        this.write(chunks, callback);
      },
      () => {
        if (this.#socket.connecting) return;
        this.#socket.removeListener('close', onClose);
        callback(canceled());
      },
    );
  }

  /** The engine encrypts and sends, until the kernel takes no more. */
  #send(
    path: SecurePath,
    { connection, transport }: NonNullable<SecurePath['socket']>,
    chunk: Uint8Array,
    offset: number,
    callback: WriteCallback,
    isFirst: boolean,
  ): void {
    const progress = connection.sendOnSocket(chunk, offset);
    if (progress === undefined) {
      this.#encrypt(path, [chunk], 0, offset, callback);
      return;
    }
    const { taken, sent, status, error } = progress;
    metrics.bytesSent += sent;
    this.#socket.touch();
    if (error !== undefined) {
      callback(error);
    } else if (status === 0) {
      // A write is never done before it returns: it counts against the high-water mark, as in node:tls.
      if (isFirst) afterPromises(callback);
      else callback();
    } else {
      transport.sent(status, (failure) => {
        if (failure) callback(failure);
        else if (taken === chunk.length) callback();
        else if (this.#socket.destroyed) callback(canceled());
        else this.#send(path, { connection, transport }, chunk, taken, callback, false);
      });
    }
  }

  /** One pooled buffer at a time: the next is encrypted when the transport took the last. */
  #encrypt(
    path: SecurePath,
    chunks: readonly Uint8Array[],
    index: number,
    offset: number,
    callback: WriteCallback,
  ): void {
    let chunk = chunks[index];
    while (chunk !== undefined && offset >= chunk.length) {
      index += 1;
      offset = 0;
      chunk = chunks[index];
    }
    if (chunk === undefined) {
      callback();
      return;
    }
    if (this.#socket.destroyed) {
      callback(canceled());
      return;
    }
    const { ciphertext, taken, error } = path.connection.send(chunk, offset);
    if (error !== undefined || ciphertext === undefined) {
      callback(error ?? new Error('The engine made no progress'));
      return;
    }
    this.#socket.touch();
    path.writer.write(ciphertext, (failure) => {
      if (failure) callback(failure);
      else this.#encrypt(path, chunks, index, offset + taken, callback);
    });
  }
}
