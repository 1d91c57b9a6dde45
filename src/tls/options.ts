// Checks of option values: a known option with a bad value throws at once, an unknown name is left alone as in node:tls.

import { invalidArgType, invalidArgValue } from '../errors.js';
import { ProtocolVersion, type ProtocolVersionName } from '../protocol/constants.js';

export function checkProtocolVersion(name: string, value: unknown, fallback: ProtocolVersionName): ProtocolVersionName {
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  if (!Object.hasOwn(ProtocolVersion, value)) {
    const known = Object.keys(ProtocolVersion).join(', ');
    throw Object.assign(new TypeError(`'${value}' is not a valid ${name} TLS protocol version. Use one of ${known}`), {
      code: 'ERR_TLS_INVALID_PROTOCOL_VERSION',
    });
  }
  return value as ProtocolVersionName;
}

/** Bytes of an option that takes PEM as a string or as bytes. */
export function checkPem(name: string, value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw invalidArgType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', value);
}

/**
 * ALPN protocols in wire form. RFC 7301, Section 3.1.
 *
 * @param value names (1 to 255 bytes each), or bytes that are already in wire form
 */
export function encodeAlpn(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return undefined;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  }
  if (!Array.isArray(value)) {
    throw invalidArgType(
      'options.ALPNProtocols',
      'an array of strings or an instance of Buffer, TypedArray, or DataView',
      value,
    );
  }
  const parts: Uint8Array[] = [];
  for (const protocol of value as unknown[]) {
    const name = typeof protocol === 'string' ? Buffer.from(protocol, 'latin1') : protocol;
    if (!(name instanceof Uint8Array))
      throw invalidArgType('options.ALPNProtocols[]', 'a string or Uint8Array', protocol);
    if (name.length === 0 || name.length > 255) {
      throw invalidArgValue('options.ALPNProtocols', 'a protocol name has 1 to 255 bytes');
    }
    parts.push(Uint8Array.of(name.length), name);
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts);
}

/** A callback option: a function or absent. */
export function checkFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'function') throw invalidArgType(name, 'of type function', value);
  return value;
}
