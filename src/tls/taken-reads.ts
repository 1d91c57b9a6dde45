// What a net.Socket reads comes to TLS from its handle, past its stream, as in node:tls: nobody else has that memory, so that it can be
// freed before the garbage collector would.

import { Socket } from 'node:net';

/** Of `data`. */
export type DataListener = (chunk: unknown) => void;

/** What node:net reads with: `onread` runs for each read with memory that was made for it, and without any at the end. */
interface ReadHandle {
  onread?: OnRead;
  /** In bytes. */
  readonly bytesRead?: number;
}

type OnRead = (this: unknown, memory?: ArrayBuffer) => unknown;

// As they were when we were loaded: what a program puts in their place wants to see what goes through.
const emit: unknown = Reflect.get(Socket.prototype, 'emit');
const push: unknown = Reflect.get(Socket.prototype, 'push');

/**
 * From now on, `take` gets what `socket` reads while `listener` alone would be told of it, in memory that nobody else has. Otherwise
 * it goes through the stream: somebody else listens as well, or it is paused, or has something that comes before.
 */
export function takeReads(socket: Socket, listener: DataListener, take: (chunk: Uint8Array) => void): void {
  const { _handle: handle } = socket as { _handle?: ReadHandle | null };
  const onread = handle?.onread;
  // What somebody else has put in its place sees the memory as well.
  if (!handle || onread?.name !== 'onStreamRead' || handle.bytesRead === undefined) return;
  let { bytesRead } = handle;
  const ours: OnRead = function (memory) {
    const before = bytesRead;
    bytesRead = handle.bytesRead ?? Number.NaN;
    // All of the memory, in every Node so far.
    const isWhole = memory !== undefined && memory.byteLength === bytesRead - before;
    if (!isWhole || handle.onread !== ours || !isAlone(socket, listener)) {
      return Reflect.apply(onread, this, [memory]);
    }
    // net.Socket's own: its idle timer starts anew.
    (socket as unknown as { _unrefTimer(): void })._unrefTimer();
    take(new Uint8Array(memory));
    return undefined;
  };
  handle.onread = ours;
}

function isAlone(socket: Socket, listener: DataListener): boolean {
  return (
    !socket.destroyed &&
    socket.readableFlowing === true &&
    socket.readableLength === 0 &&
    socket.readableEncoding === null &&
    socket.listenerCount('data') === 1 &&
    socket.listenerCount('data', listener) === 1 &&
    socket.listenerCount('readable') === 0 &&
    socket.emit === emit &&
    socket.push === push
  );
}
