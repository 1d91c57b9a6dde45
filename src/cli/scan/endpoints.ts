// The endpoints that the user names one by one: [PROTOCOL://]HOST[:PORT][@NAME], on the command line, in a file or on
// standard input.

import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { isStartTlsProtocol, startTlsPort, startTlsProtocols, type StartTlsProtocol } from '../starttls/start-tls.js';

export interface Endpoint {
  /** A name or an address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The server name to send and to verify, where it is not the host. */
  readonly servername?: string | undefined;
  /** What is spoken before TLS; undefined where TLS comes first. */
  readonly starttls?: StartTlsProtocol | undefined;
}

/** What the user named is no endpoint. The message says what to write. */
export class EndpointError extends Error {}

const defaultPort = 443;

/**
 * One endpoint; its protocol before TLS stands before it or behind it, `smtp://HOST` or `HOST starttls=smtp`.
 *
 * @param usual the protocol of those that say nothing of it; `starttls=none` is for those that have none
 * @throws EndpointError
 */
export function parseEndpoint(text: string, usual?: StartTlsProtocol): Endpoint {
  const { plain, starttls = usual } = splitProtocol(text);
  const protocol = starttls === 'none' ? undefined : starttls;
  const [, address = '', name] = /^([^@]*)(?:@(.*))?$/s.exec(plain) ?? [];
  const { host, port } = splitPort(address, text, protocol === undefined ? defaultPort : startTlsPort(protocol));
  if (host !== '' && plain.includes('/')) throw refused(text, 'name each host by itself: there are no networks');
  return {
    host: checkHost(host, text),
    port,
    ...(name === undefined ? {} : { servername: checkServername(name, text) }),
    ...(protocol === undefined ? {} : { starttls: protocol }),
  };
}

/** How an endpoint is shown, which parseEndpoint() reads again. */
export function endpointName({ starttls, ...endpoint }: Endpoint): string {
  const { servername } = endpoint;
  const name = `${addressName(endpoint)}${servername === undefined ? '' : `@${servername}`}`;
  return starttls === undefined ? name : `${starttls}://${name}`;
}

/** Host and port, as in a URI. */
export function addressName({ host, port }: Pick<Endpoint, 'host' | 'port'>): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The name that goes into SNI and that the certificate must have; undefined where the host is an address. */
export function serverNameOf({ host, servername }: Endpoint): string | undefined {
  return servername ?? (isIP(host) === 0 ? host : undefined);
}

/**
 * A list: an endpoint a line, or its server name in a second column, and `starttls=PROTOCOL` in a further one; what
 * follows `#` is a comment.
 *
 * @param source what to call it in errors
 * @param usual as parseEndpoint() takes it
 * @throws EndpointError with the line
 */
export function parseEndpointList(text: string, source: string, usual?: StartTlsProtocol): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const columns = line
      .replace(/#.*$/, '')
      .split(/[\s,;]+/)
      .filter((column) => column !== '');
    const [endpoint, name, ...rest] = columns.filter((column) => !isProtocolColumn(column));
    if (columns.length === 0) continue;
    try {
      if (endpoint === undefined || rest.length > 0) {
        throw refused(line.trim(), 'a line has an endpoint and, if need be, its server name and starttls=PROTOCOL');
      }
      if (name !== undefined && endpoint.includes('@')) throw refused(line.trim(), 'it has two server names');
      const named = name === undefined ? endpoint : `${endpoint}@${name}`;
      endpoints.push(parseEndpoint([named, ...columns.filter(isProtocolColumn)].join(' '), usual));
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

function isProtocolColumn(column: string): boolean {
  return /^starttls=/i.test(column);
}

interface Split {
  /** The rest. */
  readonly plain: string;
  readonly starttls?: StartTlsProtocol | 'none' | undefined;
}

function splitProtocol(text: string): Split {
  const [, before = text, behind] = /^(.*?)\s+starttls=(.*)$/is.exec(text) ?? [];
  const [, scheme, plain = before] = /^([^/]*):\/\/(.*)$/s.exec(before) ?? [];
  if (scheme !== undefined && behind !== undefined) throw refused(text, 'it names a protocol twice');
  const starttls = (scheme ?? behind)?.toLowerCase();
  if (starttls === undefined) return { plain };
  if (isStartTlsProtocol(starttls)) return { plain, starttls };
  if (behind !== undefined && starttls === 'none') return { plain, starttls };
  const known = startTlsProtocols.join(', ');
  throw refused(
    text,
    scheme === undefined
      ? `what goes over to TLS is one of ${known}; starttls=none has TLS from the start`
      : `write HOST:PORT, not a URL; only what goes over to TLS has its protocol before it (${known})`,
  );
}

function splitPort(address: string, text: string, usual: number): { host: string; port: number } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(address);
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    if (!isIPv6(host)) throw refused(text, 'what stands in brackets is an IPv6 address');
    return { host, port: readPort(port, text, usual) };
  }
  if (isIPv6(address)) throw refused(text, `write an IPv6 address in brackets: [${address}]:443`);
  const [host = '', port, ...rest] = address.split(':');
  if (rest.length > 0) throw refused(text, 'write HOST:PORT, and an IPv6 address in brackets: [::1]:443');
  return { host, port: readPort(port, text, usual) };
}

function readPort(port: string | undefined, text: string, usual: number): number {
  if (port === undefined) return usual;
  const number = Number(port);
  if (/^\d{1,5}$/.test(port) && number >= 1 && number <= 65535) return number;
  throw refused(text, /[-,*]/.test(port) ? 'name each port by itself: there are no ranges' : 'a port is 1 to 65535');
}

function checkHost(host: string, text: string): string {
  if (host === '') throw refused(text, 'the host is missing');
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
