// Behaviours that run on node:tls, the oracle, and on pqtls: whatever a program could tell apart fails.

import { once } from 'node:events';
import type * as net from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { certificates, type Certificates } from './certificates.js';
import { reasonFor } from './engine-scope.js';
import { Loopback, type Listening } from './loopback.js';
import { errorView } from './observations.js';
import { isOlderThan, modules, type TlsModule } from './tls-modules.js';

export type Options = Record<string, unknown>;

const major = Number(process.versions.node.split('.')[0]);

// After this long a behaviour counts as one that hangs, in milliseconds.
const patience = 8000;

/** What a behaviour gets to work with; everything made through it is closed when the run is over. */
export class Run extends Loopback {
  /** The first error that nobody caught; it ends the run, unless the behaviour is about it. */
  readonly broken: Promise<never>;
  #fail: (error: Error) => void = () => {};

  constructor(
    tls: TlsModule,
    readonly certs: Certificates,
  ) {
    super(tls, { ca: certs.ca.cert, leaf: { cert: certs.leaf.cert, key: certs.leaf.key } });
    this.broken = new Promise((_resolve, reject) => (this.#fail = reject));
    this.broken.catch(() => {});
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  /** The next error that nobody catches, where that is what the behaviour is about. */
  async uncaught(): Promise<Error> {
    return new Promise((resolve) => (this.#fail = resolve));
  }

  /** A client that goes away is no matter of most behaviours: errors of what it serves are not uncaught. */
  override async serve(options: Options = {}, listener?: (socket: TLSSocket) => void): Promise<Listening> {
    const listening = await super.serve(options);
    listening.server.on('secureConnection', (socket) => {
      this.track(socket);
      socket.on('error', () => {});
      listener?.(socket);
    });
    return listening;
  }

  /** A plain TCP server; errors of its sockets are not uncaught. */
  override async serveTcp(listener: (socket: net.Socket) => void, options: net.ServerOpts = {}): Promise<number> {
    return super.serveTcp((socket) => {
      socket.on('error', () => {});
      listener(socket);
    }, options);
  }

  /** Both ends of a finished handshake, with the server that accepted it. */
  async pair(
    serverOptions: Options = {},
    clientOptions: Options = {},
  ): Promise<{ server: Server; port: number; client: TLSSocket; served: TLSSocket }> {
    const { server, port } = await this.serve(serverOptions);
    const accepted = once(server, 'secureConnection');
    const client = this.connect({ port, ...clientOptions });
    await once(client, 'secureConnect');
    const [served] = (await accepted) as [TLSSocket];
    return { server, port, client, served };
  }

  /** What a handshake that fails leaves: the client's error and the server's. */
  async failure(serverOptions: Options, clientOptions: Options): Promise<{ client: unknown; server: unknown }> {
    const { server, port } = await this.serve(serverOptions);
    const clientEnd = new Promise((resolve) => {
      const socket = this.connect({ port, ...clientOptions });
      socket.on('secureConnect', () => resolve('secureConnect'));
      socket.on('error', (error) => resolve(errorView(error)));
    });
    const serverEnd = new Promise((resolve) => {
      server.on('secureConnection', () => resolve('secureConnection'));
      server.on('tlsClientError', (error: Error) => resolve(errorView(error)));
    });
    return { client: await clientEnd, server: await serverEnd };
  }
}

export interface BehaviourOptions {
  /** The first Node that behaves so, a major or `major.minor`; skipped on older ones. */
  readonly since?: number | string;
  /** Why pqtls has to behave otherwise, and how it does; on the majors from `from` on and before `before` alone. */
  readonly differs?: {
    readonly reason: string;
    readonly pqtls: unknown;
    readonly from?: number;
    readonly before?: number;
  };
}

interface Behaviour extends BehaviourOptions {
  readonly name: string;
  readonly run: (run: Run) => unknown;
}

/** What a program saw, or how the behaviour broke off. */
type Outcome = { readonly saw: unknown; readonly text?: string } | { readonly broke: unknown };

/** The behaviours of one subject. Each returns what it observed, as plain data; that is compared. */
export class Subject {
  readonly #behaviours: Behaviour[] = [];

  constructor(readonly name: string) {}

  add(name: string, run: (run: Run) => unknown, options: BehaviourOptions = {}): void {
    if (this.#behaviours.some((other) => other.name === name)) throw new Error(`There are two behaviours '${name}'`);
    this.#behaviours.push({ name, run, ...options });
  }

  /** Runs them one after the other; the last call of a file. */
  async check(): Promise<void> {
    const only = process.env['PQTLS_BEHAVIOUR'] ?? '';
    const behaviours = this.#behaviours.filter(({ name }) => name.includes(only));
    // A process whose event loop is empty ends in the middle, and tap takes what it has seen for all.
    t.plan(behaviours.length);
    for (const behaviour of behaviours) {
      const title = `${this.name}: ${behaviour.name}`;
      if (behaviour.since !== undefined && isOlderThan(behaviour.since)) {
        await t.test(title, { skip: `node:tls behaves so since Node ${behaviour.since}` }, () => {});
        continue;
      }
      const reason = reasonFor(title);
      if (reason !== undefined) {
        await t.test(title, { skip: reason }, () => {});
        continue;
      }
      // Not inside of the tap test, which has its own idea of who handles uncaught errors.
      const node = await runOn(behaviour, modules['node:tls']);
      const ours = await runOn(behaviour, modules.pqtls);
      await t.test(title, async (t) => compare(t, behaviour, node, ours));
    }
  }
}

function compare(t: Test, { differs: declared }: Behaviour, node: Outcome, ours: Outcome): void {
  if (!('saw' in node) || node.saw === undefined) {
    t.fail(`node:tls shows no behaviour: ${textOf(node)}`);
    return;
  }
  const here = (declared?.from ?? 0) <= major && major < (declared?.before ?? Infinity);
  const differs = here ? declared : undefined;
  const wanted = textOf(differs === undefined ? node : { saw: differs.pqtls });
  if (differs !== undefined) t.not(textOf(node), wanted, `node:tls still differs: ${differs.reason}`);
  t.equal(textOf(ours), wanted, differs === undefined ? 'pqtls behaves the same' : 'pqtls differs as declared');
}

/** Everything that was seen, as text that shows where two outcomes differ. */
function textOf(outcome: Outcome): string {
  if ('text' in outcome && outcome.text !== undefined) return outcome.text;
  return inspect(outcome, { depth: 9, sorted: true, maxArrayLength: null, maxStringLength: null, breakLength: 80 });
}

async function runOn({ run: behave }: Behaviour, tls: TlsModule): Promise<Outcome> {
  const run = new Run(tls, await certificates());
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), patience);
  });
  process.setUncaughtExceptionCaptureCallback((error) => run.fail(error));
  try {
    const saw = await Promise.race([(async () => behave(run))(), run.broken, late]);
    // What a list of events gets later is not of this run's own time.
    return { saw, text: textOf({ saw }) };
  } catch (error) {
    return { broke: error };
  } finally {
    clearTimeout(timer);
    await run.close();
    // Errors of what was just destroyed belong to this run.
    await new Promise((resolve) => setImmediate(resolve));
    process.setUncaughtExceptionCaptureCallback(null);
  }
}
