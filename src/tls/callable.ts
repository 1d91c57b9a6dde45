// Lets a class be called without `new`, as the function constructors of node:tls and node:https can be.

type Constructor = abstract new (...args: never[]) => object;

/** The class itself in every other respect: `instanceof`, `extends` and statics go through to it. */
export function callableWithoutNew<T extends Constructor>(target: T): T {
  const callable = new Proxy(target, {
    apply: (constructor, _receiver, values: unknown[]): unknown => Reflect.construct(constructor, values),
  });
  Object.defineProperty(target.prototype, 'constructor', { value: callable, configurable: true, writable: true });
  return callable;
}
