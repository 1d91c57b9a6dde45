// What every public key class shares: no construction from outside, and nothing but names in util.inspect.

/** Given to a constructor by this package only. */
export const internal: unique symbol = Symbol('internal');

export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

export function checkToken(token: unknown, name: string): void {
  if (token !== internal) {
    throw Object.assign(new TypeError(`${name} cannot be constructed; use its static methods`), {
      code: 'ERR_ILLEGAL_CONSTRUCTOR',
    });
  }
}

export function describe(name: string, algorithm: string, provider: string): string {
  return `${name} { algorithm: '${algorithm}', provider: '${provider}' }`;
}
