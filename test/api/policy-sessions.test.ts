// Sessions under a policy: what was classical once is never resumed where post-quantum is required, in whatever process.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { createSecureContext, createServer, TlsError, type ConnectionOptions, type TLSSocket } from 'pqtls';
import { middlebox } from '../support/middlebox.js';
import { issuedByP256, selfSigned } from '../support/mldsa-certificate.js';
import { cleanEnvironment, projectDir } from '../support/project.js';
import { credentials, dial, listen } from '../support/tls-server.js';

const ticketKeys = Buffer.alloc(48, 11);
const shared = { ticketKeys, sessionIdContext: 'shared' };

interface Visit {
  readonly resumed: boolean;
  readonly group: string | undefined;
  readonly sessionKeyExchange: string | undefined;
  readonly session: Buffer;
}

/** Connects, waits for a byte and a session, and closes. */
async function visit(t: Test, port: number, options: ConnectionOptions = {}): Promise<Visit> {
  const client = await dial(t, port, options);
  let session: Buffer | undefined;
  client.on('session', (bytes: Buffer) => (session = bytes));
  await once(client, 'data');
  const info = client.getHandshakeInfo();
  const resumed = client.isSessionReused();
  session ??= client.getSession() ?? undefined;
  client.end();
  await once(client, 'close');
  if (session === undefined) throw new Error('no session came');
  return {
    resumed,
    group: info?.group?.name,
    sessionKeyExchange: info?.sessionKeyExchange,
    session,
  };
}

/** What comes of a visit, and its ClientHello as enableTrace shows it. */
async function traced(run: () => Promise<Visit>): Promise<{ seen: Visit; hello: string }> {
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  let text = '';
  stderr.write = (chunk: string | Uint8Array) => {
    text += chunk.toString();
    return true;
  };
  try {
    const seen = await run();
    return { seen, hello: text.split(/^pqtls client: Sent /m).find((part) => part.startsWith('ClientHello')) ?? '' };
  } finally {
    stderr.write = write;
  }
}

const greet = (socket: TLSSocket): void => {
  socket.on('error', () => {});
  socket.resume();
  socket.end('x');
};

