// Takes the TLS out of a server of Node's own (https, http2) and puts ours in.

import type { Server as NetServer, Socket } from 'node:net';
import { acceptNatively } from '../tls/native-accept.js';
import { TlsAcceptor, type TlsServerOptions } from '../tls/acceptor.js';

/**
 * Node's constructor has added one 'connection' listener, which speaks TLS through OpenSSL: ours takes its place. All the
 * rest (parsers, timeouts, closeAllConnections, sessions of HTTP/2) stays Node's.
 *
 * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
 */
export function replaceTls(server: NetServer, options: TlsServerOptions): TlsAcceptor {
  const acceptor = new TlsAcceptor(server, options);
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => acceptor.accept(socket));
  acceptNatively(server, acceptor);
  return acceptor;
}

/**
 * What Node's net.Server gets: it is TLS that pauses. What is no object is Node's to refuse.
 */
export function transportOptions<T extends object>(options: T): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
  return { ...options, pauseOnConnect: false };
}
