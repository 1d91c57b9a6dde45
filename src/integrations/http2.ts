// pqtls/http2: the API of node:http2, over TLS of pqtls.

import nodeHttp2 from 'node:http2';
import type * as http2 from 'node:http2';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type * as nodeTls from 'node:tls';
import { promisify } from 'node:util';
import type { TlsAcceptor, TlsServerOptions } from '../tls/acceptor.js';
import { connect as connectTls, type ConnectionOptions } from '../tls/connect.js';
import { joinPolicies } from '../tls/policy.js';
import type { SecureContext, SecureContextOptions } from '../tls/secure-context.js';
import { TLSSocket } from '../tls/socket.js';
import { refusalOf } from './brought-socket.js';
import { Http2Transport } from './http2-transport.js';
import { replaceTls, transportOptions } from './node-server-tls.js';

export type ClientSessionOptions = http2.ClientSessionOptions &
  Omit<ConnectionOptions, keyof http2.ClientSessionOptions>;

export type SecureServerOptions = http2.ServerOptions & { allowHTTP1?: boolean | undefined; origins?: string[] } & Omit<
    TlsServerOptions,
    keyof http2.ServerOptions
  >;

type RequestListener = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;
type ConnectListener = (session: http2.ClientHttp2Session, socket: net.Socket | TLSSocket) => void;
type SecureServerClass = new (
  options: http2.SecureServerOptions,
  listener: RequestListener | undefined,
) => http2.Http2SecureServer;

// Kept, because pqtls/register puts ours in its place.
const connectOfNode = nodeHttp2.connect.bind(nodeHttp2);

/** Node exports no class for its secure server. It has no roots to parse: it never speaks TLS. */
const NodeSecureServer = nodeHttp2.createSecureServer({ ca: [] }).constructor as SecureServerClass;

/** An Http2SecureServer in everything but its TLS; its sessions run over a TLSSocket of pqtls. */
export class Http2SecureServer extends NodeSecureServer {
  readonly #tls: TlsAcceptor;

  constructor(options: SecureServerOptions = {}, listener?: RequestListener) {
    super(transportOptions(options) as http2.SecureServerOptions, listener);
    this.#tls = replaceTls(this, withAlpn(options));
    const [startSession] = this.listeners('secureConnection') as ((socket: Duplex) => void)[];
    if (startSession === undefined) return;
    this.off('secureConnection', startSession);
    this.on('secureConnection', (socket: Duplex) => {
      const speaksHttp2 =
        socket instanceof TLSSocket && socket.alpnProtocol !== false && socket.alpnProtocol !== 'http/1.1';
      startSession.call(this, speaksHttp2 ? new Http2Transport(socket) : socket);
    });
  }

  override addContext(
    servername: string,
    context: SecureContext | SecureContextOptions | nodeTls.SecureContext | nodeTls.SecureContextOptions,
  ): void {
    this.#tls.addContext(servername, context as SecureContext | SecureContextOptions);
  }

  override setSecureContext(options: SecureContextOptions | nodeTls.SecureContextOptions): void {
    // Node's constructor calls this with the keys and certificates, which are not for OpenSSL.
    if (#tls in this) this.#tls.setSecureContext(options);
  }

  // node:cluster shares these among the workers of a port, by methods of Node's own servers.
  override getTicketKeys(): Buffer<ArrayBuffer> {
    return Buffer.from(this.#tls.getTicketKeys());
  }

  override setTicketKeys(keys: Buffer): void {
    this.#tls.setTicketKeys(keys);
  }
}

function withAlpn<T extends { ALPNCallback?: unknown; allowHTTP1?: boolean | undefined }>(
  options: T,
): T & { ALPNProtocols?: readonly string[] | Uint8Array | undefined } {
  if (options.ALPNCallback) return options;
  return {
    ...options,
    ...joinPolicies(options),
    ALPNProtocols: options.allowHTTP1 === true ? ['h2', 'http/1.1'] : ['h2'],
  };
}

/**
 * As http2.createSecureServer(), over TLS of pqtls.
 *
 * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
 */
export function createSecureServer(options?: SecureServerOptions, listener?: RequestListener): Http2SecureServer {
  return new Http2SecureServer(options, listener);
}

/**
 * As http2.connect(). Over TLS of pqtls where the authority is `https:`; a TLSSocket of pqtls that `createConnection`
 * returns is known as TLS too.
 *
 * @throws NotPostQuantumError where post-quantum is required and `createConnection` returns another socket, or one with a
 *   classical key exchange; one that is still to be connected fails at the end of its handshake
 */
export function connect(authority: string | URL, listener?: ConnectListener): http2.ClientHttp2Session;
export function connect(
  authority: string | URL,
  options?: ClientSessionOptions,
  listener?: ConnectListener,
): http2.ClientHttp2Session;
export function connect(
  authority: string | URL,
  options?: ClientSessionOptions | ConnectListener,
  listener?: ConnectListener,
): http2.ClientHttp2Session {
  if (typeof options === 'function') return connect(authority, undefined, options);
  // What is no object is Node's to refuse.
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) {
    return connectOfNode(authority, options, listener);
  }
  const own = options?.createConnection;
  const createConnection = (url: URL): Duplex => {
    const { createConnection: _, ...rest } = { ...options, ...joinPolicies(options) };
    const socket = typeof own === 'function' ? accepted(own(url, rest), rest) : dial(url, rest);
    return socket instanceof TLSSocket ? new Http2Transport(socket) : socket;
  };
  return connectOfNode(authority, { ...options, createConnection } as http2.ClientSessionOptions, listener);
}

Object.defineProperty(connect, promisify.custom, {
  value: (authority: string | URL, options?: ClientSessionOptions): Promise<http2.ClientHttp2Session> =>
    new Promise((resolve, reject) => {
      const session = connect(authority, options, () => {
        session.off('error', reject);
        resolve(session);
      });
      session.once('error', reject);
    }),
});

/** @throws NotPostQuantumError for a socket that may not be used; it is destroyed */
function accepted(socket: Duplex, options: ClientSessionOptions): Duplex {
  const refusal = refusalOf(socket, options, 'createConnection');
  if (refusal === undefined) return socket;
  // What is brought may be no socket at all.
  if (typeof (socket as Partial<Duplex> | null)?.destroy === 'function') socket.destroy();
  throw refusal;
}

/** Host and port as http2.connect() takes them from an authority. */
function dial(authority: URL, options: Omit<ClientSessionOptions, 'createConnection'>): Duplex {
  const protocol = authority.protocol || options.protocol || 'https:';
  const port = authority.port || (authority.protocol === 'http:' ? '80' : '443');
  let host = 'localhost';
  if (authority.hostname) host = authority.hostname.replace(/^\[(.*)\]$/, '$1');
  else if (authority.host) host = authority.host;
  if (protocol === 'http:') return net.connect({ port, host, ...options } as unknown as net.TcpNetConnectOpts);
  if (protocol !== 'https:') {
    throw Object.assign(new Error(`protocol "${protocol}" is unsupported.`), {
      code: 'ERR_HTTP2_UNSUPPORTED_PROTOCOL',
    });
  }
  const servername = options.servername || (net.isIP(host) === 0 ? host : undefined);
  const tlsOptions = withAlpn(options) as ConnectionOptions;
  return connectTls({ port, host, ...tlsOptions, servername });
}

// Everything else is Node's: constants, sensitiveHeaders, createServer, getPackedSettings, ...
export * from 'node:http2';

const api = { ...nodeHttp2, connect, createSecureServer };

export default api;
export { api as 'module.exports' };
