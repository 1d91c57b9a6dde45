// What tells connections of an Agent apart beyond node:https's own name for them.

import { joinPolicies, readDemand } from '../tls/policy.js';

/** Options of pqtls that node:https does not know. */
const ownOptions = ['groups', 'policy', 'certificateCompression', 'retryClassical'] as const;

/** Options that are objects or functions, told apart by identity. */
const identityOptions = ['secureContext', 'checkServerIdentity', 'pskCallback', 'sign'] as const;

const identities = new WeakMap<object, number>();
let last = 0;

/**
 * A suffix for Agent#getName(): empty where none of these options is given, so that the name is node:https's. Two requests
 * share a connection or a session only where all of them are the same.
 */
export function ownAgentKey(options: object | undefined): string {
  if (options === undefined || options === null) return '';
  const values: Record<string, unknown> = { ...options, ...joinPolicies(options) };
  // With what the environment asks for by now: a connection that was kept may be older.
  const { postQuantum, policy } = readDemand(values);
  let key = postQuantum === undefined ? '' : `:postQuantum=${postQuantum}`;
  if (policy !== undefined) values['policy'] = policy.name;
  for (const name of ownOptions) {
    const value = values[name];
    if (value !== undefined && value !== null) key += `:${name}=${JSON.stringify(value)}`;
  }
  for (const name of identityOptions) {
    const value = values[name];
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') key += `:${name}=${idOf(value)}`;
  }
  return key;
}

function idOf(value: object): number {
  let id = identities.get(value);
  if (id === undefined) {
    last += 1;
    id = last;
    identities.set(value, id);
  }
  return id;
}
