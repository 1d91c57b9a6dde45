// Scenarios that run on node:tls and on pqtls, and tell the program the same, line by line.

import { inspect } from 'node:util';
import type * as net from 'node:net';
import type { ConnectionOptions, TlsOptions, TLSSocket } from 'node:tls';
import t from 'tap';
import { Loopback, type Listening } from './loopback.js';
import { errorView } from './observations.js';
import { isOlderThan, modules, type TlsModule } from './tls-modules.js';
import { credentials } from './tls-server.js';

export interface World {
  readonly tls: TlsModule;
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
  /** Adds a line to what is compared. */
  log(...values: unknown[]): void;
  /** Adds a line for each of the events. */
  watch<T extends NodeJS.EventEmitter>(label: string, emitter: T, events?: readonly string[]): T;
  /** A TLS server on a free port, gone after the case. */
  listen(options?: TlsOptions, onConnection?: (socket: TLSSocket) => void): Promise<Listening>;
  /** A TCP server on a free port, gone after the case. */
  listenRaw(onConnection: (socket: net.Socket) => void): Promise<number>;
  /** A client that trusts the server, destroyed after the case. */
  dial(port: number, options?: ConnectionOptions, onSecure?: () => void): TLSSocket;
  /** A socket to destroy after the case. */
  own<T extends net.Socket>(socket: T): T;
}

// Tickets come when they like.
const allEvents = [
  'connect',
  'ready',
  'secureConnect',
  'secure',
  'data',
  'end',
  'finish',
  'close',
  'timeout',
  'drain',
  'error',
];

/**
 * A case whose lines have to be the same on both.
 *
 * @param since the first Node whose node:tls behaves so, a major or `major.minor`; pqtls does in all
 */
export function sameOnBoth(
  title: string,
  scenario: (world: World) => Promise<void>,
  since: number | string = 20,
): void {
  void t.test(title, { skip: isOlderThan(since) && `node:tls is not so before Node ${since}` }, async (t) => {
    const expected = await traceOf(modules['node:tls'], scenario);
    const lines = await traceOf(modules.pqtls, scenario);
    t.ok(expected.length > 0, 'the case tells something');
    t.same(lines, expected);
  });
}

async function traceOf(tls: TlsModule, scenario: (world: World) => Promise<void>): Promise<string[]> {
  const { authority, leaf } = await credentials();
  const [key, cert, ca] = [String(leaf.key), String(leaf.cert), String(authority.cert)];
  const lines: string[] = [];
  const loopback = new Loopback(tls, { ca, leaf: { key, cert } });
  const log: World['log'] = (...values) => {
    lines.push(values.map(textOf).join(' '));
  };
  try {
    await scenario({
      tls,
      key,
      cert,
      ca,
      log,
      watch(label, emitter, events = allEvents) {
        for (const event of events) emitter.on(event, (...values: unknown[]) => log(`${label}:${event}`, ...values));
        return emitter;
      },
      listen: async (options, onConnection) => loopback.serve(options, onConnection),
      listenRaw: async (onConnection) => loopback.serveTcp(onConnection, { allowHalfOpen: true }),
      dial: (port, options = {}, onSecure) => loopback.connect({ port, ...options }, onSecure),
      own: (socket) => loopback.track(socket),
    });
  } finally {
    await loopback.close();
  }
  return lines;
}

function textOf(value: unknown): string {
  if (value instanceof Error) return inspect(errorView(value), { sorted: true, breakLength: Infinity });
  if (Buffer.isBuffer(value)) return `<${value.toString('latin1')}>`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
