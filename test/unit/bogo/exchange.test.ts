// The shim against a client of our own, in memory.

import '../../support/both-engines.js';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import { connect, PeerMisbehavedError, type TLSSocket } from 'pqtls';
import { engineNames } from '../../bogo/engine-name.js';
import { runExchanges } from '../../bogo/exchange.js';
import { ExpectationError } from '../../bogo/failure.js';
import { parseFlags } from '../../bogo/flags.js';
import { duplexPair } from '../../support/duplex-pair.js';
import { credentials } from '../../support/tls-server.js';

/** The transports of a shim's connections, with the runner's ends of them. */
function transports(): { open: () => Promise<Duplex>; next: () => Promise<Duplex> } {
  const opened: Duplex[] = [];
  const waiting: ((end: Duplex) => void)[] = [];
  return {
    open: async () => {
      const [near, far] = duplexPair();
      const resolve = waiting.shift();
      if (resolve === undefined) opened.push(far);
      else resolve(far);
      return near;
    },
    next: () => {
      const end = opened.shift();
      return end === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(end);
    },
  };
}

async function serverFlags(t: Test, ...more: string[]): Promise<string[]> {
  const { leaf } = await credentials();
  const folder = t.testdir();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, leaf.cert);
  writeFileSync(key, leaf.key);
  return ['-server', '-cert-file', cert, '-key-file', key, ...more];
}

async function client(transport: Duplex, session?: Buffer): Promise<TLSSocket> {
  const { authority } = await credentials();
  return connect({
    socket: transport,
    ca: authority.cert,
    servername: 'localhost',
    ...(session === undefined ? {} : { session }),
  });
}

/** What the runner looks for: its bytes with every bit turned. */
async function checkEcho(t: Test, socket: TLSSocket): Promise<void> {
  socket.write(Buffer.from([0x00, 0x42, 0xff]));
  const [reply] = (await once(socket, 'data')) as [Buffer];
  t.strictSame(reply, Buffer.from([0xff, 0xbd, 0x00]));
}

for (const engine of engineNames) {
  void t.test(`${engine}: a shim echoes, and resumes`, async (t) => {
    const { open, next } = transports();
    const flags = await serverFlags(t, '-resume-count', '1', '-expect-curve-id', String(0x11ec), '-check-close-notify');
    const ran = runExchanges(engine, parseFlags(flags), open);
    const first = await client(await next());
    const session = once(first, 'session') as Promise<[Buffer]>;
    await checkEcho(t, first);
    const [bytes] = await session;
    first.end();
    const second = await client(await next(), bytes);
    await checkEcho(t, second);
    t.equal(second.isSessionReused(), true);
    second.end();
    await ran;
  });

  void t.test(`${engine}: byte by byte, and with the first word`, async (t) => {
    const { open, next } = transports();
    const ran = runExchanges(engine, parseFlags(await serverFlags(t, '-async', '-shim-writes-first')), open);
    const socket = await client(await next());
    const [word] = (await once(socket, 'data')) as [Buffer];
    t.equal(word.toString(), 'hello');
    await checkEcho(t, socket);
    socket.end();
    await ran;
  });

  void t.test(`${engine}: what is not as expected ends the shim, and so does the end of the transport`, async (t) => {
    const { open, next } = transports();
    const unexpected = runExchanges(engine, parseFlags(await serverFlags(t, '-expect-hrr')), open);
    const socket = await client(await next());
    // The shim reads to the end before it gives up.
    socket.once('secureConnect', () => socket.end());
    await t.rejects(unexpected, { constructor: ExpectationError, message: /HelloRetryRequest/ });
    socket.destroy();

    const cut = runExchanges(engine, parseFlags(await serverFlags(t)), open);
    (await next()).end();
    await t.rejects(cut, /UNEXPECTED_EOF_WHILE_READING/);
  });

  void t.test(`${engine}: a refused ClientHello`, async (t) => {
    const { open, next } = transports();
    const refused = runExchanges(engine, parseFlags(await serverFlags(t, '-fail-early-callback')), open);
    const socket = await client(await next());
    const told = once(socket, 'error') as Promise<[Error]>;
    const error: unknown = await refused.catch((reason: unknown) => reason);
    t.ok(error instanceof PeerMisbehavedError);
    t.match(error, { engineReason: 'CONNECTION_REJECTED', alertSent: 'handshake_failure' });
    t.match((await told)[0], { alertReceived: 'handshake_failure' });
  });
}
