// pqtls/https: the API of node:https, over TLS of pqtls.

import type * as http from 'node:http';
import * as nodeHttps from 'node:https';
import type { Duplex } from 'node:stream';
import type * as nodeTls from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { UnsupportedError } from '../errors.js';
import { callableWithoutNew } from '../tls/callable.js';
import { connect, type ConnectionOptions } from '../tls/connect.js';
import type { TlsAcceptor, TlsServerOptions } from '../tls/acceptor.js';
import { joinPolicies } from '../tls/policy.js';
import type { SecureContext, SecureContextOptions } from '../tls/secure-context.js';
import { ownAgentKey } from './agent-key.js';
import { addRequestJoined } from './agent-policy.js';
import { refusalOf } from './brought-socket.js';
import { replaceTls, transportOptions } from './node-server-tls.js';

export type AgentOptions = http.AgentOptions &
  Omit<ConnectionOptions, keyof http.AgentOptions> & {
    /** TLS sessions kept for resumption; 0 for none. Default 100. */
    maxCachedSessions?: number | undefined;
  };

export type RequestOptions = http.RequestOptions & Omit<ConnectionOptions, keyof http.RequestOptions>;

export type ServerOptions<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
> = http.ServerOptions<Request, Response> & Omit<TlsServerOptions, keyof http.ServerOptions>;

type Listener = (response: http.IncomingMessage) => void;

/** What node:https keeps in an Agent, documented or not; the session cache is Node's own. */
interface NodeAgent {
  _getSession(key: string): Buffer | undefined;
  _cacheSession(key: string, session: Buffer): void;
  _evictSession(key: string): void;
}

class PqtlsAgent extends nodeHttps.Agent {
  constructor(options: AgentOptions = {}) {
    // Node copies own properties only.
    super({ ...options, ...joinPolicies(options) } as nodeHttps.AgentOptions);
    if ((options as { proxyEnv?: unknown } | null)?.proxyEnv) {
      // To connect directly where a proxy was asked for would surprise; Node's tunnel speaks node:tls.
      throw new UnsupportedError(
        "The option 'proxyEnv' works with the agents of node:https under pqtls/register, not with those of pqtls/https",
        'proxyEnv',
      );
    }
  }

  /** Node's name, and every option of ours that decides which connections may be shared. */
  override getName(options?: RequestOptions | nodeHttps.RequestOptions): string {
    return super.getName(options as nodeHttps.RequestOptions) + ownAgentKey(options);
  }

  override createConnection(options: RequestOptions | nodeHttps.RequestOptions): Duplex {
    const agent = this as unknown as NodeAgent;
    const { _agentKey: key } = options as { _agentKey?: string };
    const session = key === undefined ? undefined : agent._getSession(key);
    const socket = connect({ ...(session === undefined ? {} : { session }), ...(options as ConnectionOptions) });
    if (key !== undefined) {
      socket.on('session', (fresh: Buffer) => agent._cacheSession(key, fresh));
      socket.once('close', (hadError: boolean) => {
        if (hadError) agent._evictSession(key);
      });
    }
    return socket;
  }
}

// Not in the types of Node; what it calls is looked up late, because pqtls/register and others replace it.
Object.defineProperty(PqtlsAgent.prototype, 'addRequest', {
  value: addRequestJoined(() => Reflect.get(nodeHttps.Agent.prototype, 'addRequest')),
  configurable: true,
  writable: true,
});

// What programs see of its name, and of node:https's parameters.
Object.defineProperties(PqtlsAgent, { name: { value: 'Agent' }, length: { value: 1 } });

/** An https.Agent whose connections are made by pqtls.connect(); keep-alive and session reuse as in node:https. */
export const Agent = callableWithoutNew(PqtlsAgent);
export type Agent = PqtlsAgent;

class PqtlsServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
> extends nodeHttps.Server<Request, Response> {
  readonly #tls: TlsAcceptor;

  constructor(requestListener?: http.RequestListener<Request, Response>);
  constructor(options: ServerOptions<Request, Response>, requestListener?: http.RequestListener<Request, Response>);
  constructor(
    first: ServerOptions<Request, Response> | http.RequestListener<Request, Response> = {},
    second?: http.RequestListener<Request, Response>,
  ) {
    const [options, listener] = typeof first === 'function' ? [{}, first] : [first ?? {}, second];
    super(transportOptions(options) as nodeHttps.ServerOptions<Request, Response>, listener);
    this.#tls = replaceTls(this, withDefaultAlpn(options));
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

Object.defineProperties(PqtlsServer, { name: { value: 'Server' }, length: { value: 2 } });

/** An https.Server in everything but its TLS. */
export const Server = callableWithoutNew(PqtlsServer);
export type Server<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
> = PqtlsServer<Request, Response>;

function withDefaultAlpn(options: TlsServerOptions): TlsServerOptions {
  const { ALPNProtocols, ALPNCallback } = options as TlsServerOptions & { ALPNCallback?: unknown };
  return ALPNProtocols || ALPNCallback
    ? options
    : { ...options, ...joinPolicies(options), ALPNProtocols: ['http/1.1'] };
}

/**
 * As https.createServer(), over TLS of pqtls.
 *
 * @throws TypeError for a bad option value; UnsupportedError where no engine can speak TLS
 */
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
>(requestListener?: http.RequestListener<Request, Response>): Server<Request, Response>;
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
>(
  options: ServerOptions<Request, Response>,
  requestListener?: http.RequestListener<Request, Response>,
): Server<Request, Response>;
export function createServer(
  options?: ServerOptions | http.RequestListener,
  requestListener?: http.RequestListener,
): Server {
  return typeof options === 'function' ? new PqtlsServer(options) : new PqtlsServer(options ?? {}, requestListener);
}

/** As https.request(), through globalAgent unless the options say otherwise. */
export function request(options: RequestOptions | string | URL, callback?: Listener): http.ClientRequest;
export function request(url: string | URL, options: RequestOptions, callback?: Listener): http.ClientRequest;
export function request(...values: unknown[]): http.ClientRequest {
  const options: Record<string, unknown> = {};
  const [first] = values;
  if (typeof first === 'string') Object.assign(options, urlToHttpOptions(new URL(String(values.shift()))));
  else if (isUrl(first)) Object.assign(options, urlToHttpOptions(first), void values.shift());
  const [own] = values;
  if (own && typeof own !== 'function') Object.assign(options, values.shift(), joinPolicies(own));
  // Through node:https, by which agents of packages know that they are to speak TLS, and which would bring its own agent.
  options['agent'] = agentFor(options);
  const [callback] = values;
  const sent = nodeHttps.request(options, callback as Listener | undefined);
  // Other agents, and createConnection, bring sockets of their own.
  sent.prependOnceListener('socket', (socket) => {
    const refusal = refusalOf(socket, options, 'the agent or createConnection');
    if (refusal !== undefined) socket.destroy(refusal);
  });
  return sent;
}

/** As node:https finds it, but that ours takes the place of its own. */
function agentFor({ agent, createConnection }: Record<string, unknown>): unknown {
  if (agent === false) return Reflect.construct(api.globalAgent.constructor, []) as http.Agent;
  if (agent !== undefined && agent !== null) return agent;
  return typeof createConnection === 'function' ? agent : api.globalAgent;
}

/** As request(), and ends the request. */
export function get(options: RequestOptions | string | URL, callback?: Listener): http.ClientRequest;
export function get(url: string | URL, options: RequestOptions, callback?: Listener): http.ClientRequest;
export function get(...values: unknown[]): http.ClientRequest {
  const sent = Reflect.apply(request, undefined, values) as http.ClientRequest;
  sent.end();
  return sent;
}
Object.defineProperty(get, 'length', { value: 3 });

/** A URL, of any realm: as Node tells it from the object of the old url.parse(). */
function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol, auth, path } = value as Record<string, unknown>;
  return Boolean(href && protocol) && auth === undefined && path === undefined;
}

/** The agent of requests that name none; with keep-alive, as in node:https. */
export const globalAgent: Agent = new PqtlsAgent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 });

/** What `require('pqtls/https')` and the default import give; `globalAgent` may be assigned, as on node:https. */
const api = { Agent, globalAgent, Server, createServer, get, request };

export default api;
export { api as 'module.exports' };
