// What a program asks of the policy through the prototype of its options, for functions that copy own properties only.

import { joinPolicies } from '../tls/policy.js';

/**
 * The function or class itself, but that `postQuantum` and `policy` are the own properties of the options that it gets;
 * `prototype.constructor` follows.
 */
export function keepInherited<T extends object>(target: T): T {
  const kept = new Proxy(target, {
    apply: (called, receiver, values: unknown[]): unknown =>
      Reflect.apply(called as (...args: unknown[]) => unknown, receiver, values.map(withOwn)),
    construct: (called, values: unknown[], newTarget): object =>
      Reflect.construct(called as new (...args: unknown[]) => object, values.map(withOwn), newTarget) as object,
  });
  const prototype: unknown = Reflect.get(target, 'prototype');
  if (typeof prototype === 'object' && prototype !== null) {
    Object.defineProperty(prototype, 'constructor', { value: kept, configurable: true, writable: true });
  }
  return kept;
}

/** A copy of own properties, which is what Node makes of it next, where something is inherited; a URL has none of ours. */
function withOwn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof URL) return value;
  const asked = joinPolicies(value);
  const isOwn = Object.keys(asked).every((name) => Object.hasOwn(value, name));
  return isOwn ? value : { ...value, ...asked };
}
