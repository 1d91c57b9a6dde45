// What the public classes share: no construction from a state of the caller's, and nothing but names in util.inspect.

/** Given to a constructor by this package only. */
export const internal: unique symbol = Symbol('internal');

export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** `advice` says how to get one instead. */
export function checkToken(token: unknown, name: string, advice = 'use its static methods'): void {
  if (token !== internal) {
    throw Object.assign(new TypeError(`${name} cannot be constructed; ${advice}`), {
      code: 'ERR_ILLEGAL_CONSTRUCTOR',
    });
  }
}

export function describe(name: string, algorithm: string, provider: string): string {
  return `${name} { algorithm: '${algorithm}', provider: '${provider}' }`;
}
