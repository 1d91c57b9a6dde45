// Which versions a context speaks: minVersion, maxVersion, or node:tls's older secureProtocol. RFC 9846, Section 4.2.1.

import { constants } from 'node:crypto';
import { ProtocolVersion, type ProtocolVersionName } from '../protocol/constants.js';
import { moduleDefaults } from './module-defaults.js';

export interface VersionOptions {
  minVersion?: ProtocolVersionName | null | undefined;
  maxVersion?: ProtocolVersionName | null | undefined;
  secureProtocol?: string | null | undefined;
}

/** From the oldest to the newest, with the bit of `secureOptions` that rules it out. */
const byAge = [
  ['TLSv1', constants.SSL_OP_NO_TLSv1],
  ['TLSv1.1', constants.SSL_OP_NO_TLSv1_1],
  ['TLSv1.2', constants.SSL_OP_NO_TLSv1_2],
  ['TLSv1.3', constants.SSL_OP_NO_TLSv1_3],
] as const satisfies readonly (readonly [ProtocolVersionName, number])[];

export interface VersionRange {
  minimum: ProtocolVersionName;
  maximum: ProtocolVersionName;
}

/** What each method of OpenSSL stands for; an absent bound is the module's default. */
const methods: Readonly<Record<string, Partial<VersionRange>>> = {
  SSLv23: { maximum: 'TLSv1.2' },
  TLS: { minimum: 'TLSv1', maximum: 'TLSv1.3' },
  TLSv1: { minimum: 'TLSv1', maximum: 'TLSv1' },
  TLSv1_1: { minimum: 'TLSv1.1', maximum: 'TLSv1.1' },
  TLSv1_2: { minimum: 'TLSv1.2', maximum: 'TLSv1.2' },
};

/**
 * The versions of the options, or of the module's defaults. A minimum above the maximum fails in the handshake, as in node:tls.
 *
 * @throws TypeError `ERR_TLS_PROTOCOL_VERSION_CONFLICT`, `ERR_TLS_INVALID_PROTOCOL_VERSION`,
 *   `ERR_TLS_INVALID_PROTOCOL_METHOD`
 */
export function chooseVersions(options: VersionOptions, secureOptions: number): VersionRange {
  const { minVersion, maxVersion, secureProtocol } = options;
  if (secureProtocol) {
    for (const version of [minVersion, maxVersion]) {
      if (version === undefined || version === null) continue;
      const text = `TLS protocol version ${JSON.stringify(version)} conflicts with secureProtocol ${JSON.stringify(secureProtocol)}`;
      throw coded(text, 'ERR_TLS_PROTOCOL_VERSION_CONFLICT');
    }
  }
  const range = {
    minimum: checkVersion('minimum', minVersion, moduleDefaults.DEFAULT_MIN_VERSION),
    maximum: checkVersion('maximum', maxVersion, moduleDefaults.DEFAULT_MAX_VERSION),
  };
  if (typeof secureProtocol === 'string') Object.assign(range, methodRange(secureProtocol));
  return withoutRuledOut(range, secureOptions);
}

/** Above level 0 there is no TLS 1.1 and older, as in OpenSSL: their handshakes are signed over MD5 and SHA-1. */
export function atSecurityLevel(range: VersionRange, level: number): VersionRange {
  const isOld = ProtocolVersion[range.minimum] < ProtocolVersion['TLSv1.2'];
  return isOld && level > 0 ? { ...range, minimum: 'TLSv1.2' } : range;
}

/** The oldest versions of a range that follow each other, as OpenSSL reads SSL_OP_NO_TLSv1 and its like. */
function withoutRuledOut(range: VersionRange, secureOptions: number): VersionRange {
  const inRange = byAge.filter(
    ([name]) =>
      ProtocolVersion[name] >= ProtocolVersion[range.minimum] &&
      ProtocolVersion[name] <= ProtocolVersion[range.maximum],
  );
  const isAllowed = ([, bit]: (typeof byAge)[number]): boolean => (secureOptions & bit) === 0;
  const first = inRange.findIndex(isAllowed);
  // None at all: the engine knows the bits too, and the handshake fails, as in node:tls.
  if (first === -1) return range;
  const gap = inRange.findIndex((version, index) => index > first && !isAllowed(version));
  const minimum = inRange[first]?.[0] ?? range.minimum;
  const maximum = inRange.at(gap === -1 ? -1 : gap - 1)?.[0] ?? range.maximum;
  return { minimum, maximum };
}

function checkVersion(which: 'minimum' | 'maximum', value: unknown, fallback: string): ProtocolVersionName {
  const version = value ?? fallback;
  if (isVersion(version)) return version;
  const text = `${JSON.stringify(version)} is not a valid ${which} TLS protocol version`;
  throw coded(text, 'ERR_TLS_INVALID_PROTOCOL_VERSION');
}

function isVersion(value: unknown): value is ProtocolVersionName {
  return typeof value === 'string' && Object.hasOwn(ProtocolVersion, value);
}

function methodRange(method: string): Partial<VersionRange> {
  const [, name = ''] = /^(\w+?)_(?:(?:client|server)_)?method$/.exec(method) ?? [];
  if (name === 'SSLv2' || name === 'SSLv3') throw coded(`${name} methods disabled`, 'ERR_TLS_INVALID_PROTOCOL_METHOD');
  const range = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (range === undefined) throw coded(`Unknown method: ${method}`, 'ERR_TLS_INVALID_PROTOCOL_METHOD');
  return range;
}

function coded(message: string, code: string): TypeError {
  return Object.assign(new TypeError(message), { code });
}
