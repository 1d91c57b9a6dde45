// Resets, ends, silence, slow readers and our own close at every step of a connection: a typed error or a clean end, and
// nothing is left.

import { once } from 'node:events';
import t, { type Test } from 'tap';
import { metrics } from 'pqtls';
import { handshakePems } from '../support/handshake-pems.js';
import { holds, patience, Scene, steps, type Side, type Step } from '../support/handshake-steps.js';
import { connectedPair } from '../support/tls-server.js';

const pems = await handshakePems();
const sides = ['server', 'client'] as const;
// Long enough for every step to be reached before; all steps wait at the same time.
const shortTimeout = 2500;
const longTimeout = 60_000;

function isOver(step: Step, side: Side): boolean {
  return step.done?.includes(side) === true;
}

/** Runs `check` for each step, all at once, beside an established connection that goes on. */
async function atEveryStep(
  t: Test,
  chosen: readonly Step[],
  check: (t: Test, step: Step) => Promise<void>,
): Promise<void> {
  const { client, served } = await connectedPair(t);
  served.pipe(served);
  const { openConnections } = metrics();
  t.jobs = chosen.length;
  await Promise.all(chosen.map((step) => t.test(step.name, (t) => check(t, step))));
  t.ok(await holds(() => metrics().openConnections.server === openConnections.server), 'no server side is left');
  t.ok(await holds(() => metrics().openConnections.client === openConnections.client), 'no client side is left');
  client.write('still here');
  t.equal(String(((await once(client, 'data')) as [Buffer])[0]), 'still here');
}

for (const side of sides) {
  for (const how of ['reset', 'fin', 'silence'] as const) {
    void t.test(`${how} towards the ${side}`, async (t) => {
      await atEveryStep(t, steps, async (t, step) => {
        const waits = how === 'silence';
        const timeout = waits && !isOver(step, side) ? shortTimeout : longTimeout;
        const scene = await Scene.open(step, pems, timeout, (scene) => scene.relay.strike(side, how));
        t.ok(await Promise.race([scene.reached.then(() => true), patience(20_000)]), 'the step is reached');
        if (side === 'server') await serverNotices(t, scene, how, waits);
        else await clientNotices(t, scene, how, waits);
        t.ok(await scene.close(), 'the server closes');
        t.ok(await holds(() => scene.told.clientCloses === 1), 'the client closes');
        const { told, served } = scene;
        t.ok(await holds(() => told.servedCloses === served.length), 'each socket closes once');
        t.ok(told.servedErrors.length <= 1 && told.clientErrors.length <= 1, 'nobody is told twice');
        t.ok(told.serverErrors.length + served.length <= 1, 'a handshake succeeds or fails');
      });
    });
  }
}

type How = 'reset' | 'fin' | 'silence';

/** What a handshake that is disturbed fails with. */
function expectedCode(how: How, waits: boolean): RegExp {
  if (waits) return /^ERR_TLS_HANDSHAKE_TIMEOUT$/;
  return how === 'reset' ? /^(ECONNRESET|EPIPE)$/ : /^ECONNRESET$/;
}

async function serverNotices(t: Test, scene: Scene, how: How, waits: boolean): Promise<void> {
  const { step, told, served } = scene;
  if (isOver(step, 'server') || step.racing?.includes('server')) {
    t.ok(await holds(() => told.serverErrors.length + served.length === 1), 'the handshake is over');
    if (how === 'silence' && isOver(step, 'server')) {
      t.equal(await scene.connections(), 1, 'silence is nothing to complain of');
    }
    if (how === 'silence') for (const socket of served) socket.destroy();
    // Our own writes go nowhere: a peer that only sends a FIN and reads on is a reader.
    if (how === 'fin') for (const socket of served) socket.destroySoon();
  } else {
    t.ok(await holds(() => told.serverErrors.length === 1), 'tlsClientError');
    t.match(told.serverErrors[0]?.code, expectedCode(how, waits));
    t.equal(served.length, 0);
  }
  t.ok(await holds(async () => (await scene.connections()) === 0), 'no connection is left');
  t.equal(told.serverErrors.length + served.length, 1, 'the program is told of it');
  for (const { code } of told.servedErrors) t.match(code, /^(ECONNRESET|EPIPE)$/);
}

async function clientNotices(t: Test, scene: Scene, how: How, waits: boolean): Promise<void> {
  const { step, told, client } = scene;
  if (isOver(step, 'client') || step.racing?.includes('client')) {
    if (how === 'silence' && isOver(step, 'client')) t.equal(told.clientCloses, 0, 'silence is nothing to complain of');
    if (how !== 'reset') client.destroySoon();
    if (how === 'silence') client.destroy();
  } else {
    t.ok(await holds(() => told.clientErrors.length === 1), 'an error');
    t.match(told.clientErrors[0]?.code, expectedCode(how, waits));
  }
  t.ok(await holds(() => told.clientCloses === 1), 'it closes');
  for (const { code } of told.clientErrors) t.match(code, /^(ECONNRESET|EPIPE|ERR_TLS_HANDSHAKE_TIMEOUT)$/);
}

