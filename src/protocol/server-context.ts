// What the states of one server's handshake share, and what its sessions are bound to.

import { suiteOf, type SuiteParameters } from './cipher-suites.js';
import { concat } from './codec.js';
import type { ServerConfig, TlsContext } from './config.js';
import type { Endpoint } from './endpoint.js';
import type { ProtocolAnswer } from './handshake-state.js';

export interface SessionHooks {
  /** The program keeps it. */
  onNewSession(id: Uint8Array, session: Uint8Array): void;
}

type HelloAnswer = Extract<ProtocolAnswer, { kind: 'client-hello' }>;

export class ServerHandshake {
  readonly endpoint: Endpoint;
  readonly config: ServerConfig;
  readonly hooks: SessionHooks;
  /** The server's own, whatever context is in force. */
  readonly ownContext: TlsContext;
  answer: HelloAnswer = { kind: 'client-hello' };
  /** Those of the current stage. */
  secrets: (Uint8Array | { destroy(): void })[] = [];

  constructor(endpoint: Endpoint, config: ServerConfig, hooks: SessionHooks) {
    this.endpoint = endpoint;
    this.config = config;
    this.hooks = hooks;
    this.ownContext = endpoint.context;
  }

  /** Wipes what no key of the endpoint's is yet. */
  destroy(): void {
    for (const secret of this.secrets) {
      if (secret instanceof Uint8Array) secret.fill(0);
      else secret.destroy();
    }
    this.secrets = [];
  }
}

/** What sessions of this server are bound to. */
export function sessionContextOf(server: ServerHandshake): Uint8Array {
  const { ownContext, endpoint, config } = server;
  const demand = config.requestCertificate === true ? 1 : 0;
  return concat(ownContext.sessionContext, endpoint.context.sessionContext, Uint8Array.of(demand));
}

/** Whether a session's suite has the hash of the one that was chosen. */
export function hasHashOf(suite: SuiteParameters, cipherSuite: number): boolean {
  return suiteOf(cipherSuite)?.hash === suite.hash;
}
