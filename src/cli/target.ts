// Where to connect to or listen at: HOST:PORT, [IPv6]:PORT, a port alone, the path of a Unix socket.

import { isIPv6 } from 'node:net';
import { UsageError } from './exit-codes.js';

export type Target = { readonly host: string; readonly port: number } | { readonly path: string };

/** Reads `HOST:PORT`; without a port it is `defaultPort`. */
export function parseTarget(text: string, defaultPort: number): Target {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (bracketed !== undefined && !isIPv6(bracketed.replace(/%.*$/, ''))) {
    throw new UsageError(`'${text}' has no IPv6 address between its brackets`);
  }
  if (host === undefined || host === '' || /\s/.test(host)) {
    const advice = isIPv6(text) ? `an IPv6 address needs brackets: [${text}]:${defaultPort}` : 'it takes HOST:PORT';
    throw new UsageError(`'${text}' is not where one can connect to: ${advice}`);
  }
  return { host, port: port === undefined ? defaultPort : parsePort(port, text) };
}

/** `PORT`, `HOST:PORT`, `:PORT` or `*:PORT`; no host listens everywhere. */
export function parseListen(text: string): { readonly host: string | undefined; readonly port: number } {
  if (/^\d+$/.test(text)) return { host: undefined, port: parsePort(text, text) };
  const [, any] = /^\*?:(\d+)$/.exec(text) ?? [];
  if (any !== undefined) return { host: undefined, port: parsePort(any, text) };
  const target = parseTarget(text, 0);
  if (!('host' in target) || !/:\d+$/.test(text))
    throw new UsageError(`-accept takes PORT or HOST:PORT, not '${text}'`);
  return target;
}

function parsePort(text: string, whole: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port;
  throw new UsageError(`The port of '${whole}' must be a number from 0 to 65535`);
}

/** As it is written in a URL. */
export function targetName(target: Target): string {
  if ('path' in target) return target.path;
  return `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`;
}
