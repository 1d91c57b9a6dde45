// The endpoints that the user names one by one: HOST[:PORT][@NAME], on the command line, in a file or on standard input.

import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

export interface Endpoint {
  /** A name or an address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The server name to send and to verify, where it is not the host. */
  readonly servername?: string | undefined;
}

/** What the user named is no endpoint. The message says what to write. */
export class EndpointError extends Error {}

const defaultPort = 443;

/** One endpoint. @throws EndpointError */
export function parseEndpoint(text: string): Endpoint {
  if (text.includes('://')) throw refused(text, 'write HOST:PORT, not a URL');
  const [, address = '', name] = /^([^@]*)(?:@(.*))?$/s.exec(text) ?? [];
  const { host, port } = splitPort(address, text);
  const endpoint = { host: checkHost(host, text), port };
  return name === undefined ? endpoint : { ...endpoint, servername: checkServername(name, text) };
}

/** How an endpoint is shown, which parseEndpoint() reads again. */
export function endpointName({ host, port, servername }: Endpoint): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}${servername === undefined ? '' : `@${servername}`}`;
}

/** The name that goes into SNI and that the certificate must have; undefined where the host is an address. */
export function serverNameOf({ host, servername }: Endpoint): string | undefined {
  return servername ?? (isIP(host) === 0 ? host : undefined);
}

/**
 * A list: an endpoint a line, or its server name in a second column; what follows `#` is a comment.
 *
 * @param source what to call it in errors
 * @throws EndpointError with the line
 */
export function parseEndpointList(text: string, source: string): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const columns = line
      .replace(/#.*$/, '')
      .split(/[\s,;]+/)
      .filter((column) => column !== '');
    const [endpoint, name, ...rest] = columns;
    if (endpoint === undefined) continue;
    try {
      if (rest.length > 0) throw refused(line.trim(), 'a line has an endpoint and, if need be, its server name');
      if (name !== undefined && endpoint.includes('@')) throw refused(line.trim(), 'it has two server names');
      endpoints.push(parseEndpoint(name === undefined ? endpoint : `${endpoint}@${name}`));
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      throw new EndpointError(`${source}, line ${index + 1}: ${error.message}`);
    }
  }
  return endpoints;
}

/** The same without repetitions, in order. */
export function withoutDuplicates(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((endpoint) => [endpointName(endpoint), endpoint])).values()];
}

function splitPort(address: string, text: string): { host: string; port: number } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(address);
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    if (!isIPv6(host)) throw refused(text, 'what stands in brackets is an IPv6 address');
    return { host, port: readPort(port, text) };
  }
  if (isIPv6(address)) throw refused(text, `write an IPv6 address in brackets: [${address}]:443`);
  const [host = '', port, ...rest] = address.split(':');
  if (rest.length > 0) throw refused(text, 'write HOST:PORT, and an IPv6 address in brackets: [::1]:443');
  return { host, port: readPort(port, text) };
}

function readPort(port: string | undefined, text: string): number {
  if (port === undefined) return defaultPort;
  const number = Number(port);
  if (/^\d{1,5}$/.test(port) && number >= 1 && number <= 65535) return number;
  throw refused(text, /[-,*]/.test(port) ? 'name each port by itself: there are no ranges' : 'a port is 1 to 65535');
}

function checkHost(host: string, text: string): string {
  if (host === '') throw refused(text, 'the host is missing');
  if (text.includes('/')) throw refused(text, 'name each host by itself: there are no networks');
  if (host.includes('*')) throw refused(text, 'name each host by itself: there are no wildcards');
  if (/^[\d.]+-[\d.]+$/.test(host)) throw refused(text, 'name each host by itself: there are no ranges');
  if (isIP(host) !== 0) return isIPv6(host) ? host.toLowerCase() : host;
  // What looks like an address and is none would be guessed at by a resolver: 127.1, 0x7f.1, 10.0.0.
  if (/^(0x[\da-f]*|\d+)(\.(0x[\da-f]*|\d+))*\.?$/i.test(host)) throw refused(text, 'it is no complete IPv4 address');
  return checkName(host, text, 'a host');
}

function checkServername(name: string, text: string): string {
  if (isIP(name) !== 0) throw refused(text, 'a server name is a DNS name: RFC 6066 has no addresses in it');
  return checkName(name, text, 'a server name');
}

function checkName(name: string, text: string, what: string): string {
  const ascii = domainToASCII(name).replace(/\.$/, '');
  // RFC 1123, Section 2.1; underscores are in use.
  const isName = /^(?=.{1,253}$)[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?(\.[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?)*$/.test(ascii);
  // Digits of other scripts make an address, too.
  if (!isName || isIP(ascii) !== 0) throw refused(text, `${what} has letters, digits, dots and hyphens`);
  return ascii;
}

function refused(text: string, why: string): EndpointError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return new EndpointError(`${JSON.stringify(shown)} is no endpoint: ${why}`);
}
