// pskCallback: what it may return, and its way to the engine. RFC 4279; node:tls's checks and errors.

import type { PskCallback } from '../engine/connection.js';

/** A client's: the identity to show, and its key. */
export interface PskNegotation {
  psk: NodeJS.ArrayBufferView;
  identity: string;
}

/** With a server's hint (or null): the key to use, or null for none. TLS 1.2 only. */
export type ClientPskCallback = (hint: string | null) => PskNegotation | null | undefined;

/** With the socket and the client's identity: its key, or null where it is not known. TLS 1.2 only. */
export type ServerPskCallback<Socket> = (
  socket: Socket,
  identity: string,
) => NodeJS.ArrayBufferView | { psk: NodeJS.ArrayBufferView } | null | undefined;

/**
 * The callback for the engine. What the program throws, and what it returns wrongly, goes to `abandon`: the engine gets
 * no key then, and the connection ends.
 */
export function enginePskCallback(
  isServer: boolean,
  call: (argument: string | null) => unknown,
  abandon: (error: unknown) => void,
): PskCallback {
  return (argument, maximumKey, maximumIdentity) => {
    try {
      const answer = call(argument);
      if (answer === null || answer === undefined) return undefined;
      return isServer ? serverKey(answer, maximumKey) : clientKey(answer, maximumKey, maximumIdentity);
    } catch (error) {
      abandon(error);
      return undefined;
    }
  };
}

function serverKey(answer: unknown, maximum: number): Uint8Array {
  if (ArrayBuffer.isView(answer)) return checkKey(answer, maximum);
  if (typeof answer !== 'object' || answer === null) {
    throw wrongType('ret', 'an instance of Buffer, TypedArray, DataView, or Object', answer);
  }
  return checkKey((answer as { psk?: unknown }).psk, maximum);
}

function clientKey(answer: unknown, maximumKey: number, maximumIdentity: number): readonly [Uint8Array, string] {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw wrongType('ret', 'of type object', answer);
  }
  const { psk, identity } = answer as { psk?: unknown; identity?: unknown };
  const key = checkKey(psk, maximumKey);
  if (typeof identity !== 'string') throw wrongType('identity', 'of type string', identity);
  if (Buffer.byteLength(identity) > maximumIdentity) {
    throw tooLong('identity', `PSK identity exceeds ${maximumIdentity} bytes`);
  }
  return [key, identity];
}

function checkKey(psk: unknown, maximum: number): Uint8Array {
  if (!ArrayBuffer.isView(psk)) {
    throw wrongType('psk', 'an instance of Buffer, TypedArray, or DataView', psk);
  }
  if (psk.byteLength > maximum) throw tooLong('psk', `Pre-shared key exceeds ${maximum} bytes`);
  return new Uint8Array(psk.buffer, psk.byteOffset, psk.byteLength);
}

/** Without text, which node:tls has in its message: it may be the key. */
function wrongType(name: string, expected: string, value: unknown): TypeError {
  const type = typeof value;
  let received: string = `type ${type}`;
  if (value === undefined || value === null) received = String(value);
  else if (typeof value === 'number' || typeof value === 'boolean') received = `type ${type} (${String(value)})`;
  else if (typeof value === 'object') received = `an instance of ${value.constructor?.name ?? 'Object'}`;
  return Object.assign(new TypeError(`The "${name}" argument must be ${expected}. Received ${received}`), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

/** Without the value, which node:tls has in its message: it is a secret. */
function tooLong(name: string, reason: string): TypeError {
  return Object.assign(new TypeError(`The argument '${name}' ${reason}`), { code: 'ERR_INVALID_ARG_VALUE' });
}