/** A server in a process of its own; the options go through JSON. */
class ServerProcess {
  readonly #child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(t: Test, options: object): Promise<ServerProcess> {
    const script = `
      import { createServer } from 'pqtls';
      const { keys, ...options } = JSON.parse(process.argv[1]);
      const server = createServer({ ...options, ticketKeys: Buffer.from(keys, 'hex') }, (socket) => {
        socket.on('error', () => {});
        socket.resume();
        socket.end('x');
      });
      server.listen(0, '127.0.0.1', () => process.send(server.address().port));
      process.on('disconnect', () => process.exit());
    `;
    const { leaf } = await credentials();
    const input = JSON.stringify({ ...leaf, sessionIdContext: 'shared', keys: ticketKeys.toString('hex'), ...options });
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, input], {
      cwd: projectDir,
      env: cleanEnvironment(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    t.teardown(() => child.kill());
    const [port] = (await once(child, 'message')) as [number];
    return new ServerProcess(child, port);
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

void t.test("a server with 'require' takes no classical ticket of its own keys", async (t) => {
  const lenient = await listen(t, shared, greet);
  const strict = await listen(t, { ...shared, postQuantum: 'require' }, greet);
  const classical = await visit(t, lenient.port, { groups: 'X25519' });
  t.match(classical, { group: 'X25519', sessionKeyExchange: 'classical', resumed: false });
  const { session } = classical;
  t.match(await visit(t, lenient.port, { session }), { resumed: true, sessionKeyExchange: 'classical' });
  // A client that could do better: the ticket counts, not what it offers now.
  const full = await visit(t, strict.port, { session });
  t.match(full, { resumed: false, group: 'X25519MLKEM768', sessionKeyExchange: 'post-quantum' });
  t.match(await visit(t, strict.port, { session: full.session }), { resumed: true });
  t.match(await visit(t, lenient.port, { session: full.session }), {
    resumed: true,
    sessionKeyExchange: 'post-quantum',
  });
  const old = await visit(t, lenient.port, { maxVersion: 'TLSv1.2' });
  t.match(await visit(t, strict.port, { session: old.session }), { resumed: false, group: 'X25519MLKEM768' });
});

void t.test("a client with 'require' never offers a classical session", async (t) => {
  const { authority } = await credentials();
  const { port } = await listen(t, shared, greet);
  const { session } = await visit(t, port, { groups: 'X25519' });
  const secureContext = createSecureContext({ ca: authority.cert, postQuantum: 'require' });
  for (const options of [{ secureContext }, { postQuantum: 'require' }] as const) {
    const { seen, hello } = await traced(async () => visit(t, port, { ...options, session, enableTrace: true }));
    t.match(seen, { resumed: false, sessionKeyExchange: 'post-quantum' });
    t.match(hello, /supported_groups/);
    t.notMatch(hello, /pre_shared_key/, 'it is not even offered');
  }
  const { seen, hello } = await traced(async () => visit(t, port, { session, enableTrace: true }));
  t.match(seen, { resumed: true });
  t.match(hello, /pre_shared_key/, 'offered without');
  const { session: good } = await visit(t, port);
  t.match(await visit(t, port, { secureContext, session: good }), { resumed: true });
});

void t.test('the class of a session goes through processes and restarts with the same keys', async (t) => {
  const lenient = await ServerProcess.start(t, {});
  const strict = await ServerProcess.start(t, { postQuantum: 'require' });
  const classical = await visit(t, lenient.port, { groups: 'X25519' });
  const hybrid = await visit(t, lenient.port);
  t.match(classical, { sessionKeyExchange: 'classical' });
  t.match(hybrid, { sessionKeyExchange: 'post-quantum' });
  await lenient.stop();

  t.match(await visit(t, strict.port, { session: classical.session }), { resumed: false, group: 'X25519MLKEM768' });
  t.match(await visit(t, strict.port, { session: hybrid.session }), { resumed: true });
  await strict.stop();

  const restarted = await ServerProcess.start(t, {});
  // Resumed with a hybrid on top, and yet not post-quantum from its beginning.
  const again = await visit(t, restarted.port, { session: classical.session });
  t.match(again, { resumed: true, group: 'X25519MLKEM768', sessionKeyExchange: 'classical' });
  t.match(await visit(t, restarted.port, { session: again.session, postQuantum: 'require' }), { resumed: false });
  await restarted.stop();

  const strictAgain = await ServerProcess.start(t, { postQuantum: 'require' });
  t.match(await visit(t, strictAgain.port, { session: again.session }), { resumed: false });
  t.match(await visit(t, strictAgain.port, { session: hybrid.session }), { resumed: true });
  await strictAgain.stop();
});

void t.test('sessions of one policy are not those of another', async (t) => {
  const one = await listen(t, { ...shared, policy: 'default' }, greet);
  const other = await listen(t, { ...shared, policy: 'strict' }, greet);
  const same = await listen(t, { ...shared, policy: 'default-2026-11' }, greet);
  const { session } = await visit(t, one.port);
  t.match(await visit(t, other.port, { session }), { resumed: false });
  t.match(await visit(t, same.port, { session }), { resumed: true });
});

void t.test('retryClassical drops a given session', async (t) => {
  const { port } = await listen(t, shared, greet);
  const { session } = await visit(t, port, { groups: 'X25519' });
  t.match(await visit(t, port, { session }), { resumed: true }, 'it could be resumed');
  const box = await middlebox(t, port, 'reset');
  const client = await dial(t, box.port, { session, retryClassical: true });
  await once(client, 'data');
  t.match(client.getHandshakeInfo(), { retriedClassical: true, resumed: false, group: { name: 'X25519' } });
  t.equal(box.seen.length, 2);
});

void t.test('an own certificate that the policy forbids is refused when the context is made', async (t) => {
  const { leaf } = await credentials();
  const refused = { code: 'ERR_PQTLS_CERTIFICATE_KEY', phase: 'config', message: /'cnsa2-2026-11'.*ML-DSA-87/ };
  for (const identity of [leaf, selfSigned('ML-DSA-65')]) {
    t.throws(() => createSecureContext({ ...identity, policy: 'cnsa2' }), refused);
    t.throws(() => createServer({ ...identity, policy: 'cnsa2' }), refused);
  }
  try {
    createSecureContext({ ...leaf, policy: 'cnsa2' });
  } catch (error) {
    t.type(error, TlsError);
  }
  process.env['PQTLS_POLICY'] = 'cnsa2';
  try {
    t.throws(() => createServer(leaf), refused, 'the policy of the process');
  } finally {
    delete process.env['PQTLS_POLICY'];
  }
  t.ok(createSecureContext({ ...leaf, policy: 'strict' }));
  t.ok(createSecureContext({ ...selfSigned('ML-DSA-87'), policy: 'cnsa2' }));
  t.ok(createSecureContext({ policy: 'cnsa2' }), 'a client without a certificate');
  const { cert, key } = issuedByP256('ML-DSA-87');
  t.ok(createSecureContext({ cert, key, policy: 'cnsa2' }), 'who issued it is for the peer to judge');
});

void t.test('a socket that requires offers no classical session, whatever context it was given', async (t) => {
  const { port } = await listen(t, shared, greet);
  const classical = await visit(t, port, { groups: 'X25519' });
  t.equal(classical.sessionKeyExchange, 'classical');
  const { authority } = await credentials();
  const secureContext = createSecureContext({ ca: authority.cert });
  const lenient = await visit(t, port, { secureContext, session: classical.session });
  t.match(lenient, { resumed: true, sessionKeyExchange: 'classical' });
  const strict = await visit(t, port, { secureContext, session: classical.session, postQuantum: 'require' });
  t.match(strict, { resumed: false, sessionKeyExchange: 'post-quantum' });
});
