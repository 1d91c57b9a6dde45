// One client connection: TCP or a Unix socket, STARTTLS where it was asked for, the handshake; each bounded in time.

import { once } from 'node:events';
import { connect as connectNet, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from '../index.js';
import { ConnectionLostError } from './exit-codes.js';
import { startTls, type StartTls } from './starttls/start-tls.js';
import { targetName, type Target } from './target.js';

export interface DialOptions {
  readonly target: Target;
  /** 4 or 6; 0 takes what there is. */
  readonly family: 0 | 4 | 6;
  readonly timeoutMs: number;
  readonly startTls: StartTls | undefined;
  readonly tls: ConnectionOptions;
}

/**
 * Resolves once the peer is verified, or would be but for `rejectUnauthorized: false`.
 *
 * @param prepare is given the socket before anything happens on it
 * @throws what the socket says, StartTlsError, ConnectionLostError
 */
export async function dial(options: DialOptions, prepare: (socket: TLSSocket) => void): Promise<TLSSocket> {
  const { target, family, timeoutMs, tls, startTls: protocol } = options;
  const host = 'host' in target ? { host: target.host } : {};
  const common = { ...host, ...tls, handshakeTimeout: timeoutMs, allowHalfOpen: true };
  let socket: TLSSocket;
  if (protocol === undefined) {
    socket = connect({ ...common, ...target, family });
  } else {
    const below = connectNet({ ...target, family, allowHalfOpen: true });
    await connected(below, options);
    await startTls(below, protocol, timeoutMs);
    socket = connect({ ...common, socket: below });
  }
  // Whoever awaits the socket next is told; between two who do, none may be an uncaught exception.
  socket.on('error', () => {});
  prepare(socket);
  if (protocol === undefined) await connected(socket, options);
  await orTimeout(socket, 'secureConnect', undefined);
  return socket;
}

/** Resolves once there is a TCP connection; destroys the socket where that takes too long. */
export async function connected(socket: Socket, options: Pick<DialOptions, 'target' | 'timeoutMs'>): Promise<void> {
  await orTimeout(socket, 'connect', options);
}

/** The event, or the error; the handshake's own timeout is the library's. */
async function orTimeout(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  options: Pick<DialOptions, 'target' | 'timeoutMs'> | undefined,
): Promise<void> {
  const timer =
    options === undefined
      ? undefined
      : setTimeout(() => {
          const message = `${targetName(options.target)} did not answer within ${options.timeoutMs / 1000} s`;
          socket.destroy(new ConnectionLostError('ETIMEDOUT', message));
        }, options.timeoutMs);
  const closed = new AbortController();
  // Between two waits, too.
  if (socket.errored !== null || socket.closed) closed.abort();
  const onClose = (): void => closed.abort();
  socket.once('close', onClose);
  try {
    await once(socket, event, { signal: closed.signal });
  } catch (error) {
    socket.destroy();
    if ((error as Error).name !== 'AbortError') throw error;
    if (socket.errored !== null) throw socket.errored;
    throw new ConnectionLostError('ECONNRESET', 'The connection was closed before the TLS handshake was done');
  } finally {
    clearTimeout(timer);
    socket.off('close', onClose);
  }
}
