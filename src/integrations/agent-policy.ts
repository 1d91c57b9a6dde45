// What a request and its Agent ask for, joined: in http.Agent's own merge the Agent's options replace the request's.

import type { Agent } from 'node:http';
import { alsoAsked, joinPolicies } from '../tls/policy.js';

/**
 * An Agent's addRequest() with which the strictest of request and Agent wins.
 *
 * @param addRequest looks up Node's own, at each call
 * @throws TypeError (the method) `ERR_INVALID_ARG_VALUE`: request and Agent name different policies
 */
export function addRequestJoined(addRequest: () => unknown): (this: Agent, ...args: unknown[]) => unknown {
  return function (this: Agent, request, options, ...rest) {
    const method = addRequest();
    if (typeof method !== 'function') throw new TypeError('The Agent of node:http has no addRequest()');
    return Reflect.apply(method, this, [request, askedBeside(options, this), ...rest]) as unknown;
  };
}

/** The options of a request, and what they ask for once more where the merge leaves it. */
function askedBeside(options: unknown, agent: Agent): unknown {
  if (typeof options !== 'object' || options === null) return options;
  const asked = joinPolicies(options);
  if (asked.postQuantum === undefined && asked.policy === undefined) return options;
  joinPolicies(options, Reflect.get(agent, 'options')); // Refuses a contradiction before the request is queued.
  return { ...options, ...asked, [alsoAsked]: asked };
}