void t.test('a pause at the step, then it goes on', async (t) => {
  await atEveryStep(t, steps, async (t, step) => {
    const scene = await Scene.open(step, pems, longTimeout, ({ relay }) => relay.stopReading());
    await scene.reached;
    await new Promise((resolve) => setTimeout(resolve, 30));
    scene.relay.near?.resume();
    scene.relay.far?.resume();
    scene.goOn();
    t.ok(await holds(() => scene.served.length === 1), 'the handshake ends well');
    if (step.flow === undefined && !scene.client.writableEnded) scene.client.end('end');
    const { told } = scene;
    const wanted = step.flow?.from.includes('client') ? 4_000_000 : 3;
    if (step.flow === undefined || step.flow.from.includes('client')) {
      t.ok(await holds(() => told.received.server >= wanted), 'the server gets what is written');
    }
    if (step.flow?.from.includes('server')) {
      t.ok(await holds(() => told.received.client >= 4_000_000), 'the client gets what is written');
    }
    if (step.flow === undefined) t.ok(await holds(() => told.clientCloses === 1), 'a clean end');
    t.same([told.serverErrors, told.servedErrors, told.clientErrors], [[], [], []]);
    t.ok(await scene.close());
  });
});

void t.test('server.close() at the step', async (t) => {
  await atEveryStep(t, steps, async (t, step) => {
    let closed = false;
    const scene = await Scene.open(step, pems, longTimeout, ({ server }) => {
      server.close(() => (closed = true));
    });
    await scene.reached;
    await new Promise((resolve) => setImmediate(resolve));
    if (!step.ending) t.equal(closed, false, 'a connection is open');
    scene.client.destroy();
    for (const socket of scene.served) socket.destroy();
    scene.relay.strike('server', 'reset');
    scene.goOn();
    t.ok(await holds(() => closed), 'and then closed');
    t.ok(await scene.close());
  });
});

for (const side of sides) {
  void t.test(`destroy() of the ${side}'s socket at the step`, async (t) => {
    // A server's handshake that the addon runs alone has no socket yet.
    const withSocket = side === 'client' ? steps : steps.filter(hasServerSocket);
    t.ok(withSocket.length > 5);
    await atEveryStep(t, withSocket, async (t, step) => {
      const scene = await Scene.open(step, pems, longTimeout, (scene, socket) => {
        (side === 'client' ? scene.client : (socket ?? scene.served[0]))?.destroy();
      });
      await scene.reached;
      scene.goOn();
      t.ok(await holds(async () => (await scene.connections()) === 0), 'no connection is left');
      const { told, served } = scene;
      t.ok(await holds(() => told.serverErrors.length + served.length === 1), 'the program is told of it');
      if (side === 'client') t.same(told.clientErrors, [], 'our own end is no error');
      else t.same(told.servedErrors, [], 'our own end is no error');
      t.ok(await scene.close());
      t.ok(await holds(() => told.clientCloses === 1));
      t.ok(await holds(() => told.servedCloses === served.length));
    });
  });
}

function hasServerSocket({ name, done }: Step): boolean {
  return /Callback|threadpool signs for the server/.test(name) || done?.includes('server') === true;
}

for (const [how, end] of [
  ['reset', ({ relay }: Scene) => relay.strike('server', 'reset')],
  ['destroyed', ({ served }: Scene) => served[0]?.destroy()],
] as const) {
  void t.test(`a peer that does not read, and a server's socket that is ${how}`, async (t) => {
    const step: Step = { name: 'established', done: sides };
    const scene = await Scene.open(step, pems, longTimeout, () => {});
    t.ok(await holds(() => scene.served.length === 1));
    const [served] = scene.served;
    if (served === undefined) return;
    // The tickets, which the reader of this connection would get.
    t.ok(await holds(() => scene.client.getTLSTicket() !== undefined));
    scene.relay.stopReading();
    const callbacks: (Error | null | undefined)[] = [];
    const chunk = Buffer.alloc(64 * 1024, 1);
    let writes = 0;
    const write = (): boolean => {
      writes += 1;
      return served.write(chunk, (error) => callbacks.push(error));
    };
    const total = 2000;
    const more = (): void => {
      while (writes < total && write());
    };
    served.on('drain', more);
    more();
    let before = -1;
    // Until nothing moves.
    while (before !== callbacks.length || callbacks.length === 0) {
      before = callbacks.length;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    t.ok(writes < total, `${writes} of ${total} chunks were taken: the writer waits`);
    t.ok(served.writableLength <= 2 * chunk.length, `${served.writableLength} bytes wait in this process`);
    t.equal(served.writableNeedDrain, true);
    const answered = callbacks.length;
    end(scene);
    t.ok(await holds(() => callbacks.length === writes), 'every write is called back');
    t.ok(callbacks.slice(0, answered).every((error) => !error));
    // One was on its way: net.Socket calls it back without an error.
    t.ok(callbacks.slice(answered + 1).every((error) => error instanceof Error));
    t.ok(await holds(async () => (await scene.connections()) === 0));
    for (const { code } of scene.told.servedErrors) t.match(code, /^(ECONNRESET|EPIPE)$/);
    t.equal(scene.told.servedErrors.length, how === 'reset' ? 1 : 0);
    t.ok(await scene.close());
  });
}
