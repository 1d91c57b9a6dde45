// Runs the same case on node:tls and on pqtls and compares what the program was told.

import { once } from 'node:events';
import * as net from 'node:net';
import nodeTls from 'node:tls';
import t from 'tap';
import pqtls from 'pqtls';
import { credentials } from './tls-server.js';

/** The part of both modules that the cases use, in node:tls's types. */
export type Tls = typeof nodeTls;

export interface World {
  readonly tls: Tls;
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
  /** Adds a line to what is compared. */
  log(...values: unknown[]): void;
  /** Adds a line for each of the events. */
  watch<T extends NodeJS.EventEmitter>(label: string, emitter: T, events?: readonly string[]): T;
  /** A TLS server on a free port, gone after the case. */
  listen(options?: nodeTls.TlsOptions, onConnection?: (socket: nodeTls.TLSSocket) => void): Promise<Listening>;
  /** A TCP server on a free port, gone after the case. */
  listenRaw(onConnection: (socket: net.Socket) => void): Promise<number>;
  /** A client that trusts the server, destroyed after the case. */
  dial(port: number, options?: nodeTls.ConnectionOptions, onSecure?: () => void): nodeTls.TLSSocket;
  /** Something to destroy after the case. */
  own<T extends { destroy(): unknown }>(thing: T): T;
}

export interface Listening {
  readonly server: nodeTls.Server;
  readonly port: number;
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
 * @param since the first major version of Node whose node:tls behaves so; pqtls does in all
 */
export function sameOnBoth(title: string, scenario: (world: World) => Promise<void>, since = 20): void {
  const old = Number.parseInt(process.versions.node, 10) < since;
  void t.test(title, { skip: old && `node:tls is not so before Node ${since}` }, async (t) => {
    const expected = await traceOf(nodeTls, scenario);
    const lines = await traceOf(pqtls as unknown as Tls, scenario);
    t.ok(expected.length > 0, 'the case tells something');
    t.same(lines, expected);
  });
}

async function traceOf(tls: Tls, scenario: (world: World) => Promise<void>): Promise<string[]> {
  const { authority, leaf } = await credentials();
  const [key, cert, ca] = [String(leaf.key), String(leaf.cert), String(authority.cert)];
  const lines: string[] = [];
  const things: { destroy(): unknown }[] = [];
  const servers: net.Server[] = [];
  const own: World['own'] = (thing) => {
    things.push(thing);
    return thing;
  };
  const start = async (server: net.Server): Promise<number> => {
    servers.push(server);
    server.on('connection', own);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  };
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
      own,
      watch(label, emitter, events = allEvents) {
        for (const event of events) emitter.on(event, (...values: unknown[]) => log(`${label}:${event}`, ...values));
        return emitter;
      },
      async listen(options = {}, onConnection) {
        const server = tls.createServer({ key, cert, ...options }, onConnection);
        return { server, port: await start(server) };
      },
      listenRaw: (onConnection) => start(net.createServer({ allowHalfOpen: true }, onConnection)),
      dial(port, options = {}, onSecure) {
        return own(tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca, ...options }, onSecure));
      },
    });
  } finally {
    for (const thing of things) thing.destroy();
    await Promise.all(servers.map((server) => closeServer(server)));
  }
  return lines;
}

async function closeServer(server: net.Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}

/** Errors by what programs compare; the texts of OpenSSL are its own. */
function textOf(value: unknown): string {
  if (value instanceof Error) {
    const { code, errno, syscall, host, path } = value as NodeJS.ErrnoException & { host?: string };
    const message = code?.startsWith('ERR_SSL') ? '' : value.message.replaceAll(/\b\d{4,5}\b/g, 'PORT');
    return `[${[code, message, errno, syscall, host, path].map(String).join('|')}]`;
  }
  if (Buffer.isBuffer(value)) return `<${value.toString('latin1')}>`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Resolves when the socket is closed, however it came to that. */
export async function closed(socket: net.Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  // `closed` is true a little before the event.
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What a call gives or throws. */
export function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
