// The way to where TLS begins on an endpoint with STARTTLS: TCP, then the conversation in plaintext, each bounded in time.

import { connect, type Socket } from 'node:net';
import { connected } from '../dial.js';
import { startTls, type StartTlsProtocol } from '../starttls/start-tls.js';
import { failureOf, type Failure } from './failures.js';
import type { HandshakeOptions, Target } from './handshake.js';

/** A socket on which TLS may begin, or why there is none. Never rejects. */
export async function plaintextSocket(
  { host, port, servername }: Target,
  protocol: StartTlsProtocol,
  { timeout, signal, clientName }: HandshakeOptions,
): Promise<Socket | Failure> {
  const socket = connect({ host, port, signal });
  // Whoever awaits the socket next is told; between two who do, none may be an uncaught exception.
  socket.on('error', () => {});
  try {
    await connected(socket, { target: { host, port }, timeoutMs: timeout });
  } catch (error) {
    return failureOf(error, 'connect');
  }
  try {
    await startTls(socket, { protocol, client: clientName, domain: servername ?? host }, timeout);
    return socket;
  } catch (error) {
    return failureOf(error, 'plaintext');
  }
}
