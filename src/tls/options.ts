// Checks of option values: a known option with a bad value throws at once, an unknown name is left alone as in node:tls.

import type { Duplex } from 'node:stream';
import { invalidArgType, invalidArgValue, outOfRange } from '../errors.js';
import { checkWire, convertALPNProtocols } from './alpn-protocols.js';

/**
 * ALPN protocols in wire form. RFC 7301, Section 3.1.
 *
 * @param value names (1 to 255 bytes each), or bytes that are already in wire form
 */
export function encodeAlpn(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
    throw invalidArgType(
      'options.ALPNProtocols',
      'an array of strings or an instance of Buffer, TypedArray, or DataView',
      value,
    );
  }
  const encoded = { ALPNProtocols: Buffer.alloc(0) };
  convertALPNProtocols(value, encoded);
  const wire = encoded.ALPNProtocols;
  checkWire(wire);
  return wire.length === 0 ? undefined : wire;
}

/** A client's `servername`: host_name of RFC 6066, Section 3, at most 255 bytes. */
export function checkServername(value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'string') throw invalidArgType('name', 'of type string', value);
  if (Buffer.byteLength(value) > 255 || value.includes('\0')) {
    throw invalidArgValue('options.servername', 'a host name has at most 255 bytes and no NUL');
  }
}

/** A callback option: a function or absent. */
export function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
  return value;
}

/** ALPNCallback chooses in place of ALPNProtocols; only one of them may be given. */
export function checkAlpnCallback(options: { ALPNCallback?: unknown; ALPNProtocols?: unknown }): void {
  if (!options.ALPNCallback) return;
  checkFunction('options.ALPNCallback', options.ALPNCallback);
  if (!options.ALPNProtocols) return;
  throw Object.assign(new TypeError('The ALPNCallback and ALPNProtocols TLS options are mutually exclusive'), {
    code: 'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS',
  });
}

/** pskCallback and pskIdentityHint; what is falsy counts as absent, as in node:tls. `name` is the callback's in errors. */
export function checkPskOptions(name: string, options: { pskCallback?: unknown; pskIdentityHint?: unknown }): void {
  if (options.pskCallback) checkFunction(name, options.pskCallback);
  if (options.pskIdentityHint && typeof options.pskIdentityHint !== 'string') {
    throw invalidArgType('options.pskIdentityHint', 'of type string', options.pskIdentityHint);
  }
}

/** enableTrace: a boolean or absent. */
export function checkEnableTrace(value: unknown): void {
  if (value === undefined || value === null || typeof value === 'boolean') return;
  throw invalidArgType('options.enableTrace', 'of type boolean', value);
}

/** `handshakeTimeout`: milliseconds, 0 for none; what setTimeout can't take counts as its longest. */
export function checkHandshakeTimeout(value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'number') throw invalidArgType('options.handshakeTimeout', 'of type number', value);
  if (!(value >= 0)) throw outOfRange('options.handshakeTimeout', '>= 0', value);
}

/** What a TLSSocket is asked for, but for what its context and its stream check. */
export function checkSocketOptions(options: {
  readonly isServer?: boolean | undefined;
  readonly handshakeTimeout?: unknown;
  readonly ALPNCallback?: unknown;
  readonly ALPNProtocols?: unknown;
  readonly pskCallback?: unknown;
  readonly pskIdentityHint?: unknown;
  readonly enableTrace?: unknown;
}): void {
  checkHandshakeTimeout(options.handshakeTimeout);
  if (options.isServer) checkAlpnCallback(options);
  checkPskOptions('pskCallback', options);
  checkEnableTrace(options.enableTrace);
}

/** A stream to run TLS over. */
export function checkTransport(value: unknown): void {
  const stream = value as Partial<Duplex> | null | undefined;
  const methods = ['on', 'write', 'end', 'pause', 'resume', 'destroy'] as const;
  if (typeof stream === 'object' && stream !== null && methods.every((name) => typeof stream[name] === 'function'))
    return;
  throw invalidArgType('socket', 'an instance of Duplex', value);
}
