// pqtls/undici: undici's connector and Agent over TLS of pqtls, and the same for global fetch.

import { Agent as UndiciAgent, buildConnector as buildUndiciConnector, errors, setGlobalDispatcher } from 'undici';
import type { buildConnector as undici, Agent as AgentTypes } from 'undici';
import { invalidArgValue } from '../errors.js';
import { connect as connectTls, type ConnectionOptions } from '../tls/connect.js';
import { joinPolicies } from '../tls/policy.js';
import { Http2Transport } from './http2-transport.js';

export type ConnectorOptions = Omit<ConnectionOptions, 'timeout' | 'port'> & {
  /** Offer HTTP/2. Default false. */
  allowH2?: boolean | undefined;
  /** TLS sessions kept for resumption, one a server name; 0 for none. Default 100. */
  maxCachedSessions?: number | null | undefined;
  socketPath?: string | null | undefined;
  /** Milliseconds until a connection that is not established fails; 0 for never. Default 10 000. */
  timeout?: number | null | undefined;
  keepAlive?: boolean | null | undefined;
  /** Milliseconds. Default 60 000. */
  keepAliveInitialDelay?: number | null | undefined;
};

export type AgentOptions = Omit<AgentTypes.Options, 'connect'> & {
  connect?: ConnectorOptions | undefined;
};

const defaultConnectTimeout = 10_000;
const defaultKeepAliveDelay = 60_000;

/**
 * A connector for undici's Client, Pool and Agent. `https:` goes over TLS of pqtls, `http:` through undici's own.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for maxCachedSessions
 */
export function buildConnector(options: ConnectorOptions = {}): undici.connector {
  const {
    allowH2,
    maxCachedSessions,
    socketPath,
    timeout,
    session: ownSession,
    ...rest
  } = options as ConnectorOptions & {
    session?: Buffer | undefined;
  };
  const sessions = new SessionCache(maxCachedSessions ?? 100);
  const cleartext = buildUndiciConnector(options as undici.BuildOptions);
  const timeoutMs = timeout ?? defaultConnectTimeout;

  return (target: undici.Options, callback: undici.Callback): void => {
    if (target.protocol !== 'https:') {
      cleartext(target, callback);
      return;
    }
    const { hostname, host, port, localAddress, httpSocket } = target;
    const servername = target.servername || rest.servername || nameOf(host) || undefined;
    const key = servername ?? hostname;
    const session = ownSession ?? sessions.get(key);
    const socket = connectTls({
      ...rest,
      ...(socketPath ? { path: socketPath } : {}),
      ...(session === undefined ? {} : { session }),
      ...(httpSocket === undefined ? {} : { socket: httpSocket }),
      ...(localAddress ? { localAddress } : {}),
      servername,
      ALPNProtocols: allowH2 === true ? ['h2', 'http/1.1'] : ['http/1.1'],
      host: hostname,
      port: Number(port || 443),
      ...joinPolicies(options, target),
    } as ConnectionOptions);
    socket.on('session', (fresh: Buffer) => sessions.set(key, fresh));
    if (rest.keepAlive !== false) socket.setKeepAlive(true, rest.keepAliveInitialDelay ?? defaultKeepAliveDelay);
    socket.setNoDelay(true);

    const timer =
      timeoutMs > 0
        ? setTimeout(() => {
            socket.destroy(
              new errors.ConnectTimeoutError(
                `Connect Timeout Error (attempted address: ${hostname}:${port || 443}, timeout: ${timeoutMs}ms)`,
              ),
            );
          }, timeoutMs)
        : undefined;
    let told = false;
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      told = true;
      // Over HTTP/2 undici hands the socket to node:http2, which asks for more than a stream.
      callback(null, socket.alpnProtocol === 'h2' ? new Http2Transport(socket) : socket);
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      if (told) return;
      told = true;
      callback(error, null);
    });
  };
}

/** undici's Agent with a connector of pqtls. */
export class Agent extends UndiciAgent {
  constructor(options: AgentOptions = {}) {
    const { connect, ...rest } = options;
    const { allowH2, maxCachedSessions, socketPath, connectTimeout, autoSelectFamily } = rest;
    const { autoSelectFamilyAttemptTimeout: autoSelectFamilyAttemptTimeout } = rest;
    super({
      ...rest,
      // undici gives these to the connector that it makes itself.
      connect: buildConnector({
        ...defined({ allowH2, maxCachedSessions, socketPath, timeout: connectTimeout }),
        ...defined({ autoSelectFamily, autoSelectFamilyAttemptTimeout }),
        ...connect,
        ...joinPolicies(connect, rest),
      }),
    });
  }
}

/**
 * Makes an Agent the global dispatcher: of undici's `fetch` and `request`, and of Node's own global `fetch`.
 *
 * @returns the Agent, to close it
 */
export function install(options: AgentOptions = {}): Agent {
  const agent = new Agent(options);
  setGlobalDispatcher(agent);
  return agent;
}

/** The host of a Host header, without its port; empty for an IP address, which is no server name. */
function nameOf(host: string | undefined): string {
  if (host === undefined || host.startsWith('[')) return '';
  return host.replace(/:\d*$/, '');
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The newest session of each server; the one that was set longest ago goes first. */
class SessionCache {
  readonly #limit: number;
  readonly #sessions = new Map<string, Buffer>();

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 0) {
      throw invalidArgValue('options.maxCachedSessions', 'it must be an integer >= 0');
    }
    this.#limit = limit;
  }

  get(key: string): Buffer | undefined {
    return this.#sessions.get(key);
  }

  set(key: string, session: Buffer): void {
    if (this.#limit === 0) return;
    this.#sessions.delete(key);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= this.#limit && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(key, session);
  }
}

const api = { Agent, buildConnector, install };

export default api;
export { api as 'module.exports' };
