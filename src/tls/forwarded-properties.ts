// Properties that a TLSSocket shows of the socket underneath. Accessors, because net.Socket's own read a handle.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const forwarded = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
  'pending',
  'autoSelectFamilyAttemptedAddresses',
] as const;

/** Each is undefined where the transport is not a net.Socket. */
export function forwardProperties<T extends Socket>(prototype: T, transportOf: (socket: T) => Duplex): void {
  for (const name of forwarded) {
    defineGetter(prototype, name, (socket) => {
      const transport = transportOf(socket);
      return transport instanceof Socket ? transport[name] : undefined;
    });
  }
}

/** TypeScript lets no accessor override a property, so it is defined from outside of the class. */
export function defineGetter<T extends Socket>(prototype: T, name: string, read: (socket: T) => unknown): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: T) {
      return read(this);
    },
  });
}
