// OpenSSL's command line, of Debian trixie: s_server and s_client, whose -trace tells what was negotiated.

import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment } from '../../support/project.js';
import { NamedGroup } from '#src/protocol/constants.js';
import { acceptedByOpenssl } from '../axes.js';
import { spawnBound } from '../bound-process.js';
import { debianProgram } from '../debian.js';
import type { Conversation, Peer, PeerConfig, PeerReport } from '../peer.js';
import { PeerError } from '../program.js';
import { connectionsOf, reportOf } from './openssl-trace.js';

const program = debianProgram('openssl', 'usr/bin/openssl');
const waitMs = 10_000;

export const openssl: Peer = {
  name: 'openssl',
  title: 'OpenSSL command line (Debian trixie)',
  pin: 'test/interop/peers/openssl/debian.json',
  limits: [],
  accepts: acceptedByOpenssl,
  missing: () => (program.isThere() ? undefined : 'not fetched: npm run test:interop -- --peer openssl fetches it'),
  prepare: () => program.prepare(),
  version: async () => program.version('openssl'),
  start: (config) => (config.role === 'server' ? startServer(config) : startClient(config)),
};

async function startServer(config: PeerConfig): Promise<Conversation> {
  const folder = new Folder(config);
  const port = await freePort();
  const trace = folder.path('trace');
  const child = run([
    's_server',
    ...['-accept', `127.0.0.1:${port}`, '-naccept', String(config.connections)],
    ...(config.requestCert ? ['-Verify', '1'] : []),
    ...common(config, folder, trace),
  ]);
  const received = new Received(child);
  const end = async (): Promise<void> => {
    await stop(child);
    folder.remove();
  };
  try {
    await until(() => isListening(port), child, 's_server does not listen');
  } catch (error) {
    await end();
    throw error;
  }
  let connection = 0;
  return {
    port,
    async report() {
      const data = await received.next(config.bytes);
      child.stdin?.write(data);
      const index = connection++;
      const text = () => connectionsOf(existsSync(trace) ? readFileSync(trace, 'utf8') : '')[index];
      // Its file is buffered, but 1 MiB of records pushes the handshake out.
      await until(() => text()?.isDone === true, child, 'the trace has no handshake', true);
      return report(text()?.messages ?? [], 'server', data, data);
    },
    end,
  };
}

async function startClient(config: PeerConfig): Promise<Conversation> {
  const folder = new Folder(config);
  const session = folder.path('session');
  let child: ChildProcess | undefined;
  let visit = 0;
  return {
    port: undefined,
    async report() {
      const trace = folder.path(`trace-${visit++}`);
      child = run([
        's_client',
        ...['-connect', `127.0.0.1:${config.port}`, '-servername', 'localhost', '-verify_hostname', 'localhost'],
        // Bytes are data, whatever letters they begin with.
        '-nocommands',
        ...(visit > 1 ? ['-sess_in', session] : ['-sess_out', session]),
        ...common(config, folder, trace),
      ]);
      const received = new Received(child);
      const data = randomBytes(config.bytes);
      child.stdin?.write(data);
      const echo = await received.next(config.bytes);
      child.stdin?.end();
      await once(child, 'close');
      const [only] = connectionsOf(readFileSync(trace, 'utf8'));
      return report(only?.messages ?? [], 'client', data, echo);
    },
    async end() {
      if (child !== undefined) await stop(child);
      folder.remove();
    },
  };
}

function common(config: PeerConfig, folder: Folder, trace: string): string[] {
  return [
    ...['-groups', config.groups.map(groupName).join(':'), config.version === 'TLSv1.3' ? '-tls1_3' : '-tls1_2'],
    ...['-CAfile', folder.path('ca.pem'), '-verify_return_error'],
    ...(config.cert === undefined ? [] : ['-cert', folder.path('own.pem'), '-key', folder.path('own.pem')]),
    ...['-brief', '-trace', '-msgfile', trace],
  ];
}

function groupName(id: number): string {
  const name = Object.entries(NamedGroup).find(([, value]) => value === id)?.[0];
  if (name === undefined) throw new Error(`no group ${id}`);
  return name;
}

function run(args: readonly string[]): ChildProcess {
  const [file, values] = program.command(args);
  // The machine's own configuration of OpenSSL is for another version.
  const child = spawnBound(file, values, { env: cleanEnvironment({ OPENSSL_CONF: '/dev/null' }) });
  // It may be gone before it has read; its end says so.
  child.stdin.on('error', () => {});
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

function report(
  messages: Parameters<typeof reportOf>[0],
  role: 'server' | 'client',
  sent: Buffer,
  received: Buffer,
): PeerReport {
  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  return { ...reportOf(messages, role), sent: hash(sent), received: hash(received) };
}

/** What a child writes to stdout, in pieces of wanted lengths. */
class Received {
  readonly #child: ChildProcess;
  #chunks: Buffer[] = [];
  #length = 0;
  #stderr = '';
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake?.();
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-2000)));
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    child.once('close', end);
    child.once('error', end);
  }

  async next(length: number): Promise<Buffer> {
    while (this.#length < length) {
      if (this.#ended) {
        throw new PeerError(
          `openssl ended after ${this.#length} of ${length} bytes (exit code ${this.#child.exitCode}): ${this.#stderr.trim()}`,
        );
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const all = Buffer.concat(this.#chunks);
    this.#chunks = all.length === length ? [] : [all.subarray(length)];
    this.#length = all.length - length;
    return all.subarray(0, length);
  }
}

/** The files of one conversation. */
class Folder {
  readonly #path = mkdtempSync(join(tmpdir(), 'pqtls-openssl-'));

  constructor({ ca, cert, key }: PeerConfig) {
    writeFileSync(this.path('ca.pem'), ca);
    if (cert !== undefined && key !== undefined) writeFileSync(this.path('own.pem'), cert + key, { mode: 0o600 });
  }

  path(name: string): string {
    return join(this.#path, name);
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}

/** With -brief, s_server does not say which port it was given; so it is given one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Seen in the kernel's table: to connect would count as one of its connections. */
function isListening(port: number): boolean {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      return local === address && state === '0A';
    });
}

async function until(holds: () => boolean, child: ChildProcess, what: string, evenAfterEnd = false): Promise<void> {
  const end = performance.now() + waitMs;
  while (!holds()) {
    if (!evenAfterEnd && child.exitCode !== null) throw new PeerError(`${what}: it ended with ${child.exitCode}`);
    if (performance.now() > end) throw new PeerError(what);
    await sleep(10);
  }
}
